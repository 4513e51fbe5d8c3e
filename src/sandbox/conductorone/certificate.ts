import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** In PEM: the key and certificate of a TLS server, and the authority that its clients must trust. */
export interface ServerCertificate {
  readonly key: string;
  readonly certificate: string;
  /** The certificate of the authority that signed it. The authority signs nothing else, and its key is not kept. */
  readonly authority: string;
}

const DAY_MS = 86_400_000;
/** Longer than any sandbox runs. */
const VALID_MS = 365 * DAY_MS;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/**
 * Makes a certificate for a host and 127.0.0.1, signed by an authority of its own (RFC 5280).
 * @param now epoch milliseconds; the certificate is valid from a day before to a year after
 */
export async function makeCertificate(now: number, host = 'localhost'): Promise<ServerCertificate> {
  const [authorityKeys, serverKeys] = await Promise.all([makeKeys(), makeKeys()]);
  const common = {
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + VALID_MS),
    signingAlgorithm: ALGORITHM,
  };
  const authority = await X509CertificateGenerator.createSelfSigned({
    ...common,
    serialNumber: serialNumber(),
    name: `CN=asana-connector sandbox ${randomBytes(4).toString('hex')}`,
    keys: authorityKeys,
    // The authority may sign certificates and nothing else.
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  });
  const certificate = await X509CertificateGenerator.create({
    ...common,
    serialNumber: serialNumber(),
    subject: `CN=${host}`,
    issuer: authority.subject,
    publicKey: serverKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: host },
        { type: 'ip', value: '127.0.0.1' },
      ]),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    ],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', serverKeys.privateKey);
  return {
    key: PemConverter.encode(key, 'PRIVATE KEY'),
    certificate: certificate.toString('pem'),
    authority: authority.toString('pem'),
  };
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

/** Returns a random serial number, which its first byte keeps positive. */
function serialNumber(): string {
  return `01${randomBytes(15).toString('hex')}`;
}
