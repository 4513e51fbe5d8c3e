import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { Redacted } from '../../core/redacted.ts';

/** A referenced Secret that cannot be used: names the Secret and the key, and says how to mend it. */
export class CredentialsError extends CodedError {
  constructor(
    code: 'SecretNotFound' | 'SecretKeyMissing' | 'SecretUnreadable',
    message: string,
    options: { cause?: unknown; errorClass?: 'stalling' | 'transient' } = {},
  ) {
    super(code, options.errorClass ?? 'stalling', message, options);
  }
}

/** A Secret as the API server gave it: values decoded from base64, and the version they belong to. */
export interface SecretReading {
  readonly resourceVersion: string;
  readonly data: ReadonlyMap<string, Buffer>;
}

/** Reads one Secret by name; null when there is none. The operator may `get` Secrets and nothing else. */
export type ReadSecret = (namespace: string, name: string) => Promise<SecretReading | null>;

/** A Secret is read again when the reading is older than this, so a rotation is taken up within a minute. */
export const SECRET_FRESHNESS_MS = 60_000;

/** Asana's tokens have some 60 characters; what is far longer is not a token but a file put there by mistake. */
const LONGEST_CREDENTIAL = 8 * 1024;

/** The Secrets of one connector, read when needed and remembered for a minute. */
export class SecretCache {
  readonly #read: ReadSecret;
  readonly #clock: Clock;
  readonly #readings = new Map<string, { at: number; reading: SecretReading | null }>();

  constructor(read: ReadSecret, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /** The Secret, at most a minute old; `fresh` asks the API server whatever is remembered (after a 401). */
  async get(
    namespace: string,
    name: string,
    options: { fresh?: boolean } = {},
  ): Promise<SecretReading | null> {
    const id = `${namespace}/${name}`;
    const known = this.#readings.get(id);
    const now = this.#clock.monotonic();
    if (known && !options.fresh && now - known.at < SECRET_FRESHNESS_MS) return known.reading;
    const reading = await this.#read(namespace, name);
    this.#readings.set(id, { at: now, reading });
    return reading;
  }

  /** Forgets a Secret, so that the next `get` asks the API server. */
  forget(namespace: string, name: string): void {
    this.#readings.delete(`${namespace}/${name}`);
  }
}

/**
 * One key of a Secret as a credential. White space around it (the newline an editor adds) is dropped; what is
 * empty, binary or too long is refused with a message that names the Secret and the key.
 */
export function takeCredential(secret: SecretReading | null, name: string, key: string): Redacted {
  if (!secret) {
    throw new CredentialsError(
      'SecretNotFound',
      `Secret "${name}" does not exist in this namespace. Create it with the key "${key}".`,
    );
  }
  const bytes = secret.data.get(key);
  if (!bytes) {
    throw new CredentialsError(
      'SecretKeyMissing',
      `Secret "${name}" has no key "${key}". Add it, or correct the key in the secretRef.`,
    );
  }
  const text = bytes.toString('utf8').trim();
  if (text === '') {
    throw new CredentialsError(
      'SecretKeyMissing',
      `Key "${key}" of Secret "${name}" is empty. Store the token under this key.`,
    );
  }
  // A header value may hold visible ASCII only (RFC 9110 §5.5); anything else would be refused by the HTTP client.
  if (text.length > LONGEST_CREDENTIAL || !/^[\x21-\x7e]+$/.test(text)) {
    throw new CredentialsError(
      'SecretKeyMissing',
      `Key "${key}" of Secret "${name}" is not a token. It must be one line of printable characters, not a file and not encoded in base64 twice.`,
    );
  }
  return new Redacted(text);
}
