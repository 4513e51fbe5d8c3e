import type { Clock } from '../../core/clock.ts';
import type { LossBook, LossNote } from '../../directory/directory.ts';
import { type Seat, SeatLedger, type SeatReader, type SeatTaker } from './seat-ledger.ts';

/** Counts the deprovisions of an organization for one connector, in that connector's own window. */
export interface DeprovisionCounter {
  bookDeprovision(person: string, now: number): void;
  /** Length of its windows, milliseconds. */
  readonly windowMs: number;
}

/** The longest possible window (720 h, by the schema of AsanaConnector). */
const LONGEST_WINDOW_MS = 720 * 3_600_000;

interface Place {
  readonly organizations: readonly string[];
  readonly counter: DeprovisionCounter;
  readonly directory: LossBook;
  /** Monotonic clock when its last complete reading of licenses began; -Infinity before the first. */
  readonly readAt: number;
}

/**
 * Counts what the connectors of one organization have to count together: deprovisions, and enterprise licenses that are
 * under way or that one of their readings does not show yet. Each connector applies its own limit to that common count.
 */
export class Organizations {
  /** By connector. */
  readonly #places = new Map<string, Place>();
  /** Syncs under way. */
  readonly #reading = new Set<{ readonly begunAt: number }>();
  readonly #clock: Pick<Clock, 'monotonic' | 'now'>;
  readonly #seats = new Map<string, SeatLedger>();
  /** Monotonic clock of the last deprovision, by organization and person; the latest last. */
  readonly #deprovisioned = new Map<string, Map<string, number>>();

  constructor(clock: Pick<Clock, 'monotonic' | 'now'>) {
    this.#clock = clock;
  }

  /** Records which organizations a connector reads from now on, and when its last reading of licenses began. */
  place(connector: string, place: Place): void {
    const before = this.#places.get(connector)?.organizations ?? [];
    this.#places.set(connector, place);
    for (const organization of place.organizations) {
      if (!before.includes(organization)) this.#catchUp(organization, place.counter);
      this.#forgetSeats(organization);
    }
  }

  /**
   * Records that a connector begins to read: licenses given from now on, in any organization, may be missing in it.
   * @returns the function to call once the reading was placed, or has failed
   */
  beginReading(): () => void {
    const reading = { begunAt: this.#clock.monotonic() };
    this.#reading.add(reading);
    return () => void this.#reading.delete(reading);
  }

  /** Forgets a connector that is gone. */
  remove(connector: string): void {
    const { organizations = [] } = this.#places.get(connector) ?? {};
    this.#places.delete(connector);
    for (const organization of organizations) this.#forgetSeats(organization);
  }

  /** Returns the connectors that read an organization: the status of each carries the common count. */
  connectorsOf(organization: string): readonly string[] {
    return [...this.#places].flatMap(([connector, place]) =>
      place.organizations.includes(organization) ? [connector] : [],
    );
  }

  /** Notes what an action of a connector took away for the other connectors that read its organization. */
  noteLoss(connector: string, note: LossNote): void {
    const { organizations = [] } = this.#places.get(connector) ?? {};
    for (const [other, place] of this.#places)
      if (other !== connector && place.organizations.some((gid) => organizations.includes(gid)))
        note(place.directory);
  }

  /** Counts a deprovision for every connector of the organization, including those that come to read it later. */
  bookDeprovision(organization: string, person: string, now: number): void {
    const people = this.#deprovisioned.get(organization) ?? new Map<string, number>();
    this.#deprovisioned.set(organization, people);
    people.delete(person);
    people.set(person, this.#clock.monotonic());
    for (const [other, at] of people) {
      if (this.#clock.monotonic() - at < LONGEST_WINDOW_MS) break;
      people.delete(other);
    }
    for (const { organizations, counter } of this.#places.values()) {
      if (organizations.includes(organization)) counter.bookDeprovision(person, now);
    }
  }

  /** Takes a seat for an enterprise license that is under way. A holder has one seat at a time. */
  takeSeat(organization: string, taker: SeatTaker): Seat {
    const ledger = this.#seats.get(organization) ?? new SeatLedger(this.#clock);
    this.#seats.set(organization, ledger);
    const seat = ledger.take(taker);
    const end = (how: () => void) => {
      how();
      this.#forgetSeats(organization);
    };
    return { free: () => end(seat.free), keep: () => end(seat.keep), doubt: () => end(seat.doubt) };
  }

  /** Counts people whose enterprise license the connector's directory does not show, without the holder's own. */
  seatsBeside(organization: string, holder: string, connector: string): number {
    const reader: SeatReader = { connector, readAt: this.#places.get(connector)?.readAt ?? -Infinity };
    return this.#seats.get(organization)?.countBeside(holder, reader) ?? 0;
  }

  /** Counts the deprovisions before a connector came to read the organization, as far back as its window goes. */
  #catchUp(organization: string, counter: DeprovisionCounter): void {
    const { windowMs } = counter;
    for (const [person, at] of this.#deprovisioned.get(organization) ?? [])
      if (this.#clock.monotonic() - at < windowMs) counter.bookDeprovision(person, this.#clock.now());
  }

  /** Forgets licenses given before all readings of the organization, and all syncs under way (perhaps of it), began. */
  #forgetSeats(organization: string): void {
    const ledger = this.#seats.get(organization);
    if (!ledger) return;
    const readings = [...this.#places.values()]
      .filter(({ organizations }) => organizations.includes(organization))
      .map(({ readAt }) => readAt);
    const underWay = [...this.#reading].map(({ begunAt }) => begunAt);
    ledger.forgetBefore(Math.min(...readings, ...underWay));
    if (ledger.isEmpty) this.#seats.delete(organization);
  }
}
