import type { GrantObject } from '../../api/kinds.ts';
import { REVOKE_FINALIZER } from '../../api/resources.ts';
import { personKey } from './person.ts';

/** A grant as the limits on removals count it. */
export interface RosterEntry {
  readonly uid: string;
  /** The organization and the gid, as demands name them; null while it is not known whom the grant means. */
  readonly person: string | null;
  /** A right is recorded in its status. */
  readonly applied: boolean;
}

/** One that was there when the session was opened. */
export interface ExistingGrant extends RosterEntry {
  /** It is decided here: before it was, nobody knows how many removals are wanted. */
  readonly ours: boolean;
}

/** A grant that was there when its connector's session was opened. */
export function existingGrantOf(object: GrantObject): ExistingGrant {
  return { ...rosterEntryOf(object), ours: isOurs(object) };
}

/** A grant as the limits on removals count it. */
export function rosterEntryOf({ metadata, status }: GrantObject): RosterEntry {
  const { gid, organization } = status?.user ?? {};
  return {
    uid: metadata.uid,
    person: gid === undefined ? null : personKey(organization ?? '', gid),
    applied: status?.applied !== undefined,
  };
}

/** A deleted grant without our finalizer is somebody else's to keep, and none of ours to decide. */
function isOurs({ metadata }: GrantObject): boolean {
  return (
    metadata.deletionTimestamp === undefined || (metadata.finalizers?.includes(REVOKE_FINALIZER) ?? false)
  );
}
