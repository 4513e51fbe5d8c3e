import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { asanaConnectors } from '../../api/resources.ts';
import type { ManifestValidator } from '../../api/validation.ts';
import { connectorKeyOf } from '../../controllers/grants/grant-identity.ts';
import { grantKinds } from '../../controllers/grants/grant-kinds.ts';
import type { KnownGrant } from '../../controllers/grants/grant-stores.ts';
import { formatTime } from '../../core/clock.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import { ManifestError, ManifestErrors } from '../manifests/manifest-error.ts';
import { collect, type DeclaredObject, identityOf, type Place } from '../manifests/manifest-reading.ts';

/** How an object compares with the cluster. Without a cluster, every object is `Added`. */
export type Fate = 'Added' | 'Changed' | 'Unchanged' | 'Removed';

/** A grant of the plan, and its origin. */
export interface PlannedGrant {
  readonly known: KnownGrant;
  readonly fate: Fate;
  /** `null` for a grant that is only in the cluster. */
  readonly place: Place | null;
}

/** The objects in the cluster before the manifests are applied. */
export interface ClusterObjects {
  readonly connectors: readonly AsanaConnector[];
  readonly grants: readonly KnownGrant[];
}

/** The objects as the API server would store them once the manifests are applied. */
export interface PlannedObjects {
  readonly connectors: readonly AsanaConnector[];
  /** In the order of their creation. */
  readonly grants: readonly PlannedGrant[];
}

export interface MergeOptions {
  readonly validator: ManifestValidator;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Whether an object of the cluster that the manifests lack counts as removed. */
  readonly isPruned: (object: GrantObject) => boolean;
}

type ApiObject = AsanaConnector | GrantObject;

/**
 * Applies manifests to the objects of the cluster, in memory.
 * @throws ManifestErrors if an immutable field is edited, or if the connector of a grant does not exist
 */
export function applyManifests(
  declared: readonly DeclaredObject[],
  there: ClusterObjects,
  options: MergeOptions,
): PlannedObjects {
  const errors: ManifestError[] = [];
  const applied = new Map<string, { object: ApiObject; fate: Fate; declared: DeclaredObject }>();
  const before = new Map<string, ApiObject>();
  for (const object of there.connectors) before.set(identityIn(asanaConnectors.kind, object), object);
  for (const { kind, object } of there.grants) before.set(identityIn(kind.resource.kind, object), object);
  for (const object of declared) {
    const identity = identityOf(object.kind.names.kind, object.namespace, object.name);
    collect(errors, () => {
      applied.set(identity, applyOne(object, before.get(identity), options));
    });
  }
  if (errors.length > 0) throw new ManifestErrors(errors);
  return assemble(applied, there, options);
}

function applyOne(
  declared: DeclaredObject,
  before: ApiObject | undefined,
  { validator, now }: MergeOptions,
): { object: ApiObject; fate: Fate; declared: DeclaredObject } {
  const { kind, namespace, name, spec, labels, annotations } = declared;
  const base = { apiVersion: 'asana-connector.dev/v1alpha1', kind: kind.names.kind, spec };
  // Applying a manifest does not restore an object that is being deleted.
  if (before?.metadata.deletionTimestamp !== undefined) {
    const object = { ...before, kind: kind.names.kind } as ApiObject;
    return { object, fate: 'Unchanged', declared };
  }
  if (!before) {
    const metadata = {
      name,
      namespace,
      labels,
      annotations,
      uid: `planned-${kind.names.singular}-${namespace}-${name}`,
      generation: 1,
      resourceVersion: 'planned-0',
      // Objects applied together share a creation time, which has seconds only. Their names decide which one is older.
      creationTimestamp: formatTime(now),
    };
    return { object: { ...base, metadata } as unknown as ApiObject, fate: 'Added', declared };
  }
  checkEdit(declared, before, validator);
  const same = JSON.stringify(sorted(spec)) === JSON.stringify(sorted(before.spec));
  const generation = before.metadata.generation + (same ? 0 : 1);
  const metadata = {
    ...before.metadata,
    generation,
    labels: { ...before.metadata.labels, ...labels },
    annotations: { ...before.metadata.annotations, ...annotations },
  };
  const object = { ...base, metadata, ...(before.status ? { status: before.status } : {}) };
  return { object: object as unknown as ApiObject, fate: same ? 'Unchanged' : 'Changed', declared };
}

