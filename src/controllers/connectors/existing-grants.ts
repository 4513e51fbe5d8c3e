import type { GrantObject } from '../../api/kinds.ts';
import { REVOKE_FINALIZER } from '../../api/resources.ts';
import { takesSeat } from '../../provisioning/actions.ts';

/** A grant as the removal limits count it. */
export interface RosterEntry {
  readonly uid: string;
  /** The person's gid, as in demands; `null` while the account is not known. */
  readonly person: string | null;
  /** True if a right is recorded in the status. */
  readonly applied: boolean;
}

/** A grant that existed when its connector's session was opened. */
export interface ExistingGrant extends RosterEntry {
  /** True if this operator decides it; until it has, the number of wanted removals is unknown. */
  readonly ours: boolean;
  /** The account of an enterprise upgrade in progress: its gid, or the grant's uid without one; `null` for none. */
  readonly upgrades: string | null;
  /** Gid of the organization that the person was found in; `null` if the person was not found yet. */
  readonly foundIn: string | null;
}

/** Returns a grant that existed when its connector's session was opened. */
export function existingGrantOf(object: GrantObject): ExistingGrant {
  const foundIn = object.status?.user?.organization ?? null;
  return { ...rosterEntryOf(object), ours: isOurs(object), upgrades: whoIsUpgraded(object), foundIn };
}

/** Returns who is being upgraded: Asana may show the license only when the process that gave it is gone. */
function whoIsUpgraded({ metadata, status }: GrantObject): string | null {
  const last = status?.lastAction;
  if (last?.result !== 'Pending' || !takesSeat(last.type)) return null;
  return status?.user?.gid ?? metadata.uid;
}

/** Returns a grant as the removal limits count it. */
export function rosterEntryOf({ metadata, status }: GrantObject): RosterEntry {
  return {
    uid: metadata.uid,
    person: status?.user?.gid ?? null,
    applied: status?.applied !== undefined,
  };
}

/** Whether we decide the grant: a deleted one without our finalizer is kept by another party and is not decided. */
function isOurs({ metadata }: GrantObject): boolean {
  return (
    metadata.deletionTimestamp === undefined || (metadata.finalizers?.includes(REVOKE_FINALIZER) ?? false)
  );
}
