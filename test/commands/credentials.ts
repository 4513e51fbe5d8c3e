import { generateKeyPairSync } from 'node:crypto';

/** A client secret of the right shape, whose key has this id. */
export function clientSecret(kid: string): string {
  const jwk = { ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), kid };
  return `secret-token:conductorone.com:v1:${Buffer.from(JSON.stringify(jwk)).toString('base64url')}`;
}
