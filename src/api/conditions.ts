import { formatTime } from '../core/clock.ts';
import type { ConnectorPhase } from './condition-types.ts';
import { shorten } from './fit-status.ts';
import { type DriftedReason, type GrantReason, grantReasons, type ReasonClass } from './reasons.ts';

/** One condition as the Kubernetes API conventions shape it. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  observedGeneration: number;
  /** RFC 3339; moves only when `status` moves. */
  lastTransitionTime: string;
  reason: string;
  message: string;
}

/** A condition before it is known when its status last moved. */
export type ConditionDraft = Omit<Condition, 'lastTransitionTime' | 'observedGeneration'>;

/** etcd keeps an object whole and a status is read by people: a message longer than this is cut at a word. */
const LONGEST_MESSAGE = 1024;

const CHANGED_ELSEWHERE: DriftedReason = 'ChangedElsewhere';

/**
 * The conditions an object should have, given what they say now: transition times move only with the status, and
 * a type that is not drafted is dropped (kstatus: Reconciling and Stalled exist only while they are True).
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

/** The condition of a type; undefined when the object has none. */
export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** What became of a grant, in the terms of its conditions. */
export interface GrantOutcome {
  readonly reason: GrantReason;
  readonly message: string;
  /** What somebody else changed and we have not set back, or may not; null when nothing. */
  readonly drifted?: string | null;
  /** The end of the grant has passed. */
  readonly expired?: boolean;
  /** A reason that usually lasts until a person acts is, here, about to be tried again by itself. */
  readonly retrying?: boolean;
}

/** The conditions of a grant after `outcome`: one table (reasons.ts) decides Ready, Reconciling and Stalled. */
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
 * Whether a grant stalls that did not before, or stalls for another reason: what a person is to be told of by an event,
 * whatever made it stall.
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

/** Ready, and Reconciling or Stalled where they are True. */
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

/** The connector's conditions in one word: the first of `connectorPhases` that fits. */
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
