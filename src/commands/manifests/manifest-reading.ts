import { kinds } from '../../api/kinds.ts';
import { API_VERSION, GROUP } from '../../api/resources.ts';
import { type ManifestValidator, type ValidManifest } from '../../api/validation.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { readObjects, type WrittenObject } from './manifest-documents.ts';
import { ManifestError, ManifestErrors } from './manifest-error.ts';
import type { ManifestFile } from './manifest-files.ts';

/** The location of an object in the manifests. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** An object of one of our kinds as its manifest declares it, with defaults filled in. */
export interface DeclaredObject extends ValidManifest {
  readonly place: Place;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Returns the place of one of its fields. */
  placeOf(field: string): Place;
}

/** The contents of a set of manifests. */
export interface Declarations {
  /** In the order in which the manifests contain them. */
  readonly objects: readonly DeclaredObject[];
  /** Number of objects of other kinds, which are not checked. */
  readonly foreign: number;
}

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const OBJECT_NAME = new RegExp(`^(?=.{1,253}$)${LABEL}([.]${LABEL})*$`);
const NAMESPACE = new RegExp(`^(?=.{1,63}$)${LABEL}$`);

/** Returns the identity of an object: kind, namespace and name. */
export function identityOf(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}

/**
 * Reads and checks the objects of our kinds.
 * @param namespace the namespace of objects that specify none
 * @throws ManifestErrors with all errors, each with file, line, field and remedy
 */
export function readDeclarations(
  files: readonly ManifestFile[],
  { validator, namespace }: { readonly validator: ManifestValidator; readonly namespace: string },
): Declarations {
  const errors: ManifestError[] = [];
  const objects: DeclaredObject[] = [];
  let foreign = 0;
  for (const file of files) {
    collect(errors, () => {
      for (const written of readObjects(file)) {
        if (isForeign(written.value)) foreign += 1;
        else collect(errors, () => void objects.push(declare(written, validator, namespace)));
      }
    });
  }
  errors.push(...findTwice(objects), ...findSpellings(objects));
  if (errors.length > 0) throw new ManifestErrors(errors);
  return { objects, foreign };
}

/** Runs a step and collects its ManifestError, so that the next manifest is checked too. */
export function collect(errors: ManifestError[], step: () => void): void {
  try {
    step();
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    errors.push(error);
  }
}

/** Whether an object is of a foreign kind. One of our kinds with a wrong apiVersion is an error, and not foreign. */
function isForeign({ apiVersion, kind }: WrittenObject['value']): boolean {
  const named = typeof kind === 'string' && kinds.some(({ names }) => names.kind === kind);
  const ours = typeof apiVersion === 'string' && apiVersion.split('/')[0] === GROUP;
  return !named && !ours;
}

function declare(written: WrittenObject, validator: ManifestValidator, fallback: string): DeclaredObject {
  const { value, file, line, lineOf } = written;
  try {
    checkTop(value);
    const valid = validator.check(value);
    const metadata = fieldsOf(value['metadata'], 'metadata');
    return {
      ...valid,
      place: { file, line },
      name: nameIn(metadata),
      namespace: namespaceIn(metadata, fallback),
      labels: wordsIn(metadata, 'labels'),
      annotations: wordsIn(metadata, 'annotations'),
      placeOf: (field) => ({ file, line: lineOf(field) }),
    };
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const complaint = error.message.slice(error.field.length + 2);
    throw new ManifestError(file, lineOf(error.field), error.field, complaint, { cause: error });
  }
}

/** `status` is allowed, because `kubectl get -o yaml` prints it. It is ignored, as by the API server. */
const TOP_FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

function checkTop(value: WrittenObject['value']): void {
  const stranger = Object.keys(value).find((field) => !TOP_FIELDS.includes(field));
  if (stranger !== undefined)
    throw new InvalidInputError(stranger, 'is not a field of this kind: remove it or correct its name');
  if (value['apiVersion'] !== API_VERSION)
    throw new InvalidInputError('apiVersion', `must be ${API_VERSION}`);
}

function nameIn({ name, generateName }: Readonly<Record<string, unknown>>): string {
  if (name === undefined || name === null) {
    const hint =
      generateName === undefined
        ? 'add it'
        : 'replace generateName with name, because generateName creates a new object at each apply';
    throw new InvalidInputError('metadata.name', `is missing: ${hint}`);
  }
  if (typeof name === 'string' && OBJECT_NAME.test(name)) return name;
  throw new InvalidInputError(
    'metadata.name',
    'must consist of lowercase letters, digits, "-" and ".", at most 253 characters, such as alice',
  );
}

function namespaceIn({ namespace }: Readonly<Record<string, unknown>>, fallback: string): string {
  if (namespace === undefined || namespace === null) return fallback;
  if (typeof namespace === 'string' && NAMESPACE.test(namespace)) return namespace;
  throw new InvalidInputError(
    'metadata.namespace',
    'must consist of lowercase letters, digits and "-", at most 63 characters, such as iga',
  );
}

function wordsIn(
  metadata: Readonly<Record<string, unknown>>,
  field: string,
): Readonly<Record<string, string>> {
  const words = fieldsOf(metadata[field] ?? {}, `metadata.${field}`);
  const wrong = Object.entries(words).find(([, word]) => typeof word !== 'string');
  if (wrong)
    throw new InvalidInputError(`metadata.${field}.${wrong[0]}`, 'must be a string: put it in quotes');
  return words as Readonly<Record<string, string>>;
}

function fieldsOf(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new InvalidInputError(field, 'must be a mapping: add it');
}

function findTwice(objects: readonly DeclaredObject[]): ManifestError[] {
  const first = new Map<string, DeclaredObject>();
  return objects.flatMap((object) => {
    const { kind, namespace, name, place } = object;
    const identity = identityOf(kind.names.kind, namespace, name);
    const before = first.get(identity);
    if (!before) {
      first.set(identity, object);
      return [];
    }
    const complaint = `${identity} is also declared in ${before.place.file}:${before.place.line}: remove or rename one of them`;
    const at = object.placeOf('metadata.name');
    return [new ManifestError(place.file, at.line, 'metadata.name', complaint)];
  });
}

/** Finds addresses in two spellings (composed and decomposed letters): they look the same, but are two for Asana. */
function findSpellings(objects: readonly DeclaredObject[]): ManifestError[] {
  const first = new Map<string, { email: string; place: Place }>();
  return objects.flatMap((object) => {
    const field = 'user' in object.spec ? 'spec.user.email' : 'spec.email';
    const { user, email = (user as { email?: unknown } | undefined)?.email } = object.spec;
    if (typeof email !== 'string') return [];
    const folded = email.normalize('NFC').toLowerCase();
    const before = first.get(folded);
    if (!before) first.set(folded, { email, place: object.place });
    if (!before || before.email === email) return [];
    const complaint = `looks the same as in ${before.place.file}:${before.place.line} but uses different characters: use the same characters`;
    const { file, line } = object.placeOf(field);
    return [new ManifestError(file, line, field, complaint)];
  });
}
