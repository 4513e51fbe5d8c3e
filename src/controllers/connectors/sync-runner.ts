import type { AsanaConnectorSpec } from '../../api/asana-connector.ts';
import type { AsanaSession } from '../../asana/session.ts';
import type { Tally } from '../../asana/transport.ts';
import { unlessAborted } from '../../core/abort.ts';
import type { Clock, Random } from '../../core/clock.ts';
import { CodedError, isAbort } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { type Span, silentTracer, type Tracer } from '../../core/tracer.ts';
import { describeIncomplete } from '../../directory/doubt.ts';
import type { Snapshot } from '../../directory/snapshot.ts';
import { type SyncProgress, type SyncResult, syncDirectory } from '../../directory/sync.ts';
import { limitsOf } from './reading-limits.ts';
import type { FinishedSync, SyncCause } from './sync-schedule.ts';

/** One finished sync as the status shows it; times in epoch milliseconds. */
export interface SyncReport {
  readonly startedAt: number;
  readonly completedAt: number;
  readonly result: SyncResult | null;
  /** The error that stopped it; `null` if there is a result. */
  readonly error: CodedError | null;
  /** Requests that were sent, including those of a failed sync. */
  readonly requests: number;
}

/** A sync in progress. */
export interface RunningSync {
  readonly startedAt: number;
  readonly cause: SyncCause;
  readonly progress: SyncProgress;
  /** True if it answers a person, so that its progress is shown. */
  readonly answering: boolean;
}

/** The inputs of a sync. */
export interface SyncWish {
  readonly asana: AsanaSession;
  readonly spec: AsanaConnectorSpec;
  readonly cause: SyncCause;
  readonly answering: boolean;
  /** Read teams even if they are not due. */
  readonly readsTeams: boolean;
  readonly intervals: { readonly intervalMs: number; readonly teamIntervalMs: number };
  /** The previous reading, which lends what this one lacks. */
  readonly previous: Snapshot | null;
  /** True if REST has accepted the token before. */
  readonly restKnown: boolean;
  /** Number of items that listings may lack, as accepted by a person; `null` if nothing was accepted. */
  readonly acceptedShortfall: number | null;
  /** Called when the sync has stopped reading, whatever its outcome. */
  readonly onEnd: () => void;
}

/** `Accounts`: grants may act although teams are still being read. */
export type SyncChange = 'Progress' | 'Accounts' | 'Finished';

export interface SyncRunnerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** By default nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Checks the workspaces that the token is shown, before any account is read. */
  readonly see: (workspaces: readonly string[]) => void;
  /** Takes a reading: first accounts and licenses as soon as they are read, then everything. */
  readonly take: (snapshot: Snapshot, spec: AsanaConnectorSpec) => void;
  readonly onChange: (what: SyncChange) => void;
}

/** The outcome of a sync. */
interface Ended extends Pick<SyncReport, 'result' | 'error' | 'requests'> {
  /** Monotonic clock. */
  readonly begunAt: number;
}

interface Running {
  sync: RunningSync;
  readonly abort: AbortController;
  done: Promise<void>;
}

/** Runs the syncs of one connector, one at a time, and remembers how the last one ended. */
export class SyncRunner {
  readonly #deps: SyncRunnerDeps;
  #running: Running | null = null;
  #lastTeamsAt: number | null = null;
  #finished: FinishedSync | null = null;
  #report: SyncReport | null = null;
  #lastCause: SyncCause | null = null;
  /** True if the result of the running sync is already out of date. */
  #isExpired = false;

  constructor(deps: SyncRunnerDeps) {
    this.#deps = deps;
  }

  get running(): RunningSync | null {
    return this.#running?.sync ?? null;
  }

  /** The last finished sync, for scheduling the next one; `null` if one is due at once. */
  get finished(): FinishedSync | null {
    return this.#finished;
  }

  /** The cause of the last sync that ended in this process, even if it is out of date; `null` before the first. */
  get lastCause(): SyncCause | null {
    return this.#lastCause;
  }

  /** The last sync that ended in this process, for the status. */
  get report(): SyncReport | null {
    return this.#report;
  }

