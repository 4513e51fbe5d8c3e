import { MessageChannel, type Transferable, Worker } from 'node:worker_threads';
import { C1zError } from './errors.ts';
import type {
  DirectoryPiece,
  End,
  FromThread,
  SyncCounts,
  SyncJob,
  ThreadResults,
  ThreadWork,
} from './job.ts';
import { Throttle } from './throttle.ts';

/** The file name of the worker, which is a separate file of the bundle; set by the bundler's `define`. */
declare const ASANA_CONNECTOR_C1Z_WORKER: string | undefined;

const WORKER_FILE =
  typeof ASANA_CONNECTOR_C1Z_WORKER === 'string' ? ASANA_CONNECTOR_C1Z_WORKER : './worker.ts';

/**
 * Sizes of the young generations, in MiB. Nearly all that the threads allocate is garbage at once. The encoder's holds
 * four pieces of the directory: at a quarter of the size, pieces survive a collection, and a million grants take half a
 * second longer. (The flag --max-semi-space-size in NODE_OPTIONS takes precedence.)
 */
const YOUNG_MIB: Readonly<Record<keyof ThreadResults, number>> = { encode: 48, insert: 12 };

/** One thread and its result. */
class Thread<Part extends keyof ThreadResults> {
  readonly #worker: Worker;
  readonly #result = Promise.withResolvers<ThreadResults[Part]>();

  constructor(work: ThreadWork & { readonly part: Part }, onTaken = () => {}) {
    // The flags of this process (--eval, --test) are not meant for a thread.
    this.#worker = new Worker(new URL(WORKER_FILE, import.meta.url), {
      workerData: work,
      transferList: [work.rows],
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB[work.part] },
    });
    this.#worker.on('message', (message: FromThread) => {
      if (message.kind === 'taken') onTaken();
      else if (message.kind === 'done') this.#result.resolve(message.result as ThreadResults[Part]);
      else this.#result.reject(errorOf(message));
    });
    this.#worker.on('error', (cause: Error) =>
      this.#result.reject(new C1zError('C1zFailed', 'The c1z file could not be written.', { cause })),
    );
    this.#worker.on('exit', () =>
      this.#result.reject(new C1zError('C1zFailed', 'A thread that writes the c1z file ended unexpectedly.')),
    );
    // Callers of `result` still get a rejection; this only keeps an early one from being unhandled.
    this.#result.promise.catch(() => {});
  }

  get result(): Promise<ThreadResults[Part]> {
    return this.#result.promise;
  }

  post(message: DirectoryPiece | End, transfer: readonly Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

function errorOf({ code, message, cause }: FromThread & { readonly kind: 'failed' }): C1zError {
  return new C1zError(code, message, cause === '' ? {} : { cause: new Error(cause) });
}

export interface WrittenFile {
  readonly counts: SyncCounts;
  /** Size of the c1z. */
  readonly bytes: number;
}

/**
 * The threads that write a c1z, controlled by the calling one: one encodes the pieces it is sent, one inserts the rows
 * into the database and has it compressed. Accepts pieces no faster than they are written.
 */
export class SyncThreads {
  readonly #encoder: Thread<'encode'>;
  readonly #inserter: Thread<'insert'>;
  readonly #throttle = new Throttle();
  readonly #both: Promise<readonly [SyncCounts, number]>;

  constructor(job: SyncJob) {
    const { port1, port2 } = new MessageChannel();
    this.#encoder = new Thread({ part: 'encode', job, rows: port1 }, () => this.#throttle.taken());
    this.#inserter = new Thread({ part: 'insert', job, rows: port2 });
    this.#both = Promise.all([this.#encoder.result, this.#inserter.result]);
    // For the same reason as in Thread.
    this.#both.catch(() => {});
  }

  /** Sends a piece. Resolves when there is room for the next; rejects as soon as a thread has failed. */
  async send(piece: DirectoryPiece): Promise<void> {
    this.#encoder.post(piece, piece.kind === 'teams' ? [piece.members.buffer] : []);
    this.#throttle.sent();
    await this.#throttle.room(this.#both);
  }

  /** Ends the sync and waits for the c1z. */
  async finish(endedAt: string): Promise<WrittenFile> {
    this.#encoder.post({ kind: 'end', endedAt });
    const [counts, bytes] = await this.#both;
    return { counts, bytes };
  }

  /** Stops the threads at once; their files may be removed afterwards. */
  async stop(): Promise<void> {
    await Promise.all([this.#encoder.stop(), this.#inserter.stop()]);
  }
}
