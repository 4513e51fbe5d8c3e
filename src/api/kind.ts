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

/** All that a kind is: its CRD, its validator and its page of the reference are made from this. */
export interface KindDefinition<Kind extends string = string> {
  readonly names: ResourceNames<Kind>;
  readonly description: string;
  readonly spec: TObject;
  readonly status: TObject;
  /** Fields of the spec that `--field-selector` knows. An absent one matches the empty string. */
  readonly selectableFields: readonly string[];
  readonly columns: readonly PrinterColumn[];
}

/** The metadata the operator reads. */
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

/** An object as the API server returns it: defaults applied, status there once it was written. */
export interface ObjectOf<Spec, Status, Kind extends string = string> {
  readonly apiVersion: string;
  readonly kind: Kind;
  readonly metadata: KindMetadata;
  readonly spec: Spec;
  readonly status?: Status;
}
