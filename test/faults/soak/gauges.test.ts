import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Metrics } from '../../../src/telemetry/metrics.ts';
import { isFlat, measureFlatness, readSample, type Sample } from './gauges.ts';

const still: Sample = { minute: 0, heap: 50, resident: 120, sockets: 30, timers: 20, answeredMs: 1 };

/** Returns thirty samples of a process with this heap. */
function samplesOf(heap: (minute: number) => number): Sample[] {
  return Array.from({ length: 30 }, (_, minute) => ({ ...still, minute, heap: heap(minute) }));
}

suite('a gauge is', () => {
  const rows: readonly [what: string, heap: (minute: number) => number, flat: boolean][] = [
    ['flat where nothing changes', () => 50, true],
    ['flat where it goes up and down', (minute) => 50 + (minute % 5) * 20, true],
    ['flat where only the beginning was lower', (minute) => Math.min(20 + minute * 6, 60), true],
    ['not flat where its floor climbs all the time', (minute) => 50 + minute * 2 + (minute % 3), false],
  ];
  for (const [what, heap, flat] of rows) {
    test(what, () => {
      const found = measureFlatness(samplesOf(heap)).find((gauge) => gauge.what === 'heap');
      assert.ok(found);
      assert.equal(isFlat(found), flat);
    });
  }
});

test('what is measured is on the page of metrics of every process', async () => {
  const timer = setTimeout(() => {}, 60_000);
  const sample = readSample(await new Metrics().render(), 3, 7);
  clearTimeout(timer);
  assert.ok(sample.timers > 0 && sample.sockets > 0);
  assert.ok(sample.heap > 0 && sample.resident > sample.heap);
  assert.equal(sample.minute, 3);
});
