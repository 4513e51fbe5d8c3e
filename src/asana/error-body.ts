import type { Surface } from './errors.ts';
import { isJsonObject } from './json.ts';

/**
 * An error body as far as it can be read: the texts to match, and which of the two shapes it had. `unknown` is other JSON or
 * nothing, `text` is no JSON: a page of a proxy, perhaps.
 */
export interface ErrorBody {
  readonly shape: Surface | 'unknown' | 'text';
  /** For matching only; never shown. */
  readonly text: string;
}

const UNREADABLE: ErrorBody = { shape: 'unknown', text: '' };

/** A body that is no JSON; JSON itself has no symbols. */
export const NOT_JSON = Symbol('not JSON');

/** Longest part of an error body that is looked at: Asana's sentences are below 300 characters. */
const LONGEST_ERROR_TEXT = 2000;

/**
 * Reads either error body: REST `{"errors":[{"message"}]}` (Asana OpenAPI, `ErrorResponse`) or SCIM
 * `{"detail","status"}` (RFC 7644 §3.12). Gateways answer SCIM paths in the REST shape, so both are tried.
 */
export function readErrorBody(body: unknown): ErrorBody {
  if (body === NOT_JSON) return { ...UNREADABLE, shape: 'text' };
  if (!isJsonObject(body)) return UNREADABLE;
  const { errors, detail, status, scimType } = body;
  if (Array.isArray(errors)) {
    const messages = errors
      .slice(0, 10)
      .map((entry: unknown) => (isJsonObject(entry) ? entry['message'] : null))
      .filter((message) => typeof message === 'string');
    return { shape: 'rest', text: messages.join('\n').slice(0, LONGEST_ERROR_TEXT) };
  }
  if (typeof detail === 'string' || status !== undefined) {
    const parts = [detail, scimType].filter((part) => typeof part === 'string');
    return { shape: 'scim', text: parts.join('\n').slice(0, LONGEST_ERROR_TEXT) };
  }
  return UNREADABLE;
}
