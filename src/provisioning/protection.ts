import { isAdmin } from '../directory/account.ts';
import type { Account, Snapshot } from '../directory/snapshot.ts';
import type { Policies } from './decision.ts';

/**
 * Why nothing may be taken from an account, in a few words; null when something may. `protectedUsers` matches, without
 * case, today's address and `addresses`: whatever else the account went by.
 */
export function protectionOf(
  account: Account,
  { protectedUsers, protectAdmins }: Policies,
  { self, organization }: Snapshot,
  addresses: readonly (string | null | undefined)[] = [],
): string | null {
  if (account.gid === self) return "the token's own account";
  const names = new Set(
    [...addresses, account.email, account.scim?.userName].map((address) => address?.toLowerCase()),
  );
  if (protectedUsers.some((user) => names.has(user.toLowerCase()))) return 'protectedUsers';
  return protectAdmins && isAdmin(account, organization?.gid ?? null) ? 'an Asana admin' : null;
}
