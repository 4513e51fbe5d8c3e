import { SeatsInFlight } from './seats-in-flight.ts';

/** What counts the deprovisions of an organization for one connector, in that connector's own window. */
export interface DeprovisionCounter {
  bookDeprovision(person: string, now: number): void;
}

interface Place {
  readonly organizations: readonly string[];
  readonly counter: DeprovisionCounter;
}

/**
 * What several connectors of one organization have to count together: deprovisions, and enterprise licenses that are
 * under way. Each goes by its own limit on that common count.
 */
export class Organizations {
  /** By connector. */
  readonly #places = new Map<string, Place>();
  readonly #seats = new Map<string, SeatsInFlight>();

  /** This connector reads these organizations, from now on. */
  place(connector: string, organizations: readonly string[], counter: DeprovisionCounter): void {
    this.#places.set(connector, { organizations, counter });
  }

  /** This connector is gone. */
  remove(connector: string): void {
    this.#places.delete(connector);
  }

  /** The connectors that read an organization: the status of each carries the common count. */
  connectorsOf(organization: string): readonly string[] {
    return [...this.#places].flatMap(([connector, place]) =>
      place.organizations.includes(organization) ? [connector] : [],
    );
  }

  /** Counts a deprovision for every connector of the organization. */
  bookDeprovision(organization: string, person: string, now: number): void {
    for (const { organizations, counter } of this.#places.values()) {
      if (organizations.includes(organization)) counter.bookDeprovision(person, now);
    }
  }

  /**
   * Notes an enterprise license that is under way. A holder has one at a time.
   * @param holder the uid of the object or the id of the task
   * @param account who gets it: the gid, or the email while there is none
   * @returns what frees it; freeing twice is freeing once
   */
  takeSeat(organization: string, holder: string, account: string): () => void {
    const seats = this.#seats.get(organization) ?? new SeatsInFlight();
    this.#seats.set(organization, seats);
    const free = seats.take(holder, account);
    return () => {
      free();
      if (seats.isEmpty && this.#seats.get(organization) === seats) this.#seats.delete(organization);
    };
  }

  /** People with an enterprise license under way, but for whom this holder asks. */
  seatsBeside(organization: string, holder: string): number {
    return this.#seats.get(organization)?.countBeside(holder) ?? 0;
  }
}
