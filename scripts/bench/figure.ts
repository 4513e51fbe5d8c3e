/** One figure and the bound it must keep. */
export interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly bound: string;
  readonly holds: boolean;
}

/** A benchmark, named on the command line and run in a setup of its own. */
export interface Benchmark {
  readonly name: string;
  readonly about: string;
  run(log: (line: string) => void): Promise<Figure[]>;
}

/** Returns a figure that must not exceed its bound. */
export function atMost(what: string, value: number, bound: number, unit: string, digits = 1): Figure {
  return {
    what,
    measured: `${value.toFixed(digits)} ${unit}`,
    bound: `≤ ${bound.toFixed(digits)} ${unit}`,
    holds: value <= bound,
  };
}

/** Returns a figure that must not fall below its bound. */
export function atLeast(what: string, value: number, bound: number, unit: string, digits = 1): Figure {
  return {
    what,
    measured: `${value.toFixed(digits)} ${unit}`,
    bound: `≥ ${bound.toFixed(digits)} ${unit}`,
    holds: value >= bound,
  };
}

/** Returns a figure without a bound, which is reported beside one that has a bound. */
export function told(what: string, value: number, unit: string): Figure {
  return { what, measured: `${value.toFixed(1)} ${unit}`, bound: 'no bound', holds: true };
}
