import { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { InvalidInputError } from '../core/errors.ts';

/** Bundles of public authorities have about 250 KiB. */
const LARGEST_BUNDLE_BYTES = 4 * 1024 * 1024;

/** Certificate authorities in PEM; `null` for Node's own, which include those of `NODE_EXTRA_CA_CERTS`. */
export type Trust = readonly string[] | null;

/**
 * Returns the trusted authorities: Node's own, and those that Go trusts: the system's, the file that `SSL_CERT_FILE`
 * names, and every file in the folders of `SSL_CERT_DIR`. A Deployment of the Go connector may have its authority in
 * any of these. `null` if they add nothing: connections that share Node's own list are set up faster.
 * @param ofSystem returns the system's authorities; its first call takes about 70 ms
 * @throws InvalidInputError if the file cannot be read or contains no certificate
 */
export async function readTrust(
  environment: Readonly<Record<string, string | undefined>>,
  ofSystem: () => readonly string[] = () => getCACertificates('system'),
): Promise<Trust> {
  const { SSL_CERT_FILE: file = '', SSL_CERT_DIR: folders = '' } = environment;
  const own = new Set(getCACertificates('default'));
  const all = new Set([
    ...own,
    ...ofSystem(),
    ...(folders === '' ? [] : await readFolders(folders)),
    ...(file === '' ? [] : [await readBundle(file)]),
  ]);
  return all.size > own.size ? [...all] : null;
}

/** Returns the TLS options that all connections to ConductorOne share. */
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
  if (isBundle(text)) return text;
  throw new InvalidInputError(
    'SSL_CERT_FILE',
    `${file} contains no certificates in PEM format: specify a bundle, or unset the variable`,
  );
}

function isBundle(text: string): boolean {
  return text.length <= LARGEST_BUNDLE_BYTES && text.includes('-----BEGIN CERTIFICATE-----');
}

/** Reads colon-separated folders. As in Go, missing folders and files that are not certificates are skipped. */
async function readFolders(folders: string): Promise<readonly string[]> {
  const certificates: string[] = [];
  for (const folder of folders.split(':').filter((path) => path !== '')) {
    const names = await readdir(folder).catch((): string[] => []);
    for (const name of names.toSorted()) certificates.push(...(await readCertificates(join(folder, name))));
  }
  return certificates;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Checks each certificate by itself: a broken one must not keep the others from being used. */
async function readCertificates(file: string): Promise<readonly string[]> {
  try {
    if ((await stat(file)).size > LARGEST_BUNDLE_BYTES) return [];
    return [...(await readFile(file, 'utf8')).matchAll(CERTIFICATE)]
      .map(([pem]) => pem)
      .filter(isCertificate);
  } catch {
    return [];
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).fingerprint !== '';
  } catch {
    return false;
  }
}
