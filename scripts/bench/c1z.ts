import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeC1z } from '../../src/conductorone/c1z/writer.ts';
import { systemClock } from '../../src/core/clock.ts';
import { largeSnapshot } from '../../test/conductorone/directories.ts';
import { atMost, type Benchmark, type Figure } from './figure.ts';

const MEMBERS = 25;
/** Every account has a license and a workspace role; every team has its members, one of whom is its admin. */
const SIZES: readonly { readonly accounts: number; readonly teams: number; readonly seconds: number }[] = [
  { accounts: 20_000, teams: 2_308, seconds: 2 },
  { accounts: 100_000, teams: 30_770, seconds: 10 },
];
const LONGEST_BLOCK_MS = 100;

async function writeOnce(accounts: number, teams: number) {
  const snapshot = largeSnapshot(accounts, teams, MEMBERS);
  globalThis.gc?.();
  await sleep(200);
  const before = process.memoryUsage.rss();
  let peak = before;
  const watching = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50);
  // A few pauses of the garbage collector walk the snapshot itself, and last longer if other threads compete.
  let longestPauseMs = 0;
  const collector = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longestPauseMs = Math.max(longestPauseMs, duration);
  });
  collector.observe({ entryTypes: ['gc'] });
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const began = performance.now();
  await using file = await writeC1z({
    snapshot,
    settings: { licenses: true, serviceAccount: true },
    tempFolder: tmpdir(),
    clock: systemClock,
    random: (bytes) => randomBytes(bytes),
  });
  const seconds = (performance.now() - began) / 1000;
  delay.disable();
  clearInterval(watching);
  await sleep(10);
  collector.disconnect();
  // The histogram measures from tick to tick, so an idle loop shows the resolution, 5 ms, which is subtracted.
  const { grants } = file.counts;
  return {
    grants,
    seconds,
    blockMs: delay.max / 1e6 - 5,
    longestPauseMs,
    peakMiB: (peak - before) / 2 ** 20,
    bytes: file.bytes,
  };
}

/** Keeps one core busy, like another program on the node, until it is disposed of. */
function keepBusy(): AsyncDisposable {
  const child = spawn(process.execPath, ['--eval', 'for (;;);'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Writing c1z files: how long it takes, and whether the event loop stays free meanwhile. */
export const c1z: Benchmark = {
  name: 'c1z',
  about: 'c1z files of many grants, written beside a free event loop, one core busy with something else',
  async run(log): Promise<Figure[]> {
    const figures: Figure[] = [];
    for (const { accounts, teams, seconds } of SIZES) {
      await using _busy = keepBusy();
      const measured = await writeOnce(accounts, teams);
      const size = measured.grants.toLocaleString('en');
      log(
        `${size} grants: ${(measured.bytes / 2 ** 20).toFixed(1)} MiB, ${measured.peakMiB.toFixed(0)} MiB of memory at the most beside the snapshot, longest pause of the garbage collector ${measured.longestPauseMs.toFixed(0)} ms`,
      );
      figures.push(
        atMost(`time of ${size} grants`, measured.seconds, seconds, 's'),
        atMost(
          `longest block of the event loop, ${size} grants`,
          measured.blockMs,
          LONGEST_BLOCK_MS,
          'ms',
          0,
        ),
      );
    }
    return figures;
  },
};
