import { isObject } from './checked.ts';
import type { Profile } from './records.ts';
import { scimRefusal } from './refusal.ts';
import { isEmail } from './rest-workspaces.ts';
import type { World } from './world.ts';

export const CORE_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** The values of `userType` in a view-only domain: lower case, with a space (developers.asana.com/docs/scim). */
const USER_TYPES = ['enterprise', 'view only'];

/** Accepted but not stored: nothing reads them back. */
const NOT_KEPT = new Set([
  'schemas',
  'id',
  'meta',
  'externalid',
  'displayname',
  'addresses',
  'phonenumbers',
  'licensingdivisionid',
  'groups',
]);

const LONGEST_TEXT = 1024;

/**
 * Reads the attributes of a SCIM user from untrusted JSON and returns the changes they make. Names are case-insensitive
 * (RFC 7643 §2.1). `null` clears an optional attribute.
 *
 * @throws Refusal 400 for a wrong type or value, or an attribute that Asana does not know
 */
export function readAttributes(world: World, given: Readonly<Record<string, unknown>>): Partial<Profile> {
  let changes: Partial<Profile> = {};
  for (const [name, value] of Object.entries(given))
    changes = { ...changes, ...readAttribute(world, name, value) };
  return changes;
}

function readAttribute(world: World, name: string, value: unknown): Partial<Profile> {
  switch (name.toLowerCase()) {
    case 'username':
      return { email: readEmail('userName', value) };
    case 'emails':
      return readEmails(value);
    case 'usertype':
      return world.settings.viewOnlyDomain ? { license: readUserType(value) } : {};
    case 'active':
      if (typeof value !== 'boolean') throw scimRefusal(400, 'active: must be a boolean', 'invalidValue');
      return { active: value };
    case 'name':
      return readName(value);
    case 'title':
      return { title: readText('title', value) };
    case 'preferredlanguage':
      return { preferredLanguage: readText('preferredLanguage', value) };
    case ENTERPRISE_USER.toLowerCase():
      return readExtension(value);
    default:
      if (NOT_KEPT.has(name.toLowerCase())) return {};
      throw scimRefusal(400, `${name.slice(0, 100)}: not an attribute of a user`, 'invalidPath');
  }
}

function readEmail(name: string, value: unknown): string {
  if (typeof value !== 'string' || !isEmail(value))
    throw scimRefusal(400, `${name}: must be an email`, 'invalidValue');
  return value;
}

/** Checks a list of emails, which changes nothing: the address is `userName`. Two primary addresses are refused. */
function readEmails(value: unknown): Partial<Profile> {
  if (!Array.isArray(value)) throw scimRefusal(400, 'emails: must be a list', 'invalidValue');
  const emails = value.map((entry) => (isObject(entry) ? entry : {}));
  for (const email of emails) readEmail('emails.value', email['value']);
  if (emails.filter((email) => email['primary'] === true).length > 1) {
    throw scimRefusal(400, 'emails: only one may be primary', 'invalidValue');
  }
  return {};
}

function readUserType(value: unknown): string {
  if (typeof value !== 'string' || !USER_TYPES.includes(value)) {
    throw scimRefusal(400, 'userType: not a license of this domain', 'invalidValue');
  }
  return value;
}

/** Reads `formatted`. The name parts are accepted in POST and PUT and change nothing. */
function readName(value: unknown): Partial<Profile> {
  if (!isObject(value)) throw scimRefusal(400, 'name: must be an object', 'invalidValue');
  const formatted = value['formatted'];
  if (formatted === undefined) return {};
  const name = readText('name.formatted', formatted);
  if (name === null || name === '')
    throw scimRefusal(400, 'name.formatted: must not be empty', 'invalidValue');
  return { name };
}

function readExtension(value: unknown): Partial<Profile> {
  if (!isObject(value)) throw scimRefusal(400, `${ENTERPRISE_USER}: must be an object`, 'invalidValue');
  return value['department'] === undefined ? {} : { department: readText('department', value['department']) };
}

function readText(name: string, value: unknown): string | null {
  if (value === null) return null;
  if (typeof value !== 'string' || value.length > LONGEST_TEXT)
    throw scimRefusal(400, `${name}: must be a string`, 'invalidValue');
  return value;
}

/** Returns the body. @throws Refusal 400 unless it is an object with `schema` among its schemas (RFC 7643 §3) */
export function requireSchema(body: unknown, schema: string): Record<string, unknown> {
  if (!isObject(body)) throw scimRefusal(400, 'the body must be a JSON object', 'invalidSyntax');
  const { schemas } = body;
  if (!Array.isArray(schemas) || !schemas.includes(schema))
    throw scimRefusal(400, `schemas: must hold ${schema}`, 'invalidSyntax');
  return body;
}
