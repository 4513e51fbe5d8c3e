import type { ActionType } from '../action.ts';
import type { Answer, AnswerOutcome, Demand, DeprovisionOutcome, RemovalLimits, Verdict } from './demand.ts';
import { parseHoldToken } from './hold-token.ts';
import type { DeprovisionCounter, Organizations } from './organizations.ts';
import { type PendingRemoval, takeUp } from './pending-removal.ts';
import { ReadingDoubts } from './reading-doubts.ts';
import { type RemovalsRecord, writeRecord } from './record.ts';
import type { RestoredRemovals } from './record-reading.ts';
import { RemovalBook } from './removal-book.ts';
import type { Roster } from './roster.ts';
import { StandingHold } from './standing-hold.ts';
import { mayGo, verdictOn } from './verdict.ts';

/** What a desk is made of. */
export interface DeskParts {
  readonly limits: RemovalLimits;
  /** Shared by all desks; the desk is to be placed there under its connector once the organization is known. */
  readonly organizations: Organizations;
  /** Monotonic milliseconds: what a jump of the wall clock does not move. */
  readonly monotonic: () => number;
  /** A word that names a hold, without a dot; never the same twice. */
  readonly newHoldId: () => string;
  /** What the connector's status says, read by `readRecord`. */
  readonly restored: RestoredRemovals;
}

/**
 * The one gate before the removals of one connector, of every kind. It weighs all that is wanted together, and holds
 * it where it is too much. It does nothing itself: whoever decides a grant asks here, and asks again (`check`)
 * immediately before each request leaves. Times are epoch milliseconds.
 */
export class RemovalDesk implements DeprovisionCounter {
  /** Doubts about the reading, for which removals wait. */
  readonly doubts: ReadingDoubts;
  readonly #organizations: Organizations;
  readonly #monotonic: () => number;
  readonly #book: RemovalBook;
  readonly #hold: StandingHold;
  /** Grants that may hear another verdict than at their last question. */
  #changed = new Set<string>();
  #hasBooked = false;
  #limits: RemovalLimits;
  /** Every grant is decided as things are. */
  #allSeen = false;
  /** Every grant was, once since the start: who is held is known. */
  #everSeen = false;

