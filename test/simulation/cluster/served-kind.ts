import type { Resource } from '../../../src/kubernetes/resource.ts';
import type { StoredObject } from './object.ts';

/** One kind as the simulated API server serves it. */
export interface ServedKind {
  readonly resource: Resource;
  /** Where its objects are stored. */
  readonly table: string;
  /** Of a CRD: it has a generation and a status of its own, and can be taken away. */
  readonly custom: boolean;
  /** What a replacement may do: replace whatever version there is, or only one it names; then it may also create. */
  readonly replacing: 'AnyVersion' | 'NamedVersionOrNew';
  /**
   * The object as it is to be stored; `previous` is null for a new one.
   * @throws KubernetesError, Invalid, or UndecodableError
   */
  admit(object: StoredObject, previous: StoredObject | null): StoredObject;
  /** The status that an apply leads to; only of a kind with a status of its own. */
  applyStatus?(old: unknown, sent: unknown): unknown;
}

/** The table of a resource: its group and plural, as etcd's keys begin. */
export function tableOf({ group, plural }: Pick<Resource, 'group' | 'plural'>): string {
  return `${group}/${plural}`;
}