function identityIn(kind: string, { metadata }: ApiObject): string {
  return identityOf(kind, metadata.namespace, metadata.name);
}

function checkEdit(declared: DeclaredObject, before: ApiObject, validator: ManifestValidator): void {
  try {
    validator.checkChange(declared, before.spec);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const { file, line } = declared.placeOf(error.field);
    throw new ManifestError(file, line, error.field, error.message.slice(error.field.length + 2), {
      cause: error,
    });
  }
}

function assemble(
  applied: ReadonlyMap<string, { object: ApiObject; fate: Fate; declared: DeclaredObject }>,
  there: ClusterObjects,
  { now, isPruned }: MergeOptions,
): PlannedObjects {
  const all = [...applied.values()];
  const named = new Set(all.map(({ object }) => `${object.kind} ${keyOf(object)}`));
  const isDeclared = (kind: string, object: ApiObject) => named.has(`${kind} ${keyOf(object)}`);
  const connectors = [
    ...all
      .filter(({ object }) => object.kind === asanaConnectors.kind)
      .map(({ object }) => object as AsanaConnector),
    ...there.connectors.filter((connector) => !isDeclared(asanaConnectors.kind, connector)),
  ];
  const kept = there.grants
    .filter(({ kind, object }) => !isDeclared(kind.resource.kind, object))
    .flatMap((known) => keepOrRemove(known, isPruned(known.object), now));
  const declared = all.flatMap(({ object, fate, declared: { place } }): PlannedGrant[] => {
    const kind = grantKinds.find(({ resource }) => resource.kind === object.kind);
    return kind ? [{ known: { kind, object: object as GrantObject }, fate, place }] : [];
  });
  checkConnectors(declared, connectors);
  const grants = [...kept, ...declared].toSorted((a, b) => bornAt(a) - bornAt(b));
  return { connectors, grants };
}

/** Marks a grant as deleted if it is pruned. One that is being deleted already stays as it is. */
function keepOrRemove(known: KnownGrant, pruned: boolean, now: number): PlannedGrant[] {
  const { kind, object } = known;
  if (object.metadata.deletionTimestamp !== undefined || !pruned)
    return [{ known, fate: 'Unchanged', place: null }];
  const metadata = {
    ...object.metadata,
    generation: object.metadata.generation + 1,
    deletionTimestamp: new Date(now).toISOString(),
  };
  return [{ known: { kind, object: { ...object, metadata } }, fate: 'Removed', place: null }];
}

/** @throws ManifestErrors with every declared grant whose connector does not exist */
function checkConnectors(grants: readonly PlannedGrant[], connectors: readonly AsanaConnector[]): void {
  const keys = new Set(connectors.map((connector) => keyOf(connector)));
  const errors = grants.flatMap(({ known, place }) => {
    const key = connectorKeyOf(known.object);
    if (keys.has(key) || !place) return [];
    const remedy =
      'add its manifest with --connector FILE, or read it from the cluster with --against cluster';
    return [
      new ManifestError(
        place.file,
        place.line,
        'spec.connectorRef',
        `refers to ${key}, which does not exist: ${remedy}`,
      ),
    ];
  });
  if (errors.length > 0) throw new ManifestErrors(errors);
}

function bornAt({ known }: PlannedGrant): number {
  return Date.parse(known.object.metadata.creationTimestamp);
}

/** Sorts the fields of a spec, because two specs with the same fields in different order are equal. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}
