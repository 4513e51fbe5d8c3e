import type { Resource } from '../../../src/kubernetes/resource.ts';
import type { StoredObject } from './object.ts';

/** One kind as the simulated API server serves it. */
export interface ServedKind {
  readonly resource: Resource;
  /** Where its objects are stored. */
  readonly table: string;
  /** Of a CRD: it has a generation and a status of its own, and can be taken away. */
  readonly custom: boolean;
  /** A replacement must say which version it replaces. */
  readonly needsVersion: boolean;
  /**
   * The object as it is to be stored; `previous` is null for a new one.
   * @throws KubernetesError, Invalid or BadRequest
   */
  admit(object: StoredObject, previous: StoredObject | null): StoredObject;
}

/** The table of a resource: its group and plural, as etcd's keys begin. */
export function tableOf({ group, plural }: Pick<Resource, 'group' | 'plural'>): string {
  return `${group}/${plural}`;
}
