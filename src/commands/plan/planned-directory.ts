import type { TeamMembershipRecord, WorkspaceMembershipRecord } from '../../asana/rest-records.ts';
import type { ScimUserRecord } from '../../asana/scim-records.ts';
import { addressed, addressOf, isAdminThere, isGuest } from '../../directory/account.ts';
import type { Directory } from '../../directory/directory.ts';
import type { Account, ScimRecord, WorkspaceMembership } from '../../directory/snapshot.ts';

/** Prefix of the gids of planned accounts, followed by a number. No gid of Asana looks like this. */
const PLANNED_GID = 'new-';

/**
 * The directory after the changes of a plan: the reading, overlaid with the result of each change. Everything is kept
 * in memory.
 */
export class PlannedDirectory {
  readonly #directory: Directory;
  readonly #accounts = new Map<string, Account>();
  readonly #gids = new Map<string, string>();
  /** By user and team; `null` before the first access. */
  #teams: Map<string, Map<string, TeamMembershipRecord>> | null = null;
  #created = 0;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** The gid of the one organization; `null` if there is none. */
  get organization(): string | null {
    return this.#directory.current()?.organization?.gid ?? null;
  }

  /** Finds an account. @param user a gid or an email */
  find(user: string): Account | null {
    const gid = this.#gids.get(user.toLowerCase()) ?? user;
    const known = this.#accounts.get(gid) ?? this.#directory.account(gid);
    return known ?? this.#directory.accountByEmail(user.toLowerCase()) ?? null;
  }

  /** Adds an account that the reading does not contain. */
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

  /** Adds an account to a workspace, or removes it. */
  setMembership(account: Account, workspace: string, active: boolean): Account {
    const known = account.memberships.find((membership) => membership.workspace === workspace);
    const others = account.memberships.filter((membership) => membership !== known);
    const gid = known?.gid ?? `${account.gid}-${workspace}`;
    const role = known?.role ?? 'Member';
    const viewOnly = known?.viewOnly ?? null;
    return this.#put({ ...account, memberships: [{ gid, workspace, active, role, viewOnly }, ...others] });
  }

  /** Returns the team memberships of a user, by the gid of the team. */
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

/** Returns an account as SCIM shows it; `null` if SCIM does not. */
export function scimUserOf(account: Account): ScimUserRecord | null {
  const { scim, name } = account;
  if (!scim) return null;
  const { id, userName, active, userType, attributes } = scim;
  return { id, userName, email: addressOf(account), name, active, userType, attributes };
}

/** Returns an account's memberships of a workspace as REST shows them. */
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
