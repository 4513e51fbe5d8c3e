import { unlessAborted } from '../core/abort.ts';

/**
 * Serializes the changes of each person, so that each is decided on a look at the result of the one before. Two rights
 * of one person are two objects, which may well end in the same second.
 */
export class PersonTurns {
  /** The work that has to end before the next of a person begins; never rejects. */
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * Runs `work` after all earlier work for the same person has ended, successfully or not.
   * @param person the gid, or the address if there is no account yet; or a key for a part of what the person has
   * @param signal ends the wait; once `work` has begun, it has to end by itself
   */
  take<T>(person: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(person);
    const turn = before ? unlessAborted(before, signal).then(work) : work();
    // If the wait is given up, later work still waits for the earlier work.
    const ended = Promise.allSettled([before, turn]).finally(() => {
      if (this.#last.get(person) === ended) this.#last.delete(person);
    });
    this.#last.set(person, ended);
    return turn;
  }
}
