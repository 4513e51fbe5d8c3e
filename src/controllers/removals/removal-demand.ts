import type { GrantObject } from '../../api/kinds.ts';
import type { Action } from '../../provisioning/action.ts';
import { isRemoval, rulesOf } from '../../provisioning/actions.ts';
import type { Ending } from '../../provisioning/grant.ts';
import type { Demand, RecordedHold } from '../../provisioning/removals/demand.ts';
import { parseHoldToken } from '../../provisioning/removals/hold-token.ts';
import type { GrantSubject } from '../grants/grant-context.ts';
import { endsOnTime } from '../grants/grant-time.ts';

/** Returns the demand of a grant on the removal desk, for the action that was decided. */
export function demandOf(subject: GrantSubject, action: Action, windowMs: number): Demand {
  const { object, view, context } = subject;
  const { namespace, name, uid, generation } = object.metadata;
  return {
    id: uid,
    ...personOf(subject, action.gid),
    who: action.email ?? action.gid ?? name,
    action: action.type,
    what: `${action.type} (${subject.kind.resource.kind} ${namespace}/${name})`,
    deprovision: rulesOf(action).deprovisions(action),
    ends: view.ending !== null,
    onTime: endsOnTime(object, view.ending, windowMs, context.now),
    content: contentOf(generation, action.type, view.ending),
    recorded: recordedHoldOf(object),
  };
}

/**
 * Returns the demand for a removal that cannot be decided now (mode Plan, a suspension, an outage), as planned in the
 * status: it still counts, and what is held stays held. `null` if the status plans no removal.
 */
export function recordedDemandOf(subject: GrantSubject, windowMs: number): Demand | null {
  const { object, view, context } = subject;
  const { planned, user } = object.status ?? {};
  if (!planned || !isRemoval({ type: planned.action })) return null;
  const { namespace, name, uid, generation } = object.metadata;
  return {
    id: uid,
    ...personOf(subject, user?.gid ?? null),
    who: user?.email ?? view.user.email ?? user?.gid ?? name,
    action: planned.action,
    what: `${planned.action} (${subject.kind.resource.kind} ${namespace}/${name})`,
    deprovision: planned.action === 'Deprovision' || planned.action === 'RemoveFromWorkspace',
    ends: view.ending !== null,
    onTime: endsOnTime(object, view.ending, windowMs, context.now),
    content: contentOf(generation, planned.action, view.ending),
    recorded: recordedHoldOf(object),
  };
}

function personOf(
  { view, context }: GrantSubject,
  gid: string | null,
): Pick<Demand, 'person' | 'organization'> {
  const organization = context.reading?.snapshot.organization?.gid ?? view.recorded?.organization ?? '';
  return { organization, person: gid ?? view.recorded?.gid ?? view.object.uid };
}

/** Identifies what exactly is demanded: another generation, action or cause requires another answer. */
function contentOf(generation: number, action: string, ending: Ending | null): string {
  return `${generation} ${action} ${ending?.because ?? 'Lowered'}`;
}

/** Returns the hold that the grant's own status records; `null` if there is none. */
function recordedHoldOf({ metadata, status }: GrantObject): RecordedHold | null {
  const { planned, observedGeneration, conditions, discardedGeneration } = status ?? {};
  const token = planned?.hold === undefined ? null : parseHoldToken(planned.hold);
  if (!planned || !token) return null;
  const expired = conditions?.some(({ type, status: value }) => type === 'Expired' && value === 'True');
  // A deletion increments the generation, so a status of this generation is about the object as it is, deleted or not.
  const because = metadata.deletionTimestamp !== undefined ? 'Deleted' : expired ? 'Expired' : null;
  const ending = because === null ? null : ({ because, at: 0 } as const);
  return {
    ...token,
    // A hold outlives an edit, `since` does not: without it the removal was not decided for this generation.
    content: planned.since === undefined ? null : contentOf(observedGeneration ?? 0, planned.action, ending),
    answer:
      planned.answer === 'Acknowledged'
        ? 'acknowledge'
        : discardedGeneration !== undefined && discardedGeneration === observedGeneration
          ? 'discard'
          : null,
  };
}
