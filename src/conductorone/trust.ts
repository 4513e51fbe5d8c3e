import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { InvalidInputError } from '../core/errors.ts';

/** Bundles of public authorities have some 250 KiB. */
const LARGEST_BUNDLE_BYTES = 4 * 1024 * 1024;

/** Certificate authorities in PEM; null for Node's own, those of `NODE_EXTRA_CA_CERTS` among them. */
export type Trust = readonly string[] | null;

/**
 * Whom to trust: what Node trusts, and beside it the file that `SSL_CERT_FILE` names. (That variable is Go's and
 * OpenSSL's; a Deployment of the Go connector may have it.)
 * @throws InvalidInputError when the file cannot be read or holds no certificate
 */
export async function readTrust(environment: Readonly<Record<string, string | undefined>>): Promise<Trust> {
  const file = environment['SSL_CERT_FILE'];
  if (file === undefined || file === '') return null;
  return [...getCACertificates('default'), await readBundle(file)];
}

/** The part of TLS options that every connection with ConductorOne has. */
export function tlsOptions(trust: Trust): { minVersion: 'TLSv1.2'; ca?: string[] } {
  return { minVersion: 'TLSv1.2', ...(trust ? { ca: [...trust] } : {}) };
}

async function readBundle(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new InvalidInputError(
      'SSL_CERT_FILE',
      `cannot read ${file}: correct the path, or unset the variable`,
      { cause },
    );
  }
  if (text.length <= LARGEST_BUNDLE_BYTES && text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new InvalidInputError(
    'SSL_CERT_FILE',
    `${file} contains no certificates in PEM format: specify a bundle, or unset the variable`,
  );
}
