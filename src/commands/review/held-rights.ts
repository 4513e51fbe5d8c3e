import { isActive, isGuest, isMemberOf, teamRoleOf } from '../../directory/account.ts';
import type { Account, Snapshot } from '../../directory/snapshot.ts';
import type { Right } from '../../provisioning/right.ts';
import type { ReviewedRight } from './review-row.ts';

/** A right of an account, as Asana shows it. */
export interface HeldRight {
  readonly account: Account;
  readonly guest: boolean;
  readonly reviewed: ReviewedRight;
  /** The right in the form that the provisioning rules use. */
  readonly right: Right;
  readonly place: { readonly gid: string; readonly name: string } | null;
  readonly value: string;
}

/** Yields every right, by account in order of email or else name: first workspaces, then the license, then teams. */
export function* heldRights(snapshot: Snapshot): Generator<HeldRight> {
  const organization = snapshot.organization?.gid ?? null;
  const teams = teamsByUser(snapshot);
  for (const account of inOrder(snapshot.accounts.values())) {
    const guest = isGuest(account, organization);
    for (const held of heldBy(account, snapshot)) yield { account, guest, ...held };
    for (const held of teams.get(account.gid) ?? []) yield { account, guest, ...held };
    teams.delete(account.gid);
  }
  // A team may contain users that no workspace lists. They are included, so that no right is left out.
  for (const [gid, memberships] of teams) {
    const account: Account = { gid, email: null, name: gid, memberships: [], scim: null, license: null };
    const guest = memberships.some(({ value }) => value === 'Guest');
    for (const held of memberships) yield { account, guest, ...held };
  }
}

type Held = Omit<HeldRight, 'account' | 'guest'>;

function* heldBy(account: Account, { workspaces, organization }: Snapshot): Generator<Held> {
  const home = organization?.gid ?? null;
  for (const place of workspaces) {
    const membership = account.memberships.find(({ workspace }) => workspace === place.gid);
    if (!membership || !isMemberOf(account, place.gid, home)) continue;
    const type = place.gid === home ? 'Account' : 'Workspace';
    const right = { type, workspace: place.gid } as const;
    yield { reviewed: type, right, place, value: membership.role };
  }
  // A user type that the settings do not name is a license too, under Asana's name for it.
  const license = account.license ?? account.scim?.userType ?? null;
  if (license === null || !isActive(account, home)) return;
  const right = { type: 'License', license: account.license ?? 'Enterprise' } as const;
  yield { reviewed: 'License', right, place: organization, value: license };
}

function teamsByUser({ teams }: Snapshot): Map<string, Held[]> {
  const byUser = new Map<string, Held[]>();
  for (const team of teams.values()) {
    for (const membership of team.memberships) {
      const right = { type: 'Team', team: team.gid } as const;
      const held: Held = { reviewed: 'Team', right, place: team, value: teamRoleOf(membership) };
      const others = byUser.get(membership.user);
      if (others) others.push(held);
      else byUser.set(membership.user, [held]);
    }
  }
  return byUser;
}

function inOrder(accounts: Iterable<Account>): Account[] {
  const keyed = [...accounts].map((account) => ({ account, key: account.email ?? account.name }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ account }) => account);
}
