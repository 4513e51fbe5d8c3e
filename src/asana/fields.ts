import { isJsonObject, type JsonObject } from './json.ts';

/**
 * Every field that comes from Asana is checked by these functions and nowhere else, so that every record has the shape its
 * type says, with bounded strings. Unknown fields are dropped, unknown values of open lists are kept as text.
 */

/** An answer of another shape than Asana documents. `where` names the field that was expected. */
export class UnexpectedShape extends Error {
  readonly where: string;

  constructor(where: string) {
    super(`${where} is missing or has the wrong type`);
    this.name = 'UnexpectedShape';
    this.where = where;
  }
}

/** Asana's gids have some 16 digits; what is far longer is not one. */
const LONGEST_ID = 64;
/** RFC 5321 §4.5.3.1: 64 + 1 + 255. */
export const LONGEST_EMAIL = 320;
export const LONGEST_NAME = 1024;
export const LONGEST_ATTRIBUTE = 256;

/** The fields of an object. @throws UnexpectedShape for anything else */
export function fieldsOf(value: unknown, where: string): JsonObject {
  if (!isJsonObject(value)) throw new UnexpectedShape(where);
  return value;
}

/** The items of a list of at most `most`. @throws UnexpectedShape for anything else */
export function listOf(value: unknown, most: number, where: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw new UnexpectedShape(where);
  return value;
}

/** A gid: an opaque string, never a number, since it may exceed 2^53. */
export function gidOf(value: unknown, where: string): string {
  const usable =
    typeof value === 'string' && value !== '' && value.length <= LONGEST_ID && value.isWellFormed();
  if (!usable) throw new UnexpectedShape(where);
  return value;
}

/** Text as it may be written on: cut to its bound, and never with half a character, which no UTF-8 can hold. */
export function textOf(value: unknown, longest: number): string {
  return typeof value === 'string' ? value.slice(0, longest).toWellFormed() : '';
}

/** An email, or null: one too long to be an address, or with half a character, is none, rather than another one. */
export function emailOf(value: unknown): string | null {
  const usable =
    typeof value === 'string' && value !== '' && value.length <= LONGEST_EMAIL && value.isWellFormed();
  return usable ? value : null;
}

/** A flag that protects somebody (admin, guest, active): without it nothing may be decided about them. */
export function requiredFlag(value: unknown, where: string): boolean {
  if (typeof value !== 'boolean') throw new UnexpectedShape(where);
  return value;
}

/** Anything else than an object counts as one without fields: for what is only shown. */
export function looseFields(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
