import type { AsanaConnector, AsanaConnectorSpec, AsanaConnectorStatus } from '../api/asana-connector.ts';
import { REQUESTED_AT_ANNOTATION } from '../api/resources.ts';
import type { AsanaSession } from '../asana/session.ts';
import { unlessAborted } from '../core/abort.ts';
import type { Clock, Random } from '../core/clock.ts';
import { CodedError, isAbort } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { Directory } from '../directory/directory.ts';
import type { Snapshot } from '../directory/snapshot.ts';
import { type SyncProgress, type SyncResult, syncDirectory } from '../directory/sync.ts';
import { ConductorOneLink } from './conductorone-link.ts';
import type { Obstacle } from './connector-obstacle.ts';
import { ReadingGuard } from './reading-guard.ts';
import { RemovalDesk } from './removal-desk.ts';
import { readRemovalRecord } from './removal-record.ts';
import type { FinishedSync, SyncCause } from './sync-schedule.ts';

/** One finished sync as the status tells it; instants in epoch milliseconds. */
export interface SyncReport {
  readonly startedAt: number;
  readonly completedAt: number;
  readonly result: SyncResult | null;
  /** What stopped it; null when there is a result. */
  readonly error: CodedError | null;
  /** Requests it cost; 0 when it was stopped before there was a snapshot. */
  readonly requests: number;
}

/** Time between syncs, and between readings of the teams, in milliseconds. */
export interface SyncIntervals {
  readonly intervalMs: number;
  readonly teamIntervalMs: number;
}

/** Nobody asked: whoever asks later, asks for more. */
const NO_CAUSE: SyncCause = { generation: 0, requestedAt: null, secretVersion: '' };

/** A sync under way. */
export interface RunningSync {
  readonly startedAt: number;
  readonly cause: SyncCause;
  progress: SyncProgress;
}

/** `Accounts`: license grants may act although teams are still being read. `Link`: service mode has changed. */
export type SessionChange = 'Progress' | 'Accounts' | 'Finished' | 'Link';

export interface SessionDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly newToken: () => string;
  /** Called when something was learnt. */
  readonly onChange: (what: SessionChange) => void;
}

/**
 * What one connector knows and does between two reconciles: its Asana clients, its reading of the directory and
 * the sync under way. It decides nothing; the reconcilers do.
 */
export class ConnectorSession {
  readonly directory: Directory;
  readonly #deps: SessionDeps;
  readonly #guard: ReadingGuard;
  #asana: AsanaSession | null = null;
  #asanaFingerprint = '';
  #asked = '';
  #running: { sync: RunningSync; abort: AbortController; done: Promise<void> } | null = null;
  #lastTeamsAt: number | null = null;
  readonly removals: RemovalDesk;
  /** Service mode; idle without `spec.conductorOne`. */
  readonly link: ConductorOneLink;
  /** Whose upgrade is under way: each takes a license that the directory does not show yet. */
  readonly #seats = new Set<string>();
  /** Grants that were decided on the directory of this process; removals wait until all of them were. */
  readonly decided = new Set<string>();
  /** The running sync answers a person, so its progress shows. */
  answering = false;
  /** What is wrong with the Secret; null when nothing is. */
  credentialsObstacle: Obstacle | null = null;
  /** Tokens of holds that were answered, or found unknown, already. */
  readonly answered = new Set<string>();
  /** The last sync that ended in this process, for planning and for the status. */
  finished: FinishedSync | null = null;
  report: SyncReport | null = null;

  /** @param status what a process before this one has left */
  constructor(deps: SessionDeps, status: AsanaConnectorStatus | undefined) {
    this.#deps = deps;
    this.#guard = new ReadingGuard(status);
    const ledger = readRemovalRecord(status, deps.clock.now(), deps.newToken);
    this.removals = new RemovalDesk(ledger);
    this.link = new ConductorOneLink(deps.log, () => deps.onChange('Link'));
    this.directory = new Directory(deps.clock);
  }

  /** The clients for the credentials last given; null before any were right. */
  get asana(): AsanaSession | null {
    return this.#asana;
  }

