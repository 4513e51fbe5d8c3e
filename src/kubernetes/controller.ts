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

/** When to reconcile the key next. If empty, only when something changes. */
export interface ReconcileResult {
  /** Requeue after this many milliseconds. */
  readonly requeueAfterMs?: number;
}

export interface ReconcileContext {
  /** Aborted at the reconcile's own deadline and when the process stops. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/**
 * Compares the declared state of one key with the actual state, and acts. Level-based: it gets no event, and any number
 * of calls must be safe. The class of an error that it throws decides when it is called again.
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
  /** Returns the ID of one reconcile in the log; random by default. */
  readonly newId?: (() => string) | undefined;
  /** Time limit of one reconcile, after which it is aborted. */
  readonly timeoutMs?: number;
}

/** Longer than the longest wait in a reconcile: one action with its timeout of 60 s, and its reads. */
const RECONCILE_TIMEOUT_MS = 300_000;
/** For a cached object that is outdated or deleted: the watch normally delivers the newer state within moments. */
const STALE_COPY_BACKOFF: Backoff = { firstMs: 50, longestMs: 5_000 };
/** The shortest requeue after an error of class `waiting`, whatever delay it requests. */
const SHORTEST_WAIT_MS = 1_000;
/** An aborted reconcile ends within moments; after this long it is abandoned. */
const ABANDON_MS = 5_000;

/** Workers over one queue. Each takes a key, reconciles it, and requeues it according to the outcome. */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #meters;
  readonly #workers: Promise<void>[] = [];
  /** One for each running reconcile. */
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
   * Takes no more keys, gives running reconciles `graceMs` to finish, then aborts them. Abandons and logs those that do
   * not end even then, so that a process that must exit (it has lost its lease) does exit.
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
      // A reconcile with nothing to do waits for no I/O: ten thousand of them in a row would block the event loop.
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
    // Its own controller, not AbortSignal.any: a listener left on a signal derived from a long-lived one leaks memory.
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

  /** Requeues a failed key according to the class of its error (core/errors.ts). The only place that does. */
  #handle(key: Key, error: unknown, log: Logger, span: Span): string {
    const { queue, name } = this.#options;
    if (isConflict(error) || isNotFound(error)) {
      const retryMs = Math.round(queue.addRateLimited(key, { backoff: STALE_COPY_BACKOFF }));
      // Debug level while the watch may still catch up. After some seconds the cause is something else, so warn.
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
