import { connectorConditionTypes, grantConditionTypes } from '../../src/api/condition-types.ts';
import type { Condition } from '../../src/api/conditions.ts';
import { connectorReasons, driftedReasons, grantReasons } from '../../src/api/reasons.ts';
import { asanaConnectors } from '../../src/api/resources.ts';

/** An object whose status is to be held to the rules. */
export interface CheckedObject {
  readonly kind?: string;
  readonly metadata: { readonly generation: number };
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}

/** Conditions that are there only while they are True. */
const ONLY_WHILE_TRUE = new Set(['Reconciling', 'Stalled', 'Drifted', 'Expired', 'RemovalsPaused']);

/** `metav1.Time`: RFC 3339 in UTC and whole seconds. */
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** No message is longer: it is read by people, and etcd keeps an object whole. */
const LONGEST_MESSAGE = 1024;

/**
 * The rules that every status must keep, those of kstatus and of Flux' condition checker among them; returns the
 * broken ones as sentences. An object without status keeps them all: nobody has looked at it yet.
 */
export function checkConditions({ kind, metadata, status }: CheckedObject): string[] {
  if (!status) return [];
  const { generation } = metadata;
  const conditions = status.conditions ?? [];
  const broken: string[] = [];
  const rule = (holds: boolean, sentence: string) => {
    if (!holds) broken.push(sentence);
  };
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
    `Ready is Unknown for ${ready?.reason} without Reconciling`,
  );
  rule(status.observedGeneration !== undefined, 'status.observedGeneration is missing');
  rule((status.observedGeneration ?? 0) <= generation, 'status.observedGeneration is ahead of the object');
  rule(new Set(conditions.map(({ type }) => type)).size === conditions.length, 'a type is there twice');
  for (const condition of conditions) {
    const { type, reason, message, lastTransitionTime, observedGeneration } = condition;
    const reasons = reasonsOf(kind, type);
    rule(reasons !== null, `${type} is no condition of this kind`);
    rule(reasons === null || Object.hasOwn(reasons, reason), `${type} has the unknown reason ${reason}`);
    rule(!ONLY_WHILE_TRUE.has(type) || condition.status === 'True', `${type} is ${condition.status}`);
    rule(observedGeneration <= generation, `${type} is ahead of the object`);
    rule(
      ready?.status !== 'True' || observedGeneration === status.observedGeneration,
      `${type} speaks of another generation than the status although Ready is True`,
    );
    rule(
      TIME.test(lastTransitionTime) && !Number.isNaN(Date.parse(lastTransitionTime)),
      `${type} has no RFC 3339 transition time`,
    );
    rule(message.trim() !== '', `${type} has no message`);
    rule(message.length <= LONGEST_MESSAGE, `${type} has a message of ${message.length} characters`);
  }
  return broken;
}

/** The reasons a condition of a kind may have; null when the kind has no such condition. */
function reasonsOf(kind: string | undefined, type: string): Readonly<Record<string, unknown>> | null {
  if (kind === asanaConnectors.kind) {
    return Object.hasOwn(connectorConditionTypes, type) ? connectorReasons : null;
  }
  if (!Object.hasOwn(grantConditionTypes, type)) return null;
  return type === 'Drifted' ? driftedReasons : grantReasons;
}
