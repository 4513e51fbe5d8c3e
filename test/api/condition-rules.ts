import { connectorConditionTypes, grantConditionTypes } from '../../src/api/condition-types.ts';
import type { Condition } from '../../src/api/conditions.ts';
import { type GrantKindName, grantKinds, kinds } from '../../src/api/kinds.ts';
import {
  connectorReasons,
  driftedReasons,
  type GrantReason,
  grantReasons,
  type ReasonEntry,
} from '../../src/api/reasons.ts';
import { asanaConnectors } from '../../src/api/resources.ts';
import { statusMisfits } from './published-schema.ts';

/** An object whose status is checked against the rules. */
export interface CheckedObject {
  readonly kind?: string;
  readonly metadata: { readonly generation: number };
  readonly status?: CheckedStatus;
}

interface CheckedStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly holds?: readonly unknown[];
  readonly planned?: { readonly notBefore?: string; readonly hold?: string; readonly answer?: string };
  readonly applied?: unknown;
  readonly expiresAt?: string;
  readonly endSetAt?: string;
  readonly expiresSoonToldAt?: string;
}

/** Grant reasons that only one grant kind can have. */
export const ONLY_OF: Partial<Record<GrantReason, GrantKindName>> = {
  Removed: 'AsanaAccount',
  LicenseLimitReached: 'AsanaLicenseGrant',
  TeamNotFound: 'AsanaTeamGrant',
  TeamAmbiguous: 'AsanaTeamGrant',
  NotTeamMember: 'AsanaTeamGrant',
};

/** Conditions that are present only while they are True. */
const ONLY_WHILE_TRUE = new Set(['Reconciling', 'Stalled', 'Drifted', 'Expired', 'RemovalsPaused']);

/** `metav1.Time`: RFC 3339 in UTC, with whole seconds. */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** The maximum length of a message: people read it, and etcd stores it with the object. */
const LONGEST_MESSAGE = 1024;

/** Checks a rule: records the sentence if the rule does not hold. */
type Rule = (holds: boolean, sentence: string) => void;

/**
 * Checks a status against the rules that every status must keep, including those of kstatus and of Flux's condition
 * checker. Returns the broken rules as sentences. An object without a status, not yet reconciled, breaks none.
 */
export function checkConditions({ kind, metadata, status }: CheckedObject): string[] {
  if (!status) return [];
  const broken: string[] = [];
  const rule: Rule = (holds, sentence) => {
    if (!holds) broken.push(sentence);
  };
  checkTypes(kind, metadata.generation, status, rule);
  if (kind === asanaConnectors.kind) checkConnector(status, rule);
  if (grantKinds.some(({ names }) => names.kind === kind)) checkGrant(kind, status, rule);
  const definition = kinds.find(({ names }) => names.kind === kind);
  // checkTypes has already checked each condition.
  const { conditions: _, ...others } = status;
  return definition ? [...broken, ...statusMisfits(definition, others)] : broken;
}

/** Checks the rules for the conditions of every kind. */
function checkTypes(kind: string | undefined, generation: number, status: CheckedStatus, rule: Rule): void {
  const conditions = status.conditions ?? [];
  const find = (type: string) => conditions.find((condition) => condition.type === type);
  const ready = find('Ready');
  const reconciling = find('Reconciling')?.status === 'True';
  const stalled = find('Stalled')?.status === 'True';

  rule(ready !== undefined, 'Ready is missing');
  rule(!(reconciling && stalled), 'Reconciling and Stalled are both True');
  rule(!(ready?.status === 'True' && reconciling), 'Ready is True although Reconciling is True');
  rule(!stalled || !ready || ready.status === 'False', `Ready is ${ready?.status} although Stalled is True`);
  rule(
    ready?.status !== 'Unknown' || reconciling || ready.reason === 'Suspended',
    `Ready is Unknown with the reason ${ready?.reason} although Reconciling is not True`,
  );
  rule(status.observedGeneration !== undefined, 'status.observedGeneration is missing');
  rule(
    (status.observedGeneration ?? 0) <= generation,
    'status.observedGeneration is greater than metadata.generation',
  );
  rule(
    new Set(conditions.map(({ type }) => type)).size === conditions.length,
    'two conditions have the same type',
  );
  for (const condition of conditions) {
    const { type, reason, message, lastTransitionTime, observedGeneration } = condition;
    const reasons = reasonsOf(kind, type);
    rule(reasons !== null, `${type} is not a condition of this kind`);
    rule(reasons === null || Object.hasOwn(reasons, reason), `${type} has the unknown reason ${reason}`);
    rule(
      !ONLY_WHILE_TRUE.has(type) || condition.status === 'True',
      `${type} is present although it is ${condition.status}`,
    );
    rule(
      observedGeneration <= generation,
      `the observedGeneration of ${type} is greater than metadata.generation`,
    );
    rule(
      ready?.status !== 'True' || observedGeneration === status.observedGeneration,
      `the observedGeneration of ${type} is not that of the status although Ready is True`,
    );
    rule(
      TIME.test(lastTransitionTime) && !Number.isNaN(Date.parse(lastTransitionTime)),
      `the lastTransitionTime of ${type} is not an RFC 3339 time in UTC with whole seconds`,
    );
    rule(message.trim() !== '', `${type} has no message`);
    rule(message.length <= LONGEST_MESSAGE, `${type} has a message of ${message.length} characters`);
  }
}

