import type { TObject } from 'typebox';
import type { ResourceNames } from './resources.ts';

/** One column of `kubectl get`; priority 1 shows only with `-o wide`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: number;
}

/** The definition of a kind: its CRD, its validator and its reference page are generated from this. */
export interface KindDefinition<Kind extends string = string> {
  readonly names: ResourceNames<Kind>;
  readonly description: string;
  readonly spec: TObject;
  readonly status: TObject;
  /** Fields of the spec that `--field-selector` supports. An absent field matches the empty string. */
  readonly selectableFields: readonly string[];
  readonly columns: readonly PrinterColumn[];
}

/** The metadata that the operator reads. */
export interface KindMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly generation: number;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

/** An object as the API server returns it: defaults are applied, and `status` exists once it was written. */
export interface ObjectOf<Spec, Status, Kind extends string = string> {
  readonly apiVersion: string;
  readonly kind: Kind;
  readonly metadata: KindMetadata;
  readonly spec: Spec;
  readonly status?: Status;
}
