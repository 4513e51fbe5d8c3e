import { type KeyObject, verify } from 'node:crypto';
import { isObject } from '../checked.ts';
import { TokenRefusal } from './token-refusal.ts';

/** What an assertion must match. */
export interface Expected {
  readonly clientId: string;
  /** The tenant's host, without port. */
  readonly audience: string;
  readonly publicKey: KeyObject;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** How far in the future an assertion may expire (docs.conductorone.com, API authentication). */
const LONGEST_AHEAD_S = 5 * 60;
/** Tolerated difference between two clocks where the client's claims leave no window of their own. */
const CLOCK_SKEW_S = 60;

const CLAIMS = new Set(['iss', 'sub', 'aud', 'iat', 'nbf', 'exp']);

/**
 * Verifies a client assertion (RFC 7523 §3): a compact JWS with EdDSA (RFC 8037), a nonce of 32 hex digits in its
 * header, and the claims that ConductorOne's own connectors send.
 * @returns the nonce, and when the assertion expires, epoch milliseconds
 * @throws TokenRefusal `invalid_client` naming what is wrong
 */
export function verifyAssertion(
  assertion: string,
  expected: Expected,
): { readonly nonce: string; readonly expiresAt: number } {
  const [header, claims, signature, ...more] = assertion.split('.');
  if (header === undefined || claims === undefined || signature === undefined || more.length > 0)
    throw refused('it is no compact JWS');
  const nonce = readHeader(header);
  const signed = Buffer.from(`${header}.${claims}`);
  if (
    !isBase64url(signature) ||
    !verify(null, signed, expected.publicKey, Buffer.from(signature, 'base64url'))
  )
    throw refused('its signature does not fit the key of this client');
  return { nonce, expiresAt: readClaims(claims, expected) };
}

function readHeader(encoded: string): string {
  const header = decode(encoded, 'header');
  if (header['alg'] !== 'EdDSA') throw refused('alg must be EdDSA');
  if ('crit' in header) throw refused('crit names what is not understood');
  const { nonce } = header;
  if (typeof nonce !== 'string' || !/^[0-9a-f]{32}$/.test(nonce))
    throw refused('nonce must be 32 hex digits in the header');
  return nonce;
}

function readClaims(encoded: string, { clientId, audience, now }: Expected): number {
  const claims = decode(encoded, 'claims');
  const unknown = Object.keys(claims).find((claim) => !CLAIMS.has(claim));
  if (unknown !== undefined) throw refused('there is a claim that no connector sends');
  if (claims['iss'] !== clientId) throw refused('iss must be the client id');
  if (claims['sub'] !== clientId) throw refused('sub must be the client id');
  const { aud } = claims;
  // A single audience may be written without a list (RFC 7519 §4.1.3), as newer Go connectors do.
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (audiences.length !== 1 || audiences[0] !== audience)
    throw refused('aud must be one: the host of the client id without its port');
  const seconds = now / 1000;
  const iat = readInstant(claims, 'iat');
  const nbf = readInstant(claims, 'nbf');
  const exp = readInstant(claims, 'exp');
  if (exp <= seconds) throw refused('exp is past');
  if (exp > seconds + LONGEST_AHEAD_S) throw refused('exp is more than five minutes ahead');
  if (nbf > seconds) throw refused('nbf is to come');
  if (iat > seconds + CLOCK_SKEW_S) throw refused('iat is to come');
  if (iat < seconds - LONGEST_AHEAD_S) throw refused('iat is more than five minutes past');
  return exp * 1000;
}

function readInstant(claims: Record<string, unknown>, name: string): number {
  const value = claims[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw refused(`${name} must be whole seconds`);
  return value;
}

function decode(encoded: string, what: string): Record<string, unknown> {
  try {
    const value: unknown = isBase64url(encoded)
      ? JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'))
      : null;
    if (isObject(value)) return value;
  } catch {
    // Not JSON: refused below, like everything else that is not an object.
  }
  throw refused(`its ${what} must be a JSON object in base64url without padding`);
}

function isBase64url(encoded: string): boolean {
  return /^[\w-]+$/.test(encoded);
}

function refused(why: string): TokenRefusal {
  return new TokenRefusal(401, 'invalid_client', `the client assertion is refused: ${why}`);
}
