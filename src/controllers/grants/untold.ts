import { findCondition } from '../../api/conditions.ts';
import type { KeptRemoval } from '../removals/kept-removal.ts';
import type { GrantSubject } from './grant-context.ts';

/** Reasons that are not so any more once the connector is merely waiting for its reading. */
const OF_THE_CONNECTOR: ReadonlySet<string> = new Set([
  'ConnectorNotFound',
  'ConnectorNotReady',
  'Suspended',
]);

/** Before a reading, nothing is said anew to a grant whose status speaks of this generation, and is no less true than it was. */
export function staysUntold(
  { object, context, obstructed, view }: GrantSubject,
  kept: KeptRemoval | null,
): boolean {
  const { status, metadata } = object;
  const ready = findCondition(status?.conditions, 'Ready');
  return (
    context.reading === null &&
    !obstructed &&
    view.ending?.because !== 'Deleted' &&
    status?.observedGeneration === metadata.generation &&
    ready !== undefined &&
    !OF_THE_CONNECTOR.has(ready.reason) &&
    !kept?.answer &&
    status.planned?.hold === kept?.planned.hold
  );
}
