import { randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { CodedError, isAbort, StoppedError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Meter } from '../core/meter.ts';
import { type Span, silentTracer, type Tracer } from '../core/tracer.ts';
import { Turns } from '../core/turns.ts';
import { isConflict, isNotFound } from './errors.ts';
import { type Key, splitKey } from './resource.ts';
import { type Backoff, Priority, type WorkQueue } from './work-queue.ts';

/** What a reconcile wants next. Nothing: it comes again when something changes. */
export interface ReconcileResult {
  /** Come again after so many milliseconds. */
  readonly requeueAfterMs?: number;
}

export interface ReconcileContext {
  /** Aborted at the reconcile's own deadline and when the process stops. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/**
 * Compares what is declared with what is, for one key, and acts. Level-based: it gets no event and must not care how
 * often it is called. What it throws decides when it is called again, by the error's class.
 */
export type Reconcile = (key: Key, context: ReconcileContext) => Promise<ReconcileResult | void>;

export interface ControllerOptions {
  readonly name: string;
  readonly queue: WorkQueue;
  readonly concurrency: number;
  readonly reconcile: Reconcile;
  readonly clock: Clock;
  readonly log: Logger;
  readonly meter: Meter;
  /** By default nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Names one reconcile in the log; by default at random. */
  readonly newId?: (() => string) | undefined;
  /** A reconcile that takes longer is aborted. */
  readonly timeoutMs?: number;
}

/** Longer than the slowest thing a reconcile waits for, one action with its timeout of 60 s and its reads. */
const RECONCILE_TIMEOUT_MS = 300_000;
/** Our copy is old or gone; the newer one is on its way through the watch, which takes moments when all is well. */
const STALE_COPY_BACKOFF: Backoff = { firstMs: 50, longestMs: 5_000 };
/** What only waits comes back no faster than this, whatever it asks for. */
const SHORTEST_WAIT_MS = 1_000;
/** An aborted reconcile ends within moments; one that does not is left behind. */
const ABANDON_MS = 5_000;

/** Workers over one queue: each takes a key, reconciles it, and lets the outcome decide when it comes again. */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #meters;
  readonly #workers: Promise<void>[] = [];
  /** One for each reconcile under way. */
  readonly #running = new Set<AbortController>();
  readonly #turns: Turns;
  #stopping = false;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#turns = new Turns(options.clock);
    const { meter } = options;
    this.#meters = {
      total: meter.counter('reconcile_total', 'Reconciles by result.', ['controller', 'result']),
      errors: meter.counter('reconcile_errors_total', 'Reconciles that failed.', ['controller']),
      seconds: meter.histogram('reconcile_duration_seconds', 'Duration of reconciles.', ['controller']),
    };
    this.#meters.errors.add(0, { controller: options.name });
  }

  get name(): string {
    return this.#options.name;
  }

  get queue(): WorkQueue {
    return this.#options.queue;
  }

  /** Starts the workers. */
  start(): void {
    for (let worker = 0; worker < this.#options.concurrency; worker++) this.#workers.push(this.#work());
  }

  /**
   * Takes no further key, lets what is under way end for `graceMs`, then aborts it. What ignores even that is left
   * behind with a line in the log, so that a process that must end (its lease is lost) does end.
   */
  async stop(graceMs: number): Promise<void> {
    const { queue, clock, log, name } = this.#options;
    queue.shutDown();
    const abandoned = Promise.withResolvers<void>();
    const timers = [
      clock.schedule(graceMs, () => this.#abortAll()),
      clock.schedule(graceMs + ABANDON_MS, () => {
        log.error('reconciles did not finish before the stop', { controller: name, keys: queue.working });
        abandoned.resolve();
      }),
    ];
    try {
      await Promise.race([Promise.all(this.#workers), abandoned.promise]);
    } finally {
      for (const cancel of timers) cancel();
    }
  }

  #abortAll(): void {
    this.#stopping = true;
    for (const reconcile of this.#running) reconcile.abort(new StoppedError('the operator is stopping'));
  }

  async #work(): Promise<void> {
    const { queue } = this.#options;
    for (let key = await queue.take(); key !== null; key = await queue.take()) {
      try {
        await this.#reconcileOne(key);
      } finally {
        queue.done(key);
      }
      // Reconciles that find nothing to do wait for nothing, and ten thousand of them would be one turn.
      await this.#turns.giveWay();
    }
  }

  async #reconcileOne(key: Key): Promise<void> {
    const { name, newId = randomUUID, tracer = silentTracer } = this.#options;
    const fields = { controller: name, ...splitKey(key), reconcileID: newId() };
    const log = this.#options.log.child(fields);
    await tracer.span({ name: `reconcile ${name}`, kind: 'Trace', fields }, (span) =>
      this.#reconcileLogged(key, log, span),
    );
  }

  async #reconcileLogged(key: Key, log: Logger, span: Span): Promise<void> {
    const { name, queue, reconcile, clock } = this.#options;
    // A controller of its own: AbortSignal.any would let whoever forgets a listener on it grow the process.
    const abort = new AbortController();
    this.#running.add(abort);
    const timeoutMs = this.#options.timeoutMs ?? RECONCILE_TIMEOUT_MS;
    const cancel = clock.schedule(timeoutMs, () =>
      abort.abort(new DOMException(`the reconcile took longer than ${timeoutMs} ms`, 'TimeoutError')),
    );
    const began = clock.monotonic();
    let result: string;
    try {
      const wish = await reconcile(key, { signal: abort.signal, log });
      queue.forget(key);
      if (wish?.requeueAfterMs !== undefined) {
        queue.add(key, { priority: Priority.resync, afterMs: Math.max(wish.requeueAfterMs, 1) });
      }
      result = wish?.requeueAfterMs === undefined ? 'success' : 'requeue_after';
    } catch (error) {
      result = this.#handle(key, error, log, span);
    } finally {
      cancel();
      this.#running.delete(abort);
    }
    span.set({ result });
    this.#meters.total.add(1, { controller: name, result });
    this.#meters.seconds.observe((clock.monotonic() - began) / 1000, { controller: name });
  }

  /** One place decides what the class of an error (core/errors.ts) means for the queue. */
  #handle(key: Key, error: unknown, log: Logger, span: Span): string {
    const { queue, name } = this.#options;
    if (isConflict(error) || isNotFound(error)) {
      const retryMs = Math.round(queue.addRateLimited(key, { backoff: STALE_COPY_BACKOFF }));
      // Quiet while the watch may still bring it; after some seconds it is something else, and somebody must know.
      log[retryMs < STALE_COPY_BACKOFF.longestMs ? 'debug' : 'warn']('the cached object is outdated', {
        error,
        retryMs,
      });
      return isConflict(error) ? 'conflict' : 'not_found';
    }
    if (this.#stopping && isAbort(error)) return 'stopped';
    if (error instanceof CodedError && error.errorClass === 'waiting') {
      queue.forget(key);
      if (error.retryAfterMs !== undefined) {
        const afterMs = Math.max(error.retryAfterMs, SHORTEST_WAIT_MS);
        queue.add(key, { priority: Priority.resync, afterMs });
      }
      log.debug('waiting', { error });
      return 'waiting';
    }
    this.#meters.errors.add(1, { controller: name });
    span.fail(error);
    if (error instanceof CodedError && error.errorClass === 'stalling') {
      queue.forget(key);
      log.error('reconcile stalled', { error });
      return 'stalled';
    }
    const atLeastMs = error instanceof CodedError ? (error.retryAfterMs ?? 0) : 0;
    const retryMs = Math.round(queue.addRateLimited(key, { atLeastMs }));
    log.error('reconcile failed', { error, retryMs });
    return 'error';
  }
}
