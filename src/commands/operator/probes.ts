import type { Check } from '../../telemetry/servers.ts';

/** A watch without a bookmark for longer than this is dead. Bookmarks arrive once a minute. */
const LONGEST_SILENCE_MS = 300_000;
/** Twice the duration of the longest reconcile. One that runs longer hangs. */
const LONGEST_RECONCILE_S = 600;

/** The part of the operator that the probes check. */
export interface ProbedOperator {
  /** True if every watched kind was listed. */
  readonly synced: boolean;
  /** Returns how long ago the API server last sent a message for each kind. */
  contacts(): readonly { readonly kind: string; readonly silentMs: number }[];
  /** Returns how long the oldest running reconcile has been running. */
  longestRunningSeconds(): number;
}

/** The part of leader election that the probes check. */
export interface ProbedElection {
  /** True if a renewal of the lease is overdue, or if one was and the process is ending. */
  readonly isOverdue: boolean;
}

/**
 * Returns the checks of `/livez`, for faults that only a restart ends. A blocked event loop does not answer at all.
 * @param election `null` without leader election
 */
export function livenessChecks(operator: ProbedOperator, election: ProbedElection | null): Check[] {
  return [
    { name: 'watches', check: () => silentWatch(operator) },
    { name: 'workers', check: () => hangingReconcile(operator.longestRunningSeconds()) },
    {
      name: 'leaderElection',
      check: () => (election?.isOverdue ? 'the lease is not renewed' : null),
    },
  ];
}

/** Returns the checks that `/readyz` makes in addition. */
export function readinessChecks(operator: ProbedOperator): Check[] {
  return [
    { name: 'caches', check: () => (operator.synced ? null : 'the initial lists have not been read yet') },
  ];
}

function silentWatch(operator: ProbedOperator): string | null {
  const silent = operator.contacts().find(({ silentMs }) => silentMs > LONGEST_SILENCE_MS);
  return silent ? `no watch message for ${silent.kind} for ${Math.round(silent.silentMs / 1000)} s` : null;
}

function hangingReconcile(seconds: number): string | null {
  return seconds > LONGEST_RECONCILE_S ? `a reconcile has been running for ${Math.round(seconds)} s` : null;
}
