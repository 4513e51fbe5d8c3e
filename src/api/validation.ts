import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { InvalidInputError } from '../core/errors.ts';
import type { KindDefinition } from './kind.ts';
import { kinds } from './kinds.ts';
import { API_VERSION } from './resources.ts';
import { type CelRule, REMEDY } from './schema.ts';

/** A manifest once it is known to be one of ours; defaults are filled in. */
export interface ValidManifest {
  readonly kind: KindDefinition;
  readonly spec: Readonly<Record<string, unknown>>;
}

/**
 * Checks manifests of our kinds as the API server would by their schema: a field that is null counts as left out,
 * defaults are applied, unknown fields refused (the API server prunes them silently, which on a laptop would hide a
 * misspelt field), and the CEL rules are judged by their twins (schema.ts), but for those that compare with the object
 * as it was.
 */
export class ManifestValidator {
  readonly #validators: ReadonlyMap<string, { kind: KindDefinition; validate: ValidateFunction }>;

  constructor() {
    // Verbose: an error brings the schema it is about, which knows the remedy.
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

  /** @throws InvalidInputError naming the first field that is wrong, and how to mend it */
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
   * Checks an edit of an object that is there.
   * @param before its spec as it was
   * @throws InvalidInputError naming the field that must stay
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

/** A copy without the fields that are null, as the API server prunes them: `workspaces:` with nothing after it. */
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

/** The rules that a value of the right shape breaks, from the outside in as the API server lists them. */
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

/** The schema with unknown fields refused at every level, and what a set holds twice. */
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

/** A JSON pointer as the API server writes the path of a field: `/workspaces/0` is `.workspaces[0]`. */
function fieldPath(pointer: string): string {
  return pointer.replaceAll(/\/([^/]+)/g, (_, step: string) =>
    /^\d+$/.test(step) ? `[${step}]` : `.${step}`,
  );
}
