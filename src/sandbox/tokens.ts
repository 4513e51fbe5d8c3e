import type { Clock } from '../core/clock.ts';
import { TokenLimits } from './limits.ts';
import type { Person } from './records.ts';
import type { Settings } from './settings.ts';

export const tokenKinds = ['personalAccessToken', 'serviceAccount', 'scimOnly'] as const;

/**
 * - `personalAccessToken`: REST only, with the permissions of its owner.
 * - `serviceAccount`: everything in the organization, REST and SCIM.
 * - `scimOnly`: a service account with SCIM permissions only; REST refuses it.
 */
export type TokenKind = (typeof tokenKinds)[number];

export interface Token {
  readonly kind: TokenKind;
  readonly owner: Person;
  readonly limits: TokenLimits;
}

/** The valid tokens, each with a rate limit of its own. */
export class Tokens {
  readonly #settings: Settings;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #byValue = new Map<string, Token>();

  constructor(settings: Settings, clock: Pick<Clock, 'monotonic'>) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Issues `secret` as a token of the given kind. */
  issue(secret: string, kind: TokenKind, owner: Person): Token {
    const token = { kind, owner, limits: new TokenLimits(this.#settings, this.#clock) };
    this.#byValue.set(secret, token);
    return token;
  }

  /** Revokes a token: from now on it is refused with 401. Returns false if there is no such token. */
  revoke(secret: string): boolean {
    return this.#byValue.delete(secret);
  }

  /** Returns the token of an Authorization header; undefined if it is unknown or its owner was deprovisioned. */
  identify(authorization: string | undefined): Token | undefined {
    const secret = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
    const token = secret === undefined ? undefined : this.#byValue.get(secret);
    return token?.owner.profile.active ? token : undefined;
  }

  get all(): Iterable<Token> {
    return this.#byValue.values();
  }
}
