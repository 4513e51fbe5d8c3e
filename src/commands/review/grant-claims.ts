import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { policiesOf } from '../../controllers/connectors/connector-policies.ts';
import type { KnownGrant } from '../../controllers/grants/grant-stores.ts';
import { viewGrant } from '../../controllers/grants/grant-view.ts';
import { formatTime } from '../../core/clock.ts';
import type { Account } from '../../directory/snapshot.ts';
import type { Grant } from '../../provisioning/grant.ts';
import { findAccount } from '../../provisioning/grant-case.ts';
import type { Reading } from '../../provisioning/reading.ts';
import type { Right } from '../../provisioning/right.ts';
import { resolveWish } from '../../provisioning/rights.ts';
import { describeTooLong } from '../../provisioning/time.ts';
import { placeSlot, type Slot, teamSlot } from './audit-trail.ts';
import type { GrantName } from './review-row.ts';

/** A grant that declares a right, or still holds one. */
export interface Claim {
  readonly grant: Grant;
  readonly object: GrantObject;
  /** `null` if the team is not found, or the workspace of the account is not determined. */
  readonly right: Right | null;
  /** `null` if there is no account. */
  readonly account: Account | null;
  readonly until: string | null;
}

/**
 * Returns the grants that count at `now`: those in force, and those that still hold a right that they are to give up. A
 * grant that has not begun, is suspended, may not name the connector or lasts too long counts only if it holds a right.
 */
export function claimsOf(
  grants: readonly KnownGrant[],
  {
    connector,
    reading,
    now,
  }: { readonly connector: AsanaConnector; readonly reading: Reading; readonly now: number },
): Claim[] {
  const policies = policiesOf(connector);
  return grants.flatMap((known) => {
    const grant = viewGrant(known, connector, now);
    const counts = grant.applied !== null || isInForce(grant, policies.maxDurationMs, now);
    if (!counts || !isOfTheseOrganizations(grant, reading)) return [];
    const wished = resolveWish(grant.wish, reading, policies);
    const declared = 'right' in wished ? wished.right : null;
    const right = grant.ending ? (grant.applied?.right ?? null) : declared;
    const account = findAccount(grant, reading);
    return [{ grant, object: known.object, right, account, until: untilOf(grant) }];
  });
}

/** The grants behind each right of each account. The first one takes precedence. */
export class Claims {
  readonly #claims = new Map<string, Map<Slot, Claim[]>>();

  constructor(claims: readonly Claim[]) {
    for (const claim of claims.toSorted(precedence)) {
      if (!claim.account || !claim.right) continue;
      const ofAccount = this.#claims.get(claim.account.gid) ?? new Map<Slot, Claim[]>();
      const slot = slotOf(claim.right);
      ofAccount.set(slot, [...(ofAccount.get(slot) ?? []), claim]);
      this.#claims.set(claim.account.gid, ofAccount);
    }
  }

  /** Returns the grants that declare the right, or hold it. */
  of(account: string, slot: Slot): readonly Claim[] {
    return this.#claims.get(account)?.get(slot) ?? [];
  }
}

/** Returns the slot of a right. An account and the membership of its workspace have the same slot. */
export function slotOf(right: Right): Slot {
  switch (right.type) {
    case 'License':
      return 'License';
    case 'Team':
      return teamSlot(right.team);
    case 'Workspace':
    case 'Account':
      return placeSlot(right.workspace);
  }
}

export function nameOfClaim({ grant }: Claim): GrantName {
  const { kind, namespace, name } = grant.object;
  return { kind, namespace, name };
}

function isInForce(grant: Grant, maxDurationMs: number | null, now: number): boolean {
  const { ending, suspended, namespaceAllowed, startsAt, ensure, sameNamespace } = grant;
  if (ending || suspended || !namespaceAllowed || (startsAt !== null && startsAt > now)) return false;
  if (ensure === 'Absent') return sameNamespace;
  return describeTooLong(grant, maxDurationMs, now) === null;
}

/** Whether the gid that a grant recorded, if any, is from a workspace of the reading. Other gids mean nothing here. */
function isOfTheseOrganizations({ recorded }: Grant, { snapshot }: Reading): boolean {
  const home = recorded?.organization ?? null;
  return home === null || snapshot.workspaces.some(({ gid }) => gid === home);
}

/** Returns when the right is taken back; `null` for never, as with Retain. */
function untilOf({ endsAt, deletionPolicy }: Grant): string | null {
  return endsAt === null || deletionPolicy === 'Retain' ? null : formatTime(endsAt);
}

/** Compares two grants: those that hold a right come first, then the oldest, then by namespace/name. */
function precedence({ grant: a }: Claim, { grant: b }: Claim): number {
  const [heldByA, heldByB] = [a.applied !== null, b.applied !== null];
  if (heldByA !== heldByB) return heldByA ? -1 : 1;
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt;
  return keyOf(a) < keyOf(b) ? -1 : 1;
}

function keyOf({ object }: Grant): string {
  return `${object.namespace}/${object.name}`;
}
