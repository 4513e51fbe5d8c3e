import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { Redacted } from '../../core/redacted.ts';
import type { SecretReading } from '../../kubernetes/client.ts';
import { KubernetesError } from '../../kubernetes/errors.ts';
import { splitKey } from '../../kubernetes/resource.ts';

/** A referenced Secret that cannot be used. The message names the Secret and the key, and says how to fix it. */
export class CredentialsError extends CodedError {
  constructor(code: 'SecretNotFound' | 'SecretKeyMissing', message: string) {
    super(code, 'stalling', message);
  }
}

/** A referenced Secret that cannot currently be read: its content is unknown, and what was read before stays in use. */
export class SecretUnreadableError extends CodedError {
  constructor(name: string, cause: KubernetesError) {
    super(
      'SecretUnreadable',
      'transient',
      `Secret "${name}" cannot be read: ${cause.message}. Check the API server, and that the operator may get Secrets in this namespace.`,
      { cause },
    );
  }
}

/** Reads one Secret by name; `null` if there is none. The only verb that the operator has on Secrets is `get`. */
export type ReadSecret = (namespace: string, name: string) => Promise<SecretReading | null>;

/** A Secret that was read longer ago than this is read again, so that a rotation takes effect within a minute. */
export const SECRET_FRESHNESS_MS = 60_000;

/** A Secret that could not be read is requested again after this, however often it is needed meanwhile. */
const UNREADABLE_FOR_MS = 10_000;

/** Asana's tokens have about 60 characters; a much longer value is not a token but a file stored by mistake. */
const LONGEST_CREDENTIAL = 8 * 1024;

/** A connector's request for keys of a Secret. */
export interface SecretWish {
  /** The connector's key; the Secret is in its namespace. */
  readonly connector: string;
  readonly name: string;
  /** The keys that the connector names; no others are kept. */
  readonly keys: readonly string[];
  /** Read from the API server even if the Secret is cached. */
  readonly fresh?: boolean;
}

interface Remembered {
  readonly at: number;
  readonly keys: ReadonlySet<string>;
  readonly reading: SecretReading | null;
  /** Why the Secret could not be read; `null` if it could. */
  readonly failure: SecretUnreadableError | null;
}

/** The Secrets of all connectors, read on demand and cached for a minute, no longer than the connector exists. */
export class SecretCache {
  readonly #read: ReadSecret;
  readonly #clock: Clock;
  /** By connector and name: connectors do not share cached Secrets. */
  readonly #secrets = new Map<string, Map<string, Remembered>>();

  constructor(read: ReadSecret, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /**
   * Returns the named keys of a Secret, at most a minute old; `null` if there is no such Secret.
   * @throws SecretUnreadableError also for ten seconds after a failed request to the API server
   */
  async get({ connector, name, keys, fresh = false }: SecretWish): Promise<SecretReading | null> {
    const known = this.#freshOf(connector).get(name);
    if (known?.failure && !fresh) throw known.failure;
    if (known && !fresh && keys.every((key) => known.keys.has(key))) return known.reading;
    const wanted = new Set([...keys, ...(known?.keys ?? [])]);
    const { reading, failure } = await this.#ask(splitKey(connector).namespace, name);
    const remembered = {
      at: this.#clock.monotonic(),
      keys: wanted,
      reading: reading && only(reading, wanted),
      failure,
    };
    this.#freshOf(connector).set(name, remembered);
    if (failure) throw failure;
    return remembered.reading;
  }

  /** Returns after how many milliseconds the Secrets of a connector should be read again. */
  againInMs(connector: string): number {
    const failed = this.#freshOf(connector)
      .values()
      .some(({ failure }) => failure !== null);
    return failed ? UNREADABLE_FOR_MS : SECRET_FRESHNESS_MS;
  }

  /** Forgets the Secrets of a connector that is gone or whose token was rejected. */
  forget(connector: string): void {
    this.#secrets.delete(connector);
  }

  async #ask(namespace: string, name: string): Promise<Pick<Remembered, 'reading' | 'failure'>> {
    try {
      return { reading: await this.#read(namespace, name), failure: null };
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      return { reading: null, failure: new SecretUnreadableError(name, error) };
    }
  }

  /** Returns what has not expired. A Secret, or a key of it, that is no longer named expires within a minute. */
  #freshOf(connector: string): Map<string, Remembered> {
    const secrets = this.#secrets.get(connector) ?? new Map<string, Remembered>();
    this.#secrets.set(connector, secrets);
    const now = this.#clock.monotonic();
    for (const [name, { at, failure }] of secrets)
      if (now - at >= (failure ? UNREADABLE_FOR_MS : SECRET_FRESHNESS_MS)) secrets.delete(name);
    return secrets;
  }
}

function only({ resourceVersion, data }: SecretReading, keys: ReadonlySet<string>): SecretReading {
  return { resourceVersion, data: new Map([...data].filter(([key]) => keys.has(key))) };
}

/**
 * Returns one key of a Secret as a credential, without surrounding white space (the newline an editor adds).
 * @throws CredentialsError for a missing, empty, binary or overlong value; its message names the Secret and the key
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
  // A header value may hold visible ASCII only (RFC 9110 §5.5); the HTTP client would refuse anything else.
  if (text.length > LONGEST_CREDENTIAL || !/^[\x21-\x7e]+$/.test(text)) {
    throw new CredentialsError(
      'SecretKeyMissing',
      `Key "${key}" of Secret "${name}" is not a token. It must be one line of printable characters, not a file and not encoded in base64 twice.`,
    );
  }
  return new Redacted(text);
}
