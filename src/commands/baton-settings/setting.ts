import { durationMs, parseDuration } from '../../api/duration.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { Redacted } from '../../core/redacted.ts';
import { parseGoBool } from './go-bool.ts';

/** The subject of a setting. Each command uses some of the groups. */
export type SettingGroup =
  | 'asana'
  | 'conductorOne'
  | 'files'
  | 'sync'
  | 'logging'
  | 'health'
  | 'budget'
  | 'oneShot';

/** The form of a setting's text, for `config` and for the help. */
export type Shape = 'text' | 'secret' | 'switch' | 'list' | 'whole' | 'choice';

/** The properties of a setting besides its shape. */
export interface About {
  readonly group: SettingGroup;
  /** A description for `--help` and the docs, which add the default. */
  readonly description: string;
  readonly short?: string;
  /** Its variables; messages show the first. Default: `BATON_` and the flag's name. */
  readonly variables?: readonly [string, ...string[]];
  /** Name of the value in the help. */
  readonly placeholder?: string;
  /** The equivalent in the operator; `null` if there is none. */
  readonly operator: string | null;
  /** Label in ConductorOne's form. Settings without a label are not in the form. */
  readonly label?: string;
}

type ChoiceAbout<V extends string> = About & {
  readonly values: readonly V[];
  /** Other names of the values, in lower case. */
  readonly otherNames?: Readonly<Record<string, NoInfer<V>>>;
};

/** One setting of the connector: its flag, its variables and how its text is read. */
export interface Setting<T> extends About {
  /** Without leading dashes: `use-scim-api`. */
  readonly flag: string;
  readonly variables: readonly [string, ...string[]];
  readonly shape: Shape;
  readonly fallback: T;
  /** The default as a user would write it; `null` if there is none to show. */
  readonly defaultText: string | null;
  /** Returns false for an invalid text, which reads as the default, as in the Go connector. The user is warned. */
  takes?(text: string): boolean;
  /**
   * @param text without surrounding white space, not empty
   * @param origin the flag, variable or key that the text came from
   * @throws InvalidInputError that explains what is allowed, and never contains the text
   */
  read(text: string, origin: string): T;
}

/** Asana's tokens have about 60 characters, ConductorOne's secrets 250. Anything longer is a file set by mistake. */
const LONGEST_SECRET = 8 * 1024;
const LONGEST_TEXT = 4 * 1024;
const LONGEST_LIST = 10_000;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i;

/** Returns the variable of a flag: `BATON_USE_SCIM_API` for `use-scim-api`. */
export function variableOf(flag: string): string {
  return `BATON_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/** Defines a setting for a text, which must match the pattern if there is one. */
export function text(
  flag: string,
  about: About & { readonly pattern?: RegExp; readonly remedy?: string },
): Setting<string | null>;
export function text(
  flag: string,
  about: About & { readonly pattern?: RegExp; readonly remedy?: string },
  fallback: string,
): Setting<string>;
export function text(
  flag: string,
  { pattern, remedy, ...about }: About & { readonly pattern?: RegExp; readonly remedy?: string },
  fallback: string | null = null,
): Setting<string | null> {
  return make(flag, about, 'text', fallback, (text, origin) => {
    if (text.length <= LONGEST_TEXT && (pattern?.test(text) ?? true)) return text;
    throw new InvalidInputError(origin, remedy ?? `must have at most ${LONGEST_TEXT} characters`);
  });
}

/** Defines a setting for a token or key: one line of visible ASCII (RFC 9110 §5.5 allows no more in a header). */
export function secret(flag: string, about: About): Setting<Redacted | null> {
  return make(flag, about, 'secret', null, (text, origin) => {
    if (text.length <= LONGEST_SECRET && /^[\x21-\x7e]+$/.test(text)) return new Redacted(text);
    throw new InvalidInputError(
      origin,
      'must be one line of printable characters without spaces, not a file and not encoded in base64 twice',
    );
  });
}

/** Defines a setting for a boolean. The flag alone means true. */
export function toggle(flag: string, about: About): Setting<boolean> {
  return make(flag, about, 'switch', false, (text, origin) => {
    const value = parseGoBool(text);
    if (value !== null) return value;
    throw new InvalidInputError(origin, 'must be "true" or "false"');
  });
}

/** Defines a setting for an integer within bounds. */
export function whole(
  flag: string,
  about: About & { readonly min: number; readonly max: number },
  fallback: number,
): Setting<number> {
  const { min, max, ...rest } = about;
  return make(flag, rest, 'whole', fallback, (text, origin) => {
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidInputError(origin, `must be a whole number from ${min} to ${max}`);
  });
}

/** Defines a setting for a Go duration such as `60s` or `2m`, read as milliseconds. */
export function duration(flag: string, about: About, fallback: string): Setting<number> {
  const setting = make(flag, about, 'text', durationMs(fallback), (text, origin) => {
    const ms = parseDuration(text);
    if (ms !== null && ms > 0) return ms;
    throw new InvalidInputError(origin, 'must be a duration greater than zero, such as 60s, 2m or 1h30m');
  });
  return { ...setting, defaultText: fallback };
}

/** Defines a setting for an RFC 3339 time, read as epoch milliseconds. Any other text counts as unset. */
export function instant(flag: string, about: About): Setting<number | null> {
  const takes = (text: string) => RFC_3339.test(text) && !Number.isNaN(Date.parse(text));
  return { ...make(flag, about, 'text', null, (text) => (takes(text) ? Date.parse(text) : null)), takes };
}

/** Defines a setting for one of a few words or their aliases, ignoring case. Any other text reads as the default. */
export function choice<const V extends string>(flag: string, about: ChoiceAbout<V>): Setting<V | null>;
export function choice<const V extends string>(
  flag: string,
  about: ChoiceAbout<V>,
  fallback: NoInfer<V>,
): Setting<V>;
export function choice<const V extends string>(
  flag: string,
  { values, otherNames = {}, ...about }: ChoiceAbout<V>,
  fallback: V | null = null,
): Setting<V | null> {
  const meanings = new Map([
    ...values.map((value) => [value, value] as const),
    ...Object.entries(otherNames),
  ]);
  const meaningOf = (text: string) => meanings.get(text.toLowerCase()) ?? null;
  const setting = make(flag, about, 'choice', fallback, (text) => meaningOf(text) ?? fallback);
  return { ...setting, takes: (text) => meaningOf(text) !== null };
}

/**
 * Defines a setting for comma-separated values. The flag may be repeated. A variable may also use white space as a
 * separator, since Go's connectors split it there (spf13/viper).
 */
export function list(
  flag: string,
  about: About & { readonly pattern: RegExp; readonly remedy: string },
): Setting<readonly string[]> {
  const { pattern, remedy, ...rest } = about;
  return make(flag, rest, 'list', [], (text, origin) => {
    const isFlagOrKey = origin === `--${flag}` || origin.startsWith(`${flag} in `);
    const items = text
      .split(isFlagOrKey ? ',' : /[\s,]+/)
      .map((item) => item.trim())
      .filter((item) => item !== '');
    if (items.length <= LONGEST_LIST && items.every((item) => pattern.test(item))) return items;
    throw new InvalidInputError(origin, remedy);
  });
}

function make<T>(
  flag: string,
  about: About,
  shape: Shape,
  fallback: T,
  read: (text: string, origin: string) => T,
): Setting<T> {
  const { variables = [variableOf(flag)], ...rest } = about;
  const shows = typeof fallback === 'string' || typeof fallback === 'number';
  return { ...rest, flag, variables, shape, fallback, defaultText: shows ? String(fallback) : null, read };
}
