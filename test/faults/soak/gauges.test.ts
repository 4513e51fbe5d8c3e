import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Metrics } from '../../../src/telemetry/metrics.ts';
import { isFlat, measureFlatness, readSample, type Sample } from './gauges.ts';

const still: Sample = { minute: 0, heap: 50, resident: 120, sockets: 30, timers: 20, answeredMs: 1 };

/** Returns thirty samples of a process with this heap. */
function samplesOf(heap: (minute: number) => number): Sample[] {
  return Array.from({ length: 30 }, (_, minute) => ({ ...still, minute, heap: heap(minute) }));
}

suite('a gauge', () => {
  const rows: readonly [what: string, heap: (minute: number) => number, flat: boolean][] = [
    ['is flat if it does not change', () => 50, true],
    ['is flat if it goes up and down', (minute) => 50 + (minute % 5) * 20, true],
    ['is flat if only the beginning is lower', (minute) => Math.min(20 + minute * 6, 60), true],
    ['is not flat if its minimum rises continuously', (minute) => 50 + minute * 2 + (minute % 3), false],
  ];
  for (const [what, heap, flat] of rows) {
    test(what, () => {
      const found = measureFlatness(samplesOf(heap)).find((gauge) => gauge.what === 'heap');
      assert.ok(found);
      assert.equal(isFlat(found), flat);
    });
  }
});

test('a sample can be read from the metrics page of any process', async () => {
  const timer = setTimeout(() => {}, 60_000);
  const sample = readSample(await new Metrics().render(), 3, 7);
  clearTimeout(timer);
  assert.ok(sample.timers > 0 && sample.sockets > 0);
  assert.ok(sample.heap > 0 && sample.resident > sample.heap);
  assert.equal(sample.minute, 3);
});
