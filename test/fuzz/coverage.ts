import { Session } from 'node:inspector';

interface CoverageAnswer {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

/** Which blocks of the source were run, as V8 itself counts them. One at a time in a process. */
export class Coverage {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    // Each block is told once, the first time it has run.
    this.#session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
  }

  /** Blocks of the program that have run since the last call and had never run before. */
  takeNew(): number {
    let blocks = 0;
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error;
      for (const { url, functions } of (answer as CoverageAnswer).result)
        if (url.includes('/src/'))
          for (const { ranges } of functions) blocks += ranges.filter(({ count }) => count > 0).length;
    });
    return blocks;
  }

  close(): void {
    this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }
}
