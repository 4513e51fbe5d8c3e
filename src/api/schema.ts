import { type Static, type TObject, type TProperties, type TSchemaOptions, Type } from 'typebox';
import { durationMs, parseDuration } from './duration.ts';

/**
 * The building blocks the kinds share. Each carries its bounds, so that a field cannot be declared without them
 * and CEL's cost estimate stays within the API server's budget.
 */

/** A rule in CEL, with the sentence the API server answers when it is broken. */
export interface CelRule<Self = never> {
  readonly rule: string;
  readonly message: string;
  /** The field the complaint points at, relative to the schema that carries the rule. */
  readonly fieldPath?: string;
  /** The same rule for manifests that no API server has seen; absent where the rule needs the object as it was. */
  holds?(self: Self): boolean;
  /** Of a rule that compares with the object as it was: whether the edit keeps to it. */
  keeps?(self: Readonly<Record<string, unknown>>, before: Readonly<Record<string, unknown>>): boolean;
}

/** What to write instead where a pattern or a format refuses: the validator's words, no part of the CRD. */
export const REMEDY = 'remedy';

/** An object with its description and rules; fields unknown to it are pruned by the API server. */
export function object<P extends TProperties>(
  description: string,
  properties: P,
  options: { rules?: readonly CelRule<Static<TObject<P>>>[]; default?: unknown } = {},
): TObject<P> {
  const extra: TSchemaOptions & Record<string, unknown> = { description };
  if (options.rules) extra['x-kubernetes-validations'] = options.rules;
  if (options.default !== undefined) extra['default'] = options.default;
  return Type.Object(properties, extra);
}

export function text(
  description: string,
  bounds: { minLength?: number; maxLength: number; pattern?: string; [REMEDY]?: string },
  fallback?: string,
) {
  return Type.String({ description, ...bounds, ...(fallback === undefined ? {} : { default: fallback }) });
}

export function flag(description: string, fallback: boolean) {
  return Type.Boolean({ description, default: fallback });
}

export function whole(description: string, bounds: { minimum: number; maximum: number }, fallback?: number) {
  return Type.Integer({
    description,
    ...bounds,
    format: 'int64',
    ...(fallback === undefined ? {} : { default: fallback }),
  });
}

/** A number of the status, which only the operator writes. */
export function count(description: string) {
  return Type.Optional(Type.Integer({ description, minimum: 0, format: 'int64' }));
}

/** A name of a person or a team: one line, without spaces before or after it. */
export function displayName(description: string) {
  return Type.String({
    description,
    minLength: 1,
    maxLength: 255,
    pattern: '^[^\\p{Z}\\p{Cc}]([^\\p{Zl}\\p{Zp}\\p{Cc}]*[^\\p{Z}\\p{Cc}])?$',
    [REMEDY]: 'must be on one line, without leading or trailing spaces',
  });
}

/** One of a few words. */
export function choice<const V extends readonly string[]>(
  description: string,
  values: V,
  fallback?: V[number],
) {
  return Type.Unsafe<V[number]>({
    type: 'string',
    enum: [...values],
    description,
    ...(fallback === undefined ? {} : { default: fallback }),
  });
}

/** An Asana id: a string of digits, never a number (they exceed 2^53). */
export function gid(description: string) {
  return Type.String({
    description,
    minLength: 1,
    maxLength: 32,
    pattern: '^[0-9]+$',
    [REMEDY]: 'must be a gid: digits, in quotes',
  });
}

/**
 * An email address in lower case, since field selectors and the directory's index know no other; 64 characters before
 * the @ and 255 after it (RFC 5321 §4.5.3.1). Characters that nobody sees, or that would end a string or a list
 * anywhere it is quoted, are refused.
 */
export function email(description: string) {
  const rules: readonly CelRule<string>[] = [
    {
      // Not lowerAscii(): "JÖRG@" has letters it leaves alone.
      rule: `!self.matches(r'${UPPER_CASE}')`,
      message: 'must be an email address in lower case',
      holds: (self) => !new RegExp(UPPER_CASE, 'u').test(self),
    },
    {
      rule: `self.matches(r'${EMAIL}')`,
      message: 'must be an email address such as name@example.com',
      holds: (self) => new RegExp(EMAIL, 'u').test(self),
    },
  ];
  return Type.String({ description, minLength: 3, maxLength: 320, 'x-kubernetes-validations': rules });
}

// In the syntax that RE2 and JavaScript (flag u) share, and within a raw string of CEL, so without a single quote.
const UPPER_CASE = String.raw`[\p{Lu}\p{Lt}]`;
/**
 * What no part of an address may hold: spaces of every kind, control characters, those without width that a copied
 * address may carry, and what quotes or separates addresses.
 */
const NOT_IN_EMAIL = String.raw`\p{Z}\p{Cc}\p{Cf}@"\\<>(),;:`;
const EMAIL = `^[^${NOT_IN_EMAIL}]+@[^.${NOT_IN_EMAIL}]+([.][^.${NOT_IN_EMAIL}]+)+$`;

