/** One figure beside the bound it must hold. */
export interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly bound: string;
  readonly holds: boolean;
}

/** A benchmark: named on the command line, and run in a set-up of its own. */
export interface Benchmark {
  readonly name: string;
  readonly about: string;
  run(log: (line: string) => void): Promise<Figure[]>;
}

/** A figure that must not exceed its bound. */
export function atMost(what: string, value: number, bound: number, unit: string, digits = 1): Figure {
  return {
    what,
    measured: `${value.toFixed(digits)} ${unit}`,
    bound: `≤ ${bound.toFixed(digits)} ${unit}`,
    holds: value <= bound,
  };
}

/** A figure that must not be below its bound. */
export function atLeast(what: string, value: number, bound: number, unit: string, digits = 1): Figure {
  return {
    what,
    measured: `${value.toFixed(digits)} ${unit}`,
    bound: `≥ ${bound.toFixed(digits)} ${unit}`,
    holds: value >= bound,
  };
}

/** A figure that has no bound of its own, beside one that has. */
export function told(what: string, value: number, unit: string): Figure {
  return { what, measured: `${value.toFixed(1)} ${unit}`, bound: 'no bound', holds: true };
}
