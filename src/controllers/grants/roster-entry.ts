import type { GrantObject } from '../../api/kinds.ts';
import { REVOKE_FINALIZER } from '../../api/resources.ts';
import type { ExistingGrant, RosterEntry } from '../connectors/grant-roster.ts';
import { personKey } from '../connectors/person.ts';

/** A grant as the limits on removals count it. */
export function rosterEntryOf({ metadata, status }: GrantObject): RosterEntry {
  const { gid, organization } = status?.user ?? {};
  return {
    uid: metadata.uid,
    person: gid === undefined ? null : personKey(organization ?? '', gid),
    applied: status?.applied !== undefined,
  };
}

/** The same for one that is there when a session opens. */
export function existingGrantOf(object: GrantObject): ExistingGrant {
  return { ...rosterEntryOf(object), ours: isOurs(object) };
}

/** A deleted grant without our finalizer is somebody else's to keep, and none of ours to decide. */
function isOurs({ metadata }: GrantObject): boolean {
  return (
    metadata.deletionTimestamp === undefined || (metadata.finalizers?.includes(REVOKE_FINALIZER) ?? false)
  );
}
