import type { GrantObject } from '../../api/kinds.ts';
import { REVOKE_FINALIZER } from '../../api/resources.ts';
import { takesSeat } from '../../provisioning/actions.ts';

/** A grant as the limits on removals count it. */
export interface RosterEntry {
  readonly uid: string;
  /** The gid, as demands name them; null while it is not known whom the grant means. */
  readonly person: string | null;
  /** A right is recorded in its status. */
  readonly applied: boolean;
}

/** One that was there when the session was opened. */
export interface ExistingGrant extends RosterEntry {
  /** It is decided here: before it was, nobody knows how many removals are wanted. */
  readonly ours: boolean;
  /** Who gets an enterprise license by an upgrade that was under way; null for nobody. */
  readonly upgrades: string | null;
  /** The organization that the person was found in, gid; null for nobody. */
  readonly foundIn: string | null;
}

/** A grant that was there when its connector's session was opened. */
export function existingGrantOf(object: GrantObject): ExistingGrant {
  const foundIn = object.status?.user?.organization ?? null;
  return { ...rosterEntryOf(object), ours: isOurs(object), upgrades: whoIsUpgraded(object), foundIn };
}

/** Asana may show a license minutes after it was given, and the process that gave it may be gone by then. */
function whoIsUpgraded({ metadata, status }: GrantObject): string | null {
  const last = status?.lastAction;
  if (last?.result !== 'Pending' || !takesSeat(last.type)) return null;
  return status?.user?.gid ?? metadata.uid;
}

/** A grant as the limits on removals count it. */
export function rosterEntryOf({ metadata, status }: GrantObject): RosterEntry {
  return {
    uid: metadata.uid,
    person: status?.user?.gid ?? null,
    applied: status?.applied !== undefined,
  };
}

/** A deleted grant without our finalizer is somebody else's to keep, and none of ours to decide. */
function isOurs({ metadata }: GrantObject): boolean {
  return (
    metadata.deletionTimestamp === undefined || (metadata.finalizers?.includes(REVOKE_FINALIZER) ?? false)
  );
}
