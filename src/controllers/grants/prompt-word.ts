import type { GrantObject } from '../../api/kinds.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { withTimeLimit } from '../../core/time-limit.ts';

/** How often to check whether the object was edited meanwhile. */
const GLANCE_EVERY_MS = 1_000;
/** How long Asana may take before an edit is observed without its answer, which has to happen within 5 s. */
const PATIENCE_MS = 3_000;

/** The grant was edited or deleted while the operator waited for Asana; it is decided again. */
export class EditedMeanwhileError extends CodedError {
  constructor() {
    super('EditedMeanwhile', 'transient', 'The grant was edited while the operator waited for Asana.');
  }
}

interface WordParts {
  readonly clock: Clock;
  readonly object: GrantObject;
  /** Returns the object as currently cached. */
  readonly latest: () => GrantObject | undefined;
  /** Writes a status that observes the object; returns the updated object. */
  readonly say: (object: GrantObject) => Promise<GrantObject>;
}

/** Keeps edits from waiting for Asana: an edit is observed in time, and one that comes meanwhile ends the wait. */
export class PromptWord {
  readonly #parts: WordParts;
  #object: GrantObject;
  #saying: Promise<void> = Promise.resolve();
  /** When to write the status, on the monotonic clock; infinite once it is written or need not be. */
  #sayAt = Number.POSITIVE_INFINITY;
  #isOver = false;

  constructor(parts: WordParts) {
    this.#parts = parts;
    this.#object = parts.object;
  }

  /**
   * Runs `work`, which may take long, for `ms` milliseconds at most.
   * @throws EditedMeanwhileError, and whatever `work` throws
   */
  async during<T>(
    { ms, signal }: { readonly ms: number; readonly signal: AbortSignal },
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { clock } = this.#parts;
    const edited = new AbortController();
    if (!this.#isTold()) this.#sayAt = clock.monotonic() + PATIENCE_MS;
    let cancel = () => {};
    const glance = () => {
      if (this.#isOutdated()) return edited.abort(new EditedMeanwhileError());
      if (!this.#isOver && clock.monotonic() >= this.#sayAt) this.#saying = this.#speak();
      cancel = clock.schedule(GLANCE_EVERY_MS, glance);
    };
    cancel = clock.schedule(GLANCE_EVERY_MS, glance);
    try {
      return await withTimeLimit({ clock, ms, signal: AbortSignal.any([signal, edited.signal]) }, work);
    } finally {
      cancel();
      await this.newest();
    }
  }

  /** Returns the object with what was written; nothing more is written from now on. */
  async newest(): Promise<GrantObject> {
    this.#isOver = true;
    await this.#saying;
    return this.#object;
  }

  #isTold(): boolean {
    const { metadata, status } = this.#object;
    return status?.observedGeneration === metadata.generation;
  }

  #isOutdated(): boolean {
    const { uid, generation } = this.#object.metadata;
    const latest = this.#parts.latest();
    return latest?.metadata.uid !== uid || latest.metadata.generation !== generation;
  }

  /** Writes the status. If that fails, it is tried again, or the write of the outcome reports the failure. */
  async #speak(): Promise<void> {
    const { clock, latest, say } = this.#parts;
    this.#sayAt = Number.POSITIVE_INFINITY;
    try {
      // A changed annotation or finalizer does not affect what was decided.
      this.#object = await say(latest() ?? this.#object);
    } catch {
      this.#sayAt = clock.monotonic() + GLANCE_EVERY_MS;
    }
  }
}
