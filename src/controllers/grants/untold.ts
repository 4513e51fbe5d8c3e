import { findCondition } from '../../api/conditions.ts';
import type { Decision } from '../../provisioning/decision.ts';
import { unlearnt } from '../../provisioning/refusal.ts';
import type { KeptRemoval } from '../removals/kept-removal.ts';
import type { GrantSubject } from './grant-context.ts';

/** Reasons that no longer apply once the connector only waits for its reading. */
const OF_THE_CONNECTOR: ReadonlySet<string> = new Set([
  'ConnectorNotFound',
  'ConnectorNotReady',
  'Suspended',
]);

/**
 * Whether the status is left alone: nothing new is known, and it is of this generation and no less true than before. It
 * then shows what the last complete look found.
 */
export function staysUntold(
  { object, obstructed, view }: GrantSubject,
  decision: Extract<Decision, { kind: 'Blocked' }>,
  kept: KeptRemoval | null,
): boolean {
  const { status, metadata } = object;
  const ready = findCondition(status?.conditions, 'Ready');
  return (
    unlearnt.has(decision.code) &&
    decision.observed === undefined &&
    !obstructed &&
    view.ending?.because !== 'Deleted' &&
    status?.observedGeneration === metadata.generation &&
    ready !== undefined &&
    !OF_THE_CONNECTOR.has(ready.reason) &&
    !kept?.answer &&
    status.planned?.hold === kept?.planned.hold
  );
}
