import type { KindDefinition } from './kind.ts';
import { GROUP, VERSION } from './resources.ts';
import { type CelRule, REMEDY } from './schema.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

/** Builds the CustomResourceDefinition (apiextensions.k8s.io/v1) of a kind. */
export function buildCrd(kind: KindDefinition): Record<string, unknown> {
  const { names } = kind;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: names.kind,
        listKind: `${names.kind}List`,
        plural: names.plural,
        singular: names.singular,
        shortNames: [names.shortName],
        categories: ['asana'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns,
          ...(kind.selectableFields.length > 0
            ? { selectableFields: kind.selectableFields.map((jsonPath) => ({ jsonPath })) }
            : {}),
          schema: { openAPIV3Schema: rootSchema(kind) },
        },
      ],
    },
  };
}

function rootSchema(kind: KindDefinition): JsonSchema {
  return {
    type: 'object',
    description: kind.description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: `Always ${GROUP}/${VERSION}.` },
      kind: { type: 'string', description: `Always ${kind.names.kind}.` },
      metadata: { type: 'object' },
      spec: structural(kind.spec as unknown as JsonSchema),
      status: structural(kind.status as unknown as JsonSchema),
    },
  };
}

/**
 * Converts a declared schema to a structural one. A field with a default is not `required`, since the API server
 * fills it in first; so `kubectl explain` marks as required only the fields that a person must write.
 */
function structural(schema: JsonSchema): JsonSchema {
  const {
    required,
    properties,
    items,
    'x-kubernetes-validations': rules,
    [REMEDY]: _,
    ...rest
  } = schema as {
    required?: readonly string[];
    properties?: Readonly<Record<string, JsonSchema>>;
    items?: JsonSchema;
    'x-kubernetes-validations'?: readonly CelRule[];
  } & JsonSchema;
  const result: Record<string, unknown> = { ...rest };
  if (rules) {
    result['x-kubernetes-validations'] = rules.map(({ rule, message, fieldPath }) => ({
      rule,
      message,
      ...(fieldPath === undefined ? {} : { fieldPath }),
    }));
  }
  if (properties) {
    const mandatory = (required ?? []).filter((name) => properties[name]?.['default'] === undefined);
    if (mandatory.length > 0) result['required'] = mandatory;
    result['properties'] = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, structural(property)]),
    );
  }
  if (items) result['items'] = structural(items);
  return result;
}
