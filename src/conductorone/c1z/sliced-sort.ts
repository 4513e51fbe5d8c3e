/** Sorting this many strings takes about 10 ms. */
const RUN = 8192;

/**
 * Sorts like `sort`, but in slices, between which `pause` lets the event loop run. With 100,000 gids a plain sort would
 * block it for longer than a health check may take.
 */
export async function sortSliced(keys: Iterable<string>, pause: () => Promise<void>): Promise<string[]> {
  let runs: string[][] = [];
  let run: string[] = [];
  for (const key of keys) {
    run.push(key);
    if (run.length < RUN) continue;
    runs.push(run.sort());
    run = [];
    await pause();
  }
  runs.push(run.sort());
  while (runs.length > 1) {
    const merged: string[][] = [];
    for (let index = 0; index < runs.length; index += 2) {
      merged.push(await merge(runs[index] ?? [], runs[index + 1] ?? [], pause));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge(
  one: readonly string[],
  other: readonly string[],
  pause: () => Promise<void>,
): Promise<string[]> {
  const merged: string[] = [];
  let left = 0;
  let right = 0;
  while (left < one.length || right < other.length) {
    const a = one[left];
    const b = other[right];
    if (b === undefined || (a !== undefined && a <= b)) {
      merged.push(a as string);
      left += 1;
    } else {
      merged.push(b);
      right += 1;
    }
    if (merged.length % RUN === 0) await pause();
  }
  return merged;
}
