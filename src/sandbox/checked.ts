import type { Static, TSchema } from 'typebox';
import { Check, Errors } from 'typebox/value';
import { InvalidInputError } from '../core/errors.ts';

/**
 * Returns untrusted JSON as the type that its schema declares.
 * @throws InvalidInputError naming the first member that is unknown, missing or out of bounds
 */
export function readChecked<T extends TSchema>(name: string, schema: T, given: unknown): Static<T> {
  if (Check(schema, given)) return given;
  const errors = Errors(schema, given);
  const [first] = [...errors.filter((error) => error.instancePath !== ''), ...errors];
  const path = first?.instancePath.replaceAll('/', '.').replace(/^\./, '') ?? '';
  const message =
    first?.keyword === 'boolean' ? 'there is no such member' : (first?.message ?? 'is not as it should be');
  throw new InvalidInputError(path === '' ? name : path, `${message}.`);
}

/** Whether the value is a JSON object, whatever its members. */
export function isObject(given: unknown): given is Record<string, unknown> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}
