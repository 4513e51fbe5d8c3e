/**
 * Counts the people who hold applied rights of one connector, and those who keep one. The desk records which grants
 * end; the code that decides grants records which are applied. Every method takes constant time.
 */
export class Roster {
  /** The person of each applied grant, by grant. */
  readonly #applied = new Map<string, string>();
  /** Grants that end, applied or not. */
  readonly #ending = new Set<string>();
  /** By person: the number of applied rights, and of those that stay. */
  readonly #people = new Map<string, { applied: number; staying: number }>();
  #staying = 0;

  /** People with applied rights. */
  get people(): number {
    return this.#people.size;
  }

  /** People with an applied right that does not end. */
  get staying(): number {
    return this.#staying;
  }

  /** Records that a grant is applied to this person. */
  apply(id: string, person: string): void {
    if (this.#applied.get(id) === person) return;
    this.unapply(id);
    this.#applied.set(id, person);
    this.#move(person, 1, this.#ending.has(id) ? 0 : 1);
  }

  /** Records that a grant is not applied (any more). */
  unapply(id: string): void {
    const person = this.#applied.get(id);
    if (person === undefined) return;
    this.#applied.delete(id);
    this.#move(person, -1, this.#ending.has(id) ? 0 : -1);
  }

  /** Records that the right of a grant is about to end, or stays after all. */
  setEnding(id: string, ends: boolean): void {
    if (this.#ending.has(id) === ends) return;
    if (ends) this.#ending.add(id);
    else this.#ending.delete(id);
    const person = this.#applied.get(id);
    if (person !== undefined) this.#move(person, 0, ends ? -1 : 1);
  }

  #move(person: string, applied: number, staying: number): void {
    const before = this.#people.get(person) ?? { applied: 0, staying: 0 };
    const after = { applied: before.applied + applied, staying: before.staying + staying };
    if (after.applied === 0) this.#people.delete(person);
    else this.#people.set(person, after);
    this.#staying += Number(after.staying > 0) - Number(before.staying > 0);
  }
}
