import { setTimeout as sleep } from 'node:timers/promises';

/** V8 sweeps on threads of its own, and moves together in a later collection what the one before found scattered. */
const BETWEEN_MS = 1_000;
const MOST_ROUNDS = 5;
/** What is freed by less is at rest. */
const LITTLE_BYTES = 2 ** 20;

/**
 * Collects until hardly anything more is given back, as V8 does by itself in a process that rests: there its memory reducer
 * moves together what is scattered, which a plain `gc()` does not.
 */
async function collect() {
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const before = process.memoryUsage.rss();
    globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await sleep(BETWEEN_MS);
    if (round > 0 && before - process.memoryUsage.rss() < LITTLE_BYTES) return;
  }
}

// Preloaded into the measured process: on SIGUSR2 it collects and says on standard error what is resident, and the most that
// ever was.
process.on('SIGUSR2', async () => {
  await collect();
  process.stderr.write(`RSS ${process.memoryUsage.rss()} ${process.resourceUsage().maxRSS * 1024}\n`);
});
