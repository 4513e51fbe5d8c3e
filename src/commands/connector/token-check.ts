import { isAsanaError } from '../../asana/errors.ts';
import type { RestClient, ScimClient } from '../../asana/session.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { withTimeLimit } from '../../core/time-limit.ts';

/** Minimum time between two checks, however often probes arrive. */
const INTERVAL_MS = 30_000;
/** A check that takes longer has failed. */
const LONGEST_CHECK_MS = 30_000;
/** How long a caller waits for a running check before it gets the result of the last one. */
const PATIENCE_MS = 3_000;

/** The Asana requests that a check makes. */
interface Asana {
  readonly rest: Pick<RestClient, 'me'>;
  /** `null` with SCIM off. */
  readonly scim: Pick<ScimClient, 'probe'> | null;
}

export interface TokenCheckOptions {
  readonly asana: Asana;
  readonly clock: Clock;
  /** Ends a running check. */
  readonly signal: AbortSignal;
}

/** Checks whether Asana accepts the token, at most every 30 s. */
export class TokenCheck {
  readonly #options: TokenCheckOptions;
  #askedAt: number | null = null;
  #running: Promise<void> | null = null;
  #failure: CodedError | null = null;

  constructor(options: TokenCheckOptions) {
    this.#options = options;
  }

  /** Returns why Asana cannot be used with the token; `null` if it can, or if no check has failed yet. */
  async failure(): Promise<CodedError | null> {
    const { clock } = this.#options;
    const now = clock.monotonic();
    if (this.#running === null && (this.#askedAt === null || now - this.#askedAt >= INTERVAL_MS)) {
      this.#askedAt = now;
      this.#running = this.#check().finally(() => {
        this.#running = null;
      });
    }
    if (this.#running !== null) await atMost(clock, PATIENCE_MS, this.#running);
    return this.#failure;
  }

  async #check(): Promise<void> {
    const { asana, clock, signal } = this.#options;
    try {
      await withTimeLimit({ clock, ms: LONGEST_CHECK_MS, signal }, (limited) => validate(asana, limited));
      this.#failure = null;
    } catch (error) {
      if (error instanceof CodedError) this.#failure = error;
      else if (!signal.aborted) this.#failure = new NoAnswerError(error);
    }
  }
}

/** Waits for work that never rejects, for at most `ms`. */
function atMost(clock: Clock, ms: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.schedule(ms, resolve);
    void work.finally(() => {
      cancel();
      resolve();
    });
  });
}

/** Asana did not respond in time. */
class NoAnswerError extends CodedError {
  constructor(cause: unknown) {
    super('AsanaUnavailable', 'transient', `Asana did not respond within ${LONGEST_CHECK_MS / 1000} s.`, {
      cause,
    });
  }
}

/** Checks the token over REST, or else over SCIM: a service account with minimal permissions can use SCIM only. */
async function validate({ rest, scim }: Asana, signal: AbortSignal): Promise<void> {
  const call = { priority: 'read', signal } as const;
  try {
    await rest.me(call);
  } catch (error) {
    const isRefused = isAsanaError(error, 'CredentialsRejected') || isAsanaError(error, 'Forbidden');
    if (!isRefused || scim === null) throw error;
    await scim.probe(call);
  }
}
