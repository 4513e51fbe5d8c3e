import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

const PLACEHOLDER = '[redacted]';

/**
 * A secret on its way from a Kubernetes Secret to the one header it belongs in. However it is printed
 * (string, JSON, util.inspect, template literal) it shows a placeholder; only `reveal` gives the value.
 */
export class Redacted {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The secret itself. Call it where the value is sent and nowhere else. */
  reveal(): string {
    return this.#value;
  }

  /** Short SHA-256 of the value: tells equal secrets apart from different ones without showing either. */
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
