import type { WatchLine } from '../../../src/kubernetes/watch-lines.ts';

/** One open watch: delivers what was pushed in order, each line at a later microtask. */
export class WatchStream {
  readonly #lines: WatchLine[] = [];
  #end: { readonly error: unknown } | 'Politely' | null = null;
  #wake = () => {};
  readonly #onClose: (() => void)[] = [];

  push(line: WatchLine): void {
    if (this.#end) return;
    this.#lines.push(line);
    this.#wake();
  }

  /** Ends the stream after the lines pushed so far, as the server does. */
  end(): void {
    this.#finish('Politely');
  }

  /** Breaks the stream; lines that were not read yet are lost. */
  fail(error: unknown): void {
    if (!this.#end) this.#lines.length = 0;
    this.#finish({ error });
  }

  /** Calls `release` once the stream has ended, for whatever reason. */
  onClose(release: () => void): void {
    if (this.#end) release();
    else this.#onClose.push(release);
  }

  async *lines(): AsyncGenerator<WatchLine> {
    for (;;) {
      const line = this.#lines.shift();
      if (line) yield line;
      else if (this.#end === 'Politely') return;
      else if (this.#end) throw this.#end.error;
      else await this.#pushed();
    }
  }

  #pushed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #finish(end: { readonly error: unknown } | 'Politely'): void {
    if (this.#end) return;
    this.#end = end;
    for (const release of this.#onClose.splice(0)) release();
    this.#wake();
  }
}
