import { isJsonObject, type JsonObject } from './json.ts';

/**
 * These functions check every field that comes from Asana, so that every record has the shape of its type, with bounded
 * strings. Unknown fields are dropped; unknown values of open lists are kept as text.
 */

/** A response whose shape differs from Asana's documentation. `where` names the expected field. */
export class UnexpectedShape extends Error {
  readonly where: string;

  constructor(where: string) {
    super(`${where} is missing or has the wrong type`);
    this.name = 'UnexpectedShape';
    this.where = where;
  }
}

/** Asana's gids have some 16 digits; a much longer text is not a gid. */
const LONGEST_ID = 64;
/** RFC 5321 §4.5.3.1: 64 + 1 + 255. */
export const LONGEST_EMAIL = 320;
export const LONGEST_NAME = 1024;
export const LONGEST_ATTRIBUTE = 256;

/** Returns the fields of an object. @throws UnexpectedShape for any other value */
export function fieldsOf(value: unknown, where: string): JsonObject {
  if (!isJsonObject(value)) throw new UnexpectedShape(where);
  return value;
}

/** Returns the items of a list of at most `most`. @throws UnexpectedShape for any other value */
export function listOf(value: unknown, most: number, where: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw new UnexpectedShape(where);
  return value;
}

/** Returns a gid: an opaque string, never a number, since it may exceed 2^53. @throws UnexpectedShape */
export function gidOf(value: unknown, where: string): string {
  const usable =
    typeof value === 'string' && value !== '' && value.length <= LONGEST_ID && value.isWellFormed();
  if (!usable) throw new UnexpectedShape(where);
  return value;
}

/** Returns text that UTF-8 can encode: cut to `longest`, with lone surrogates replaced; empty if it is no string. */
export function textOf(value: unknown, longest: number): string {
  return typeof value === 'string' ? value.slice(0, longest).toWellFormed() : '';
}

/** Returns an email or `null`; one that is too long or has lone surrogates is dropped, not changed to another one. */
export function emailOf(value: unknown): string | null {
  const usable =
    typeof value === 'string' && value !== '' && value.length <= LONGEST_EMAIL && value.isWellFormed();
  return usable ? value : null;
}

/** Returns a flag that protects an account (admin, guest, active); no default is safe. @throws UnexpectedShape */
export function requiredFlag(value: unknown, where: string): boolean {
  if (typeof value !== 'boolean') throw new UnexpectedShape(where);
  return value;
}

/** Returns the fields of an object, and none for any other value; for data that is only displayed. */
export function looseFields(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
