import { formatTime } from '../core/clock.ts';
import type { ConnectorPhase } from './condition-types.ts';
import { shorten } from './fit-status.ts';
import { type DriftedReason, type GrantReason, grantReasons, type ReasonClass } from './reasons.ts';

/** One condition, as defined by the Kubernetes API conventions. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  observedGeneration: number;
  /** RFC 3339; changes only when `status` changes. */
  lastTransitionTime: string;
  reason: string;
  message: string;
}

/** A condition without its generation and the time of its last transition. */
export type ConditionDraft = Omit<Condition, 'lastTransitionTime' | 'observedGeneration'>;

/** Longer messages are cut at a word: etcd stores an object as a whole, and people read the status. */
const LONGEST_MESSAGE = 1024;

const CHANGED_ELSEWHERE: DriftedReason = 'ChangedElsewhere';

/**
 * Returns the conditions that the drafts lead to: a transition time changes only with the status, and a type
 * without a draft is dropped (kstatus: Reconciling and Stalled exist only while they are True).
 */
export function settleConditions(
  before: readonly Condition[] | undefined,
  drafts: readonly ConditionDraft[],
  generation: number,
  now: number,
): Condition[] {
  return drafts.map((draft) => {
    const old = before?.find((condition) => condition.type === draft.type);
    return {
      type: draft.type,
      status: draft.status,
      observedGeneration: generation,
      lastTransitionTime: old?.status === draft.status ? old.lastTransitionTime : formatTime(now),
      reason: draft.reason,
      message: shorten(draft.message, LONGEST_MESSAGE),
    };
  });
}

/** Returns the condition of a type; `undefined` if the object has none. */
export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** The outcome of a reconcile, from which the conditions of a grant follow. */
export interface GrantOutcome {
  readonly reason: GrantReason;
  readonly message: string;
  /** A change from outside of the operator that is not reverted yet, or must not be; `null` if there is none. */
  readonly drifted?: string | null;
  /** True if the end of the grant has passed. */
  readonly expired?: boolean;
  /** True if the operator is about to retry by itself although the reason usually requires a person to act. */
  readonly retrying?: boolean;
}

/** Returns the conditions of a grant after `outcome`; reasons.ts determines Ready, Reconciling and Stalled. */
export function grantConditions(
  before: readonly Condition[] | undefined,
  outcome: GrantOutcome,
  generation: number,
  now: number,
): Condition[] {
  const { reason, message } = outcome;
  const drafts = readiness(classOf(outcome), reason, message, findCondition(before, 'Ready')?.status);
  if (outcome.drifted)
    drafts.push({ type: 'Drifted', status: 'True', reason: CHANGED_ELSEWHERE, message: outcome.drifted });
  if (outcome.expired)
    drafts.push({ type: 'Expired', status: 'True', reason: 'Expired', message: 'The grant has ended.' });
  return settleConditions(before, drafts, generation, now);
}

/**
 * Whether a grant is newly Stalled, or Stalled for another reason than before. An event then informs people,
 * whatever the cause.
 */
export function newlyStalled(
  before: readonly Condition[] | undefined,
  after: readonly Condition[] | undefined,
): boolean {
  const stalled = findCondition(after, 'Stalled');
  return stalled !== undefined && stalled.reason !== findCondition(before, 'Stalled')?.reason;
}

function classOf(outcome: GrantOutcome): ReasonClass {
  const known = grantReasons[outcome.reason].class;
  return known === 'stalling' && outcome.retrying ? 'waiting' : known;
}

/** Returns Ready, with Reconciling or Stalled if that is True. */
export function readiness(
  reasonClass: ReasonClass,
  reason: string,
  message: string,
  readyBefore: Condition['status'] | undefined,
): ConditionDraft[] {
  const ready = (status: Condition['status']): ConditionDraft => ({ type: 'Ready', status, reason, message });
  switch (reasonClass) {
    case 'ok':
      return [ready('True')];
    case 'asItWas':
      return [ready(readyBefore ?? 'Unknown')];
    case 'stalling':
      return [ready('False'), { type: 'Stalled', status: 'True', reason, message }];
    case 'waiting':
    case 'transient':
      return [ready('False'), { type: 'Reconciling', status: 'True', reason, message }];
  }
}

/** Sums up the connector's conditions in one word: the first of `connectorPhases` that applies. */
export function phaseOf(
  conditions: readonly Condition[],
  facts: { readonly suspended: boolean; readonly syncBegun: boolean },
): ConnectorPhase {
  const is = (type: string, status: Condition['status']) =>
    findCondition(conditions, type)?.status === status;
  if (facts.suspended) return 'Suspended';
  if (is('Stalled', 'True')) return 'Failed';
  if (!facts.syncBegun) return 'Pending';
  if (is('Reconciling', 'True')) return 'Syncing';
  const impaired = ['Synced', 'ScimAvailable', 'ConductorOneConnected'].some((type) => is(type, 'False'));
  return impaired || is('RemovalsPaused', 'True') ? 'Degraded' : 'Connected';
}