  /** Starts a sync in the background; does nothing while one is running. */
  start(wish: SyncWish): void {
    if (this.#running) return;
    const abort = new AbortController();
    const sync: RunningSync = {
      startedAt: this.#deps.clock.now(),
      cause: wish.cause,
      progress: { phase: 'Accounts', accounts: 0, teams: 0 },
      answering: wish.answering,
    };
    const running: Running = { sync, abort, done: Promise.resolve() };
    this.#running = running;
    this.#isExpired = false;
    const { tracer = silentTracer } = this.#deps;
    // A separate trace, because the reconcile that starts the sync ends long before it.
    running.done = tracer
      .span({ name: 'sync', kind: 'Trace', fields: {} }, (span) => this.#sync(wish, running, span))
      .finally(() => wish.onEnd());
  }

  /** Resolves once no sync is running; rejects with the signal's reason when it aborts first. */
  async untilIdle(signal: AbortSignal): Promise<void> {
    while (this.#running) await unlessAborted(this.#running.done, signal);
    signal.throwIfAborted();
  }

  /** Stops a running sync and waits until it has ended. */
  async stop(why: string): Promise<void> {
    const running = this.#running;
    if (!running) return;
    running.abort.abort(new DOMException(why, 'AbortError'));
    await running.done;
  }

  /** Declares the last reading and a running one out of date: the next sync is due at once, teams included. */
  expire(): void {
    this.#finished = null;
    this.#isExpired = this.#running !== null;
  }

  /** Whether to read teams, which cost a request each: by their own interval, or if a person asked for a sync. */
  #teamsDue({ cause, readsTeams, intervals: { intervalMs, teamIntervalMs } }: SyncWish): boolean {
    const last = this.#finished;
    if (readsTeams || this.#lastTeamsAt === null || !last) return true;
    if (last.cause.generation !== cause.generation || last.cause.requestedAt !== cause.requestedAt)
      return true;
    if (teamIntervalMs < intervalMs) return true;
    // Syncs have jitter: of two, the one closer to the end of the team interval reads the teams.
    return this.#deps.clock.monotonic() - this.#lastTeamsAt + intervalMs / 2 >= teamIntervalMs;
  }

  async #sync(wish: SyncWish, running: Running, span: Span): Promise<void> {
    const { clock, log, see, take, onChange } = this.#deps;
    const { asana, spec, previous, restKnown, acceptedShortfall } = wish;
    const { signal } = running.abort;
    const begunAt = clock.monotonic();
    const teams = this.#teamsDue(wish);
    // Teams stay due until they have been read completely: if this sync fails, the next one reads them.
    if (teams) this.#lastTeamsAt = null;
    const tally: Tally = { requests: 0 };
    let result: SyncResult | null = null;
    let error: CodedError | null = null;
    try {
      result = await syncDirectory(asana, {
        workspaces: spec.workspaces,
        defaultWorkspace: spec.defaultWorkspace,
        scim: spec.scim,
        teams,
        previous,
        restKnown,
        acceptedShortfall,
        signal,
        tally,
        clock,
        onProgress: (progress) => {
          running.sync = { ...running.sync, progress };
          onChange('Progress');
        },
        onWorkspaces: see,
        onAccounts: (snapshot) => {
          take(snapshot, spec);
          onChange('Accounts');
        },
      });
      if (result.snapshot) take(result.snapshot, spec);
      const read = result.snapshot?.parts.teams;
      if (read && read.begunAt >= begunAt) this.#lastTeamsAt = read.complete ? begunAt : null;
    } catch (thrown) {
      if (isAbort(thrown) || signal.aborted) {
        this.#running = null;
        span.set({ outcome: 'Stopped' });
        return;
      }
      error = asCoded(thrown);
      span.fail(error);
      log.warn('sync failed', { error });
    }
    span.set(this.#finish(running.sync, { begunAt, result, error, requests: tally.requests }));
  }

  /** Records how a sync ended, and returns that for its trace. */
  #finish(
    sync: RunningSync,
    { begunAt, result, error, requests }: Ended,
  ): { outcome: FinishedSync['outcome']; requests: number } {
    const { clock, random, log, onChange } = this.#deps;
    const outcome = outcomeOf(result, error);
    const failed = outcome === 'Incomplete' || outcome === 'Unavailable';
    const finished: FinishedSync = {
      begunAt,
      finishedAt: clock.monotonic(),
      cause: sync.cause,
      outcome,
      failures: failed ? (this.#finished?.failures ?? 0) + 1 : 0,
      jitter: random(),
      retryAfterMs: error?.retryAfterMs ?? null,
    };
    this.#finished = this.#isExpired ? null : finished;
    this.#isExpired = false;
    this.#lastCause = sync.cause;
    const told = limitsOf(this.#report?.result ?? null);
    for (const limit of limitsOf(result))
      if (!told.includes(limit)) log.warn('the directory was not read completely', { limit });
    this.#report = { startedAt: sync.startedAt, completedAt: clock.now(), result, error, requests };
    this.#running = null;
    log.info('sync ended', { outcome, requests, seconds: (finished.finishedAt - begunAt) / 1000 });
    onChange('Finished');
    return { outcome, requests };
  }
}

function outcomeOf(result: SyncResult | null, error: CodedError | null): FinishedSync['outcome'] {
  const failure = failureOf({ result, error });
  if (failure?.errorClass === 'stalling') return 'Stalled';
  if (!result?.snapshot) return 'Unavailable';
  if (describeIncomplete(result.snapshot).length === 0) return 'Complete';
  return isAllButScim(result.snapshot, result.scim) ? 'Impaired' : 'Incomplete';
}

/** Whether only SCIM refused something, so that reading everything again would not help. */
function isAllButScim({ parts: { accounts, teams } }: Snapshot, scim: SyncResult['scim']): boolean {
  const isRefused = scim?.ok === false && scim.error.errorClass === 'stalling';
  return isRefused && accounts.complete && teams?.complete !== false;
}

/** Returns why a sync read nothing: its error, or REST's refusal of a token that SCIM accepts; otherwise `null`. */
export function failureOf({ result, error }: Pick<SyncReport, 'result' | 'error'>): CodedError | null {
  if (error) return error;
  return result && !result.snapshot && !result.rest.ok ? result.rest.error : null;
}

/** Wraps any other error, which is a bug of this program; it is retried like an outage, and the log has its cause. */
function asCoded(thrown: unknown): CodedError {
  return thrown instanceof CodedError ? thrown : new UnexpectedSyncError(thrown);
}

class UnexpectedSyncError extends CodedError {
  constructor(cause: unknown) {
    super(
      'Unexpected',
      'transient',
      'The sync failed because of an unexpected error. See the log of this program.',
      { cause },
    );
  }
}
