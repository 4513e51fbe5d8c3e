import type { Clock } from '../../core/clock.ts';
import { type Seat, SeatLedger, type SeatReader, type SeatTaker } from './seat-ledger.ts';

/** What counts the deprovisions of an organization for one connector, in that connector's own window. */
export interface DeprovisionCounter {
  bookDeprovision(person: string, now: number): void;
}

interface Place {
  readonly organizations: readonly string[];
  readonly counter: DeprovisionCounter;
  /** Monotonic clock, when its last reading of licenses began; -Infinity before one is whole. */
  readonly readAt: number;
}

/**
 * What several connectors of one organization have to count together: deprovisions, and enterprise licenses that are
 * under way or were given since one of them has read the directory. Each goes by its own limit on that common count.
 */
export class Organizations {
  /** By connector. */
  readonly #places = new Map<string, Place>();
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #seats = new Map<string, SeatLedger>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** This connector reads these organizations, from now on, and has last done so at `readAt`. */
  place(connector: string, place: Place): void {
    this.#places.set(connector, place);
    for (const organization of place.organizations) this.#forgetSeats(organization);
  }

  /** This connector is gone. */
  remove(connector: string): void {
    const { organizations = [] } = this.#places.get(connector) ?? {};
    this.#places.delete(connector);
    for (const organization of organizations) this.#forgetSeats(organization);
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

  /** Notes an enterprise license that is under way. A holder has one at a time. */
  takeSeat(organization: string, taker: SeatTaker): Seat {
    const ledger = this.#seats.get(organization) ?? new SeatLedger(this.#clock);
    this.#seats.set(organization, ledger);
    const seat = ledger.take(taker);
    const end = (how: () => void) => {
      how();
      this.#forgetSeats(organization);
    };
    // What a connector has given its own directory shows.
    const isShared = () => this.connectorsOf(organization).some((other) => other !== taker.connector);
    return {
      free: () => end(seat.free),
      keep: () => end(isShared() ? seat.keep : seat.free),
      doubt: () => end(seat.doubt),
    };
  }

  /** People with an enterprise license that the reader's directory does not show, but for whom this holder asks. */
  seatsBeside(organization: string, holder: string, connector: string): number {
    const reader: SeatReader = { connector, readAt: this.#places.get(connector)?.readAt ?? -Infinity };
    return this.#seats.get(organization)?.countBeside(holder, reader) ?? 0;
  }

  /** Drops what every connector of the organization has read since. */
  #forgetSeats(organization: string): void {
    const ledger = this.#seats.get(organization);
    if (!ledger) return;
    const readings = [...this.#places.values()]
      .filter(({ organizations }) => organizations.includes(organization))
      .map(({ readAt }) => readAt);
    ledger.forgetBefore(Math.min(...readings));
    if (ledger.isEmpty) this.#seats.delete(organization);
  }
}
