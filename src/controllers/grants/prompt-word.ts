import type { GrantObject } from '../../api/kinds.ts';
import type { Clock } from '../../core/clock.ts';

/** An edit is observed within 5 s; Asana has so long to answer before that is said without it. */
const PATIENCE_MS = 3_000;

/** Says that an edit was seen where Asana lets wait for more. What is written meanwhile is the newest object. */
export class PromptWord {
  readonly #clock: Clock;
  readonly #say: (object: GrantObject) => Promise<GrantObject>;
  #object: GrantObject;
  #saying: Promise<void> = Promise.resolve();
  #cancel: () => void = () => {};

  /** @param say writes that the object was seen */
  constructor(clock: Clock, object: GrantObject, say: (object: GrantObject) => Promise<GrantObject>) {
    this.#clock = clock;
    this.#object = object;
    this.#say = say;
  }

  /** Does what may take long. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const { metadata, status } = this.#object;
    if (status?.observedGeneration === metadata.generation) return work();
    this.#cancel = this.#clock.schedule(PATIENCE_MS, () => {
      this.#saying = this.#speak();
    });
    try {
      return await work();
    } finally {
      await this.newest();
    }
  }

  /** The object with what was said; nothing more is said from now on. */
  async newest(): Promise<GrantObject> {
    this.#cancel();
    await this.#saying;
    return this.#object;
  }

  /** What cannot be written now is written with the outcome, or its failure then tells. */
  async #speak(): Promise<void> {
    try {
      this.#object = await this.#say(this.#object);
    } catch {
      // As above.
    }
  }
}
