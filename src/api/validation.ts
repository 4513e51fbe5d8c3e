import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { InvalidInputError } from '../core/errors.ts';
import type { KindDefinition } from './kind.ts';
import { kinds } from './kinds.ts';
import { API_VERSION } from './resources.ts';
import { type CelRule, REMEDY } from './schema.ts';

/** A manifest that was validated as one of our kinds, with defaults applied. */
export interface ValidManifest {
  readonly kind: KindDefinition;
  readonly spec: Readonly<Record<string, unknown>>;
}

/**
 * Validates manifests of our kinds against their schema, as the API server would: a null field counts as omitted, and
 * defaults are applied. Unknown fields are rejected (the API server prunes them silently, which would hide a
 * misspelled field here). CEL rules are evaluated by their JavaScript twins (schema.ts), except for those that compare
 * with the previous version of the object.
 */
export class ManifestValidator {
  readonly #validators: ReadonlyMap<string, { kind: KindDefinition; validate: ValidateFunction }>;

  constructor() {
    // Verbose: an error then includes the schema that it violates, which has the remedy.
    const ajv = new Ajv({ useDefaults: true, strict: false, coerceTypes: false, verbose: true });
    addFormats.default(ajv);
    ajv.addFormat('int64', true);
    this.#validators = new Map(
      kinds.map((kind) => [
        kind.names.kind,
        { kind, validate: ajv.compile(closed(kind.spec as unknown as Schema)) },
      ]),
    );
  }

  /** Validates a manifest. @throws InvalidInputError naming the first invalid field, and how to correct it */
  check(manifest: unknown): ValidManifest {
    const { apiVersion, kind: kindName, spec } = (manifest ?? {}) as Record<string, unknown>;
    if (apiVersion !== API_VERSION) throw new InvalidInputError('apiVersion', `must be ${API_VERSION}`);
    const known = this.#validators.get(String(kindName));
    if (!known) {
      throw new InvalidInputError('kind', `must be one of ${[...this.#validators.keys()].join(', ')}`);
    }
    if (spec === undefined || spec === null) throw new InvalidInputError('spec', 'is missing: add it');
    const filled = withoutNulls(known.kind.spec as unknown as Schema, spec) as Record<string, unknown>;
    if (!known.validate(filled)) throw explain(known.validate.errors?.[0]);
    const [broken] = brokenRules(known.kind.spec as unknown as Schema, filled, 'spec');
    if (broken) throw broken;
    return { kind: known.kind, spec: filled };
  }

  /**
   * Validates an edit of an existing object.
   * @param before its previous spec
   * @throws InvalidInputError naming the field that must not change
   */
  checkChange({ kind, spec }: ValidManifest, before: Readonly<Record<string, unknown>>): void {
    const { 'x-kubernetes-validations': rules = [] } = kind.spec as unknown as Schema;
    const broken = rules.find((rule) => rule.keeps?.(spec, before) === false);
    if (broken) throw new InvalidInputError(`spec${broken.fieldPath ?? ''}`, broken.message);
  }
}

type Schema = {
  properties?: Record<string, Schema>;
  items?: Schema;
  'x-kubernetes-validations'?: readonly CelRule<unknown>[];
} & Record<string, unknown>;

/** Returns a copy without known fields that are null (an empty `workspaces:`), which the API server prunes. */
function withoutNulls(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutNulls(schema.items ?? {}, item));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(
    ([name, inner]) => inner !== null || schema.properties?.[name] === undefined,
  );
  return Object.fromEntries(
    fields.map(([name, inner]) => [name, withoutNulls(schema.properties?.[name] ?? {}, inner)]),
  );
}

/** Yields the rules that a well-formed value breaks, from the outside in, as the API server lists them. */
function* brokenRules(schema: Schema, value: unknown, path: string): Generator<InvalidInputError> {
  for (const rule of schema['x-kubernetes-validations'] ?? []) {
    if (rule.holds?.(value) === false) {
      yield new InvalidInputError(`${path}${rule.fieldPath ?? ''}`, rule.message);
    }
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const inner = (value as Readonly<Record<string, unknown>>)[name];
    if (inner !== undefined) yield* brokenRules(property, inner, `${path}.${name}`);
  }
  for (const [index, item] of schema.items ? (value as readonly unknown[]).entries() : []) {
    yield* brokenRules(schema.items as Schema, item, `${path}[${index}]`);
  }
}

/** Returns the schema with unknown fields rejected at every level, and duplicates in sets. */
function closed(schema: Schema): Schema {
  const result: Schema = { ...schema };
  if (schema['x-kubernetes-list-type'] === 'set') result['uniqueItems'] = true;
  if (schema.properties) {
    result['additionalProperties'] = false;
    result.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [name, closed(property)]),
    );
  }
  if (schema.items) result.items = closed(schema.items);
  return result;
}

function explain(error: ErrorObject | undefined): InvalidInputError {
  const path = `spec${fieldPath(error?.instancePath ?? '')}`;
  switch (error?.keyword) {
    case 'additionalProperties':
      return new InvalidInputError(
        `${path}.${error.params['additionalProperty']}`,
        'is not a field of this kind: remove it or correct its name',
      );
    case 'required':
      return new InvalidInputError(`${path}.${error.params['missingProperty']}`, 'is missing: add it');
    case 'enum':
      return new InvalidInputError(
        path,
        `must be one of ${(error.params['allowedValues'] as unknown[]).join(', ')}`,
      );
    case 'type':
      return new InvalidInputError(
        path,
        error.params['type'] === 'string'
          ? 'must be a string: put it in quotes'
          : `must be of type ${String(error.params['type'])}`,
      );
    case 'uniqueItems':
      return new InvalidInputError(
        `${path}[${Math.max(error.params['i'] as number, error.params['j'] as number)}]`,
        'is a duplicate of an earlier item: remove it',
      );
    case 'pattern':
    case 'format': {
      const remedy: unknown = error.parentSchema?.[REMEDY];
      return new InvalidInputError(path, typeof remedy === 'string' ? remedy : 'is not valid');
    }
    case undefined:
      return new InvalidInputError(path, 'is not valid');
    default:
      return new InvalidInputError(path, error?.message ?? 'is not valid');
  }
}

/** Converts a JSON pointer to the API server's notation for field paths: `/workspaces/0` to `.workspaces[0]`. */
function fieldPath(pointer: string): string {
  return pointer.replaceAll(/\/([^/]+)/g, (_, step: string) =>
    /^\d+$/.test(step) ? `[${step}]` : `.${step}`,
  );
}
