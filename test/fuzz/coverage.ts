import { Session } from 'node:inspector';

interface Block {
  readonly count: number;
  readonly startOffset: number;
  readonly endOffset: number;
}

interface CoverageAnswer {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly Block[] }[];
  }[];
}

/** Counts the blocks of the source that have run, by V8's coverage. Only one instance per process. */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
  }

  /** Returns the number of blocks that have run since the last call for the first time. */
  takeNew(): number {
    const before = this.#seen.size;
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error;
      for (const { url, functions } of (answer as CoverageAnswer).result)
        if (url.includes('/src/'))
          for (const { ranges } of functions) for (const block of ranges) this.#note(url, block);
    });
    return this.#seen.size - before;
  }

  /** V8 reports a block that was skipped inside one that ran with a count of 0: that is a different path. */
  #note(url: string, { count, startOffset, endOffset }: Block): void {
    this.#seen.add(`${url} ${startOffset} ${endOffset} ${count > 0}`);
  }

  close(): void {
    this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }
}
