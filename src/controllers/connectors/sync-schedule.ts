import type { AsanaConnector } from '../../api/asana-connector.ts';
import { REQUESTED_AT_ANNOTATION } from '../../api/resources.ts';

/** The data of a finished sync that scheduling the next one needs. Times are monotonic milliseconds. */
export interface FinishedSync {
  readonly begunAt: number;
  readonly finishedAt: number;
  /** The generation, request and Secret version that the sync was started for. */
  readonly cause: SyncCause;
  /** `Impaired`: everything was read except what SCIM refuses, which a person has to allow. */
  readonly outcome: 'Complete' | 'Impaired' | 'Incomplete' | 'Unavailable' | 'Stalled';
  /** Number of consecutive syncs, including this one, that were Incomplete or Unavailable. */
  readonly failures: number;
  /** Drawn once per sync in [0, 1): spreads connectors that share an interval. */
  readonly jitter: number;
  /** The delay that Asana asked for, in milliseconds after `finishedAt`; `null` if it asked for none. */
  readonly retryAfterMs: number | null;
}

/** The values whose change makes a sync due at once. */
export interface SyncCause {
  readonly generation: number;
  /** `asana-connector.dev/requestedAt`. */
  readonly requestedAt: string | null;
  /** The resourceVersion of the Secret with the tokens. */
  readonly secretVersion: string;
}

/** The cause of a sync that was not requested; every later request differs from it and starts another sync. */
export const NO_CAUSE: SyncCause = { generation: 0, requestedAt: null, secretVersion: '' };

/** Syncs are spread over ±5 % of their interval, as in Flux, so that connectors do not sync in step. */
const JITTER_SHARE = 0.05;
/** A sync that failed for a transient reason is retried after 10 s, 20 s, 40 s … */
const FIRST_RETRY_MS = 10_000;
/** … but at least every 5 minutes plus up to 20 % jitter, however long the interval. */
const LONGEST_RETRY_MS = 300_000;

/**
 * Returns when the next sync is due, on the monotonic clock: `now` or earlier means at once, `null` means not before a
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
 * Whether the sync answers a person: a first sync, a new generation or a request; those show as Reconciling.
 * @param answered the cause of the last sync of this process or, from the status, of an earlier one; `null` if there
 *   was none
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

/** Returns the cause that a sync of the connector would have now. */
export function causeOf({ metadata }: AsanaConnector, secretVersion: string): SyncCause {
  return {
    generation: metadata.generation,
    requestedAt: metadata.annotations?.[REQUESTED_AT_ANNOTATION] ?? null,
    secretVersion,
  };
}

/** Returns what an earlier process already answered according to the status; `null` if a request is still open. */
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
