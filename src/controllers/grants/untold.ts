import { findCondition } from '../../api/conditions.ts';
import type { Decision } from '../../provisioning/decision.ts';
import { unlearnt } from '../../provisioning/refusal.ts';
import type { KeptRemoval } from '../removals/kept-removal.ts';
import type { GrantSubject } from './grant-context.ts';

/** Reasons that are not so any more once the connector is merely waiting for its reading. */
const OF_THE_CONNECTOR: ReadonlySet<string> = new Set([
  'ConnectorNotFound',
  'ConnectorNotReady',
  'Suspended',
]);

/**
 * Where nothing new is known, nothing is said anew to a grant whose status speaks of this generation, and is no less true than
 * it was: it tells what the last whole look has shown.
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
