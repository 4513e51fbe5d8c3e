import { CodedError } from '../core/errors.ts';
import { Redacted } from '../core/redacted.ts';

const DEEPEST = 6;
const LONGEST_STRING = 2_048;
const MOST_ITEMS = 50;
/** Values per log line: fifty items on each of six levels would make a line of gigabytes. */
const MOST_VALUES = 500;

const REDACTED = '[redacted]';
const UNREADABLE = '[unreadable]';
const CUT = '[…]';

/** Keys whose values are secret. Keys that only name or refer to a secret (`secretName`, `tokenRef`) do not match. */
const SECRET_KEY =
  /(authorization|cookie|passw(or)?d|secret|token|api[-_]?key|private[-_]?key|credential|assertion)s?([-_]?(value|header)s?)?$/i;

/** Fields in which HTTP libraries keep the message as sent or received: never logged, not even as text. */
const WIRE_KEY = /^(headers|rawheaders|body|data)$/i;

/** Objects that HTTP libraries attach to errors and responses; they contain the message somewhere inside. */
const HTTP_KEY = /^(config|request|response|options)$/i;

/** Patterns of secrets under any key, as the last safety net. The first group of a match is kept. */
const SECRET_TEXTS: readonly RegExp[] = [
  /\b((?:bearer|basic)\s+)[^\s"',;]+/gi,
  /(secret-token:)[^\s"',]+/gi,
  // Headers in text, up to the end of the line.
  /((?:authorization|cookie)\s*:\s*)(?!["'\s])[^\r\n]+/gi,
  // name=value of forms and queries; "name": "value" of JSON; name: 'value' of util.inspect.
  /((?:token|secret|passw(?:or)?d|api[-_]?key|private[-_]?key|authorization|assertion|signature|credential)[\w-]{0,32}=)[^\s"'&;,]+/gi,
  /((?:token|secret|passw(?:or)?d|api[-_]?key|private[-_]?key|authorization|cookie|assertion|credential)[\w-]{0,32}["']?\s{0,4}[:=]\s{0,4}["'])[^"'\r\n]+/gi,
  // The user info of a URL: scheme://user:password@host.
  /(:\/\/)[^\s/?#@]+@/g,
  // A personal access token of Asana: 2/<gid>/<gid>:<hex>, or the older form 0/<hex>.
  /()\b\d\/\d{5,}(?:\/\w{1,64}){0,3}:[\w-]{8,}/g,
  /()\b\d\/[\da-f]{32}\b/g,
  // A JSON Web Token (RFC 7519), and a private key (RFC 7468).
  /()\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /(-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----)[^-]+/g,
];

/** Characters scanned beyond those shown, so that a secret is recognized even if the cut runs through it. */
const MARGIN = 1_024;

/**
 * Converts a value to what a log line may contain: plain JSON, bounded in depth, length and number of values, without
 * functions, bodies or secrets. Never throws, whatever the value.
 */
export function tame(value: unknown): unknown {
  return new Tamer().tame(value, 0, new Set());
}

/** Masks everything in a text that looks like a secret, and cuts the text at 2,048 characters. */
export function tameText(text: string): string {
  let masked = text.slice(0, LONGEST_STRING + MARGIN);
  for (const secret of SECRET_TEXTS) masked = masked.replace(secret, `$1${REDACTED}`);
  if (masked.length <= LONGEST_STRING) return masked.toWellFormed();
  return `${masked.slice(0, LONGEST_STRING)}…`.toWellFormed();
}

/** Converts the values of one log line, and counts them. */
class Tamer {
  #left = MOST_VALUES;

  tame(value: unknown, depth: number, above: ReadonlySet<object>): unknown {
    this.#left -= 1;
    if (this.#left < 0) return CUT;
    switch (typeof value) {
      case 'string':
        return tameText(value);
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'bigint':
      case 'symbol':
        return String(value);
      case 'function':
        return '[function]';
      case 'object':
        return value === null ? null : this.#tameObject(value, depth, above);
      case 'boolean':
      case 'undefined':
        return value;
    }
  }

  /** Catches errors of getters and proxies: logging must not throw. */
  #tameObject(value: object, depth: number, above: ReadonlySet<object>): unknown {
    if (above.has(value) || depth >= DEEPEST) return CUT;
    try {
      return this.#unfold(value, depth, new Set(above).add(value));
    } catch {
      return UNREADABLE;
    }
  }

  #unfold(value: object, depth: number, within: ReadonlySet<object>): unknown {
    if (value instanceof Redacted) return REDACTED;
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
    if (value instanceof URL) return tameText(value.href);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (isErrorLike(value)) return this.#tameError(value, depth, within);
    if (Array.isArray(value)) return this.#tameItems(value, depth, within);
    if (value instanceof Set) return this.#tameItems([...value], depth, within);
    if (value instanceof Map)
      return this.#tameEntries(
        [...value].map(([key, item]) => [String(key), item]),
        depth,
        within,
      );
    return this.#tameEntries(Object.entries(value), depth, within);
  }

  #tameItems(items: readonly unknown[], depth: number, within: ReadonlySet<object>): unknown[] {
    const shown = items.slice(0, MOST_ITEMS).map((item) => this.tame(item, depth + 1, within));
    return items.length > MOST_ITEMS ? [...shown, `… ${items.length - MOST_ITEMS} more`] : shown;
  }

  #tameEntries(entries: readonly [string, unknown][], depth: number, within: ReadonlySet<object>): unknown {
    const shown = entries
      .slice(0, MOST_ITEMS)
      .map(([key, item]) => [tameText(key), this.#tameEntry(key, item, depth, within)]);
    return Object.fromEntries(shown);
  }

  #tameEntry(key: string, item: unknown, depth: number, within: ReadonlySet<object>): unknown {
    if (item === undefined || item === null) return item;
    if (SECRET_KEY.test(key)) return REDACTED;
    if (WIRE_KEY.test(key)) return CUT;
    // At the top level these are our own fields; nested, they belong to a library.
    return depth > 0 && typeof item === 'object' && HTTP_KEY.test(key)
      ? CUT
      : this.tame(item, depth + 1, within);
  }

  /** Keeps name, code, message and causes. The request, headers and body of an HTTP library are never read. */
  #tameError(error: Error, depth: number, within: ReadonlySet<object>): Record<string, unknown> {
    // A thrown object may look like an error and hold values of any type in these fields.
    const told = error as {
      readonly [key in 'name' | 'message' | 'code' | 'stack' | 'errors' | 'cause']?: unknown;
    };
    const shown: Record<string, unknown> = {
      name: tameText(String(told.name)),
      message: tameText(String(told.message)),
    };
    if (typeof told.code === 'string' || typeof told.code === 'number')
      shown['code'] = this.tame(told.code, depth, within);
    // The code identifies errors thrown on purpose; for any other fault, only the stack shows where it came from.
    if (!(error instanceof CodedError) && typeof told.stack === 'string')
      shown['stack'] = tameText(told.stack);
    if (Array.isArray(told.errors)) shown['errors'] = this.tame(told.errors, depth + 1, within);
    if (told.cause !== undefined) shown['cause'] = this.tame(told.cause, depth + 1, within);
    return shown;
  }
}

function isErrorLike(value: object): value is Error {
  if (value instanceof Error) return true;
  return 'message' in value && typeof value.message === 'string' && 'stack' in value;
}
