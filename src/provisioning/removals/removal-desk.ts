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

/** The parts of a desk. */
export interface DeskParts {
  readonly limits: RemovalLimits;
  /** Shared by all desks. The caller places the desk there under its connector once the organization is known. */
  readonly organizations: Organizations;
  /** Returns monotonic milliseconds, which a jump of the wall clock does not affect. */
  readonly monotonic: () => number;
  /** Returns the id of a new hold: without a dot, never the same twice. */
  readonly newHoldId: () => string;
  /** The record in the connector's status, as `readRecord` returns it. */
  readonly restored: RestoredRemovals;
}

/**
 * The only gate before the removals of one connector, of all kinds. It judges all wanted removals together, and holds
 * them if they are too many. It carries out nothing: the code that decides a grant calls `ask`, and calls `check`
 * immediately before each request leaves. Times are epoch milliseconds.
 */
export class RemovalDesk implements DeprovisionCounter {
  /** Doubts about the reading: removals wait until they end. */
  readonly doubts: ReadingDoubts;
  readonly #organizations: Organizations;
  readonly #monotonic: () => number;
  readonly #book: RemovalBook;
  readonly #hold: StandingHold;
  /** Grants whose verdict may have changed since they last asked. */
  #changed = new Set<string>();
  #hasBooked = false;
  #limits: RemovalLimits;
  /** True if every grant is decided and none has become undecided since. */
  #allSeen = false;
  /** True once every grant has been decided since the start: from then on it is known which grants are held. */
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

  /** The people with applied rights. The caller keeps it up to date as grants come and go, also before `allSeen`. */
  get roster(): Pick<Roster, 'apply' | 'unapply' | 'people'> {
    return this.#book.roster;
  }

  /** Sets the limits of a changed connector spec. Raising a limit ends no hold. */
  setLimits(limits: RemovalLimits): void {
    this.#limits = limits;
  }

  /**
   * Records that every grant of the connector was decided since the start, and has asked here if it wants a removal or
   * its status shows a hold. Before that, no removal goes ahead, none newly joins a hold, and no hold ends.
   */
  allSeen(now: number): void {
    if (this.#allSeen) return;
    this.#allSeen = true;
    this.#everSeen = true;
    for (const removal of this.#book.all()) if (removal.mustJoin) this.#hold.join(removal, now);
    // If a recorded hold stands, all others join it: they may have been in it without having recorded that yet.
    for (const removal of this.#book.all()) this.#weigh(removal, now);
    this.#endHoldWithoutContent();
    this.#changeAll();
  }

  /** Records that a grant cannot be decided now: until all are decided again, it is not known how much is wanted. */
  recount(): void {
    this.#allSeen = false;
  }

  /**
   * Returns the verdict on the removal that a grant wants, even before its delay is over. Call it whenever the grant is
   * decided, until the removal is carried out or no longer wanted. A removal that cannot be decided now (mode Plan,
   * suspension, an outage) is still wanted.
   */
  ask(demand: Demand, now: number): Verdict {
    const before = this.#book.get(demand.id);
    const held = this.#hold.tokenOf(demand.id) !== null;
    const removal = takeUp(demand, before, held);
    // It leaves the hold once it asks for something else, or once its answer is recorded on the grant.
    if (before?.demand.content !== demand.content || removal.answer?.recorded) this.#hold.leave(demand.id);
    this.#book.put(removal);
    if (this.#allSeen) this.#weigh(removal, now);
    else this.#hold.readmit(removal, now);
    this.#endHoldWithoutContent();
    return this.#verdictOn(demand.id);
  }

  /** Returns the token under which a grant is held now, and for which action; `null` if it is in no hold. */
  holdOf(id: string): { readonly hold: string; readonly action: ActionType } | null {
    const hold = this.#hold.tokenOf(id);
    const action = this.#book.get(id)?.demand.action;
    return hold === null || action === undefined ? null : { hold, action };
  }

  /** Books a removal if it may go ahead. Next, write the connector's status, for a deprovision its peers' too. */
  reserve(id: string, now: number): Verdict {
    return this.#pass(id, now);
  }

  /** Judges whether the request of a reserved removal may leave now. Call it before each request, retries included. */
  check(id: string, now: number): Verdict {
    const verdict = this.#pass(id, now);
    const removal = this.#book.get(id);
    if (removal && mayGo(verdict)) this.#book.put({ ...removal, sent: true });
    return verdict;
  }

  /** Drops the removal of a grant that no longer wants it. Besides an answer, this is the only way out of a hold. */
  withdraw(id: string): void {
    this.#book.remove(id);
    this.#changed.delete(id);
    this.#hold.leave(id);
    this.#endHoldWithoutContent();
  }

  /** Records that Asana shows the removal. */
  carriedOut(id: string): void {
    // First, since `withdraw` alone would count a person who has lost the last right as one who keeps it.
    if (this.#book.get(id)?.demand.ends) this.#book.roster.unapply(id);
    this.withdraw(id);
  }

  /** Forgets a grant that was released or is gone. */
  forget(id: string): void {
    this.#book.roster.unapply(id);
    this.withdraw(id);
  }

  /** Applies a person's answer to everything that the token names, and to nothing else. The first answer counts. */
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
   * Books a deprovision by a task of ConductorOne. Call it before each request: for the same person it books nothing
   * more within the window, but applies the current limit.
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

  /** Counts a deprovision in the organization, by any connector and by grants and tasks alike. */
  bookDeprovision(person: string, now: number): void {
    this.#roll(now);
    this.#book.window.bookDeprovision(person);
  }

  /** Moves the token of the hold if it is time. `againInMs`: when to call again; `null` if not before a change. */
  publish(now: number): { readonly moved: boolean; readonly againInMs: number | null } {
    return this.#hold.publish(now);
  }

  /**
   * Returns whether a grant's removal was booked since the last call, so that the status must be written. Call it right
   * after `reserve` and `check`.
   */
  takeBooked(): boolean {
    const booked = this.#hasBooked;
    this.#hasBooked = false;
    return booked;
  }

  /** Returns the grants to decide again: those whose verdict may have changed since the last call. */
  takeChanged(): ReadonlySet<string> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  /** Returns the record for the connector's status. */
  toRecord(): RemovalsRecord {
    return writeRecord({
      window: this.#book.window.state(),
      pending: this.#book.window.pending,
      limits: this.#limits,
      hold: this.#hold.state(),
      doubts: this.doubts.list(),
    });
  }

  /** Judges a removal again, and books it if nothing stops it. */
  #pass(id: string, now: number): Verdict {
    const asked = this.#book.get(id);
    if (!asked) return { kind: 'Waits', on: 'NotAsked' };
    // A removal that is about to be sent, even again, is still pending.
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

  /** Holds a removal that has to join a hold, and everything pending if the limits are exceeded. */
  #weigh(removal: PendingRemoval, now: number): void {
    if (!this.#allSeen) return;
    this.#roll(now);
    if (removal.mustJoin || this.#hold.stands) this.#hold.join(removal, now);
    else if (this.#book.isOver(this.#limits)) this.#hold.begin(now);
  }

  /** Ends an empty hold, once all its members are known. A member stays in it until its answer is on its grant. */
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
