import type { AsanaConnectorStatus } from '../api/asana-connector.ts';
import type { Snapshot, Workspace } from '../directory/snapshot.ts';
import type { Hold } from '../provisioning/removal-ledger.ts';

/** What a reading must be held for; null when it is as good as the one before. */
export interface Suspicion {
  readonly reason: Exclude<Hold['reason'], 'TooManyRemovals'>;
  /** Accounts missing. */
  readonly count: number;
}

/**
 * Compares each whole reading with the last one that was good. A token that lost its permissions sees five people of
 * ten thousand and says so with a straight face; repeating the small reading does not make it true.
 */
export class ReadingGuard {
  #baseline: ReadingSize | null;
  #organizations: readonly string[];
  #acceptNext = false;
  /** A person has said that SCIM's ids are right, although they match nobody. */
  #acceptForeignIds = false;

  /** @param status what a process before this one has seen */
  constructor(status: AsanaConnectorStatus | undefined) {
    const accounts = status?.counts?.accounts;
    const scope = scopeOf(status?.workspaces ?? []);
    this.#baseline = accounts === undefined ? null : { scope, accounts, listed: null };
    this.#organizations = status?.organizations ?? [];
  }

  /** A person says that the next reading, however small or foreign, is right. */
  acceptNext(): void {
    this.#acceptNext = true;
  }

  /**
   * Judges a reading of accounts and licenses; a good one becomes what the next is compared with.
   * @param scimIdsForeign not one of SCIM's ids is an account's: SCIM speaks of another organization
   */
  judge(snapshot: Snapshot, scimIdsForeign = false): Suspicion | null {
    const parts = [snapshot.parts.accounts, snapshot.parts.licenses].filter((part) => part !== null);
    // An incomplete reading removes nobody anyway, and is no measure for the next.
    if (parts.some((part) => !part.complete)) return null;
    const size = sizeOf(snapshot);
    const organizations = snapshot.workspaces.flatMap(({ gid, organization }) => (organization ? [gid] : []));
    const foreign = this.#foreign(organizations, scimIdsForeign);
    const suspicion = this.#acceptNext ? null : (foreign ?? this.#smaller(size));
    if (suspicion) return suspicion;
    this.#acceptForeignIds = scimIdsForeign;
    this.#acceptNext = false;
    this.#baseline = size;
    this.#organizations = organizations;
    return null;
  }

  #foreign(organizations: readonly string[], scimIdsForeign: boolean): Suspicion | null {
    const known = this.#organizations;
    const same = known.length === 0 || known.some((gid) => organizations.includes(gid));
    if (same && (!scimIdsForeign || this.#acceptForeignIds)) return null;
    return { reason: 'OrganizationChanged', count: 0 };
  }

  #smaller(size: ReadingSize): Suspicion | null {
    const lost = this.#baseline ? countLost(this.#baseline, size) : 0;
    return lost > 0 ? { reason: 'DirectoryShrunk', count: lost } : null;
  }
}

/** How large a reading was, and of what. */
interface ReadingSize {
  /** Workspaces and organization, in one word. */
  readonly scope: string;
  readonly accounts: number;
  /** Accounts that SCIM lists; null when it was not asked, or when nobody remembers. */
  readonly listed: number | null;
}

/** Smaller by more than 10 % and by more than 5 accounts. */
const SHRUNK_SHARE = 0.1;
const SHRUNK_ACCOUNTS = 5;

/** The size of a reading. */
function sizeOf({ workspaces, accounts, parts }: Snapshot): ReadingSize {
  let listed = 0;
  for (const { scim } of accounts.values()) if (scim) listed += 1;
  return { scope: scopeOf(workspaces), accounts: accounts.size, listed: parts.licenses ? listed : null };
}

/** The workspaces that were read, and which of them are organizations, whatever their order. */
function scopeOf(workspaces: readonly Pick<Workspace, 'gid' | 'organization'>[]): string {
  return workspaces
    .map(({ gid, organization }) => (organization ? `${gid}!` : gid))
    .sort()
    .join(' ');
}

/**
 * How many accounts, or licenses, a reading lacks that the one before had, if that is suspiciously many; else 0, and 0
 * when other workspaces or another organization explain it.
 */
function countLost(before: ReadingSize, after: ReadingSize): number {
  if (before.scope !== after.scope) return 0;
  const accounts = lostBetween(before.accounts, after.accounts);
  const compared = before.listed !== null && after.listed !== null;
  return Math.max(accounts, compared ? lostBetween(before.listed, after.listed) : 0);
}

function lostBetween(before: number, after: number): number {
  const lost = before - after;
  return lost > SHRUNK_ACCOUNTS && lost > before * SHRUNK_SHARE ? lost : 0;
}
