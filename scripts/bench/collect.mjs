import { setTimeout as sleep } from 'node:timers/promises';

/** V8 sweeps on its own threads, and compacts in a later collection what an earlier one found scattered. */
const BETWEEN_MS = 1_000;
const MOST_ROUNDS = 5;
/** Memory is at rest if a round frees less than this. */
const LITTLE_BYTES = 2 ** 20;

/**
 * Collects until hardly any more memory is freed, as V8 does by itself in an idle process: there its memory reducer
 * compacts scattered objects, which a plain `gc()` does not.
 */
async function collect() {
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const before = process.memoryUsage.rss();
    globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await sleep(BETWEEN_MS);
    if (round > 0 && before - process.memoryUsage.rss() < LITTLE_BYTES) return;
  }
}

// Preloaded into the measured process: on SIGUSR2 it collects, then writes the resident memory and its peak to standard
// error.
process.on('SIGUSR2', async () => {
  await collect();
  process.stderr.write(`RSS ${process.memoryUsage.rss()} ${process.resourceUsage().maxRSS * 1024}\n`);
});
