import { buildCrd } from '../../src/api/crd.ts';
import type { KindDefinition } from '../../src/api/kind.ts';
import { API_VERSION } from '../../src/api/resources.ts';
import type { CelRule } from '../../src/api/schema.ts';
import { code, generatedNote, table } from './markdown.ts';

/** The keywords of a CRD's field that the page shows. */
interface FieldSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: FieldSchema;
  readonly 'x-kubernetes-validations'?: readonly CelRule[];
}

interface Field {
  readonly path: string;
  readonly schema: FieldSchema;
  readonly required: boolean;
}

/** Returns docs/reference/fields.md: every field of every kind, and the rules between fields. */
export function fieldsPage(kinds: readonly KindDefinition[]): string {
  const sections = kinds.map((kind) => kindSection(kind));
  return `${generatedNote('src/api')}

# Fields

Every field of the API group \`${API_VERSION}\`, as \`kubectl explain\` shows it too. A field that is not *required* may
be left out; its description says what that means.

${sections.join('\n\n')}
`;
}

function kindSection(kind: KindDefinition): string {
  const { names, description, selectableFields } = kind;
  const { spec, status } = schemasOf(kind);
  const specFields = fieldsBelow('spec', spec, true);
  const parts = [
    `## ${names.kind} (\`${names.shortName}\`)`,
    description,
    '### Spec',
    fieldTable(specFields, true),
    '### Rules between fields',
    'The API server also refuses objects that break one of these rules.',
    rulesTable(specFields),
  ];
  if (selectableFields.length > 0) {
    parts.push(
      '### Selectable fields',
      `\`kubectl get ${names.shortName} --field-selector\` knows ${selectableFields.map((path) => code(path.slice(1))).join(', ')}. A field that is not set matches the empty string.`,
    );
  }
  parts.push('### Status', fieldTable(fieldsBelow('status', status, false), false));
  return parts.join('\n\n');
}

function schemasOf(kind: KindDefinition): { spec: FieldSchema; status: FieldSchema } {
  const crd = buildCrd(kind) as unknown as {
    spec: {
      versions: [{ schema: { openAPIV3Schema: { properties: { spec: FieldSchema; status: FieldSchema } } } }];
    };
  };
  return crd.spec.versions[0].schema.openAPIV3Schema.properties;
}

/** Returns the field itself, then all below it; the path of list items ends with `[]`. */
function fieldsBelow(path: string, schema: FieldSchema, required: boolean): Field[] {
  const fields: Field[] = [{ path, schema, required }];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    fields.push(...fieldsBelow(`${path}.${name}`, property, schema.required?.includes(name) ?? false));
  }
  if (schema.items) fields.push(...fieldsBelow(`${path}[]`, schema.items, false));
  return fields;
}

/** Renders a table of fields. The status table has no default column, because users do not write status fields. */
function fieldTable(fields: readonly Field[], withDefaults: boolean): string {
  const rows = fields.map(({ path, schema, required }) => [
    code(path),
    typeOf(schema),
    ...(withDefaults ? [required ? '*required*' : defaultOf(schema)] : []),
    boundsOf(schema),
    schema.description ?? '',
  ]);
  return table(['path', 'type', ...(withDefaults ? ['default'] : []), 'bounds', 'description'], rows);
}

function typeOf({ type, format, items }: FieldSchema): string {
  if (type === 'array') return `list of ${items?.type ?? 'anything'}s`;
  return format === 'date-time' ? 'date-time' : (type ?? '');
}

function defaultOf({ default: value }: FieldSchema): string {
  return value === undefined ? '' : code(typeof value === 'string' ? value : JSON.stringify(value));
}

function boundsOf(schema: FieldSchema): string {
  const bounds: string[] = [];
  if (schema.enum) bounds.push(schema.enum.map(code).join(', '));
  if (schema.pattern !== undefined) bounds.push(code(schema.pattern));
  bounds.push(...range(schema.minLength, schema.maxLength, ' characters'));
  bounds.push(...range(schema.minimum, schema.maximum, ''));
  bounds.push(...range(schema.minItems, schema.maxItems, ' items'));
  return bounds.join('; ');
}

function range(least: number | undefined, most: number | undefined, unit: string): string[] {
  if (most === undefined) return least === undefined ? [] : [`${least}${unit} or more`];
  return [least === undefined ? `up to ${most}${unit}` : `${least}–${most}${unit}`];
}

function rulesTable(fields: readonly Field[]): string {
  const rows = fields.flatMap(({ path, schema }) =>
    (schema['x-kubernetes-validations'] ?? []).map((rule) => [
      code(`${path}${rule.fieldPath ?? ''}`),
      rule.message,
    ]),
  );
  return table(['field', 'the API server says'], rows);
}
