import { isDeepStrictEqual } from 'node:util';
import type { KubernetesError } from '../../../src/kubernetes/errors.ts';
import { apiVersionOf } from '../../../src/kubernetes/resource.ts';
import { type Birth, newMeta, updatedMeta } from './metadata.ts';
import { isObject, type Json, type StoredObject } from './object.ts';
import { decoding, failure, refusal } from './refusal.ts';
import type { ServedKind } from './served-kind.ts';

/** How an object is written: as a whole, by a patch, or only its status, by an apply or a patch. */
export type Way = 'replace' | 'patch' | 'statusApply' | 'statusPatch';

/** Returns the new object that a body makes. @throws KubernetesError if it is refused */
export function newObject(kind: ServedKind, body: Json, birth: Omit<Birth, 'counted'>): StoredObject {
  checkType(kind, body);
  const wanted = metaOf(body);
  if ((wanted['namespace'] ?? birth.namespace) !== birth.namespace)
    throw refusal(
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  if ((wanted['resourceVersion'] ?? '') !== '')
    throw failure('resourceVersion should not be set on objects to be created');
  const { status, ...rest } = body;
  return decoding('BadRequest', () =>
    kind.admit(
      {
        ...(kind.custom || status === undefined ? rest : body),
        ...typeOf(kind),
        metadata: newMeta(wanted, { ...birth, counted: kind.custom }),
      },
      null,
    ),
  );
}

/**
 * Returns what `old` becomes when a writer wants it to be `wanted`: the whole object, of which the writer may change
 * only one part. Equal to `old` except for the resourceVersion if nothing changes.
 * @throws KubernetesError if it is refused
 */
export function nextObject(kind: ServedKind, old: StoredObject, wanted: Json, way: Way): StoredObject {
  checkType(kind, wanted);
  checkIdentity(kind, old, metaOf(wanted), way);
  if (way === 'statusApply')
    return kind.admit(withStatus(old, kind.applyStatus?.(old['status'], wanted['status'])), old);
  if (way === 'statusPatch') return kind.admit(withStatus(old, wanted['status']), old);
  return decoding(way === 'patch' ? 'Invalid' : 'BadRequest', () => nextMain(kind, old, wanted));
}

function nextMain(kind: ServedKind, old: StoredObject, wanted: Json): StoredObject {
  const metadata = updatedMeta(old.metadata, metaOf(wanted));
  const object = { ...wanted, ...typeOf(kind), metadata };
  if (!kind.custom) return kind.admit(object, old);
  const admitted = kind.admit(withStatus(object, old['status']), old);
  if (isDeepStrictEqual(admitted['spec'], old['spec'])) return admitted;
  return { ...admitted, metadata: { ...metadata, generation: metadata.generation + 1 } };
}

function withStatus(object: StoredObject, status: unknown): StoredObject {
  const { status: _, ...rest } = object;
  return status === undefined ? rest : { ...rest, status };
}

/** Refuses a writer that means another object, or an older version of this one. */
function checkIdentity(kind: ServedKind, old: StoredObject, wanted: Json, way: Way): void {
  const { name, namespace, uid } = old.metadata;
  const otherUid = (wanted['uid'] ?? uid) !== uid;
  if ((wanted['name'] ?? name) !== name)
    throw refusal('BadRequest', 'the name of the object does not match the name on the URL');
  if ((wanted['namespace'] ?? namespace) !== namespace)
    throw refusal('BadRequest', 'the namespace of the object does not match the namespace on the request');
  // In a replacement the uid is a precondition; in a patch it is an immutable field, which is checked later; the status
  // endpoint takes all metadata from the stored object.
  if (way === 'replace' && otherUid)
    throw conflict(kind, name, 'the UID in the precondition is of another object');
  checkVersion(kind, old, wanted['resourceVersion'] ?? '');
  if (way === 'patch' && otherUid)
    throw refusal('Invalid', `${kind.resource.kind} "${name}" is invalid: metadata.uid: field is immutable`);
}

function checkVersion(kind: ServedKind, { metadata }: StoredObject, version: unknown): void {
  if (version === '' && kind.replacing === 'NamedVersionOrNew')
    throw refusal(
      'Invalid',
      `${kind.resource.kind} "${metadata.name}" is invalid: metadata.resourceVersion: must be specified for an update`,
    );
  if (version !== '' && version !== metadata.resourceVersion)
    throw conflict(
      kind,
      metadata.name,
      'the object has been modified; please apply your changes to the latest version and try again',
    );
}

/** Returns the body of a replacement of a missing object as that of a new one, if the kind allows it. */
export function replacementAsNew(kind: ServedKind, body: Json, name: string): Json {
  const { uid, resourceVersion: _, ...metadata } = metaOf(body);
  if (kind.replacing !== 'NamedVersionOrNew') throw absent(kind, name);
  if (uid !== undefined) throw conflict(kind, name, 'the UID in the precondition is of another object');
  return { ...body, metadata };
}

/** Returns the error for an object that does not exist. */
export function absent({ resource }: ServedKind, name: string): KubernetesError {
  return refusal('NotFound', `${resource.plural}.${resource.group} "${name}" not found`);
}

function conflict({ resource }: ServedKind, name: string, why: string): KubernetesError {
  return refusal(
    'Conflict',
    `Operation cannot be fulfilled on ${resource.plural}.${resource.group} "${name}": ${why}`,
  );
}

/** Bodies of our kinds must name their type; for others it defaults to the type in the path. */
function checkType(kind: ServedKind, body: Json): void {
  const { apiVersion, kind: name } = typeOf(kind);
  const said = { apiVersion: body['apiVersion'], kind: body['kind'] };
  if (!kind.custom && said.apiVersion === undefined && said.kind === undefined) return;
  if (said.apiVersion !== apiVersion || said.kind === undefined)
    throw refusal(
      'BadRequest',
      `the API version in the data does not match: ${apiVersion} and a kind are wanted`,
    );
  if (said.kind !== name) throw refusal('Invalid', `kind: Invalid value: must be ${name}`);
}

function typeOf({ resource }: ServedKind): { apiVersion: string; kind: string } {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind };
}

function metaOf(body: Json): Json {
  const { metadata } = body;
  return isObject(metadata) ? metadata : {};
}
