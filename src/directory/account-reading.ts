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

/** Fewer members whom SCIM does not list may be people whom it leaves out; more are another organization's. */
const MEMBERS_TO_TELL = 20;

/** So many accounts take some 2 ms. */
const ACCOUNTS_A_PIECE = 500;

/** A person as a listing shows them; the address as Asana writes it. */
interface Person {
  readonly name: string;
  email: string | null;
}

/** What the listings of one workspace brought so far. */
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
      // Somebody whom the listing of users leaves out, a former member perhaps, is an account all the same.
      if (known) known.email ??= email;
      else this.people.set(gid, { name, email });
      const membership = reduceMemberships(workspace, [record]);
      const other = this.memberships.get(gid);
      if (membership) this.memberships.set(gid, other ? preferActive(other, membership) : membership);
    }
  }
}

/** What the listings of users, memberships and SCIM users brought so far, joined by gid. */
export class AccountReading {
  readonly #workspaces = new Map<string, WorkspaceReading>();
  readonly #scim = new Map<string, ScimUserRecord>();

  /** Accounts known by REST; with several workspaces, in the largest of them. */
  get size(): number {
    return this.#workspaces.values().reduce((most, { people }) => Math.max(most, people.size), 0);
  }

  get scimSize(): number {
    return this.#scim.size;
  }

  /** At least one user carries `userType`; otherwise the domain has no view-only licenses. */
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

  /** Forgets a workspace that turns out not to be readable. */
  drop(workspace: string): void {
    this.#workspaces.delete(workspace);
  }

  /**
   * False when SCIM and REST both brought somebody, and not one SCIM id is the gid of a member: then nothing may be
   * joined. SCIM hides guests: a guest of ours whom it lists is a member of another organization.
   * @param organization the gid of the one that SCIM is to be of; null for none or several
   */
  idsMeet(organization: string | null): boolean {
    if (this.#scim.size === 0 || this.size === 0) return true;
    const home = organization === null ? undefined : this.#workspaces.get(organization);
    const places = home && home.people.size > 0 ? [home] : [...this.#workspaces.values()];
    return this.#scim.keys().some((id) => places.some((place) => place.hasMember(id)));
  }

  /**
   * True when SCIM and REST speak of different organizations. Half a listing of each need not meet, so one of them has
   * to be whole.
   */
  isForeign(
    organization: string | null,
    { restWhole, scimWhole }: { readonly restWhole: boolean; readonly scimWhole: boolean },
  ): boolean {
    if (this.idsMeet(organization)) return false;
    return restWhole || (scimWhole && this.#countMembers() >= MEMBERS_TO_TELL);
  }

  /** People whom SCIM would list. */
  #countMembers(): number {
    let members = 0;
    for (const { memberships } of this.#workspaces.values())
      for (const { active, role } of memberships.values()) if (active && role !== 'Guest') members += 1;
    return members;
  }

  /**
   * The accounts of all that came. Where a listing was not whole, what `previous` knows of the same gid stands
   * in for what is missing. Tens of thousands of them take longer than a person's edit may wait.
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

  /** What the first workspace that knows them says of a person; the address where any shows it. */
  #personOf(gid: string): Person | undefined {
    let found: Person | undefined;
    for (const { people } of this.#workspaces.values()) {
      const person = people.get(gid);
      if (!person) continue;
      found = found ? { name: found.name || person.name, email: found.email ?? person.email } : person;
    }
    return found;
  }

  /** Undefined for none. */
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

/** Accounts that SCIM alone shows, as members of its organization: it lists nobody else, and tells no roles. */
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

/** What an earlier reading of the same scope may add to one that is not whole. */
export interface PreviousAccounts {
  readonly accounts: ReadonlyMap<string, Account> | null;
  /** The listings of users and memberships are not whole: who did not come may still be there. */
  readonly keepAccounts: boolean;
  /** The SCIM listing is not whole. */
  readonly keepLicenses: boolean;
  /** SCIM's ids are gids; of another organization's users nothing is joined. */
  readonly joinScim: boolean;
}

/** Email to gid. Where two accounts share an email, the one in use has it. */
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
