import { isDeepStrictEqual } from 'node:util';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { KindDefinition } from '../../../src/api/kind.ts';
import type { CelRule } from '../../../src/api/schema.ts';
import { appliedStatus } from './applied-status.ts';
import { isObject, type StoredObject } from './object.ts';
import { refusal } from './refusal.ts';
import { hasRepeatedKeys, type Schema } from './schema.ts';
import { type ServedKind, tableOf } from './served-kind.ts';

/**
 * Returns one of our kinds as its CRD serves it: pruned, defaulted, and validated by its schema and rules.
 * @throws Error if the kind has a rule that only the API server can judge
 */
export function customKind(kind: KindDefinition): ServedKind {
  const parts = {
    spec: kind.spec as unknown as Schema,
    status: kind.status as unknown as Schema,
  };
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addFormat('int64', true);
  const checks = Object.entries(parts).map(([name, schema]) => {
    for (const rule of rulesBelow(schema)) judgeOf(rule);
    return { name, schema, validate: ajv.compile(withoutRepeats(schema)) };
  });
  return {
    resource: kind.names,
    table: tableOf(kind.names),
    custom: true,
    replacing: 'AnyVersion',
    applyStatus: (old, sent) => appliedStatus(parts.status, old, sent),
    admit: (object, previous) => {
      const { apiVersion, kind: kindName, metadata } = object;
      const admitted: Record<string, unknown> = { apiVersion, kind: kindName, metadata };
      for (const { name, schema } of checks) {
        const value = shaped(schema, object[name] ?? undefined);
        if (value !== undefined) admitted[name] = value;
      }
      const complaints = checks.flatMap(({ name, schema, validate }) =>
        complaintsAbout(name, schema, validate, admitted[name], previous?.[name]),
      );
      if (complaints.length > 0)
        throw refusal(
          'Invalid',
          `${kindName}.${kind.names.group} "${metadata.name}" is invalid: ${complaints.join(', ')}`,
        );
      return admitted as unknown as StoredObject;
    },
  };
}

/** Returns the value without unknown fields and nulls, and with defaults filled in, as for a structural schema. */
function shaped(schema: Schema, value: unknown): unknown {
  const { items, properties } = schema;
  if (Array.isArray(value)) return items ? value.map((item) => shaped(items, item)) : value;
  if (!isObject(value) || !properties) return value;
  const fields: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(properties)) {
    const inner = value[name] ?? property.default;
    if (inner !== undefined) fields[name] = shaped(property, inner);
  }
  return fields;
}

function complaintsAbout(
  name: string,
  schema: Schema,
  validate: ValidateFunction,
  value: unknown,
  previous: unknown,
): string[] {
  if (value === undefined) return name === 'spec' ? ['spec: Required value'] : [];
  if (!validate(value))
    return (validate.errors ?? []).map(
      ({ instancePath, message }) => `${name}${fieldPath(instancePath)}: ${message}`,
    );
  return [...brokenRules(schema, value, previous, name), ...repeatedKeys(schema, value, name)];
}

/** Yields the rules that a value of the right shape breaks; a rule that compares needs the previous value. */
function* brokenRules(schema: Schema, value: unknown, previous: unknown, path: string): Generator<string> {
  for (const rule of schema['x-kubernetes-validations'] ?? [])
    if (!judgeOf(rule)(value, previous)) yield `${path}${rule.fieldPath ?? ''}: ${rule.message}`;
  if (isObject(value))
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const before = isObject(previous) ? previous[name] : undefined;
      if (value[name] !== undefined) yield* brokenRules(property, value[name], before, `${path}.${name}`);
    }
  if (Array.isArray(value) && schema.items)
    for (const [index, item] of value.entries())
      yield* brokenRules(schema.items, item, undefined, `${path}[${index}]`);
}

function* repeatedKeys(schema: Schema, value: unknown, path: string): Generator<string> {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (Array.isArray(value) && keys && hasRepeatedKeys(value, keys)) yield `${path}: Duplicate value`;
  if (isObject(value))
    for (const [name, property] of Object.entries(schema.properties ?? {}))
      yield* repeatedKeys(property, value[name], `${path}.${name}`);
}

function* rulesBelow(schema: Schema): Generator<CelRule<unknown>> {
  yield* schema['x-kubernetes-validations'] ?? [];
  for (const property of Object.values(schema.properties ?? {})) yield* rulesBelow(property);
  if (schema.items) yield* rulesBelow(schema.items);
}

type Judge = (self: unknown, oldSelf: unknown) => boolean;

/** `self.x == oldSelf.x`, alone or in the form that lets x be absent in both. */
const IMMUTABLE =
  /^(?:has\(self\.(\w+)\) == has\(oldSelf\.\1\) && \(!has\(self\.\1\) \|\| self\.\1 == oldSelf\.\1\)|self\.(\w+) == oldSelf\.\2)$/;

/** Returns how a rule is judged here: by its twin `holds`, or, if it compares, as the immutability of a field. */
function judgeOf(rule: CelRule<unknown>): Judge {
  if (rule.holds) return (self) => rule.holds?.(self) ?? true;
  const [, optional, plain] = IMMUTABLE.exec(rule.rule) ?? [];
  const field = optional ?? plain;
  if (field === undefined)
    throw new Error(
      `the simulation cannot judge the rule ${rule.rule}: give it \`holds\`, or teach custom-kind.ts`,
    );
  return (self, oldSelf) =>
    oldSelf === undefined ||
    isDeepStrictEqual((self as Record<string, unknown>)[field], (oldSelf as Record<string, unknown>)[field]);
}

/** Returns the schema with repeated items in sets refused. */
function withoutRepeats(schema: Schema): Schema {
  return {
    ...schema,
    ...(schema['x-kubernetes-list-type'] === 'set' ? { uniqueItems: true } : {}),
    ...(schema.properties
      ? {
          properties: Object.fromEntries(
            Object.entries(schema.properties).map(([name, property]) => [name, withoutRepeats(property)]),
          ),
        }
      : {}),
    ...(schema.items ? { items: withoutRepeats(schema.items) } : {}),
  };
}

/** Formats a JSON pointer as the API server writes field paths. */
function fieldPath(pointer: string): string {
  return pointer.replaceAll(/\/([^/]+)/g, (_, step: string) =>
    /^\d+$/.test(step) ? `[${step}]` : `.${step}`,
  );
}
