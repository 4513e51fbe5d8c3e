import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject, ObjectMeta } from '../../../src/kubernetes/resource.ts';

/** Metadata as the simulated API server keeps it; `namespace` is empty for a cluster-scoped object. */
export interface StoredMeta extends ObjectMeta {
  readonly creationTimestamp: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A stored object, deeply frozen so that what was committed cannot change. */
export interface StoredObject extends KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: StoredMeta;
  readonly [field: string]: unknown;
}

/** A JSON object of unknown shape. */
export type Json = Record<string, unknown>;

/** JSON merge patch (RFC 7386): null removes, an object is merged, everything else replaces. */
export type MergePatch = Readonly<Record<string, unknown>>;

/** Returns a copy as it would arrive over a wire: without undefined fields. */
export function overTheWire(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? {})) as Json;
}

/** Returns the result of a merge patch; `target` is not changed. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Json = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
}

/** Freezes a value and everything in it; the contents of a frozen value are assumed to be frozen. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether two objects are equal apart from their resourceVersion. */
export function isSame(one: StoredObject, other: StoredObject): boolean {
  return isDeepStrictEqual(withoutVersion(one), withoutVersion(other));
}

function withoutVersion(object: StoredObject): Json {
  return { ...object, metadata: { ...object.metadata, resourceVersion: '' } };
}
