import type { Directory } from '../../directory/directory.ts';
import type { Organizations } from '../../provisioning/removals/organizations.ts';
import type { Seat } from '../../provisioning/removals/seat-ledger.ts';
import type { ExistingGrant } from './existing-grants.ts';

/** The enterprise licenses (seats) that one connector takes, and the count of those that its reading does not show. */
export class ConnectorSeats {
  readonly #organizations: Organizations;
  readonly #connector: { readonly key: string; readonly uid: string };
  /** Seats of upgrades that an earlier process began, by the uid of the grant. */
  readonly #begunBefore = new Map<string, Seat>();

  constructor(organizations: Organizations, connector: { readonly key: string; readonly uid: string }) {
    this.#organizations = organizations;
    this.#connector = connector;
  }

  /**
   * Takes a seat for a change in progress, which no reading shows yet.
   * @param holder the grant's uid, or the task's id
   * @param account the account that gets the license: its gid, or the email if there is no gid yet
   * @param directory the directory that the decision is based on
   */
  take(holder: string, account: string, directory: Directory): Seat {
    const connector = this.#connector.key;
    return this.#organizations.takeSeat(this.#placeOf(directory), { connector, holder, account });
  }

  /**
   * Takes a seat for each upgrade that was in progress when this process started: others of the organization must not
   * find its license free before its own grant has been decided.
   */
  takeBegun(grants: readonly ExistingGrant[], organizations: readonly string[]): void {
    for (const { uid, upgrades, foundIn } of grants) {
      if (upgrades === null) continue;
      // A connector that was created again has read nothing yet.
      const organization = organizations[0] ?? foundIn ?? this.#connector.uid;
      const taker = { connector: this.#connector.key, holder: uid, account: upgrades };
      this.#begunBefore.set(uid, this.#organizations.takeSeat(organization, taker));
    }
  }

  /** Returns and forgets the seat of an upgrade that an earlier process began, for its grant; `null` if none. */
  handOver(uid: string): Seat | null {
    const seat = this.#begunBefore.get(uid) ?? null;
    this.#begunBefore.delete(uid);
    return seat;
  }

  /** Marks the seat of a grant that is gone before it was decided as in doubt: its license may have been given. */
  forget(uid: string): void {
    this.handOver(uid)?.doubt();
  }

  /** Marks the remaining seats of earlier processes as in doubt, since the connector is gone. */
  close(): void {
    for (const uid of this.#begunBefore.keys()) this.forget(uid);
  }

  /** Counts the seats beside the holder's own and those that the directory shows. */
  countBeside(holder: string, directory: Directory): number {
    return this.#organizations.seatsBeside(this.#placeOf(directory), holder, this.#connector.key);
  }

  /** Returns the key that seats are counted under: the organization, or the connector itself if it has none. */
  #placeOf(directory: Directory): string {
    return directory.current()?.organization?.gid ?? this.#connector.uid;
  }
}
