import { CodedError } from '../core/errors.ts';
import { Redacted } from '../core/redacted.ts';

const DEEPEST = 6;
const LONGEST_STRING = 2_048;
const MOST_ITEMS = 50;
/** Of one line in all: fifty items on each of six levels would be a line of gigabytes. */
const MOST_VALUES = 500;

const REDACTED = '[redacted]';
const UNREADABLE = '[unreadable]';
const CUT = '[…]';

/** Keys whose values are nobody's business. What only names or points at a secret (`secretName`, `tokenRef`) is not. */
const SECRET_KEY =
  /(authorization|cookie|passw(or)?d|secret|token|api[-_]?key|private[-_]?key|credential|assertion)s?([-_]?(value|header)s?)?$/i;

/** What an HTTP library keeps of a message that went over the wire: never looked at, not even as text. */
const WIRE_KEY = /^(headers|rawheaders|body|data)$/i;

/** What HTTP libraries hang on their errors and answers, with the wire somewhere inside. */
const HTTP_KEY = /^(config|request|response|options)$/i;

/** Texts that look like secrets whatever their key: the last net. What stays of each is its first group. */
const SECRET_TEXTS: readonly RegExp[] = [
  /\b((?:bearer|basic)\s+)[^\s"',;]+/gi,
  /(secret-token:)[^\s"',]+/gi,
  // Headers as text, to the end of their line.
  /((?:authorization|cookie)\s*:\s*)(?!["'\s])[^\r\n]+/gi,
  // name=value of forms and queries; "name": "value" of JSON; name: 'value' of util.inspect.
  /((?:token|secret|passw(?:or)?d|api[-_]?key|private[-_]?key|authorization|assertion|signature|credential)[\w-]{0,32}=)[^\s"'&;,]+/gi,
  /((?:token|secret|passw(?:or)?d|api[-_]?key|private[-_]?key|authorization|cookie|assertion|credential)[\w-]{0,32}["']?\s{0,4}[:=]\s{0,4}["'])[^"'\r\n]+/gi,
  // The user of an address: scheme://user:password@host.
  /(:\/\/)[^\s/?#@]+@/g,
  // A personal access token of Asana: 2/<gid>/<gid>:<hex>, or 0/<hex> as the old ones are.
  /()\b\d\/\d{5,}(?:\/\w{1,64}){0,3}:[\w-]{8,}/g,
  /()\b\d\/[\da-f]{32}\b/g,
  // A JSON Web Token (RFC 7519), and a private key (RFC 7468).
  /()\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /(-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----)[^-]+/g,
];

/** So much more is looked at than is shown, so that a cut through a secret does not keep its head from being seen. */
const MARGIN = 1_024;

/**
 * A value as a log line may hold it: plain JSON, bounded in depth, length and number, without functions, bodies or
 * secrets. Never throws, whatever it is given.
 */
export function tame(value: unknown): unknown {
  return new Tamer().tame(value, 0, new Set());
}

/** A text without what looks like a secret, cut at 2,048 characters. */
export function tameText(text: string): string {
  let masked = text.slice(0, LONGEST_STRING + MARGIN);
  for (const secret of SECRET_TEXTS) masked = masked.replace(secret, `$1${REDACTED}`);
  if (masked.length <= LONGEST_STRING) return masked.toWellFormed();
  return `${masked.slice(0, LONGEST_STRING)}…`.toWellFormed();
}

/** One line's worth of values. */
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

  /** Getters and proxies may throw; a log line is never worth an exception. */
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
    // On the line itself these are fields of ours; inside of something they are a library's.
    return depth > 0 && typeof item === 'object' && HTTP_KEY.test(key)
      ? CUT
      : this.tame(item, depth + 1, within);
  }

  /** Name, code, message and causes. An HTTP library's request, headers and body are never looked at. */
  #tameError(error: Error, depth: number, within: ReadonlySet<object>): Record<string, unknown> {
    // What is thrown may call itself an error and hold anything under these names.
    const told = error as {
      readonly [key in 'name' | 'message' | 'code' | 'stack' | 'errors' | 'cause']?: unknown;
    };
    const shown: Record<string, unknown> = {
      name: tameText(String(told.name)),
      message: tameText(String(told.message)),
    };
    if (typeof told.code === 'string' || typeof told.code === 'number')
      shown['code'] = this.tame(told.code, depth, within);
    // What we throw on purpose is told by its code; where a fault came from only its stack tells.
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
