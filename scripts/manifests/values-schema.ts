import { buildCrd } from '../../src/api/crd.ts';
import type { KindDefinition } from '../../src/api/kind.ts';
import type { ChartValue } from './chart-values.ts';

interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

/**
 * Returns the chart's values.schema.json, completed with descriptions from values.yaml and with the objects that the
 * values may declare, from the kinds, so that a misspelt field is refused before anything is installed.
 * @throws Error for a value that the schema does not know
 */
export function schemaWithKinds(
  schemaJson: string,
  values: readonly ChartValue[],
  kinds: readonly KindDefinition[],
): string {
  const { definitions: _, ...schema } = JSON.parse(schemaJson) as JsonSchema;
  const described = values.reduce(
    (whole, { path, description }) => describe(whole, path.split('.'), description),
    schema as JsonSchema,
  );
  const definitions = Object.fromEntries(kinds.map((kind) => [kind.names.kind, declaredObject(kind)]));
  return `${JSON.stringify({ ...described, definitions }, null, 2)}\n`;
}

function describe(schema: JsonSchema, path: readonly string[], description: string): JsonSchema {
  const [name, ...rest] = path;
  if (name === undefined) return { ...schema, description };
  const property = schema.properties?.[name];
  if (!property) throw new Error(`values.schema.json: it does not know ${name}`);
  return { ...schema, properties: { ...schema.properties, [name]: describe(property, rest, description) } };
}

/** Returns the schema of an object of a kind as the values declare it: its name is the key. */
function declaredObject(kind: KindDefinition): JsonSchema {
  const { spec } = buildCrd(kind) as unknown as {
    spec: { versions: [{ schema: { openAPIV3Schema: { properties: { spec: JsonSchema } } } }] };
  };
  const texts = { type: 'object', additionalProperties: { type: 'string' } };
  return {
    type: 'object',
    description: kind.description,
    additionalProperties: false,
    required: ['spec'],
    properties: {
      namespace: {
        type: 'string',
        minLength: 1,
        maxLength: 63,
        description: 'That of the release by default.',
      },
      labels: texts,
      annotations: texts,
      spec: closed(spec.versions[0].schema.openAPIV3Schema.properties.spec),
    },
  };
}

/** Removes keywords that only the API server understands, and forbids every property that is not named. */
function closed(schema: JsonSchema): JsonSchema {
  const { properties, items, format: _, ...rest } = schema;
  const kept = Object.entries(rest).filter(([keyword]) => !keyword.startsWith('x-kubernetes-'));
  return {
    ...Object.fromEntries(kept),
    ...(properties
      ? {
          additionalProperties: false,
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [name, closed(property)]),
          ),
        }
      : {}),
    ...(items ? { items: closed(items) } : {}),
  };
}
