import { type Document, isMap, parseAllDocuments } from 'yaml';
import { InvalidInputError } from '../../core/errors.ts';
import { scalarText } from '../baton-settings/scalar-text.ts';

/** A Secret from a manifest, with decoded values. */
export interface SecretManifest {
  readonly name: string;
  readonly namespace: string | null;
  readonly values: ReadonlyMap<string, string>;
  /** Keys whose value is a bare boolean or number, which the API server refuses. */
  readonly unquoted: readonly string[];
}

/** More than any Secret needs: etcd stores objects up to 1.5 MiB, Secrets up to 1 MiB (k8s.io/api MaxSecretSize). */
const LARGEST_BYTES = 8 * 1024 * 1024;

/**
 * Reads the Secrets with connector settings (keys `BATON_…`) from a file of manifests. Ignores other objects, such as
 * a Deployment.
 * @param source the name of the file in error messages
 * @throws InvalidInputError; its message never contains a value
 */
export function readSecretManifests(source: string, text: string): SecretManifest[] {
  if (text.length > LARGEST_BYTES) {
    throw new InvalidInputError(source, 'is larger than 8 MiB: specify a file that contains only the Secret');
  }
  return parseAllDocuments(text, { intAsBigInt: true })
    .flatMap((document) => objectsOf(source, document as Document))
    .filter(({ kind }) => kind === 'Secret')
    .map((secret) => decode(source, secret))
    .filter(({ values }) => [...values.keys()].some((key) => key.startsWith('BATON_')));
}

type Fields = Readonly<Record<string, unknown>>;

/** Returns the objects of a document: the document itself, or the items of a List as kubectl prints them. */
function objectsOf(source: string, document: Document): Fields[] {
  const [error] = document.errors;
  if (error) {
    // The YAML parser's own message would show the line, and any secret in it.
    const line = error.linePos?.[0].line;
    throw new InvalidInputError(source, `line ${line ?? '?'} is not valid YAML: correct it`);
  }
  if (!isMap(document.contents)) return [];
  const object = asFields(document.toJS({ maxAliasCount: 100 }));
  const { items } = object;
  return Array.isArray(items) ? items.map(asFields) : [object];
}

function decode(source: string, { metadata, data, stringData }: Fields): SecretManifest {
  const { name, namespace } = asFields(metadata);
  if (typeof name !== 'string' || name === '') {
    throw new InvalidInputError(`${source}: metadata.name`, 'is missing: add the name of the Secret');
  }
  const values = new Map<string, string>();
  const unquoted: string[] = [];
  for (const [key, value] of Object.entries(asFields(data))) {
    values.set(key, fromBase64(`${source}: data.${key}`, value));
  }
  // As in the API server, stringData overrides data.
  for (const [key, value] of Object.entries(asFields(stringData))) {
    if (value === null) continue;
    const text = scalarText(value);
    if (text === null) {
      throw new InvalidInputError(`${source}: stringData.${key}`, 'must be a string: put it in quotes');
    }
    if (typeof value !== 'string') unquoted.push(key);
    values.set(key, text.trim());
  }
  return { name, namespace: typeof namespace === 'string' ? namespace : null, values, unquoted };
}

function fromBase64(field: string, value: unknown): string {
  if (value === null) return '';
  const text = typeof value === 'string' ? value.replaceAll(/\s/g, '') : '?';
  if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    return Buffer.from(text, 'base64').toString('utf8').trim();
  }
  throw new InvalidInputError(field, 'is not base64: encode it, or move it to stringData');
}

function asFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
