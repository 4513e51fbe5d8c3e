import type { AsanaConnectorStatus } from '../api/asana-connector.ts';
import { countLost, type ReadingSize, scopeOf, sizeOf } from '../directory/reading-size.ts';
import type { Snapshot } from '../directory/snapshot.ts';
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
