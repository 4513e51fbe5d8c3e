/**
 * Counts the people from whom removals are wanted, or were booked since the count began. Each person counts once, for
 * any number of rights. Every method but `begin` takes constant time.
 */
export class Headcount {
  #done = 0;
  #waiting = 0;
  readonly #booked = new Set<string>();
  /** The number of demands per person. */
  readonly #wanted = new Map<string, number>();

  /** People booked. */
  get done(): number {
    return this.#done;
  }

  /** People with a demand, booked or not. */
  get wanted(): number {
    return this.#wanted.size;
  }

  /** People with a demand who are not booked yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether this person is booked; false for everyone whom an earlier process booked, since that is not recorded. */
  hasBooked(person: string): boolean {
    return this.#booked.has(person);
  }

  /** Adds a demand for this person. */
  want(person: string): void {
    const before = this.#wanted.get(person) ?? 0;
    this.#wanted.set(person, before + 1);
    if (before === 0 && !this.#booked.has(person)) this.#waiting += 1;
  }

  /** Removes a demand for this person. */
  unwant(person: string): void {
    const before = this.#wanted.get(person) ?? 0;
    if (before > 1) {
      this.#wanted.set(person, before - 1);
      return;
    }
    if (this.#wanted.delete(person) && !this.#booked.has(person)) this.#waiting -= 1;
  }

  /**
   * Books this person, once.
   * @returns true if the person was not booked yet
   */
  book(person: string): boolean {
    if (this.#booked.has(person)) return false;
    this.#booked.add(person);
    this.#done += 1;
    if (this.#wanted.has(person)) this.#waiting -= 1;
    return true;
  }

  /**
   * Begins a new count.
   * @param done number of people booked by an earlier process. Which people is not known: one of them may count again.
   */
  begin(done = 0): void {
    this.#booked.clear();
    this.#done = done;
    this.#waiting = this.#wanted.size;
  }
}
