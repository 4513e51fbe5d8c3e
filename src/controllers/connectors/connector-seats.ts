import type { Directory } from '../../directory/directory.ts';
import type { Organizations } from '../../provisioning/removals/organizations.ts';
import type { Seat } from '../../provisioning/removals/seat-ledger.ts';
import type { ExistingGrant } from './existing-grants.ts';

/** The enterprise licenses that one connector takes, or that no reading of its own shows. */
export class ConnectorSeats {
  readonly #organizations: Organizations;
  readonly #connector: { readonly key: string; readonly uid: string };
  /** Of upgrades that a process before this one has begun, by the grant. */
  readonly #begunBefore = new Map<string, Seat>();

  constructor(organizations: Organizations, connector: { readonly key: string; readonly uid: string }) {
    this.#organizations = organizations;
    this.#connector = connector;
  }

  /**
   * Takes one for a change under way, which no reading shows yet.
   * @param holder the grant's uid, or the task's id
   * @param account who gets it: the gid, or the email while there is none
   * @param directory the one that is decided on
   */
  take(holder: string, account: string, directory: Directory): Seat {
    const connector = this.#connector.key;
    return this.#organizations.takeSeat(this.#placeOf(directory), { connector, holder, account });
  }

  /**
   * Takes one for each upgrade that was under way when this process began: others of the organization must not find its
   * license free before its own grant has been decided.
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

  /** Hands the seat of an upgrade that a process before this one has begun to whoever decides its grant; null for none. */
  handOver(uid: string): Seat | null {
    const seat = this.#begunBefore.get(uid) ?? null;
    this.#begunBefore.delete(uid);
    return seat;
  }

  /** The grant is gone before it was decided: its license may have been given. */
  forget(uid: string): void {
    this.handOver(uid)?.doubt();
  }

  /** The connector is gone. */
  close(): void {
    for (const uid of this.#begunBefore.keys()) this.forget(uid);
  }

  /** How many there are beside the holder's own and those that the directory shows. */
  countBeside(holder: string, directory: Directory): number {
    return this.#organizations.seatsBeside(this.#placeOf(directory), holder, this.#connector.key);
  }

  /** Seats are counted in the organization; a connector without one counts its own. */
  #placeOf(directory: Directory): string {
    return directory.current()?.organization?.gid ?? this.#connector.uid;
  }
}
