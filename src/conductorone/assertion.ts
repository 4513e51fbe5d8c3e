import { sign } from 'node:crypto';
import type { ClientId, ClientKey } from './credentials.ts';

/** An assertion is valid from this many seconds before now until this many seconds after. */
export const ASSERTION_SECONDS = 120;

/**
 * Returns a signed client assertion: a compact JWS with exactly the header and the claims that the Go SDK sends.
 * @param now epoch milliseconds
 */
export function signAssertion(clientId: ClientId, key: ClientKey, now: number, nonce: Uint8Array): string {
  const seconds = Math.floor(now / 1000);
  const header = {
    alg: 'EdDSA',
    ...(key.kid === null ? {} : { kid: key.kid }),
    nonce: Buffer.from(nonce).toString('hex'),
  };
  const claims = {
    iss: clientId.id,
    sub: clientId.id,
    aud: [clientId.host],
    iat: seconds,
    nbf: seconds - ASSERTION_SECONDS,
    exp: seconds + ASSERTION_SECONDS,
  };
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key.privateKey).toString('base64url')}`;
}
