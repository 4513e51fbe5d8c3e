import type { AsanaConnector } from '../../api/asana-connector.ts';
import { REQUESTED_AT_ANNOTATION } from '../../api/resources.ts';

/** What a finished sync leaves behind for planning the next one. Times are monotonic milliseconds. */
export interface FinishedSync {
  readonly begunAt: number;
  readonly finishedAt: number;
  /** The generation, request and Secret version it was made for. */
  readonly cause: SyncCause;
  /** `Impaired`: all was read but what SCIM shows, which a person has to allow. */
  readonly outcome: 'Complete' | 'Impaired' | 'Incomplete' | 'Unavailable' | 'Stalled';
  /** How many syncs in a row were neither complete nor stalled, this one included. */
  readonly failures: number;
  /** Drawn once per sync in [0, 1): spreads connectors that share an interval. */
  readonly jitter: number;
  /** What Asana itself asked for, milliseconds after `finishedAt`. */
  readonly retryAfterMs: number | null;
}

/** Everything that, once changed, asks for a sync now. */
export interface SyncCause {
  readonly generation: number;
  /** `asana-connector.dev/requestedAt`. */
  readonly requestedAt: string | null;
  /** resourceVersions of the Secrets read. */
  readonly secretVersion: string;
}

/** Nobody asked: whoever asks later, asks for more. */
export const NO_CAUSE: SyncCause = { generation: 0, requestedAt: null, secretVersion: '' };

/** Syncs of one interval are spread over ±5 % of it, as Flux does, so that a fleet does not march in step. */
const JITTER_SHARE = 0.05;
/** A sync that failed for a passing reason is tried again after 10 s, 20 s, 40 s … */
const FIRST_RETRY_MS = 10_000;
/** … but at least every 5 minutes, however long the interval. */
const LONGEST_RETRY_MS = 300_000;

/**
 * When the next sync is due, on the monotonic clock: `now` or earlier means at once, null means not before a
 * person changes something.
 */
export function nextSyncAt(
  last: FinishedSync | null,
  cause: SyncCause,
  intervalMs: number,
  now: number,
): number | null {
  if (!last || !sameCause(last.cause, cause)) return now;
  switch (last.outcome) {
    case 'Stalled':
      return null;
    case 'Complete':
    case 'Impaired':
      return last.begunAt + intervalMs * (1 + JITTER_SHARE * (2 * last.jitter - 1));
    case 'Incomplete':
    case 'Unavailable':
      return last.finishedAt + Math.max(retryDelay(last, intervalMs), last.retryAfterMs ?? 0);
  }
}

/**
 * True if the sync answers a person: a first sync, a new generation or a request; those show as Reconciling.
 * @param answered what the last sync answered, in this process or, by the status, before it; null when there was none
 */
export function answersPerson(
  answered: Pick<SyncCause, 'generation' | 'requestedAt'> | null,
  cause: SyncCause,
): boolean {
  return (
    answered === null ||
    answered.generation !== cause.generation ||
    answered.requestedAt !== cause.requestedAt
  );
}

function retryDelay(last: FinishedSync, intervalMs: number): number {
  const backoff = Math.min(
    FIRST_RETRY_MS * 2 ** Math.min(last.failures - 1, 16),
    LONGEST_RETRY_MS,
    intervalMs,
  );
  return backoff * (1 + last.jitter * 0.2);
}

function sameCause(a: SyncCause, b: SyncCause): boolean {
  return (
    a.generation === b.generation && a.requestedAt === b.requestedAt && a.secretVersion === b.secretVersion
  );
}

/** What asks for a sync of a connector now. */
export function causeOf({ metadata }: AsanaConnector, secretVersion: string): SyncCause {
  return {
    generation: metadata.generation,
    requestedAt: metadata.annotations?.[REQUESTED_AT_ANNOTATION] ?? null,
    secretVersion,
  };
}

/** What the status of a process before this one says was answered already; null when somebody still waits. */
export function settledBefore({
  metadata,
  status,
}: AsanaConnector): Pick<SyncCause, 'generation' | 'requestedAt'> | null {
  const waiting =
    status?.conditions?.some(({ type, status: value }) => type === 'Reconciling' && value === 'True') ?? true;
  if (waiting || status?.sync?.completedAt === undefined) return null;
  const requestedAt = metadata.annotations?.[REQUESTED_AT_ANNOTATION] ?? null;
  const handled = status.lastHandledReconcileAt ?? null;
  return { generation: status.observedGeneration ?? 0, requestedAt: requestedAt === null ? null : handled };
}
