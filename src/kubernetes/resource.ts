/** How one kind of namespaced object is addressed. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  /** The annotations that are read of its objects; by default none. */
  readonly annotations?: readonly string[];
  /** The field manager that applies the status of its objects; none where no status is written. */
  readonly statusManager?: string;
}

/** The metadata the runtime itself needs; objects are plain JSON as the API server sent them. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  /** There are more finalizers than are kept: whoever writes them has to ask the API server for them. */
  readonly finalizersLeftOut?: true;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of an object as it was read: who wrote which fields. */
  readonly managedFields?: readonly ManagedFields[];
  /** Fields of the status belong to others too, or to nobody: an apply cannot remove those. */
  readonly statusShared?: true;
}

/** What the API server notes of one writer of an object, as far as it is read. */
interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

export interface KubernetesObject {
  readonly metadata: ObjectMeta;
}

/** An object's place in a cache or queue: `namespace/name`. */
export type Key = string;

export function keyOf(object: KubernetesObject): Key {
  return `${object.metadata.namespace}/${object.metadata.name}`;
}

/** The parts of a key; without a slash it is of no namespace. */
export function splitKey(key: Key): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, Math.max(0, slash)), name: key.slice(slash + 1) };
}

/** `apiVersion` as objects of this kind carry it. */
export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Path of a group and version, where discovery lists its kinds. */
export function groupPath(resource: Resource): string {
  return `/${resource.group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}`;
}

/** Path of a collection: of one namespace, or of all when `namespace` is null. */
export function collectionPath(resource: Resource, namespace: string | null): string {
  const scope = namespace === null ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${groupPath(resource)}${scope}/${resource.plural}`;
}

/** Path of one object. */
export function objectPath(resource: Resource, namespace: string, name: string): string {
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
}

/**
 * Whether one resourceVersion is older than another. Since Kubernetes 1.35 they are promised to compare as decimal
 * numbers; versions that are no numbers cannot be told apart by age, and then the answer is no.
 */
export function isOlderVersion(version: string, than: string): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(than)) return false;
  return BigInt(version) < BigInt(than);
}

/** The metadata that is read, of any kind. */
const KEPT_METADATA = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
] as const;
/** Times and tokens are far shorter, and statuses take no more of them. */
const LONGEST_ANNOTATION = 1024;
/** Characters of finalizers: everything that puts them on our objects in earnest has a few short ones. */
const MOST_OF_FINALIZERS = 2048;

/**
 * An object as a store keeps it: without the metadata that nobody here reads. Labels, annotations, managed fields and
 * owners are half of most objects, and whoever may write an object may put a mebibyte of them there.
 */
export function leanOf<T extends KubernetesObject>(object: T, resource: Resource): T {
  const { apiVersion: _, kind: __, metadata, ...body } = object as T & Record<'apiVersion' | 'kind', unknown>;
  const kept: Record<string, unknown> = {};
  for (const field of KEPT_METADATA) if (metadata[field] !== undefined) kept[field] = metadata[field];
  const annotations = readAnnotations(metadata, resource);
  if (Object.keys(annotations).length > 0) kept['annotations'] = annotations;
  if (isStatusShared(object, resource)) kept['statusShared'] = true;
  return { ...body, metadata: { ...kept, ...finalizersOf(metadata, resource) } } as unknown as T;
}

/** A backup that was restored with its status, or a person who edited it, has a share in the fields written then. */
function isStatusShared(object: KubernetesObject, { statusManager }: Resource): boolean {
  if (statusManager === undefined || !('status' in object)) return false;
  const owners = (object.metadata.managedFields ?? []).filter(({ fieldsV1 = {} }) => 'f:status' in fieldsV1);
  const [owner, ...others] = owners;
  return others.length > 0 || owner?.manager !== statusManager || owner.operation !== 'Apply';
}

function readAnnotations({ annotations = {} }: ObjectMeta, resource: Resource): Record<string, string> {
  const read: Record<string, string> = {};
  for (const name of resource.annotations ?? []) {
    const value = Object.hasOwn(annotations, name) ? annotations[name] : undefined;
    if (value !== undefined) read[name] = value.slice(0, LONGEST_ANNOTATION).toWellFormed();
  }
  return read;
}

function finalizersOf(
  { finalizers, finalizersLeftOut }: ObjectMeta,
  { group }: Resource,
): Pick<ObjectMeta, 'finalizers' | 'finalizersLeftOut'> {
  if (finalizers === undefined) return {};
  if (finalizersLeftOut) return { finalizers, finalizersLeftOut };
  const length = finalizers.reduce((sum, name) => sum + name.length, 0);
  if (length <= MOST_OF_FINALIZERS) return { finalizers };
  return { finalizers: finalizers.filter((name) => name.startsWith(`${group}/`)), finalizersLeftOut: true };
}
