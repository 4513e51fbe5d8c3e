import {
  emailOf,
  fieldsOf,
  gidOf,
  LONGEST_ATTRIBUTE,
  LONGEST_EMAIL,
  LONGEST_NAME,
  listOf,
  looseFields,
  textOf,
  UnexpectedShape,
} from './fields.ts';
import type { JsonObject } from './json.ts';

/** A user as SCIM returns it (RFC 7643 §4.1, and Asana's `userType`). */
export interface ScimUserRecord {
  readonly id: string;
  readonly userName: string;
  /** The primary address, or else the first; `null` if there is none. */
  readonly email: string | null;
  readonly name: string;
  readonly active: boolean;
  /** The license as Asana returned it; `null` if the attribute is absent (domains without view-only licenses). */
  readonly userType: string | null;
  /** title, givenName, familyName, department, costCenter, …: only those that are present and not empty. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A team as SCIM returns it (RFC 7643 §4.2). */
export interface ScimGroupRecord {
  readonly id: string;
  readonly name: string;
  /** Ids of its members; `null` if the response omits them, as Asana's listing does. */
  readonly members: readonly string[] | null;
}

/** One page of a SCIM listing. */
export interface ScimPage<T> {
  readonly items: readonly T[];
  readonly totalResults: number;
}

/** A SCIM server may ignore `count` and return all entries at once. */
const MOST_SCIM_ITEMS = 200_000;

/** Decodes a SCIM id, which Asana's own examples also show as a number. Rejects a number that has lost digits. */
function scimIdOf(value: unknown): string {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return gidOf(value, 'id');
}

/**
 * Decodes a SCIM ListResponse (RFC 7644 §3.4.2). If nothing was found, `Resources` may be omitted, or `null`, which means
 * the same (RFC 7643 §2.5).
 */
export function decodeScimPage<T>(body: unknown, decode: (item: unknown) => T): ScimPage<T> {
  const { Resources, totalResults } = fieldsOf(body, 'the object');
  if (typeof totalResults !== 'number' || !Number.isSafeInteger(totalResults) || totalResults < 0) {
    throw new UnexpectedShape('totalResults');
  }
  if ((Resources ?? null) === null && totalResults === 0) return { items: [], totalResults };
  return { items: listOf(Resources, MOST_SCIM_ITEMS, 'Resources').map(decode), totalResults };
}

/** RFC 7643 §4.3: the extension that holds department, cost centre, manager and the like. */
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

export function decodeScimUser(value: unknown): ScimUserRecord {
  const fields = fieldsOf(value, 'user');
  const { userName, active, userType } = fields;
  if (typeof userName !== 'string' || userName === '') throw new UnexpectedShape('user.userName');
  if (active !== undefined && active !== null && typeof active !== 'boolean') {
    throw new UnexpectedShape('user.active');
  }
  const name = looseFields(fields['name']);
  return {
    id: scimIdOf(fields['id']),
    userName: textOf(userName, LONGEST_EMAIL),
    email: primaryEmail(fields['emails']) ?? emailOf(userName),
    name: textOf(name['formatted'], LONGEST_NAME),
    active: active !== false,
    userType: textOf(userType, LONGEST_ATTRIBUTE) || null,
    attributes: attributesOf(fields, name),
  };
}

export function decodeScimGroup(value: unknown): ScimGroupRecord {
  const { id, displayName, members } = fieldsOf(value, 'group');
  const list = members === undefined || members === null ? null : listOf(members, MOST_SCIM_ITEMS, 'members');
  return {
    id: scimIdOf(id),
    name: textOf(displayName, LONGEST_NAME),
    members: list?.map((member) => scimIdOf(fieldsOf(member, 'member')['value'])) ?? null,
  };
}

/** Decodes the response to a change: the user, or nothing (204). */
export function decodeScimUserOrNothing(body: unknown): ScimUserRecord | null {
  return body === undefined ? null : decodeScimUser(body);
}

function primaryEmail(value: unknown): string | null {
  const emails = (Array.isArray(value) ? value : []).slice(0, 20).map(looseFields);
  return emailOf((emails.find((email) => email['primary'] === true) ?? emails[0])?.['value']);
}

/** Most users have no attributes, so they share one object. */
const NO_ATTRIBUTES: Readonly<Record<string, string>> = Object.freeze({});

function attributesOf(fields: JsonObject, name: JsonObject): Readonly<Record<string, string>> {
  const enterprise = looseFields(fields[ENTERPRISE]);
  const manager = enterprise['manager'];
  const address = looseFields(Array.isArray(fields['addresses']) ? fields['addresses'][0] : undefined);
  const phone = looseFields(Array.isArray(fields['phoneNumbers']) ? fields['phoneNumbers'][0] : undefined);
  const found: Record<string, unknown> = {
    title: fields['title'],
    preferredLanguage: fields['preferredLanguage'],
    givenName: name['givenName'],
    familyName: name['familyName'],
    department: enterprise['department'],
    organization: enterprise['organization'],
    costCenter: enterprise['costCenter'],
    division: enterprise['division'],
    employeeNumber: enterprise['employeeNumber'],
    managerId: typeof manager === 'string' ? manager : looseFields(manager)['value'],
    country: address['country'],
    region: address['region'],
    locality: address['locality'],
    phone: phone['value'],
  };
  const present = Object.entries(found).filter(([, value]) => typeof value === 'string' && value !== '');
  if (present.length === 0) return NO_ATTRIBUTES;
  return Object.fromEntries(present.map(([key, value]) => [key, textOf(value, LONGEST_ATTRIBUTE)]));
}
