/** One reading of a process. */
export interface Sample {
  /** Minutes since the soak began. */
  readonly minute: number;
  /** MiB. */
  readonly heap: number;
  /** MiB. */
  readonly resident: number;
  /** Open files and sockets. */
  readonly sockets: number;
  readonly timers: number;
  /** Milliseconds that the process took to answer. */
  readonly answeredMs: number;
}

/** One gauge, early and late in the life of a process. */
export interface Flatness {
  readonly what: string;
  readonly early: number;
  readonly late: number;
  /** The largest `late` that still counts as flat. */
  readonly most: number;
}

type Figure = 'heap' | 'resident' | 'sockets' | 'timers';

/**
 * Measures whether each gauge of a process is flat: its floor in the last third of its life may be a tenth above its
 * floor in the second third, plus a constant slack. Floors, since work under way comes and goes; not the first third,
 * since a process warms up in it.
 */
export function measureFlatness(samples: readonly Sample[]): readonly Flatness[] {
  const third = Math.floor(samples.length / 3);
  const [early, late] = [samples.slice(third, 2 * third), samples.slice(2 * third)];
  const slack: Readonly<Record<Figure, number>> = { heap: 4, resident: 16, sockets: 4, timers: 8 };
  return (['heap', 'resident', 'sockets', 'timers'] as const).map((what) => {
    const floors = [early, late].map((part) => Math.min(...part.map((sample) => sample[what])));
    const [before = 0, after = 0] = floors;
    return { what, early: before, late: after, most: before * 1.1 + slack[what] };
  });
}

export function isFlat({ late, most }: Flatness): boolean {
  return late <= most;
}

/** Reads a metrics page. @throws Error if a metric is missing from it */
export function readSample(page: string, minute: number, answeredMs: number): Sample {
  const values = new Map<string, number>();
  for (const line of page.split('\n')) {
    const [, name = '', value] = /^asana_connector_([^ ]+) ([^ ]+)/.exec(line) ?? [];
    if (value !== undefined) values.set(name, Number(value));
  }
  const known = (name: string) => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`the page of metrics has no ${name}`);
    return value;
  };
  return {
    minute,
    heap: known('nodejs_heap_size_used_bytes') / 2 ** 20,
    resident: known('process_resident_memory_bytes') / 2 ** 20,
    sockets: known('process_open_fds'),
    // A resource type without resources has no series.
    timers: values.get('nodejs_active_resources{type="Timeout"}') ?? 0,
    answeredMs,
  };
}
