import { isObject, type Json } from './object.ts';
import { failure, refusal } from './refusal.ts';
import { hasRepeatedKeys, type Schema } from './schema.ts';

/**
 * Returns the status after a server-side apply by the only manager that ever writes it: the manager owns all of it, so
 * what it no longer sends goes away. Keeps two oddities of the real merge, since careless writers run into them: a
 * keyed list that is emptied vanishes, and so does an object that is left with nothing; an empty list without items has
 * no owner and stays.
 * @throws KubernetesError: Http500 for what does not fit the types of the schema, Invalid for null, and for an empty
 * object where there was something
 */
export function appliedStatus(schema: Schema, old: unknown, sent: unknown): unknown {
  if (sent === undefined || (sent === null && !isObject(old))) return undefined;
  checkTypes(schema, sent, 'status');
  return applied(schema, old, sent, 'status');
}

/** Checks types before the merge, as the real apply does: a misfit is an error of the server, not of the client. */
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
