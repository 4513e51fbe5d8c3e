import { isObject, type Json } from './object.ts';
import { failure, refusal } from './refusal.ts';
import { hasRepeatedKeys, type Schema } from './schema.ts';

/**
 * The status after a server-side apply by the one manager that ever writes it: all of it is the manager's own, so what
 * it no longer sends goes away. Two oddities of the real merge are kept, since a careless writer meets them: a list
 * by keys that is emptied vanishes, and so does an object that is left with nothing; an empty list without items to
 * own belongs to nobody and stays.
 * @throws KubernetesError: Http500 for what does not fit the types of the schema, Invalid for null, and for an empty
 *   object where there was something
 */
export function appliedStatus(schema: Schema, old: unknown, sent: unknown): unknown {
  if (sent === undefined || (sent === null && !isObject(old))) return undefined;
  checkTypes(schema, sent, 'status');
  return applied(schema, old, sent, 'status');
}

/** The typed form of the apply is made first, and what has none is an error of the server's, not of the client's. */
function checkTypes(schema: Schema, value: unknown, path: string): void {
  if (value === null) throw refusal('Invalid', `${path}: Invalid value: "null"`);
  if (typeNameOf(value) !== schemaTypeOf(schema)) throw failure(`${path}: expected ${schema.type}`);
  if (isObject(value) && schema.properties)
    for (const [name, inner] of Object.entries(value)) {
      const property = schema.properties[name];
      if (!property) throw failure(`${path}.${name}: field not declared in schema`);
      checkTypes(property, inner, `${path}.${name}`);
    }
  if (Array.isArray(value)) checkItems(schema, value, path);
}

function checkItems(schema: Schema, list: readonly unknown[], path: string): void {
  if (schema.items) for (const item of list) checkTypes(schema.items, item, `${path}[]`);
  const keys = schema['x-kubernetes-list-map-keys'];
  if (!keys) return;
  if (list.some((item) => keys.some((key) => !isObject(item) || item[key] === undefined)))
    throw failure(`${path}: associative list with keys has an element that omits a key field`);
  if (hasRepeatedKeys(list, keys)) throw failure(`${path}: duplicate entries for key`);
}

function applied(schema: Schema, old: unknown, sent: unknown, path: string): unknown {
  if (schema['x-kubernetes-list-map-keys'])
    return isEmptyList(sent) && Array.isArray(old) && old.length > 0 ? undefined : sent;
  if (!schema.properties || !isObject(sent)) return sent;
  const before = isObject(old) ? old : {};
  if (Object.keys(sent).length === 0 && Object.keys(before).length > 0)
    throw refusal('Invalid', `${path}: Invalid value: "null"`);
  const fields: Json = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    const value =
      name in sent
        ? applied(property, before[name], sent[name], `${path}.${name}`)
        : ownerless(property, before[name]);
    if (value !== undefined) fields[name] = value;
  }
  return Object.keys(fields).length === 0 && Object.keys(sent).length > 0 ? undefined : fields;
}

function ownerless(schema: Schema, old: unknown): unknown {
  return schema['x-kubernetes-list-map-keys'] && isEmptyList(old) ? old : undefined;
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function typeNameOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}

function schemaTypeOf({ type }: Schema): string | undefined {
  return type === 'integer' ? 'number' : type;
}
