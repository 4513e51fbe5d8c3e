export type Labels = Readonly<Record<string, string>>;

/** A number that only grows. */
export interface Counter {
  add(amount?: number, labels?: Labels): void;
}

/** A number that goes both ways. */
export interface Gauge {
  set(value: number, labels?: Labels): void;
  /** Drops the series, so that what no longer exists stops being reported. */
  remove(labels: Labels): void;
}

/** A distribution; seconds for durations. */
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

/**
 * Where metrics are declared and counted. Names are given without the prefix `asana_connector_`, which all share;
 * declaring a name a second time with the same labels returns the same instrument.
 */
export interface Meter {
  counter(name: string, help: string, labelNames?: readonly string[]): Counter;
  gauge(name: string, help: string, labelNames?: readonly string[]): Gauge;
  histogram(
    name: string,
    help: string,
    labelNames?: readonly string[],
    buckets?: readonly number[],
  ): Histogram;
  /** Drops every series of every metric that carries these labels, so that what they name stops being reported. */
  forget(labels: Labels): void;
}

/** Counts nothing; the default where nobody scrapes. */
export const silentMeter: Meter = {
  counter: () => ({ add: () => {} }),
  gauge: () => ({ set: () => {}, remove: () => {} }),
  histogram: () => ({ observe: () => {} }),
  forget: () => {},
};
