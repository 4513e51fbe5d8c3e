import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';

/** The bearer tokens that were issued, and the nonces that were used for them. */
export class AccessTokens {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Expiry by token, on the monotonic clock. */
  readonly #tokens = new Map<string, number>();
  /** Expiry of the assertion by nonce, epoch milliseconds. */
  readonly #nonces = new Map<string, number>();

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock;
  }

  /** Records a nonce. Returns false if it was used before. */
  spend(nonce: string, expiresAt: number): boolean {
    const now = this.#clock.now();
    forgetPast(this.#nonces, now);
    if (this.#nonces.has(nonce)) return false;
    this.#nonces.set(nonce, expiresAt);
    return true;
  }

  issue(lifetimeMs: number): string {
    const now = this.#clock.monotonic();
    forgetPast(this.#tokens, now);
    const token = `sandbox-${randomBytes(24).toString('base64url')}`;
    this.#tokens.set(token, now + lifetimeMs);
    return token;
  }

  /** Whether the value of an Authorization header holds a valid token. */
  admits(authorization: string | null): boolean {
    const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
    const until = token === undefined ? undefined : this.#tokens.get(token);
    return until !== undefined && this.#clock.monotonic() < until;
  }

  /** Revokes every token issued so far. */
  revokeAll(): void {
    this.#tokens.clear();
  }
}

function forgetPast(instants: Map<string, number>, now: number): void {
  for (const [key, until] of instants) if (until <= now) instants.delete(key);
}
