import type { Directory } from '../../directory/directory.ts';
import type { Organizations } from '../../provisioning/removals/organizations.ts';
import type { Seat } from '../../provisioning/removals/seat-ledger.ts';

/** The enterprise licenses that one connector takes, or that no reading of its own shows. */
export class ConnectorSeats {
  readonly #organizations: Organizations;
  readonly #connector: { readonly key: string; readonly uid: string };

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

  /** How many there are beside the holder's own and those that the directory shows. */
  countBeside(holder: string, directory: Directory): number {
    return this.#organizations.seatsBeside(this.#placeOf(directory), holder, this.#connector.key);
  }

  /** Seats are counted in the organization; a connector without one counts its own. */
  #placeOf(directory: Directory): string {
    return directory.current()?.organization?.gid ?? this.#connector.uid;
  }
}
