import { generateKeyPairSync, type KeyObject } from 'node:crypto';

/** What a tenant hands out for one connector, and the key it verifies its assertions with. */
export interface IssuedCredentials {
  /** `<name>@<host>:<port>/ccc`. */
  readonly clientId: string;
  /** `secret-token:conductorone.com:v1:<private Ed25519 JWK in base64url>` */
  readonly clientSecret: string;
  readonly publicKey: KeyObject;
  /** What assertions must be addressed to: the host without its port. */
  readonly audience: string;
}

/** New credentials that lead to this host and port. */
export function issueCredentials(host: string, port: number): IssuedCredentials {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const jwk = Buffer.from(JSON.stringify(privateKey.export({ format: 'jwk' }))).toString('base64url');
  return {
    clientId: `sandbox-hydra-12345@${host}:${port}/ccc`,
    clientSecret: `secret-token:conductorone.com:v1:${jwk}`,
    publicKey,
    audience: host,
  };
}
