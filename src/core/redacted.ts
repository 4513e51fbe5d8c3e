import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

const PLACEHOLDER = '[redacted]';

/**
 * A secret on its way from a Kubernetes Secret to the header that needs it. However it is printed
 * (string, JSON, util.inspect, template literal), it shows a placeholder; only `reveal` returns the value.
 */
export class Redacted {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Returns the secret itself. Call it only where the value is sent. */
  reveal(): string {
    return this.#value;
  }

  /** Returns the first 16 hex digits of the value's SHA-256, to compare secrets without showing them. */
  fingerprint(): string {
    return createHash('sha256').update(this.#value).digest('hex').slice(0, 16);
  }

  toString(): string {
    return PLACEHOLDER;
  }

  toJSON(): string {
    return PLACEHOLDER;
  }

  [inspect.custom](): string {
    return PLACEHOLDER;
  }
}
