import type { Clock } from '../core/clock.ts';
import { TokenLimits } from './limits.ts';
import type { Person } from './records.ts';
import type { Settings } from './settings.ts';

export const tokenKinds = ['personalAccessToken', 'serviceAccount', 'scimOnly'] as const;

/**
 * - `personalAccessToken`: REST only, with the rights of its owner.
 * - `serviceAccount`: everything in the organization, REST and SCIM.
 * - `scimOnly`: a service account whose permissions are the SCIM ones; REST refuses it.
 */
export type TokenKind = (typeof tokenKinds)[number];

export interface Token {
  readonly kind: TokenKind;
  readonly owner: Person;
  readonly limits: TokenLimits;
}

/** The tokens that are valid, each with an allowance of its own. */
export class Tokens {
  readonly #settings: Settings;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #byValue = new Map<string, Token>();

  constructor(settings: Settings, clock: Pick<Clock, 'monotonic'>) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Makes `secret` a token of that kind. */
  issue(secret: string, kind: TokenKind, owner: Person): Token {
    const token = { kind, owner, limits: new TokenLimits(this.#settings, this.#clock) };
    this.#byValue.set(secret, token);
    return token;
  }

  /** From now on the token is refused with 401. */
  revoke(secret: string): boolean {
    return this.#byValue.delete(secret);
  }

  /** The token of an Authorization header; undefined for one that was never issued, or whose owner is out. */
  identify(authorization: string | undefined): Token | undefined {
    const secret = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
    const token = secret === undefined ? undefined : this.#byValue.get(secret);
    return token?.owner.profile.active ? token : undefined;
  }

  get all(): Iterable<Token> {
    return this.#byValue.values();
  }
}
