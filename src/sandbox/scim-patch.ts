import { isObject } from './checked.ts';
import type { Profile } from './records.ts';
import { scimRefusal } from './refusal.ts';
import { CORE_USER, ENTERPRISE_USER, readAttributes, requireSchema } from './scim-attributes.ts';
import type { World } from './world.ts';

export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const MOST_OPERATIONS = 1000;

export interface PatchOperation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string | null;
  readonly value: unknown;
}

/** Reads the operations of a PATCH (RFC 7644 §3.5.2). @throws Refusal 400 for a body of another form */
export function readOperations(body: unknown): PatchOperation[] {
  const { Operations: operations } = requireSchema(body, PATCH_OP);
  if (!Array.isArray(operations) || operations.length === 0 || operations.length > MOST_OPERATIONS) {
    throw scimRefusal(400, 'Operations: must be a list of operations', 'invalidSyntax');
  }
  return operations.map(readOperation);
}

function readOperation(given: unknown): PatchOperation {
  if (!isObject(given)) throw scimRefusal(400, 'Operations: must hold objects', 'invalidSyntax');
  const { op, path, value } = given;
  // Entra sends `Replace`.
  const kind = typeof op === 'string' ? op.toLowerCase() : '';
  if (kind !== 'add' && kind !== 'replace' && kind !== 'remove') {
    throw scimRefusal(400, 'op: must be add, replace or remove', 'invalidSyntax');
  }
  if (path !== undefined && typeof path !== 'string')
    throw scimRefusal(400, 'path: must be a string', 'invalidPath');
  if (kind === 'remove' && path === undefined) throw scimRefusal(400, 'remove needs a path', 'noTarget');
  if (kind !== 'remove' && value === undefined)
    throw scimRefusal(400, `${kind} needs a value`, 'invalidValue');
  return { op: kind, path: path ?? null, value };
}

/** Returns the combined changes of the operations on a user, which have a `path` or an object without one. */
export function readUserPatch(world: World, body: unknown): Partial<Profile> {
  let changes: Partial<Profile> = {};
  for (const operation of readOperations(body)) {
    changes = { ...changes, ...readAttributes(world, attributesOf(operation)) };
  }
  return changes;
}

function attributesOf({ op, path, value }: PatchOperation): Record<string, unknown> {
  if (path === null) {
    if (!isObject(value)) throw scimRefusal(400, 'without path the value must be an object', 'invalidValue');
    refuseNameParts(value);
    return value;
  }
  return nest(path, op === 'remove' ? null : value);
}

/** Converts a path to the object it stands for, so that both forms are read the same way. */
function nest(path: string, value: unknown): Record<string, unknown> {
  const short = stripUrn(path, CORE_USER);
  const extension = stripUrn(short, ENTERPRISE_USER);
  if (extension !== short) return { [ENTERPRISE_USER]: { [extension]: value } };
  // An element of a list: `emails[type eq "work"].value` and the like.
  const filtered = /^(\w+)\[[^\]]*\](?:\.(\w+))?$/.exec(short);
  if (filtered?.[1] !== undefined)
    return { [filtered[1]]: [filtered[2] === undefined ? value : { [filtered[2]]: value }] };
  const [name = '', part, ...rest] = short.split('.');
  if (rest.length > 0) throw scimRefusal(400, 'path: goes too deep', 'invalidPath');
  const attributes = { [name]: part === undefined ? value : { [part]: value } };
  refuseNameParts(attributes);
  return attributes;
}

/** Refuses the two name parts that developers.asana.com/docs/scim calls "Unsupported in PATCH". */
function refuseNameParts(attributes: Readonly<Record<string, unknown>>): void {
  const { name } = attributes;
  if (isObject(name) && ('givenName' in name || 'familyName' in name)) {
    throw scimRefusal(400, 'name.givenName and name.familyName are not supported in PATCH', 'invalidPath');
  }
}

function stripUrn(path: string, urn: string): string {
  return path.toLowerCase().startsWith(`${urn.toLowerCase()}:`) ? path.slice(urn.length + 1) : path;
}
