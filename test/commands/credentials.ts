import { generateKeyPairSync } from 'node:crypto';

/** Returns a well-formed client secret whose key has this id. */
export function clientSecret(kid: string): string {
  const jwk = { ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), kid };
  return `secret-token:conductorone.com:v1:${Buffer.from(JSON.stringify(jwk)).toString('base64url')}`;
}
