import type { Check } from '../../telemetry/servers.ts';

/** No bookmark for so long (they come once a minute) and a watch is not alive. */
const LONGEST_SILENCE_MS = 300_000;
/** Twice the longest reconcile: something hangs. */
const LONGEST_RECONCILE_S = 600;

/** What of the operator its probes look at. */
export interface ProbedOperator {
  /** Every watched kind was listed. */
  readonly synced: boolean;
  /** How long the API server has said nothing about each kind. */
  contacts(): readonly { readonly kind: string; readonly silentMs: number }[];
  /** How long the key longest in work has been there. */
  longestRunningSeconds(): number;
}

/** What of leader election they look at. */
export interface ProbedElection {
  /** A renewal of the lease is overdue, or one was and this process ends. */
  readonly isOverdue: boolean;
}

/**
 * What `/livez` looks at: a fault that only a new process ends. An event loop that stands still answers no probe at all.
 * @param election null where nobody is elected
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

/** What `/readyz` looks at beside that. */
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
