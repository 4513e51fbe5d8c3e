import type { Snapshot, Workspace } from './snapshot.ts';

/** How large a reading was, and of what. */
export interface ReadingSize {
  /** Workspaces and organization, in one word. */
  readonly scope: string;
  readonly accounts: number;
  /** Accounts that SCIM lists; null when it was not asked, or when nobody remembers. */
  readonly listed: number | null;
}

/** Suddenly smaller: by more than this share, since people leave, and by more than a few, for the sake of small places. */
const SHRUNK_SHARE = 0.1;
const SHRUNK_ACCOUNTS = 5;

/** The size of a reading. */
export function sizeOf({ workspaces, accounts, parts }: Snapshot): ReadingSize {
  let listed = 0;
  for (const { scim } of accounts.values()) if (scim) listed += 1;
  return { scope: scopeOf(workspaces), accounts: accounts.size, listed: parts.licenses ? listed : null };
}

/** The workspaces that were read, and which of them are organizations, whatever their order. */
export function scopeOf(workspaces: readonly Pick<Workspace, 'gid' | 'organization'>[]): string {
  return workspaces
    .map(({ gid, organization }) => (organization ? `${gid}!` : gid))
    .sort()
    .join(' ');
}

/**
 * How many accounts, or licenses, a reading lacks that the one before had, if that is suspiciously many; else 0, and 0
 * when other workspaces or another organization explain it.
 */
export function countLost(before: ReadingSize, after: ReadingSize): number {
  if (before.scope !== after.scope) return 0;
  const accounts = lostBetween(before.accounts, after.accounts);
  const compared = before.listed !== null && after.listed !== null;
  return Math.max(accounts, compared ? lostBetween(before.listed, after.listed) : 0);
}

function lostBetween(before: number, after: number): number {
  const lost = before - after;
  return lost > SHRUNK_ACCOUNTS && lost > before * SHRUNK_SHARE ? lost : 0;
}