  constructor({ limits, organizations, monotonic, newHoldId, restored }: DeskParts) {
    this.#limits = limits;
    this.#organizations = organizations;
    this.#monotonic = monotonic;
    this.#book = new RemovalBook(restored.window, { now: restored.readAt, monotonic: monotonic() });
    this.#hold = new StandingHold({
      book: this.#book,
      restored: restored.hold,
      newId: newHoldId,
      onChange: (id) => this.#changed.add(id),
    });
    this.doubts = new ReadingDoubts(restored.doubts, newHoldId, () => this.#changeAll());
  }

  /** Who holds what: to be kept up to date by whoever sees grants applied and gone, before `allSeen` too. */
  get roster(): Pick<Roster, 'apply' | 'unapply' | 'people'> {
    return this.#book.roster;
  }

  /** The connector's spec has changed. Raising a limit ends no hold. */
  setLimits(limits: RemovalLimits): void {
    this.#limits = limits;
  }

  /**
   * Every grant of the connector was looked at since the start, and has asked here if it wants a removal or its status
   * speaks of a hold. Before, no removal goes ahead, none joins a hold anew, and no hold ends.
   */
  allSeen(now: number): void {
    if (this.#allSeen) return;
    this.#allSeen = true;
    this.#everSeen = true;
    for (const removal of this.#book.all()) if (removal.mustJoin) this.#hold.join(removal, now);
    // While a hold that is on record stands, the others join too: they may have been in it, and not recorded it yet.
    for (const removal of this.#book.all()) this.#weigh(removal, now);
    this.#endHoldWithoutContent();
    this.#changeAll();
  }

  /** What a grant wants cannot be told for now: until each is decided again, nobody knows how much is wanted. */
  recount(): void {
    this.#allSeen = false;
  }

  /**
   * A grant wants a removal, its delay over or not. It asks whenever it is decided, until the removal is carried out
   * or no longer wanted. What cannot be decided for now (Plan, suspended, an outage) is still wanted.
   */
  ask(demand: Demand, now: number): Verdict {
    const before = this.#book.get(demand.id);
    const held = this.#hold.tokenOf(demand.id) !== null;
    const removal = takeUp(demand, before, held);
    // Under what it asked for before, or with its answer on its grant, it is not in the hold any more.
    if (before?.demand.content !== demand.content || removal.answer?.recorded) this.#hold.leave(demand.id);
    this.#book.put(removal);
    if (this.#allSeen) this.#weigh(removal, now);
    else this.#hold.readmit(removal, now);
    this.#endHoldWithoutContent();
    return this.#verdictOn(demand.id);
  }

  /** The token under which a grant is held now, and for what; null if it is in no hold. */
  holdOf(id: string): { readonly hold: string; readonly action: ActionType } | null {
    const hold = this.#hold.tokenOf(id);
    const action = this.#book.get(id)?.demand.action;
    return hold === null || action === undefined ? null : { hold, action };
  }

  /** Books a removal, if it may go ahead. Its connector's status, and its peers' for a deprovision, comes next. */
  reserve(id: string, now: number): Verdict {
    return this.#pass(id, now);
  }

  /** Whether the request of a reserved removal may leave now. Ask before each request, a repeated one too. */
  check(id: string, now: number): Verdict {
    const verdict = this.#pass(id, now);
    const removal = this.#book.get(id);
    if (removal && mayGo(verdict)) this.#book.put({ ...removal, sent: true });
    return verdict;
  }

  /** The grant wants no removal any more. The only way out of a hold but an answer. */
  withdraw(id: string): void {
    this.#book.remove(id);
    this.#changed.delete(id);
    this.#hold.leave(id);
    this.#endHoldWithoutContent();
  }

  /** The removal is done, as Asana shows. */
  carriedOut(id: string): void {
    // Together, or for a moment somebody who has lost the last right would count as one who keeps it.
    if (this.#book.get(id)?.demand.ends) this.#book.roster.unapply(id);
    this.withdraw(id);
  }

  /** The grant is gone: released, or never to be heard of again. */
  forget(id: string): void {
    this.#book.roster.unapply(id);
    this.withdraw(id);
  }

  /** Gives a person's answer to all that the token names, and to nothing else. The first answer counts. */
  answer(token: string, word: Answer): AnswerOutcome {
    const doubt = this.doubts.named(token);
    if (doubt) {
      const accepted = word === 'acknowledge';
      if (accepted) this.doubts.drop(doubt.reason);
      return { kind: 'Reading', reason: doubt.reason, count: doubt.count, accepted };
    }
    if (!this.#everSeen) return { kind: 'TooEarly' };
    const named = parseHoldToken(token);
    const ids = named && this.#hold.answer(named, word);
    return ids ? { kind: 'Removals', ids } : { kind: 'Unknown' };
  }

  /**
   * A task of ConductorOne is about to deprovision somebody. Ask before each request: for the same person it books nothing
   * more within the window, but goes by the limit of now.
   */
  reserveDeprovision(organization: string, person: string, now: number): DeprovisionOutcome {
    this.#roll(now);
    const { window } = this.#book;
    const limit = this.#limits.maxDeprovisions;
    if (!window.hasRoomFor(person, limit)) return { kind: 'Refused', done: window.deprovisions, limit };
    if (window.hasBookedDeprovision(person)) return { kind: 'Standing' };
    this.#bookInOrganization(organization, person, now);
    return { kind: 'Booked' };
  }

  get windowMs(): number {
    return this.#limits.windowMs;
  }

  /** Somebody of the organization is being deprovisioned, whatever asked for it. */
  bookDeprovision(person: string, now: number): void {
    this.#roll(now);
    this.#book.window.bookDeprovision(person);
  }

  /** Moves the token of the hold, if it is time to. `againInMs`: when to come again, null for not before a change. */
  publish(now: number): { readonly moved: boolean; readonly againInMs: number | null } {
    return this.#hold.publish(now);
  }

  /**
   * Whether a removal of a grant was booked since the last call, and is in no status yet. Ask at once after `reserve` and `check`.
   */
  takeBooked(): boolean {
    const booked = this.#hasBooked;
    this.#hasBooked = false;
    return booked;
  }

  /** The grants to decide again since the last call, since they may hear another verdict now. */
  takeChanged(): ReadonlySet<string> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  /** What the connector's status has to carry. */
  toRecord(): RemovalsRecord {
    return writeRecord({
      window: this.#book.window.state(),
      pending: this.#book.window.pending,
      limits: this.#limits,
      hold: this.#hold.state(),
      doubts: this.doubts.list(),
    });
  }

  /** Weighs a removal anew, and books it if nothing stops it. */
  #pass(id: string, now: number): Verdict {
    const asked = this.#book.get(id);
    if (!asked) return { kind: 'Waits', on: 'NotAsked' };
    // To be sent again is to be wanted still.
    const removal = { ...asked, sent: false };
    this.#book.put(removal);
    this.#weigh(removal, now);
    const verdict = this.#verdictOn(id);
    if (verdict.kind === 'Free' && !removal.demand.onTime) this.#reserveInWindow(removal.demand, now);
    return verdict;
  }

  #reserveInWindow(demand: Demand, now: number): void {
    if (this.#book.window.book(demand)) this.#hasBooked = true;
    if (demand.deprovision) this.#bookInOrganization(demand.organization, demand.person, now);
  }

  /** Holds a removal that has to be, and all of them if they are too many. */
  #weigh(removal: PendingRemoval, now: number): void {
    if (!this.#allSeen) return;
    this.#roll(now);
    if (removal.mustJoin || this.#hold.stands) this.#hold.join(removal, now);
    else if (this.#book.isOver(this.#limits)) this.#hold.begin(now);
  }

  /** What was held stays so until its answer is on its grant; until all were seen, nobody knows what was held. */
  #endHoldWithoutContent(): void {
    if (this.#everSeen) this.#hold.endIfEmpty();
  }

  #verdictOn(id: string): Verdict {
    const removal = this.#book.get(id);
    if (!removal) return { kind: 'Waits', on: 'NotAsked' };
    const doubt = this.doubts.first;
    return verdictOn(removal, {
      heldAs: this.#hold.tokenOf(id),
      allSeen: this.#allSeen,
      doubt,
    });
  }

  #bookInOrganization(organization: string, person: string, now: number): void {
    this.bookDeprovision(person, now);
    this.#organizations.bookDeprovision(organization, person, now);
  }

  #roll(now: number): void {
    const { window, roster } = this.#book;
    const clock = { now, monotonic: this.#monotonic() };
    window.roll(clock, this.#limits.windowMs, this.#allSeen ? roster.people : null);
  }

  #changeAll(): void {
    for (const id of this.#book.ids()) this.#changed.add(id);
  }
}
