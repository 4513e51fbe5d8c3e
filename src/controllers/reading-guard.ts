import type { AsanaConnectorStatus } from '../api/asana-connector.ts';
import type { Snapshot } from '../directory/snapshot.ts';
import type { Hold } from '../provisioning/removal-ledger.ts';

/** How large a reading was, and of what. */
interface ReadingSize {
  /** Workspaces and organization, in one word. */
  readonly scope: string;
  readonly accounts: number;
  /** Accounts that SCIM lists; null when it was not asked, or by a process before this one. */
  readonly listed: number | null;
}

/** What a reading must be held for; null when it is as good as the one before. */
export interface Suspicion {
  readonly reason: Exclude<Hold['reason'], 'TooManyRemovals'>;
  /** Accounts missing. */
  readonly count: number;
}

/** DESIGN §4: smaller by more than 10 % and by more than 5 accounts. */
const SHRUNK_SHARE = 0.1;
const SHRUNK_ACCOUNTS = 5;

/**
 * Compares each whole reading with the last one that was good. A token that lost its permissions sees five people of
 * ten thousand and says so with a straight face; repeating the small reading does not make it true.
 */
export class ReadingGuard {
  #baseline: ReadingSize | null;
  #organizations: readonly string[];
  #acceptNext = false;

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

  /** Judges a reading of accounts and licenses; a good one becomes what the next is compared with. */
  judge(snapshot: Snapshot): Suspicion | null {
    const parts = [snapshot.parts.accounts, snapshot.parts.licenses].filter((part) => part !== null);
    // An incomplete reading removes nobody anyway, and is no measure for the next.
    if (parts.some((part) => !part.complete)) return null;
    const size = sizeOf(snapshot);
    const organizations = snapshot.workspaces.flatMap(({ gid, organization }) => (organization ? [gid] : []));
    const suspicion = this.#acceptNext ? null : (this.#foreign(organizations) ?? this.#smaller(size));
    if (suspicion) return suspicion;
    this.#acceptNext = false;
    this.#baseline = size;
    this.#organizations = organizations;
    return null;
  }

  #foreign(organizations: readonly string[]): Suspicion | null {
    const known = this.#organizations;
    if (known.length === 0 || known.some((gid) => organizations.includes(gid))) return null;
    return { reason: 'OrganizationChanged', count: 0 };
  }

  #smaller(size: ReadingSize): Suspicion | null {
    const before = this.#baseline;
    if (!before || before.scope !== size.scope) return null;
    const lost = Math.max(
      lostBetween(before.accounts, size.accounts),
      lostBetween(before.listed ?? 0, size.listed ?? before.listed ?? 0),
    );
    return lost > 0 ? { reason: 'DirectoryShrunk', count: lost } : null;
  }
}

/** How many are missing, if that is too many to be true at once; else 0. */
function lostBetween(before: number, after: number): number {
  const lost = before - after;
  return lost > SHRUNK_ACCOUNTS && lost > before * SHRUNK_SHARE ? lost : 0;
}

function sizeOf(snapshot: Snapshot): ReadingSize {
  let listed = 0;
  for (const { scim } of snapshot.accounts.values()) if (scim) listed += 1;
  return {
    scope: scopeOf(snapshot.workspaces),
    accounts: snapshot.accounts.size,
    listed: snapshot.parts.licenses ? listed : null,
  };
}

function scopeOf(workspaces: readonly { readonly gid: string; readonly organization: boolean }[]): string {
  return workspaces
    .map(({ gid, organization }) => (organization ? `${gid}!` : gid))
    .sort()
    .join(' ');
}
