import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from 'prom-client';
import type { Counter, Gauge, Histogram, Labels, Meter } from '../core/meter.ts';
import { version } from '../core/version.ts';

const PREFIX = 'asana_connector_';

/** Seconds: from a cached read (milliseconds) to an action that waits for Asana (minutes). */
const SECONDS_BUCKETS = [0.005, 0.02, 0.1, 0.3, 1, 3, 10, 30, 60, 180, 600];

/**
 * Maximum number of series of one metric; new ones above it are not recorded. It keeps a bug that puts an unbounded
 * value into a label from exhausting the memory of this process and of Prometheus. 1,000 connectors with 20 series each
 * fit (`grants` has 16, for kind and state). At 400 bytes each, a full metric takes 8 MiB.
 */
const MOST_SERIES = 20_000;
/** A histogram has at most one series per connector, each with a dozen buckets: 8 KiB. */
const MOST_HISTOGRAMS = 2_000;

/**
 * Gauges that prom-client names like counters; `promtool check metrics` rejects a `_total` that is not a counter.
 * `nodejs_active_resources`, `_handles` and `_requests` have the same numbers by type.
 */
const MISNAMED = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
];

/** Prometheus metrics on their own registry. Labels never contain emails or gids. */
export class Metrics implements Meter {
  readonly #registry = new Registry();
  readonly #instruments = new Map<string, { readonly shape: string; readonly instrument: unknown }>();
  readonly #bounds: SeriesBound[] = [];
  readonly #refused: PromCounter;

  constructor() {
    collectDefaultMetrics({ register: this.#registry, prefix: PREFIX });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(`${PREFIX}${name}`);
    this.#refused = new PromCounter({
      name: `${PREFIX}series_refused_total`,
      help: 'Values that were not counted because the metric already had too many series.',
      labelNames: ['metric'],
      registers: [this.#registry],
    });
    const info = this.gauge('build_info', 'Version of the program, as labels. Always 1.', [
      'version',
      'node',
    ]);
    info.set(1, { version, node: process.version });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Renders all metrics in Prometheus' text format. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }

  counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return this.#once('counter', name, labelNames, () => {
      const counter = new PromCounter(this.#head(name, help, labelNames));
      const bound = this.#bound(name, labelNames, counter);
      return {
        add: (amount = 1, labels: Labels = {}) => bound.admits(labels) && counter.inc({ ...labels }, amount),
      };
    });
  }

  gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    return this.#once('gauge', name, labelNames, () => {
      const gauge = new PromGauge(this.#head(name, help, labelNames));
      const bound = this.#bound(name, labelNames, gauge);
      return {
        set: (value: number, labels: Labels = {}) => bound.admits(labels) && gauge.set({ ...labels }, value),
        remove: (labels: Labels) => bound.drop(labels),
      };
    });
  }

  histogram(
    name: string,
    help: string,
    labelNames: readonly string[] = [],
    buckets: readonly number[] = SECONDS_BUCKETS,
  ): Histogram {
    return this.#once('histogram', name, labelNames, () => {
      const histogram = new PromHistogram({ ...this.#head(name, help, labelNames), buckets: [...buckets] });
      const bound = this.#bound(name, labelNames, histogram, MOST_HISTOGRAMS);
      return {
        observe: (value: number, labels: Labels = {}) =>
          bound.admits(labels) && histogram.observe({ ...labels }, value),
      };
    });
  }

  forget(labels: Labels): void {
    for (const bound of this.#bounds) bound.forget(labels);
  }

  #head(name: string, help: string, labelNames: readonly string[]) {
    return { name: `${PREFIX}${name}`, help, labelNames: [...labelNames], registers: [this.#registry] };
  }

  #once<T>(kind: string, name: string, labelNames: readonly string[], make: () => T): T {
    const shape = `${kind}(${labelNames.join(',')})`;
    const known = this.#instruments.get(name);
    if (known && known.shape !== shape)
      throw new TypeError(`the metric ${name} was declared as ${known.shape}, and now as ${shape}`);
    if (known) return known.instrument as T;
    const instrument = make();
    this.#instruments.set(name, { shape, instrument });
    return instrument;
  }

  #bound(
    name: string,
    labelNames: readonly string[],
    instrument: Instrument,
    most: number = MOST_SERIES,
  ): SeriesBound {
    const onRefused = () => this.#refused.inc({ metric: `${PREFIX}${name}` });
    const bound = new SeriesBound({ labelNames, instrument, most, onRefused });
    this.#bounds.push(bound);
    return bound;
  }
}

/** The part of a prom-client instrument that removes one of its series. */
interface Instrument {
  remove(labels: Record<string, string>): void;
}

interface SeriesBoundOptions {
  readonly labelNames: readonly string[];
  readonly instrument: Instrument;
  readonly most: number;
  readonly onRefused: () => void;
}

/** Limits the number of series of one metric. */
class SeriesBound {
  readonly #labelNames: readonly string[];
  readonly #instrument: Instrument;
  readonly #most: number;
  readonly #onRefused: () => void;
  readonly #series = new Map<string, Labels>();

  constructor({ labelNames, instrument, most, onRefused }: SeriesBoundOptions) {
    this.#labelNames = labelNames;
    this.#instrument = instrument;
    this.#most = most;
    this.#onRefused = onRefused;
  }

  /** Whether this series may be recorded; if it is new and there is room, it is counted from now on. */
  admits(labels: Labels): boolean {
    const key = this.#keyOf(labels);
    if (this.#series.has(key)) return true;
    if (this.#series.size >= this.#most) {
      this.#onRefused();
      return false;
    }
    this.#series.set(key, { ...labels });
    return true;
  }

  drop(labels: Labels): void {
    this.#instrument.remove({ ...labels });
    this.#series.delete(this.#keyOf(labels));
  }

  /** Drops the series that carry all of these labels. */
  forget(labels: Labels): void {
    const wanted = Object.entries(labels);
    if (!wanted.every(([name]) => this.#labelNames.includes(name))) return;
    for (const series of this.#series.values())
      if (wanted.every(([name, value]) => series[name] === value)) this.drop(series);
  }

  #keyOf(labels: Labels): string {
    return this.#labelNames.map((label) => labels[label]).join('\u0000');
  }
}
