import type { Resource } from '../../../src/kubernetes/resource.ts';
import type { StoredObject } from './object.ts';

/** One kind as the simulated API server serves it. */
export interface ServedKind {
  readonly resource: Resource;
  /** The table that its objects are stored in. */
  readonly table: string;
  /** True for a CRD: its objects have a generation and a status of their own, and it can be deleted. */
  readonly custom: boolean;
  /** Whether a replacement may replace any version, or only the one it names; in the latter case it may also create. */
  readonly replacing: 'AnyVersion' | 'NamedVersionOrNew';
  /**
   * Returns the object as it is to be stored; `previous` is null for a new one.
   * @throws KubernetesError, Invalid, or UndecodableError
   */
  admit(object: StoredObject, previous: StoredObject | null): StoredObject;
  /** Returns the status that an apply leads to; only for a kind with a status of its own. */
  applyStatus?(old: unknown, sent: unknown): unknown;
}

/** Returns the table of a resource: its group and plural, as in etcd's keys. */
export function tableOf({ group, plural }: Pick<Resource, 'group' | 'plural'>): string {
  return `${group}/${plural}`;
}
