import type { UserRecord, WorkspaceMembershipRecord } from '../asana/rest-records.ts';
import type { ScimUserRecord } from '../asana/scim-records.ts';
import type { Turns } from '../core/turns.ts';
import {
  addressed,
  addressOf,
  isActive,
  licenseOf,
  preferActive,
  reduceMemberships,
  scimRecordOf,
  type UserTypes,
} from './account.ts';
import type { Account, WorkspaceMembership } from './snapshot.ts';

/** If SCIM lists no member: with fewer members than this it may omit them, with more it is of another organization. */
const MEMBERS_TO_TELL = 20;

/** Accounts assembled between checks for other work on the event loop: about 2 ms. */
const ACCOUNTS_A_PIECE = 500;

/** A person as a listing shows them, with the address as Asana writes it. */
interface Person {
  readonly name: string;
  email: string | null;
}

/** What the listings of one workspace have returned so far. */
class WorkspaceReading {
  readonly people = new Map<string, Person>();
  readonly memberships = new Map<string, WorkspaceMembership>();

  hasMember(gid: string): boolean {
    return this.people.has(gid) && this.memberships.get(gid)?.role !== 'Guest';
  }

  addUsers(users: readonly UserRecord[]): void {
    for (const { gid, name, email } of users) {
      const known = this.people.get(gid);
      if (known) known.email = email ?? known.email;
      else this.people.set(gid, { name, email });
    }
  }

  addMemberships(workspace: string, records: readonly WorkspaceMembershipRecord[]): void {
    for (const record of records) {
      const { gid, name, email } = record.user;
      const known = this.people.get(gid);
      // A person missing from the listing of users, perhaps a former member, is an account too.
      if (known) known.email ??= email;
      else this.people.set(gid, { name, email });
      const membership = reduceMemberships(workspace, [record]);
      const other = this.memberships.get(gid);
      if (membership) this.memberships.set(gid, other ? preferActive(other, membership) : membership);
    }
  }
}

/** What the listings of users, memberships and SCIM users have returned so far, joined by gid. */
export class AccountReading {
  readonly #workspaces = new Map<string, WorkspaceReading>();
  readonly #scim = new Map<string, ScimUserRecord>();

  /** Accounts known from REST; with several workspaces, those of the largest. */
  get size(): number {
    return this.#workspaces.values().reduce((most, { people }) => Math.max(most, people.size), 0);
  }

  get scimSize(): number {
    return this.#scim.size;
  }

  /** True if at least one user has a `userType`; otherwise the domain has no view-only licenses. */
  get hasUserTypes(): boolean {
    return this.#scim.values().some(({ userType }) => userType !== null);
  }

  addUsers(workspace: string, users: readonly UserRecord[]): void {
    this.#of(workspace).addUsers(users);
  }

  addMemberships(workspace: string, records: readonly WorkspaceMembershipRecord[]): void {
    this.#of(workspace).addMemberships(workspace, records);
  }

  addScimUsers(users: readonly ScimUserRecord[]): void {
    for (const user of users) this.#scim.set(user.id, user);
  }

  /** Forgets a workspace that turned out to be unreadable. */
  drop(workspace: string): void {
    this.#workspaces.delete(workspace);
  }

