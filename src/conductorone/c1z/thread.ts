import { Worker } from 'node:worker_threads';
import { C1zError } from './errors.ts';
import type { FromWorker, SyncCounts, SyncJob, ToWorker } from './job.ts';

/** The bundle has the worker as a file of its own, beside the others, and names it through the bundler's `define`. */
declare const ASANA_CONNECTOR_C1Z_WORKER: string | undefined;

const WORKER_FILE =
  typeof ASANA_CONNECTOR_C1Z_WORKER === 'string' ? ASANA_CONNECTOR_C1Z_WORKER : './worker.ts';

/**
 * Nearly all that the thread makes is garbage at once: a large young generation would only take memory. (The flag
 * --max-semi-space-size in NODE_OPTIONS goes before this.)
 */
const YOUNG_MIB = 12;

/** One piece is written while the next one is made. */
const MOST_UNDER_WAY = 2;

/** The writing thread as this one sees it: takes pieces no faster than they are written. */
export class SyncWorker {
  readonly #worker: Worker;
  readonly #result = Promise.withResolvers<SyncCounts>();
  #underWay = 0;
  #room = Promise.withResolvers<void>();

  /** @param onSettled hears how many bytes of the database will hardly change any more, whenever that has grown */
  constructor(job: SyncJob, onSettled: (bytes: number) => void) {
    // Flags of this process (--eval, --test) are not meant for a thread.
    this.#worker = new Worker(new URL(WORKER_FILE, import.meta.url), {
      workerData: job,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    this.#worker.on('message', (message: FromWorker) => this.#take(message, onSettled));
    this.#worker.on('error', (cause: Error) =>
      this.#fail(new C1zError('C1zFailed', 'The c1z could not be written.', { cause })),
    );
    this.#worker.on('exit', () =>
      this.#fail(new C1zError('C1zFailed', 'The thread that writes the c1z ended early.')),
    );
    // Whoever waits for the result gets it; without this a failure between two pieces would be unhandled.
    this.#result.promise.catch(() => {});
  }

  /** Resolves when there is room for the next; rejects as soon as the thread has failed. */
  async send(message: ToWorker): Promise<void> {
    this.#underWay += 1;
    this.#worker.postMessage(message, message.kind === 'teams' ? [message.members.buffer] : []);
    while (this.#underWay >= MOST_UNDER_WAY) await Promise.race([this.#room.promise, this.#result.promise]);
  }

  /** Ends the sync and waits for the database. */
  async finish(endedAt: string): Promise<SyncCounts> {
    this.#worker.postMessage({ kind: 'end', endedAt } satisfies ToWorker, []);
    return this.#result.promise;
  }

  /** Stops the thread, whatever it does; its files may be removed after that. */
  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #take(message: FromWorker, onSettled: (bytes: number) => void): void {
    if (message.kind === 'taken') {
      this.#underWay -= 1;
      this.#room.resolve();
      this.#room = Promise.withResolvers();
    } else if (message.kind === 'settled') {
      onSettled(message.bytes);
    } else if (message.kind === 'done') {
      this.#result.resolve(message.counts);
    } else {
      const cause = message.cause === '' ? undefined : new Error(message.cause);
      this.#fail(new C1zError(message.code, message.message, { cause }));
    }
  }

  #fail(error: C1zError): void {
    this.#result.reject(error);
  }
}
