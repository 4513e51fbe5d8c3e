import { isDeepStrictEqual } from 'node:util';
import { apiVersionOf } from '../../../src/kubernetes/resource.ts';
import { type Birth, newMeta, updatedMeta } from './metadata.ts';
import { isObject, type Json, type StoredObject } from './object.ts';
import { refusal } from './refusal.ts';
import type { ServedKind } from './served-kind.ts';

/** Which part of an object a write is about. */
export type Part = 'main' | 'status';

/** What a body becomes as a new object. @throws KubernetesError when it is refused */
export function newObject(kind: ServedKind, body: Json, birth: Omit<Birth, 'counted'>): StoredObject {
  checkType(kind, body);
  const wanted = metaOf(body);
  if ((wanted['namespace'] ?? birth.namespace) !== birth.namespace)
    throw refusal(
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  if ((wanted['resourceVersion'] ?? '') !== '')
    throw refusal('InternalError', 'resourceVersion should not be set on objects to be created');
  const { status, ...rest } = body;
  return kind.admit(
    {
      ...(kind.custom || status === undefined ? rest : body),
      ...typeOf(kind),
      metadata: newMeta(wanted, { ...birth, counted: kind.custom }),
    },
    null,
  );
}

/**
 * What `old` becomes when a writer wants it to be `wanted`: the whole object, of which only one part is its to write.
 * Equal to `old` but for the resourceVersion when nothing changes.
 * @throws KubernetesError when it is refused
 */
export function nextObject(kind: ServedKind, old: StoredObject, wanted: Json, part: Part): StoredObject {
  checkType(kind, wanted);
  checkIdentity(kind, old, metaOf(wanted), part);
  if (part === 'status') return kind.admit(withStatus(old, wanted['status']), old);
  const metadata = updatedMeta(old.metadata, metaOf(wanted));
  const object = { ...wanted, ...typeOf(kind), metadata };
  if (!kind.custom) return kind.admit(object, old);
  const admitted = kind.admit(withStatus(object, old['status']), old);
  if (isDeepStrictEqual(admitted['spec'], old['spec'])) return admitted;
  return { ...admitted, metadata: { ...metadata, generation: metadata.generation + 1 } };
}

function withStatus(object: StoredObject, status: unknown): StoredObject {
  const { status: _, ...rest } = object;
  return (status === undefined ? rest : { ...rest, status }) as StoredObject;
}

/** A writer that means another object, or an older version of this one, is refused. */
function checkIdentity(kind: ServedKind, old: StoredObject, wanted: Json, part: Part): void {
  const { name, namespace, uid, resourceVersion } = old.metadata;
  if ((wanted['name'] ?? name) !== name)
    throw refusal('BadRequest', 'the name of the object does not match the name on the URL');
  if ((wanted['namespace'] ?? namespace) !== namespace)
    throw refusal('BadRequest', 'the namespace of the object does not match the namespace on the request');
  // The status endpoint takes over all metadata of the stored object before it compares.
  if (part === 'main' && (wanted['uid'] ?? uid) !== uid)
    throw conflict(
      kind,
      name,
      `Precondition failed: UID in precondition: ${String(wanted['uid'])}, UID in object meta: ${uid}`,
    );
  const version = wanted['resourceVersion'] ?? '';
  if (version === '' && kind.needsVersion)
    throw refusal(
      'Invalid',
      `${kind.resource.kind} "${name}" is invalid: metadata.resourceVersion: must be specified for an update`,
    );
  if (version !== '' && version !== resourceVersion)
    throw conflict(
      kind,
      name,
      'the object has been modified; please apply your changes to the latest version and try again',
    );
}

function conflict({ resource }: ServedKind, name: string, why: string) {
  return refusal(
    'Conflict',
    `Operation cannot be fulfilled on ${resource.plural}.${resource.group} "${name}": ${why}`,
  );
}

/** Bodies of our kinds must say what they are; the others are taken for what the path says. */
function checkType(kind: ServedKind, body: Json): void {
  const { apiVersion, kind: name } = typeOf(kind);
  const said = { apiVersion: body['apiVersion'], kind: body['kind'] };
  if (!kind.custom && said.apiVersion === undefined && said.kind === undefined) return;
  if (said.apiVersion !== apiVersion || said.kind !== name)
    throw refusal(
      'BadRequest',
      `the API version and kind in the data do not match: ${apiVersion}, ${name} is wanted`,
    );
}

function typeOf({ resource }: ServedKind): { apiVersion: string; kind: string } {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind };
}

function metaOf(body: Json): Json {
  const { metadata } = body;
  return isObject(metadata) ? metadata : {};
}
