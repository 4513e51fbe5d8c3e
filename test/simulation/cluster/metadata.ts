import { formatTime } from '../../../src/core/clock.ts';
import { isObject, type Json, type StoredMeta, type StoredObject } from './object.ts';
import { refusal, UndecodableError } from './refusal.ts';

/** Apimachinery's limit for all annotations of one object together (TotalAnnotationSizeLimitB). */
const LARGEST_ANNOTATIONS = 256 * 1024;
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** What the API server itself decides about a new object. */
export interface Birth {
  readonly namespace: string;
  readonly uid: string;
  readonly nowMs: number;
  /** True if its kind counts generations. */
  readonly counted: boolean;
}

/** Returns the metadata of a new object. */
export function newMeta(wanted: Json, { namespace, uid, nowMs, counted }: Birth): StoredMeta {
  const { name } = wanted;
  if (typeof name !== 'string' || !SUBDOMAIN.test(name))
    throw refusal('Invalid', `metadata.name: Invalid value: ${JSON.stringify(name)}`);
  return {
    name,
    namespace,
    uid,
    resourceVersion: '',
    ...(counted ? { generation: 1 } : {}),
    creationTimestamp: formatTime(nowMs),
    ...freeParts(wanted),
  } as StoredMeta;
}

/** Returns the metadata after an update: labels, annotations and finalizers are the writer's, all else stays. */
export function updatedMeta(old: StoredMeta, wanted: Json): StoredMeta {
  const { labels: _, annotations: __, finalizers: ___, ...kept } = old;
  const parts = freeParts(wanted);
  const added = (parts.finalizers ?? []).filter((name) => !old.finalizers?.includes(name));
  if (old.deletionTimestamp !== undefined && added.length > 0)
    throw refusal(
      'Invalid',
      `metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${added.join(', ')}`,
    );
  return { ...kept, ...parts };
}

/** Returns the metadata of a deleted object that its finalizers keep. */
export function deletedMeta(old: StoredMeta, nowMs: number): StoredMeta {
  return {
    ...old,
    ...(old.generation === undefined ? {} : { generation: old.generation + 1 }),
    deletionTimestamp: formatTime(nowMs),
    deletionGracePeriodSeconds: 0,
  };
}

/**
 * Returns the object with one more owner of its status. Fields are not tracked: an owner of one field owns all of them.
 * @throws TypeError for an apply over what others own
 */
export function statusOwned(
  object: StoredObject,
  owner: { manager: string; operation: string },
): StoredObject {
  const { managedFields: owners = [], ...metadata } = object.metadata;
  const others = owners.filter(
    ({ manager, operation }) => manager !== owner.manager || operation !== owner.operation,
  );
  if (owner.operation === 'Apply' && others.length > 0)
    throw new TypeError('the simulation does not apply a status that has several owners');
  if (object['status'] === undefined) return { ...object, metadata };
  const fieldsV1 = { 'f:status': {} };
  return {
    ...object,
    metadata: { ...metadata, managedFields: [...others, { ...owner, subresource: 'status', fieldsV1 }] },
  };
}

/** Returns what a writer decides about an object's metadata; empty parts are left out. */
function freeParts(wanted: Json): Pick<StoredMeta, 'labels' | 'annotations' | 'finalizers'> {
  const labels = words(wanted['labels'], 'labels');
  const annotations = words(wanted['annotations'], 'annotations');
  const finalizers = (wanted['finalizers'] ?? []) as readonly string[];
  if (sizeOf(annotations) > LARGEST_ANNOTATIONS)
    throw refusal(
      'Invalid',
      `metadata.annotations: Too long: may not be more than ${LARGEST_ANNOTATIONS} bytes`,
    );
  for (const name of finalizers)
    if (!QUALIFIED.test(name)) throw refusal('Invalid', `metadata.finalizers: Invalid value: "${name}"`);
  return {
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    ...(finalizers.length > 0 ? { finalizers: [...new Set(finalizers)] } : {}),
  };
}

function words(value: unknown, field: string): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (!isObject(value) || Object.values(value).some((word) => typeof word !== 'string'))
    throw new UndecodableError(`metadata.${field}: a map of strings is wanted`);
  return value as Record<string, string>;
}

function sizeOf(annotations: Readonly<Record<string, string>>): number {
  return Object.entries(annotations).reduce(
    (size, [key, value]) => size + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
}
