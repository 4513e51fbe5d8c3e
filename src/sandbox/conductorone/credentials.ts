import { generateKeyPairSync, type KeyObject } from 'node:crypto';

/** The credentials that a tenant issues for one connector, and the key that verifies its assertions. */
export interface IssuedCredentials {
  /** `<name>@<host>:<port>/ccc`. */
  readonly clientId: string;
  /** `secret-token:conductorone.com:v1:<private Ed25519 JWK in base64url>` */
  readonly clientSecret: string;
  readonly publicKey: KeyObject;
  /** The required audience of assertions: the host without its port. */
  readonly audience: string;
}

/** Issues credentials for one connector; only the newest are valid. */
export class CredentialIssuer {
  readonly #host: string;
  readonly #port: number;
  #issued = 1;
  #newest: IssuedCredentials;

  /** Issues the first credentials, which point to this host and port. */
  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
    this.#newest = issueCredentials(host, port, this.#issued);
  }

  get newest(): IssuedCredentials {
    return this.#newest;
  }

  rotate(): void {
    this.#issued += 1;
    this.#newest = issueCredentials(this.#host, this.#port, this.#issued);
  }
}

function issueCredentials(host: string, port: number, number: number): IssuedCredentials {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const jwk = Buffer.from(JSON.stringify(privateKey.export({ format: 'jwk' }))).toString('base64url');
  return {
    clientId: `sandbox-hydra-${12_344 + number}@${host}:${port}/ccc`,
    clientSecret: `secret-token:conductorone.com:v1:${jwk}`,
    publicKey,
    audience: host,
  };
}