function checkConnector({ conditions = [], holds = [] }: CheckedStatus, rule: Rule): void {
  const paused = conditions.some(({ type }) => type === 'RemovalsPaused');
  rule(!paused || holds.length > 0, 'RemovalsPaused is present without a hold');
  rule(paused || holds.length === 0, 'a hold is present without RemovalsPaused');
}

/** Checks the rules for the status of every grant kind. */
function checkGrant(kind: string | undefined, status: CheckedStatus, rule: Rule): void {
  const { conditions = [], planned, applied, expiresAt, endSetAt, expiresSoonToldAt } = status;
  const ready = conditions.find(({ type }) => type === 'Ready');
  const reason = ready?.reason as GrantReason | undefined;
  const reasons: Readonly<Record<string, ReasonEntry>> = grantReasons;
  const reasonClass = reason && Object.hasOwn(reasons, reason) ? reasons[reason]?.class : undefined;
  if (reasonClass === 'ok') {
    rule(ready?.status === 'True', `Ready is ${ready?.status} with the reason ${reason}`);
    // A grant that is postponed while it is held stays in its hold.
    const plans = reason === 'Planned' || (reason === 'Scheduled' && planned?.hold !== undefined);
    rule(
      plans === (planned !== undefined),
      `status.planned is ${planned ? 'present' : 'missing'} although the reason is ${reason}`,
    );
  } else if (reasonClass !== undefined && reasonClass !== 'asItWas') {
    rule(ready?.status !== 'True', `Ready is True with the reason ${reason}`);
  }
  const only = reasonClass && reason ? ONLY_OF[reason] : undefined;
  rule(!only || only === kind, `${reason} is not a reason of this kind`);
  const expired = conditions.some(({ type }) => type === 'Expired');
  rule(reason !== 'Expired' || expired, 'the condition Expired is missing although the reason is Expired');
  rule(
    reason !== 'Removed' || applied === undefined,
    'status.applied is present although the reason is Removed',
  );
  rule(
    reason !== 'RemovalPending' || planned?.notBefore !== undefined,
    'planned.notBefore is missing although the reason is RemovalPending',
  );
  rule(
    planned?.answer === undefined || planned.hold !== undefined,
    'planned.answer is present without planned.hold',
  );
  rule(
    (expiresAt === undefined) === (endSetAt === undefined),
    'only one of expiresAt and endSetAt is present',
  );
  rule(
    expiresSoonToldAt === undefined || expiresAt !== undefined,
    'expiresSoonToldAt is present without expiresAt',
  );
}

/** Returns the reasons that a condition of the kind may have; `null` if the kind has no such condition. */
function reasonsOf(kind: string | undefined, type: string): Readonly<Record<string, unknown>> | null {
  if (kind === asanaConnectors.kind) {
    return Object.hasOwn(connectorConditionTypes, type) ? connectorReasons : null;
  }
  if (!Object.hasOwn(grantConditionTypes, type)) return null;
  return type === 'Drifted' ? driftedReasons : grantReasons;
}
