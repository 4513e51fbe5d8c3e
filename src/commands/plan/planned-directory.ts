import type { TeamMembershipRecord, WorkspaceMembershipRecord } from '../../asana/rest-records.ts';
import type { ScimUserRecord } from '../../asana/scim-records.ts';
import { addressed, addressOf, isAdminThere, isGuest } from '../../directory/account.ts';
import type { Directory } from '../../directory/directory.ts';
import type { Account, ScimRecord, WorkspaceMembership } from '../../directory/snapshot.ts';

/** Accounts that a plan creates go by this and a number: no gid of Asana looks so. */
const PLANNED_GID = 'new-';

/**
 * What Asana would hold after the changes of a plan: the reading, and over it what each change leads to. Everything is in
 * memory; a person is told as Asana's records would tell them.
 */
export class PlannedDirectory {
  readonly #directory: Directory;
  readonly #accounts = new Map<string, Account>();
  readonly #gids = new Map<string, string>();
  /** By person and team; null before anybody's were asked for. */
  #teams: Map<string, Map<string, TeamMembershipRecord>> | null = null;
  #created = 0;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** The gid of the one organization; null where there is none. */
  get organization(): string | null {
    return this.#directory.current()?.organization?.gid ?? null;
  }

  /** @param user a gid or an email */
  find(user: string): Account | null {
    const gid = this.#gids.get(user.toLowerCase()) ?? user;
    const known = this.#accounts.get(gid) ?? this.#directory.account(gid);
    return known ?? this.#directory.accountByEmail(user.toLowerCase()) ?? null;
  }

  /** Adds somebody whom the reading does not show. */
  create(email: string, name: string): Account {
    this.#created += 1;
    const gid = `${PLANNED_GID}${this.#created}`;
    const account = { gid, ...addressed(email), name, memberships: [], scim: null, license: null };
    this.#put(account);
    return account;
  }

  setScim(account: Account, scim: Partial<ScimRecord>): Account {
    const before = account.scim ?? {
      id: account.gid,
      userName: addressOf(account) ?? '',
      active: true,
      userType: null,
      attributes: {},
    };
    return this.#put({ ...account, scim: { ...before, ...scim } });
  }

  /** Puts somebody into a workspace, or out of it. */
  setMembership(account: Account, workspace: string, active: boolean): Account {
    const known = account.memberships.find((membership) => membership.workspace === workspace);
    const others = account.memberships.filter((membership) => membership !== known);
    const gid = known?.gid ?? `${account.gid}-${workspace}`;
    const role = known?.role ?? 'Member';
    const viewOnly = known?.viewOnly ?? null;
    return this.#put({ ...account, memberships: [{ gid, workspace, active, role, viewOnly }, ...others] });
  }

  /** By the gid of the team. */
  teamsOf(user: string): ReadonlyMap<string, TeamMembershipRecord> {
    return this.#teamsOf(user);
  }

  joinTeam(team: string, user: string): TeamMembershipRecord {
    const gid = `${team}-${user}`;
    const account = this.find(user);
    const guest = account !== null && isGuest(account, this.organization);
    const membership = { gid, user, admin: false, guest, limitedAccess: false };
    this.#teamsOf(user).set(team, membership);
    return membership;
  }

  leaveTeam(team: string, user: string): void {
    this.#teamsOf(user).delete(team);
  }

  #teamsOf(user: string): Map<string, TeamMembershipRecord> {
    this.#teams ??= this.#indexTeams();
    const known = this.#teams.get(user) ?? new Map<string, TeamMembershipRecord>();
    this.#teams.set(user, known);
    return known;
  }

  #indexTeams(): Map<string, Map<string, TeamMembershipRecord>> {
    const teams = new Map<string, Map<string, TeamMembershipRecord>>();
    for (const { gid, memberships } of this.#directory.current()?.teams.values() ?? [])
      for (const membership of memberships) {
        const known = teams.get(membership.user);
        if (known) known.set(gid, membership);
        else teams.set(membership.user, new Map([[gid, membership]]));
      }
    return teams;
  }

  #put(account: Account): Account {
    this.#accounts.set(account.gid, account);
    if (account.email !== null) this.#gids.set(account.email, account.gid);
    return account;
  }
}

/** Somebody as SCIM tells them; null for whom it hides. */
export function scimUserOf(account: Account): ScimUserRecord | null {
  const { scim, name } = account;
  if (!scim) return null;
  const { id, userName, active, userType, attributes } = scim;
  return { id, userName, email: addressOf(account), name, active, userType, attributes };
}

/** Somebody's memberships of a workspace as REST tells them. */
export function membershipsOf(account: Account, workspace: string): readonly WorkspaceMembershipRecord[] {
  const user = { gid: account.gid, name: account.name, email: addressOf(account) };
  return account.memberships
    .filter((membership) => membership.workspace === workspace)
    .map((membership: WorkspaceMembership) => ({
      gid: membership.gid,
      user,
      active: membership.active,
      admin: isAdminThere(membership),
      guest: membership.role === 'Guest',
      viewOnly: membership.viewOnly,
    }));
}
