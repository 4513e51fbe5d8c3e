import {
  endHold,
  type RemovalDemand,
  type RemovalLedger,
  type RemovalLimits,
  reserveDeprovision,
  reserveRemoval,
  weighDemand,
} from '../provisioning/removal-ledger.ts';

/** What the desk says to a removal: go ahead, or it is held by the hold of this token. */
export type Verdict =
  | { readonly kind: 'Free' }
  | { readonly kind: 'Held'; readonly token: string; readonly frozen: boolean };

/**
 * The pending removals of one connector, weighed together. It holds the state that the pure ledger decides on; the
 * connector's status is where that state survives a restart.
 */
export class RemovalDesk {
  #ledger: RemovalLedger;
  readonly #demands = new Map<string, RemovalDemand>();
  /** The set a hold began with: what joins later is held too, but belongs to the next hold. */
  #frozen = new Set<string>();

  constructor(ledger: RemovalLedger) {
    this.#ledger = ledger;
  }

  get ledger(): RemovalLedger {
    return this.#ledger;
  }

  /** The grants that the present hold began with, as far as this process knows. */
  get frozen(): ReadonlySet<string> {
    return this.#frozen;
  }

  get pending(): number {
    return this.#demands.size;
  }

  /** Notes that a grant wants a removal, and says whether it may go ahead. */
  ask(
    demand: RemovalDemand,
    limits: RemovalLimits,
    applied: number,
    now: number,
    newToken: () => string,
  ): Verdict {
    this.#demands.set(demand.id, demand);
    const before = this.#ledger.hold;
    this.#ledger = weighDemand(this.#ledger, [...this.#demands.values()], limits, applied, now, newToken);
    const { hold } = this.#ledger;
    if (hold && hold !== before) {
      this.#frozen = new Set(
        [...this.#demands.values()].flatMap(({ id, acknowledged }) => (acknowledged ? [] : [id])),
      );
    } else if (hold && demand.held === hold.token) {
      // A process before this one began the hold: whom it froze is told by themselves.
      this.#frozen.add(demand.id);
    }
    return this.verdictOn(demand);
  }

  /** Whether a removal may go ahead; asks for nothing, so it is what one that is booked already may do. */
  verdictOn({ id, acknowledged }: Pick<RemovalDemand, 'id' | 'acknowledged'>): Verdict {
    const { hold } = this.#ledger;
    if (!hold || acknowledged) return { kind: 'Free' };
    return { kind: 'Held', token: hold.token, frozen: this.#frozen.has(id) };
  }

  /** The grant wants no removal (any more). */
  drop(id: string): void {
    this.#demands.delete(id);
  }

  /** Books a removal that is about to be sent. */
  reserve(demand: RemovalDemand): void {
    this.#demands.delete(demand.id);
    this.#ledger = reserveRemoval(this.#ledger, demand);
  }

  /** Books a deprovision that a task asks for; false when the window has none left. */
  reserveDeprovision(limits: RemovalLimits, applied: number, now: number): boolean {
    const booked = reserveDeprovision(this.#ledger, limits, applied, now);
    if (booked) this.#ledger = booked;
    return booked !== null;
  }

  /** Begins a hold over a doubtful directory, which comes before one over too many removals. */
  hold(hold: NonNullable<RemovalLedger['hold']>): void {
    const current = this.#ledger.hold;
    if (current && current.reason !== 'TooManyRemovals') return;
    this.#ledger = { ...this.#ledger, hold };
    // Who accepts a smaller directory has accepted no removal.
    this.#frozen = new Set();
  }

  /** A whole reading ends the hold that a doubtful one began. */
  endSuspicion(): void {
    const { hold } = this.#ledger;
    if (hold && hold.reason !== 'TooManyRemovals') this.end(hold.token);
  }

  /** Ends the hold of this token; false if there is none such. */
  end(token: string): boolean {
    const before = this.#ledger;
    this.#ledger = endHold(before, token);
    if (this.#ledger === before) return false;
    // What was answered asks again as such, and must not count with what joined later.
    for (const id of this.#frozen) this.#demands.delete(id);
    this.#frozen = new Set();
    return true;
  }
}
