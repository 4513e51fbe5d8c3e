import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** In PEM: what a TLS server needs, and whom its clients have to trust for it. */
export interface ServerCertificate {
  readonly key: string;
  readonly certificate: string;
  /** The certificate of the authority that signed it; made for this one and forgotten. */
  readonly authority: string;
}

const DAY_MS = 86_400_000;
/** Longer than any sandbox runs. */
const VALID_MS = 365 * DAY_MS;

/** DER (ITU-T X.690): a tag, a length and the content. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length: number[] = [];
  for (let rest = body.length; rest > 0; rest >>>= 8) length.unshift(rest & 0xff);
  const header = body.length < 0x80 ? [tag, body.length] : [tag, 0x80 | length.length, ...length];
  return Buffer.concat([Buffer.from(header), body]);
}

const sequence = (...content: readonly Uint8Array[]) => der(0x30, ...content);
const set = (...content: readonly Uint8Array[]) => der(0x31, ...content);
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const octets = (...content: readonly Uint8Array[]) => der(0x04, ...content);
const bits = (unused: number, ...content: readonly Uint8Array[]) =>
  der(0x03, Buffer.from([unused]), ...content);
const text = (words: string) => der(0x0c, Buffer.from(words));
const time = (epochMs: number) =>
  der(0x18, Buffer.from(`${new Date(epochMs).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`));
const TRUE = der(0x01, Buffer.from([0xff]));

const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
const COMMON_NAME = oid('550403');
const KEY_USAGE = oid('551d0f');
const SUBJECT_ALT_NAME = oid('551d11');
const BASIC_CONSTRAINTS = oid('551d13');
const EXTENDED_KEY_USAGE = oid('551d25');
const SERVER_AUTH = oid('2b06010505070301');

/** RFC 5280 §4.2.1: an authority signs certificates, and nothing else; a server's says which names it is for. */
const AUTHORITY_EXTENSIONS = [
  sequence(BASIC_CONSTRAINTS, TRUE, octets(sequence(TRUE))),
  sequence(KEY_USAGE, TRUE, octets(bits(2, Buffer.from([0b0000_0100])))),
];
const SERVER_EXTENSIONS = [
  sequence(
    SUBJECT_ALT_NAME,
    octets(sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])))),
  ),
  sequence(KEY_USAGE, TRUE, octets(bits(7, Buffer.from([0b1000_0000])))),
  sequence(EXTENDED_KEY_USAGE, octets(sequence(SERVER_AUTH))),
];

/**
 * A certificate for localhost and 127.0.0.1, signed by an authority of its own (RFC 5280).
 * @param now epoch milliseconds; valid from a day before to a year after
 */
export function makeCertificate(now: number): ServerCertificate {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const authorityName = `asana-connector sandbox ${randomBytes(4).toString('hex')}`;
  const issue = (subject: string, publicKey: KeyObject, extensions: readonly Uint8Array[]) =>
    signCertificate({ issuer: authorityName, subject, publicKey, extensions, now }, authority.privateKey);
  return {
    key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    certificate: issue('localhost', server.publicKey, SERVER_EXTENSIONS),
    authority: issue(authorityName, authority.publicKey, AUTHORITY_EXTENSIONS),
  };
}

interface Subject {
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Uint8Array[];
  readonly now: number;
}

function signCertificate(
  { issuer, subject, publicKey, extensions, now }: Subject,
  privateKey: KeyObject,
): string {
  const body = sequence(
    // Version 3.
    der(0xa0, der(0x02, Buffer.from([2]))),
    // The first byte keeps the number positive.
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    nameOf(issuer),
    sequence(time(now - DAY_MS), time(now + VALID_MS)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = bits(0, sign('sha256', body, privateKey));
  const lines = sequence(body, ECDSA_WITH_SHA256, signature)
    .toString('base64')
    .replaceAll(/.{64}/g, '$&\n')
    .trim();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(COMMON_NAME, text(commonName))));
}
