/** One message is processed while the next one is prepared. */
const MOST_UNDER_WAY = 2;

/** Keeps a sender from running ahead of its receiver. */
export class Throttle {
  #underWay = 0;
  #room = Promise.withResolvers<void>();

  /** Records that a message was sent. */
  sent(): void {
    this.#underWay += 1;
  }

  /** Records that the receiver has processed a message. */
  taken(): void {
    this.#underWay -= 1;
    this.#room.resolve();
    this.#room = Promise.withResolvers();
  }

  /** Resolves when the next message may be sent; rejects when `failure` does. */
  async room(failure?: Promise<unknown>): Promise<void> {
    while (this.#underWay >= MOST_UNDER_WAY)
      await (failure ? Promise.race([this.#room.promise, failure]) : this.#room.promise);
  }
}
