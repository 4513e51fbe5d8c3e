export type Labels = Readonly<Record<string, string>>;

/** A number that only increases. */
export interface Counter {
  add(amount?: number, labels?: Labels): void;
}

/** A number that can increase and decrease. */
export interface Gauge {
  set(value: number, labels?: Labels): void;
  /** Removes the series, so that an object that no longer exists is not reported. */
  remove(labels: Labels): void;
}

/** A distribution; seconds for durations. */
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

/**
 * Declares metrics and hands out their instruments. Names are given without the common prefix `asana_connector_`;
 * declaring a name again with the same labels returns the same instrument.
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
  /** Removes every series with these labels from every metric, so that the object they name is no longer reported. */
  forget(labels: Labels): void;
}

/** A meter that records nothing; the default if none is given. */
export const silentMeter: Meter = {
  counter: () => ({ add: () => {} }),
  gauge: () => ({ set: () => {}, remove: () => {} }),
  histogram: () => ({ observe: () => {} }),
  forget: () => {},
};