  /**
   * Returns false if SCIM and REST both returned users and no SCIM id is the gid of a member; nothing may be joined
   * then. SCIM hides guests, so a guest of ours that SCIM lists is a member of another organization.
   * @param organization the gid of the organization that SCIM should serve; `null` for none or several
   */
  idsMeet(organization: string | null): boolean {
    if (this.#scim.size === 0 || this.size === 0) return true;
    const home = organization === null ? undefined : this.#workspaces.get(organization);
    const places = home && home.people.size > 0 ? [home] : [...this.#workspaces.values()];
    return this.#scim.keys().some((id) => places.some((place) => place.hasMember(id)));
  }

  /**
   * Whether SCIM and REST return different organizations. Two partial listings may have no user in common, so at least
   * one must be complete.
   */
  isForeign(
    organization: string | null,
    { restWhole, scimWhole }: { readonly restWhole: boolean; readonly scimWhole: boolean },
  ): boolean {
    if (this.idsMeet(organization)) return false;
    return restWhole || (scimWhole && this.#countMembers() >= MEMBERS_TO_TELL);
  }

  /** Counts the people that SCIM should list. */
  #countMembers(): number {
    let members = 0;
    for (const { memberships } of this.#workspaces.values())
      for (const { active, role } of memberships.values()) if (active && role !== 'Guest') members += 1;
    return members;
  }

  /**
   * Assembles the accounts from everything read. Where a listing is incomplete, the data of the same gid in `previous`
   * fills the gaps. Yields to the event loop: tens of thousands of accounts would delay a user's edit for too long.
   */
  async assemble(
    userTypes: UserTypes,
    previous: PreviousAccounts,
    turns: Turns,
  ): Promise<Map<string, Account>> {
    const accounts = new Map<string, Account>();
    const { joinScim } = previous;
    const gids = new Set(this.#workspaces.values().flatMap(({ people }) => people.keys()));
    if (joinScim) for (const id of this.#scim.keys()) gids.add(id);
    for (const gid of gids) {
      const scimUser = joinScim ? this.#scim.get(gid) : undefined;
      accounts.set(gid, this.#assembleOne(gid, scimUser, userTypes, previous));
      if (accounts.size % ACCOUNTS_A_PIECE === 0) await turns.giveWay();
    }
    if (previous.keepAccounts) {
      for (const [gid, account] of previous.accounts ?? [])
        if (!accounts.has(gid)) accounts.set(gid, account);
    }
    return accounts;
  }

  #assembleOne(
    gid: string,
    scimUser: ScimUserRecord | undefined,
    userTypes: UserTypes,
    previous: PreviousAccounts,
  ): Account {
    const known = previous.accounts?.get(gid);
    const kept = previous.keepAccounts ? known : undefined;
    const person = this.#personOf(gid);
    const own = addressed(person?.email ?? scimUser?.email ?? (kept ? addressOf(kept) : null));
    const memberships = this.#membershipsOf(gid) ?? kept?.memberships ?? [];
    const keptScim = previous.keepLicenses ? (known?.scim ?? null) : null;
    const scim = scimUser ? scimRecordOf(scimUser, { gid, ...own }) : keptScim;
    return {
      gid,
      ...own,
      name: person?.name || scimUser?.name || own.email || gid,
      memberships,
      scim,
      license: licenseOf(scim?.userType ?? null, userTypes),
    };
  }

  /** Returns a person as the first workspace that lists them shows them; the address from any that shows it. */
  #personOf(gid: string): Person | undefined {
    let found: Person | undefined;
    for (const { people } of this.#workspaces.values()) {
      const person = people.get(gid);
      if (!person) continue;
      found = found ? { name: found.name || person.name, email: found.email ?? person.email } : person;
    }
    return found;
  }

  /** Returns the memberships of a person, or `undefined` if there are none. */
  #membershipsOf(gid: string): readonly WorkspaceMembership[] | undefined {
    const found: WorkspaceMembership[] = [];
    for (const { memberships } of this.#workspaces.values()) {
      const membership = memberships.get(gid);
      if (membership) found.push(membership);
    }
    return found.length > 0 ? found : undefined;
  }

  #of(workspace: string): WorkspaceReading {
    const known = this.#workspaces.get(workspace);
    if (known) return known;
    const reading = new WorkspaceReading();
    this.#workspaces.set(workspace, reading);
    return reading;
  }
}

/** Adds a membership to accounts that only SCIM shows: it lists only members of its organization, without roles. */
export function asMembers(accounts: Map<string, Account>, organization: string): Map<string, Account> {
  for (const [gid, account] of accounts) {
    const { scim, license, memberships } = account;
    if (!scim || memberships.length > 0) continue;
    const place: WorkspaceMembership = {
      gid: `${organization}-${gid}`,
      workspace: organization,
      active: scim.active,
      role: 'Member',
      viewOnly: license === null ? null : license === 'ViewOnly',
    };
    accounts.set(gid, { ...account, memberships: [place] });
  }
  return accounts;
}

/** What an earlier reading of the same scope may add to an incomplete one. */
export interface PreviousAccounts {
  readonly accounts: ReadonlyMap<string, Account> | null;
  /** The listings of users and memberships are incomplete: accounts missing from them may still exist. */
  readonly keepAccounts: boolean;
  /** The SCIM listing is incomplete. */
  readonly keepLicenses: boolean;
  /** SCIM's ids are gids. If false, SCIM may list users of another organization, and none are joined. */
  readonly joinScim: boolean;
}

/** Maps emails to gids. If two accounts share an email, it maps to the one in use. */
export function indexByEmail(
  accounts: ReadonlyMap<string, Account>,
  organization: string | null,
): Map<string, string> {
  const gids = new Map<string, string>();
  for (const account of accounts.values()) {
    const { email, gid } = account;
    if (email !== null && (!gids.has(email) || isActive(account, organization))) gids.set(email, gid);
  }
  return gids;
}
