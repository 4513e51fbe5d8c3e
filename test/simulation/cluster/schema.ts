import type { CelRule } from '../../../src/api/schema.ts';

/** A structural schema as the kinds declare it, with the extensions that are evaluated here. */
export type Schema = {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly default?: unknown;
  readonly 'x-kubernetes-validations'?: readonly CelRule<unknown>[];
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
} & Readonly<Record<string, unknown>>;

/** Whether two items of a list have the same keys. */
export function hasRepeatedKeys(list: readonly unknown[], keys: readonly string[]): boolean {
  const identities = list.map((item) => JSON.stringify(keys.map((key) => (item as never)[key])));
  return new Set(identities).size < list.length;
}
