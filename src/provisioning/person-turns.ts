import { unlessAborted } from '../core/abort.ts';

/**
 * Lets one change at a time be made of a person: each is decided on a look at what the one before has left. Two rights of
 * one person are two objects, which end in the same second easily.
 */
export class PersonTurns {
  /** What has to end before the next one of a person begins; never rejects. */
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * Does `work` when whatever came before it for the same person has ended, well or not.
   * @param person gid, or the address of somebody who has none yet; or a part of what they have
   * @param signal gives up the wait; once `work` has begun, ending is its own affair
   */
  take<T>(person: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(person);
    const turn = before ? unlessAborted(before, signal).then(work) : work();
    // Whoever gives up the wait lets nobody pass who is behind.
    const ended = Promise.allSettled([before, turn]).finally(() => {
      if (this.#last.get(person) === ended) this.#last.delete(person);
    });
    this.#last.set(person, ended);
    return turn;
  }
}
