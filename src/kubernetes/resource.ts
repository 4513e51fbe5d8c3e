/** How one kind of namespaced object is addressed. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  /** The annotations that are kept of its objects; none by default. */
  readonly annotations?: readonly string[];
  /** The field manager that applies the status of its objects; absent if no status is written. */
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
  /** Set if not all finalizers are kept: a writer must read them from the API server first. */
  readonly finalizersLeftOut?: true;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Which manager wrote which fields; only on objects as read from the API server. */
  readonly managedFields?: readonly ManagedFields[];
  /** Set if other managers, or none, own fields of the status: an apply cannot remove those. */
  readonly statusShared?: true;
}

/** The parts of a managedFields entry that are read. */
interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

export interface KubernetesObject {
  readonly metadata: ObjectMeta;
}

/** Identifies an object in a store or queue: `namespace/name`. */
export type Key = string;

export function keyOf(object: KubernetesObject): Key {
  return `${object.metadata.namespace}/${object.metadata.name}`;
}

/** Splits a key. A key without a slash has no namespace. */
export function splitKey(key: Key): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, Math.max(0, slash)), name: key.slice(slash + 1) };
}

/** Returns the `apiVersion` of objects of this kind. */
export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

/** Returns the path of a group and version, where discovery lists its kinds. */
export function groupPath(resource: Resource): string {
  return `/${resource.group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}`;
}

/** Returns the path of a collection: of one namespace, or of all if `namespace` is `null`. */
export function collectionPath(resource: Resource, namespace: string | null): string {
  const scope = namespace === null ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${groupPath(resource)}${scope}/${resource.plural}`;
}

/** Returns the path of one object. */
export function objectPath(resource: Resource, namespace: string, name: string): string {
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
}

/**
 * Whether one resourceVersion is older than another. Since Kubernetes 1.35 they are guaranteed to compare as decimal
 * numbers. Returns false for versions that are not numbers, because their order is unknown.
 */
export function isOlderVersion(version: string, than: string): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(than)) return false;
  return BigInt(version) < BigInt(than);
}

/** The metadata that is kept, for every kind. */
const KEPT_METADATA = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
] as const;
/** Length limit of an annotation's value. Times and tokens are far shorter, and status fields hold no more. */
const LONGEST_ANNOTATION = 1024;
/** Length limit of all finalizers together. Controllers with a real use for finalizers add a few short ones. */
const MOST_OF_FINALIZERS = 2048;

/**
 * Returns an object as a store keeps it: without the metadata that is never read. Labels, annotations, managed fields
 * and owners are half of most objects, and a tenant can fill a mebibyte with them.
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

/** Whether the status has other owners, or none. A restored backup or a manual edit owns the fields it wrote. */
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
