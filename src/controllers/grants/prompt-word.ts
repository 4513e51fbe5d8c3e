import type { GrantObject } from '../../api/kinds.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { withTimeLimit } from '../../core/time-limit.ts';

/** How often it is seen whether the object was edited meanwhile. */
const GLANCE_EVERY_MS = 1_000;
/** An edit is observed within 5 s; Asana has so long to answer before that is said without it. */
const PATIENCE_MS = 3_000;

/** The grant was edited, or deleted, while Asana was waited for: it is decided anew. */
export class EditedMeanwhileError extends CodedError {
  constructor() {
    super('EditedMeanwhile', 'transient', 'The grant was edited while the operator waited for Asana.');
  }
}

interface WordParts {
  readonly clock: Clock;
  readonly object: GrantObject;
  /** The object as it is known now. */
  readonly latest: () => GrantObject | undefined;
  /** Writes that the object was seen; returns it as it is then. */
  readonly say: (object: GrantObject) => Promise<GrantObject>;
}

/** Keeps an edit from waiting for Asana: what it means is said in time, and an edit that comes meanwhile ends the waiting. */
export class PromptWord {
  readonly #parts: WordParts;
  #object: GrantObject;
  #saying: Promise<void> = Promise.resolve();
  /** On the monotonic clock; never, once it is said or need not be. */
  #sayAt = Number.POSITIVE_INFINITY;
  #isOver = false;

  constructor(parts: WordParts) {
    this.#parts = parts;
    this.#object = parts.object;
  }

  /**
   * Does what may take long, for `ms` milliseconds at most.
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

  /** The object with what was said; nothing more is said from now on. */
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

  /** What cannot be written is tried again, or written with the outcome, whose failure then tells. */
  async #speak(): Promise<void> {
    const { clock, latest, say } = this.#parts;
    this.#sayAt = Number.POSITIVE_INFINITY;
    try {
      // An annotation, or a finalizer, moves the object and nothing that was decided.
      this.#object = await say(latest() ?? this.#object);
    } catch {
      this.#sayAt = clock.monotonic() + GLANCE_EVERY_MS;
    }
  }
}
