/** How one kind of namespaced object is addressed. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
}

/** The metadata the runtime itself needs; objects are plain JSON as the API server sent them. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface KubernetesObject {
  readonly metadata: ObjectMeta;
}

/** An object's place in a cache or queue: `namespace/name`. */
export type Key = string;

export function keyOf(object: KubernetesObject): Key {
  return `${object.metadata.namespace}/${object.metadata.name}`;
}

export function splitKey(key: Key): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
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

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * An object without what nobody here reads: managedFields and kubectl's copy of the manifest are half of its bytes,
 * and a store knows its own kind.
 */
export function withoutBookkeeping<T extends KubernetesObject>(object: T): T {
  const {
    apiVersion: _,
    kind: __,
    metadata,
    ...body
  } = object as T & { apiVersion?: unknown; kind?: unknown };
  const {
    managedFields: ___,
    annotations,
    ...rest
  } = metadata as T['metadata'] & { managedFields?: unknown };
  const kept = annotations === undefined ? rest : { ...rest, annotations: withoutManifest(annotations) };
  return { ...body, metadata: kept } as unknown as T;
}

function withoutManifest(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (!(LAST_APPLIED in annotations)) return annotations;
  const { [LAST_APPLIED]: _, ...kept } = annotations;
  return kept;
}
