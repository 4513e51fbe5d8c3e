import assert from 'node:assert/strict';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { buildCrd } from '../../src/api/crd.ts';
import type { KindDefinition } from '../../src/api/kind.ts';

/** A schema as published in a CRD, reduced to the fields that tests read. */
export interface Schema {
  readonly type: string;
  readonly description?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

export interface Field {
  readonly path: string;
  readonly schema: Schema;
  /** True if the user must set the field. */
  readonly required: boolean;
  /** True for an item of a list, and for a field within one. */
  readonly inList: boolean;
}

/** Returns the schema of a kind's spec or status from its CRD. */
export function schemaOf(kind: KindDefinition, part: 'spec' | 'status'): Schema {
  const crd = buildCrd(kind) as {
    spec: { versions: [{ schema: { openAPIV3Schema: { properties: Record<string, Schema> } } }] };
  };
  const schema = crd.spec.versions[0].schema.openAPIV3Schema.properties[part];
  assert.ok(schema, part);
  return schema;
}

/** Compiled once per kind. */
const statusValidators = new WeakMap<KindDefinition, ValidateFunction>();

/** Returns, as sentences, where a status does not match its kind's CRD; unknown fields do not match either. */
export function statusMisfits(kind: KindDefinition, status: unknown): string[] {
  const validate = statusValidators.get(kind) ?? compileStatus(kind);
  statusValidators.set(kind, validate);
  if (validate(status)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const field = (params as { additionalProperty?: string }).additionalProperty;
    const path = `status${instancePath.replaceAll('/', '.')}`;
    return field === undefined ? `${path} ${message}` : `${path}.${field} is not a field of this kind`;
  });
}

function compileStatus(kind: KindDefinition): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addFormat('int64', true);
  return ajv.compile(closed(schemaOf(kind, 'status')));
}

/** Returns the schema with unknown fields refused at every level. */
function closed(schema: Schema): Schema & { additionalProperties?: false } {
  const { properties, items } = schema;
  return {
    ...schema,
    ...(properties && {
      additionalProperties: false,
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, closed(property)]),
      ),
    }),
    ...(items && { items: closed(items) }),
  };
}

/** Returns every field of a kind's spec or status, including the root; list items have the path `path[]`. */
export function fieldsOf(kind: KindDefinition, part: 'spec' | 'status'): Field[] {
  return below({ path: part, schema: schemaOf(kind, part), required: part === 'spec', inList: false });
}

function below(field: Field): Field[] {
  const { path, schema, inList } = field;
  const fields = [field];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const required = schema.required?.includes(name) ?? false;
    fields.push(...below({ path: `${path}.${name}`, schema: property, required, inList }));
  }
  if (schema.items) {
    fields.push(...below({ path: `${path}[]`, schema: schema.items, required: false, inList: true }));
  }
  return fields;
}
