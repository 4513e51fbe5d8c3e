import type { Surface } from './errors.ts';
import { isJsonObject } from './json.ts';

/**
 * The readable part of an error body: the texts to match, and which of the two shapes it has. `unknown` is other JSON
 * or an empty body; `text` is not JSON, perhaps the error page of a proxy.
 */
export interface ErrorBody {
  readonly shape: Surface | 'unknown' | 'text';
  /** For matching only; never shown. */
  readonly text: string;
}

const UNREADABLE: ErrorBody = { shape: 'unknown', text: '' };

/** Stands for a body that is not JSON; parsed JSON never contains a symbol. */
export const NOT_JSON = Symbol('not JSON');

/** Characters of an error body that are kept for matching: Asana's sentences are shorter than 300. */
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
