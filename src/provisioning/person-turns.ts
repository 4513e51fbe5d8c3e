/**
 * Lets one change at a time be made of a person: each is decided on a look at what the one before has left. Two rights of
 * one person are two objects, which end in the same second easily.
 */
export class PersonTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * Does `work` when whatever came before it for the same person has ended, well or not.
   * @param person gid, or the address of somebody who has none yet
   */
  async take<T>(person: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(person);
    const turn = before ? before.then(work, work) : work();
    this.#last.set(person, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(person) === turn) this.#last.delete(person);
    }
  }
}
