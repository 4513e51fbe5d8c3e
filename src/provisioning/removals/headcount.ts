/**
 * People of whom something is wanted, or was booked since the count began. Each is one, whatever number of rights it
 * is about. Every step takes the same time, however many people there are, but `begin`.
 */
export class Headcount {
  #done = 0;
  #waiting = 0;
  readonly #booked = new Set<string>();
  /** How many demands there are of each person. */
  readonly #wanted = new Map<string, number>();

  /** People booked. */
  get done(): number {
    return this.#done;
  }

  /** People wanted, booked or not. */
  get wanted(): number {
    return this.#wanted.size;
  }

  /** People wanted, and not booked yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether this person is counted; not known of those whom a process before this one counted. */
  hasBooked(person: string): boolean {
    return this.#booked.has(person);
  }

  /** One demand more of this person. */
  want(person: string): void {
    const before = this.#wanted.get(person) ?? 0;
    this.#wanted.set(person, before + 1);
    if (before === 0 && !this.#booked.has(person)) this.#waiting += 1;
  }

  /** One demand less. */
  unwant(person: string): void {
    const before = this.#wanted.get(person) ?? 0;
    if (before > 1) {
      this.#wanted.set(person, before - 1);
      return;
    }
    if (this.#wanted.delete(person) && !this.#booked.has(person)) this.#waiting -= 1;
  }

  /**
   * Counts this person, once.
   * @returns whether they were not counted yet
   */
  book(person: string): boolean {
    if (this.#booked.has(person)) return false;
    this.#booked.add(person);
    this.#done += 1;
    if (this.#wanted.has(person)) this.#waiting -= 1;
    return true;
  }

  /**
   * Begins to count anew.
   * @param done people booked by a process before this one. Who they were is not known: one of them may count again.
   */
  begin(done = 0): void {
    this.#booked.clear();
    this.#done = done;
    this.#waiting = this.#wanted.size;
  }
}