/**
 * A Go duration kept as the user wrote it; its floor and ceiling are rules of the object around it. So many digits at
 * most that CEL's duration() can hold it (292 years): a rule that cannot be evaluated names no field.
 */
export function duration(description: string, fallback?: string) {
  return Type.String({
    description,
    maxLength: 12,
    pattern: `^([0-9]{1,6}${FRACTION}h|[0-9]{1,8}${FRACTION}m|[0-9]{1,9}${FRACTION}(s|ms))+$`,
    [REMEDY]: 'must be a duration such as 30s, 5m or 1h30m; days are not supported',
    ...(fallback === undefined ? {} : { default: fallback }),
  });
}

const FRACTION = '([.][0-9]+)?';

/**
 * A rule that keeps a duration field within bounds. It asks for the field first, even where it has a default: the
 * API server checks the default `{}` of the object around it before it fills in what is inside.
 */
export function durationBounds(
  field: string,
  floor: string,
  ceiling: string,
): CelRule<Readonly<Record<string, unknown>>> {
  return {
    rule: `!has(self.${field}) || duration(self.${field}) >= duration('${floor}') && duration(self.${field}) <= duration('${ceiling}')`,
    message: `${field} must be between ${floor} and ${ceiling}`,
    fieldPath: `.${field}`,
    holds: ({ [field]: value }) => {
      if (typeof value !== 'string') return value === undefined;
      const ms = parseDuration(value);
      return ms !== null && ms >= durationMs(floor) && ms <= durationMs(ceiling);
    },
  };
}

/** The name of an object: labels joined by dots (RFC 1123 subdomain). */
export function objectName(description: string) {
  return Type.String({
    description,
    minLength: 1,
    maxLength: 253,
    pattern: `^${LABEL}([.]${LABEL})*$`,
    [REMEDY]: 'must be the name of an object: lowercase letters, digits, "-" and "."',
  });
}

/** The name of a namespace (RFC 1123 label). */
export function namespaceName(description: string) {
  return Type.String({
    description,
    minLength: 1,
    maxLength: 63,
    pattern: `^${LABEL}$`,
    [REMEDY]: 'must be the name of a namespace: lowercase letters, digits and "-"',
  });
}

/** The name of a namespace, or `*` for every one. */
export function namespaceOrAll(description: string) {
  return Type.String({
    description,
    minLength: 1,
    maxLength: 63,
    pattern: `^([*]|${LABEL})$`,
    [REMEDY]: 'must be the name of a namespace, or "*" for all namespaces',
  });
}

/** A DNS label (RFC 1123). */
const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';

/** A key of a Secret's data. */
export function secretKey(description: string, fallback?: string) {
  return Type.String({
    description,
    minLength: 1,
    maxLength: 253,
    pattern: '^[-._a-zA-Z0-9]+$',
    [REMEDY]: 'must be a key of a Secret: letters, digits, "-", "_" and "."',
    ...(fallback === undefined ? {} : { default: fallback }),
  });
}

/** An instant, RFC 3339. */
export function instant(description: string) {
  return Type.String({ description, format: 'date-time', maxLength: 64 });
}

/**
 * An instant that a column of type string may show although it lies ahead: a `date` column would print
 * `<invalid>`. The pattern, since `date-time` alone lets an empty string pass, other spellings of dates, and an offset
 * such as +99:99 or a second 60, of which JavaScript makes no instant: an expiry that never comes.
 */
export function timestampText(description: string) {
  return Type.String({
    description,
    format: 'date-time',
    maxLength: 35,
    pattern:
      '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$',
    [REMEDY]: 'must be a time such as 2027-01-31T00:00:00Z',
  });
}

/**
 * The value of an annotation copied into the status: as long as the annotations of an object may be together (256 KiB,
 * apimachinery's TotalAnnotationSizeLimitB), or a long one would keep every other field from being written.
 */
export function handledRequest(description: string) {
  return Type.String({ description, maxLength: 262_144 });
}

/** The conditions of a kind, as the Kubernetes API conventions shape them; one a type. */
export function conditions(description: string) {
  return Type.Array(
    Type.Object(
      {
        type: Type.String({ description: 'What the condition is about, in CamelCase.', maxLength: 316 }),
        status: Type.Enum(['True', 'False', 'Unknown'], {
          type: 'string',
          description: 'Whether the condition holds: True, False or Unknown.',
        }),
        observedGeneration: Type.Integer({
          description: 'The generation of the object that the condition describes.',
          minimum: 0,
          format: 'int64',
        }),
        lastTransitionTime: instant(
          'When the status last changed. A new reason or message alone does not change it.',
        ),
        reason: Type.String({
          description: 'The reason for the status, as one CamelCase word from a documented list.',
          minLength: 1,
          maxLength: 1024,
          pattern: '^[A-Z][A-Za-z0-9]*$',
        }),
        message: Type.String({
          description: 'Explains the status and, where action is required, says what to do.',
          maxLength: 32768,
        }),
      },
      { description: 'One aspect of the state of the object.' },
    ),
    {
      description,
      maxItems: 16,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    },
  );
}
