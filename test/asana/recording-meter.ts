import type { Labels, Meter } from '../../src/core/meter.ts';

/** Records metrics, keyed `name{label="value"}`: the last value of a gauge, the sum of a counter. */
export class RecordingMeter implements Meter {
  readonly values = new Map<string, number>();

  readonly counter: Meter['counter'] = (name) => ({
    add: (amount = 1, labels = {}) => {
      const key = keyOf(name, labels);
      this.values.set(key, (this.values.get(key) ?? 0) + amount);
    },
  });

  readonly gauge: Meter['gauge'] = (name) => ({
    set: (value, labels = {}) => void this.values.set(keyOf(name, labels), value),
    remove: (labels) => void this.values.delete(keyOf(name, labels)),
  });

  readonly histogram: Meter['histogram'] = (name) => ({
    observe: (_, labels = {}) => {
      const key = keyOf(`${name}_count`, labels);
      this.values.set(key, (this.values.get(key) ?? 0) + 1);
    },
  });

  readonly forget: Meter['forget'] = (labels) => {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    for (const key of this.values.keys())
      if (pairs.every((pair) => key.includes(pair))) this.values.delete(key);
  };
}

function keyOf(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `${name}{${pairs.join(',')}}`;
}