  get running(): RunningSync | null {
    return this.#running?.sync ?? null;
  }

  /** REST refused the token at the last sync, so that admins and guests cannot be told from others. */
  get restRefused(): boolean {
    return this.report?.result?.rest.ok === false;
  }

  /** A person accepts the smaller, or other, directory: the next sync, which begins at once, is taken as it is. */
  acceptSmaller(): void {
    this.#guard.acceptNext();
    this.finished = null;
  }

  /** True once for each generation and each request: a person who asks wants everything looked at anew. */
  isAskedAnew({ metadata }: AsanaConnector): boolean {
    const asked = `${metadata.generation} ${metadata.annotations?.[REQUESTED_AT_ANNOTATION] ?? ''}`;
    const anew = asked !== this.#asked;
    this.#asked = asked;
    return anew;
  }

  /**
   * Takes a license for an upgrade under way, which the directory does not show yet; returns what gives it back.
   * @param who the grant's uid, or the task's id
   */
  takeSeat(who: string): () => void {
    this.#seats.add(who);
    return () => this.#seats.delete(who);
  }

  /** Licenses on their way to others. */
  seatsTakenBeside(who: string): number {
    return this.#seats.size - (this.#seats.has(who) ? 1 : 0);
  }

  /** Takes up credentials; clients are made anew only when `fingerprint` moved (a rotated Secret, another setting). */
  async useCredentials(fingerprint: string, open: () => AsanaSession): Promise<void> {
    if (this.#asana && fingerprint === this.#asanaFingerprint) return;
    await this.stopSync('its credentials changed');
    this.#asana?.close();
    this.#asana = open();
    this.#asanaFingerprint = fingerprint;
  }

  /** Drops the clients, so that nothing more is sent with what they hold. */
  async dropCredentials(): Promise<void> {
    await this.stopSync('its credentials are gone');
    this.#asana?.close();
    this.#asana = null;
    this.#asanaFingerprint = '';
  }

  /** Begins a sync in the background; does nothing while one runs. */
  startSync(spec: AsanaConnectorSpec, cause: SyncCause, { intervalMs, teamIntervalMs }: SyncIntervals): void {
    if (this.#running || !this.#asana) return;
    const abort = new AbortController();
    const sync: RunningSync = {
      startedAt: this.#deps.clock.now(),
      cause,
      progress: { phase: 'Accounts', accounts: 0, teams: 0 },
    };
    const done = this.#sync(
      this.#asana,
      spec,
      sync,
      this.#teamsDue(cause, intervalMs, teamIntervalMs),
      abort.signal,
    );
    this.#running = { sync, abort, done };
  }

  /** Begins a sync that neither the interval nor a person asks for; for the interval it counts like any other. */
  startUnaskedSync(spec: AsanaConnectorSpec, intervals: SyncIntervals): void {
    if (this.#running) return;
    this.answering = false;
    this.startSync(spec, this.finished?.cause ?? NO_CAUSE, intervals);
  }

  /** Resolves once no sync is running; rejects with the signal's reason when it aborts first. */
  async untilIdle(signal: AbortSignal): Promise<void> {
    while (this.#running) await unlessAborted(this.#running.done, signal);
    signal.throwIfAborted();
  }

  /** Stops a running sync and waits until nothing of it is under way. */
  async stopSync(why: string): Promise<void> {
    const running = this.#running;
    if (!running) return;
    running.abort.abort(new DOMException(why, 'AbortError'));
    await running.done;
  }

  async close(): Promise<void> {
    await this.link.close();
    await this.dropCredentials();
  }

  /** Team memberships cost a request a team: they have an interval of their own, and a person's request reads them too. */
  #teamsDue(cause: SyncCause, intervalMs: number, teamIntervalMs: number): boolean {
    const last = this.finished;
    if (this.#lastTeamsAt === null || !last) return true;
    if (last.cause.generation !== cause.generation || last.cause.requestedAt !== cause.requestedAt)
      return true;
    // Syncs come with jitter: of two, the one nearer to the interval of the teams reads them.
    return this.#deps.clock.monotonic() - this.#lastTeamsAt + intervalMs / 2 >= teamIntervalMs;
  }

  async #sync(
    asana: AsanaSession,
    spec: AsanaConnectorSpec,
    sync: RunningSync,
    teams: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, log, onChange } = this.#deps;
    const begunAt = clock.monotonic();
    let result: SyncResult | null = null;
    let error: CodedError | null = null;
    try {
      result = await syncDirectory(asana, {
        workspaces: spec.workspaces,
        defaultWorkspace: spec.defaultWorkspace,
        scim: spec.scim,
        teams,
        previous: this.directory.current(),
        signal,
        clock,
        onProgress: (progress) => {
          sync.progress = progress;
          onChange('Progress');
        },
        onAccounts: (snapshot) => {
          this.#takeIn(snapshot);
          onChange('Accounts');
        },
      });
      if (result.snapshot) this.#takeIn(result.snapshot);
      if (teams && result.snapshot?.parts.teams?.complete) this.#lastTeamsAt = begunAt;
    } catch (thrown) {
      if (isAbort(thrown) || signal.aborted) {
        this.#running = null;
        return;
      }
      error = asCoded(thrown);
      log.warn('sync failed', { error });
    }
    this.#finish(sync, begunAt, result, error);
  }

  /**
   * Takes a reading in. One that is suspiciously small, or of another organization, begins a hold and does not take the place of a better one; a
   * whole one ends that hold.
   */
  #takeIn(snapshot: Snapshot): void {
    const suspicion = this.#guard.judge(snapshot, snapshot.scimIdsForeign);
    if (suspicion) {
      const { clock, newToken } = this.#deps;
      this.removals.hold({ ...suspicion, since: clock.now(), token: newToken(), pending: [] });
      if (this.directory.current()) return;
    } else if (snapshot.parts.accounts.complete && (snapshot.parts.licenses?.complete ?? true)) {
      this.removals.endSuspicion();
    }
    this.directory.adopt(snapshot);
  }

