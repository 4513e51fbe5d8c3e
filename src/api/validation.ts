import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { InvalidInputError } from '../core/errors.ts';
import { asanaConnectorKind } from './asana-connector.ts';
import { asanaLicenseGrantKind } from './asana-license-grant.ts';
import type { KindDefinition } from './kind.ts';
import { API_VERSION } from './resources.ts';

/** Every kind of the group. */
export const kinds: readonly KindDefinition[] = [asanaConnectorKind, asanaLicenseGrantKind];

/** A manifest once it is known to be one of ours; defaults are filled in. */
export interface ValidManifest {
  readonly kind: KindDefinition;
  readonly spec: Readonly<Record<string, unknown>>;
}

/**
 * Checks manifests of our kinds as the API server would by their schema: defaults applied, unknown fields refused
 * (the API server prunes them silently, which on a laptop would hide a misspelt field). CEL rules are the API
 * server's alone.
 */
export class ManifestValidator {
  readonly #validators: ReadonlyMap<string, { kind: KindDefinition; validate: ValidateFunction }>;

  constructor() {
    const ajv = new Ajv({ allErrors: true, useDefaults: true, strict: false, coerceTypes: false });
    addFormats.default(ajv);
    ajv.addFormat('int64', true);
    this.#validators = new Map(
      kinds.map((kind) => [kind.names.kind, { kind, validate: ajv.compile(closed(kind.spec as unknown as Schema)) }]),
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
    const filled = structuredClone(spec) as Record<string, unknown>;
    if (!known.validate(filled)) throw explain(known.validate.errors?.[0]);
    return { kind: known.kind, spec: filled };
  }
}

type Schema = { properties?: Record<string, Schema>; items?: Schema } & Record<string, unknown>;

/** The schema with unknown fields refused at every level. */
function closed(schema: Schema): Schema {
  const result: Schema = { ...schema };
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
  const path = `spec${(error?.instancePath ?? '').replaceAll('/', '.')}`;
  switch (error?.keyword) {
    case 'additionalProperties':
      return new InvalidInputError(`${path}.${error.params['additionalProperty']}`, 'is no field of this kind: remove it or correct its name');
    case 'required':
      return new InvalidInputError(`${path}.${error.params['missingProperty']}`, 'is missing: add it');
    case 'enum':
      return new InvalidInputError(path, `must be one of ${(error.params['allowedValues'] as unknown[]).join(', ')}`);
    case undefined:
      return new InvalidInputError(path, 'is not valid');
    default:
      return new InvalidInputError(path, error?.message ?? 'is not valid');
  }
}
