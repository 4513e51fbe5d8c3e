import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject, ObjectMeta } from '../../../src/kubernetes/resource.ts';

/** Metadata as the simulated API server keeps it; of a cluster-wide object `namespace` is empty. */
export interface StoredMeta extends ObjectMeta {
  readonly creationTimestamp: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** An object as it is stored: frozen to its depth, so that nobody changes what was committed. */
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

/** A copy as it would arrive over a wire: what is undefined is not there. */
export function overTheWire(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? {})) as Json;
}

/** The result of a merge patch; `target` is left as it is. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Json = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
}

/** Freezes a value and all it holds; what is frozen already has frozen contents. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether two objects differ in nothing but their resourceVersion. */
export function isSame(one: StoredObject, other: StoredObject): boolean {
  return isDeepStrictEqual(withoutVersion(one), withoutVersion(other));
}

function withoutVersion(object: StoredObject): Json {
  return { ...object, metadata: { ...object.metadata, resourceVersion: '' } };
}
