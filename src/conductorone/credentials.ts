import { createPrivateKey, type KeyObject } from 'node:crypto';
import { InvalidInputError } from '../core/errors.ts';
import type { Redacted } from '../core/redacted.ts';
import { splitAuthority } from './authority.ts';

/** A parsed client ID: `<name>@<host>[:port]/<use>`. */
export interface ClientId {
  /** The complete ID, as it is sent. */
  readonly id: string;
  /** Names the client in user agents, e.g. `strange-hydra-68836`. */
  readonly name: string;
  /** Host without port: the audience of assertions. */
  readonly host: string;
  /** `host[:port]`. */
  readonly authority: string;
}

/** The key that signs assertions. */
export interface ClientKey {
  readonly privateKey: KeyObject;
  /** The key ID; `null` if the secret has none. */
  readonly kid: string | null;
}

/** Real IDs have about 60 characters, secrets about 250. */
const LONGEST_ID = 512;
const LONGEST_SECRET = 8 * 1024;

const REMEDY = 'copy it again from the page of the connector in ConductorOne';

/**
 * Parses a client ID.
 * @param field the name of the setting, for the message
 * @throws InvalidInputError if it does not have the shape of ConductorOne's client IDs; the slash and the text after it
 * are part of that shape (baton-sdk pkg/ugrpc/c1_credential_provider.go)
 */
export function parseClientId(text: string, field = 'client-id'): ClientId {
  const [, name, authority] =
    /^([\x21-\x7e]+?)@([^/]+)\/[\x21-\x7e]*$/.exec(text.slice(0, LONGEST_ID + 1)) ?? [];
  if (name === undefined || authority === undefined || text.length > LONGEST_ID) {
    throw new InvalidInputError(field, `must look like name-12345@tenant.conductor.one/ccc: ${REMEDY}`);
  }
  return { id: text, name, host: splitAuthority(field, authority).host, authority };
}

/**
 * Returns the key inside a client secret, `secret-token:conductorone.com:v1:<JWK in base64url>`. Errors name the
 * problem but never contain any of the secret, so they carry no cause either.
 * @throws InvalidInputError
 */
export function parseClientSecret(secret: Redacted, field = 'client-secret'): ClientKey {
  const text = secret.reveal();
  const parts = text.length > LONGEST_SECRET ? [] : text.split(':');
  const [, , version] = parts;
  // The Go SDK splits the secret into at most four parts and reads only the last two.
  const encoded = parts.slice(3).join(':');
  if (version === undefined || encoded === '') {
    throw new InvalidInputError(field, `must look like secret-token:conductorone.com:v1:…: ${REMEDY}`);
  }
  if (version !== 'v1') {
    throw new InvalidInputError(
      field,
      'has a version that this program does not support. It supports v1: check for a newer release',
    );
  }
  const jwk = decodeJwk(encoded);
  if (!jwk)
    throw new InvalidInputError(field, `is truncated or altered (it contains no JSON web key): ${REMEDY}`);
  return keyOf(jwk, field);
}

interface Jwk {
  readonly [name: string]: unknown;
}

function decodeJwk(encoded: string): Jwk | null {
  if (!/^[\w-]+$/.test(encoded)) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    // A SyntaxError would contain a piece of the secret.
    return null;
  }
}

function keyOf({ kty, crv, x, d, kid }: Jwk, field: string): ClientKey {
  if (kty !== 'OKP' || crv !== 'Ed25519' || typeof x !== 'string' || typeof d !== 'string') {
    throw new InvalidInputError(field, `does not contain a private Ed25519 key: ${REMEDY}`);
  }
  try {
    const privateKey = createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' });
    return { privateKey, kid: typeof kid === 'string' && kid !== '' ? kid.slice(0, 256) : null };
  } catch {
    throw new InvalidInputError(field, `contains a damaged key: ${REMEDY}`);
  }
}
