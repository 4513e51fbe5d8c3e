import type { ScimUserRecord, UserRecord, WorkspaceMembershipRecord } from '../asana/decode.ts';
import {
  isActive,
  licenseOf,
  preferActive,
  reduceMemberships,
  scimRecordOf,
  type UserTypes,
} from './account.ts';
import type { Account, WorkspaceMembership } from './snapshot.ts';

/** What the listings of users, memberships and SCIM users brought so far, joined by gid. */
export class AccountReading {
  readonly #users = new Map<string, { readonly name: string; email: string | null }>();
  readonly #memberships = new Map<string, WorkspaceMembership[]>();
  readonly #scim = new Map<string, ScimUserRecord>();

  /** Accounts known by REST. */
  get size(): number {
    return this.#users.size;
  }

  get scimSize(): number {
    return this.#scim.size;
  }

  /** At least one user carries `userType`; otherwise the domain has no view-only licenses. */
  get hasUserTypes(): boolean {
    return [...this.#scim.values()].some(({ userType }) => userType !== null);
  }

  /** SCIM listed users, REST did too, and not one id is a gid: they speak of different organizations. */
  get scimIdsForeign(): boolean {
    return (
      this.#scim.size > 0 && this.#users.size > 0 && ![...this.#scim.keys()].some((id) => this.#users.has(id))
    );
  }

  addUsers(users: readonly UserRecord[]): void {
    for (const { gid, name, email } of users) {
      const lower = email?.toLowerCase() ?? null;
      const known = this.#users.get(gid);
      if (!known) this.#users.set(gid, { name, email: lower });
      else known.email ??= lower;
    }
  }

  addMemberships(workspace: string, records: readonly WorkspaceMembershipRecord[]): void {
    for (const record of records) {
      const { gid, name } = record.user;
      // Somebody whom the users listing leaves out, an inactive member perhaps, is an account all the same.
      if (!this.#users.has(gid)) this.#users.set(gid, { name, email: null });
      const membership = reduceMemberships(workspace, [record]);
      if (membership) this.#addMembership(gid, membership);
    }
  }

  addScimUsers(users: readonly ScimUserRecord[]): void {
    for (const user of users) this.#scim.set(user.id, user);
  }

  /**
   * The accounts of all that came. Where a listing was not whole, what `previous` knows of the same gid stands
   * in for what is missing.
   */
  assemble(userTypes: UserTypes, previous: PreviousAccounts): Map<string, Account> {
    const accounts = new Map<string, Account>();
    const foreign = this.scimIdsForeign;
    const gids = foreign ? this.#users.keys() : new Set([...this.#users.keys(), ...this.#scim.keys()]);
    for (const gid of gids) {
      const known = previous.accounts?.get(gid);
      accounts.set(
        gid,
        this.#assembleOne(gid, foreign ? undefined : this.#scim.get(gid), userTypes, known, previous),
      );
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
    known: Account | undefined,
    { keepAccounts, keepLicenses }: PreviousAccounts,
  ): Account {
    const user = this.#users.get(gid);
    const email =
      user?.email ?? scimUser?.email?.toLowerCase() ?? (keepAccounts ? (known?.email ?? null) : null);
    const memberships = this.#memberships.get(gid) ?? (keepAccounts ? known?.memberships : undefined) ?? [];
    const scim = scimUser
      ? scimRecordOf(scimUser, { gid, email })
      : keepLicenses
        ? (known?.scim ?? null)
        : null;
    return {
      gid,
      email,
      name: user?.name || scimUser?.name || email || gid,
      memberships,
      scim,
      license: licenseOf(scim?.userType ?? null, userTypes),
    };
  }

  #addMembership(gid: string, membership: WorkspaceMembership): void {
    const known = this.#memberships.get(gid);
    if (!known) {
      this.#memberships.set(gid, [membership]);
      return;
    }
    const index = known.findIndex(({ workspace }) => workspace === membership.workspace);
    const same = known[index];
    if (same) known[index] = preferActive(same, membership);
    else known.push(membership);
  }
}

/** What an earlier reading of the same scope may add to one that is not whole. */
export interface PreviousAccounts {
  readonly accounts: ReadonlyMap<string, Account> | null;
  /** The listings of users and memberships are not whole: who did not come may still be there. */
  readonly keepAccounts: boolean;
  /** The SCIM listing is not whole. */
  readonly keepLicenses: boolean;
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