  #finish(sync: RunningSync, begunAt: number, result: SyncResult | null, error: CodedError | null): void {
    const { clock, random, log, onChange } = this.#deps;
    const outcome = outcomeOf(result, error);
    const failed = outcome === 'Incomplete' || outcome === 'Unavailable';
    this.finished = {
      begunAt,
      finishedAt: clock.monotonic(),
      cause: sync.cause,
      outcome,
      failures: failed ? (this.finished?.failures ?? 0) + 1 : 0,
      jitter: random(),
      retryAfterMs: error?.retryAfterMs ?? null,
    };
    this.report = {
      startedAt: sync.startedAt,
      completedAt: clock.now(),
      result,
      error,
      requests: result?.snapshot?.requests ?? 0,
    };
    this.#running = null;
    const { requests } = this.report;
    const seconds = (this.finished.finishedAt - begunAt) / 1000;
    log.info('sync ended', { outcome, requests, seconds, ...this.directory.counts() });
    onChange('Finished');
  }
}

function outcomeOf(result: SyncResult | null, error: CodedError | null): FinishedSync['outcome'] {
  if (error) return error.errorClass === 'stalling' ? 'Stalled' : 'Unavailable';
  const parts = result?.snapshot?.parts;
  if (!parts) return 'Unavailable';
  const complete = [parts.accounts, parts.licenses, parts.teams].every(
    (part) => part === null || part.complete,
  );
  return complete ? 'Complete' : 'Incomplete';
}

/** What is not ours is a fault of the program; it is retried like an outage, and the log has its cause. */
function asCoded(thrown: unknown): CodedError {
  return thrown instanceof CodedError ? thrown : new UnexpectedSyncError(thrown);
}

class UnexpectedSyncError extends CodedError {
  constructor(cause: unknown) {
    super(
      'Unexpected',
      'transient',
      'The sync ended on an unexpected fault of this program; its log has the cause.',
      { cause },
    );
  }
}
