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

/** Which blocks of the source were run, as V8 itself counts them. One at a time in a process. */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
  }

  /** How many blocks of the program have run since the last call that had never run before. */
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

  /** A block within one that has run is told with a count of 0 where it has not: that is another way through. */
  #note(url: string, { count, startOffset, endOffset }: Block): void {
    this.#seen.add(`${url} ${startOffset} ${endOffset} ${count > 0}`);
  }

  close(): void {
    this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }
}
