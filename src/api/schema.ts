import { type Static, type TObject, type TProperties, type TSchemaOptions, Type } from 'typebox';
import { durationMs, parseDuration } from './duration.ts';

/**
 * The building blocks that the kinds share. Each has bounds, so that a field cannot be declared without them
 * and CEL's cost estimate stays within the API server's budget.
 */

/** A CEL rule, with the message that the API server returns if it is broken. */
export interface CelRule<Self = never> {
  readonly rule: string;
  readonly message: string;
  /** The field that the error refers to, relative to the schema with the rule. */
  readonly fieldPath?: string;
  /** The same rule for local manifests; absent if the rule needs the previous version of the object. */
  holds?(self: Self): boolean;
  /** For a rule that compares with the previous version: whether an edit complies with it. */
  keeps?(self: Readonly<Record<string, unknown>>, before: Readonly<Record<string, unknown>>): boolean;
}

/** The validator's message for a value that breaks a pattern or a format; not part of the CRD. */
export const REMEDY = 'remedy';

/** Returns an object schema with its description and rules; the API server prunes unknown fields. */
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

/** Returns the schema for a number in the status, which only the operator writes. */
export function count(description: string) {
  return Type.Optional(Type.Integer({ description, minimum: 0, format: 'int64' }));
}

/** Returns the schema for a name of a person or a team: one line, without leading or trailing spaces. */
export function displayName(description: string) {
  return Type.String({
    description,
    minLength: 1,
    maxLength: 255,
    pattern: '^[^\\p{Z}\\p{Cc}]([^\\p{Zl}\\p{Zp}\\p{Cc}]*[^\\p{Z}\\p{Cc}])?$',
    [REMEDY]: 'must be on one line, without leading or trailing spaces',
  });
}

/** Returns the schema for one of a few words. */
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

/** Returns the schema for an Asana gid: a string of digits, never a number (gids may exceed 2^53). */
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
 * Returns the schema for an email address in lower case, which field selectors and the directory's index require. At
 * most 320 characters: 64 before the @ and 255 after it (RFC 5321 §4.5.3.1), checked only as a sum. Rejects invisible
 * characters, and those that would end a string or a list in which the address is quoted.
 */
export function email(description: string) {
  const rules: readonly CelRule<string>[] = [
    {
      // Not lowerAscii(), which leaves the Ö of "JÖRG@" unchanged.
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

// In the syntax common to RE2 and JavaScript (flag u), and without single quotes, to fit into a raw CEL string.
const UPPER_CASE = String.raw`[\p{Lu}\p{Lt}]`;
/**
 * Characters that no part of an address may contain: spaces of every kind, control characters, zero-width characters
 * that a copied address may include, and characters that quote or separate addresses.
 */
const NOT_IN_EMAIL = String.raw`\p{Z}\p{Cc}\p{Cf}@"\\<>(),;:`;
const EMAIL = `^[^${NOT_IN_EMAIL}]+@[^.${NOT_IN_EMAIL}]+([.][^.${NOT_IN_EMAIL}]+)+$`;

/**
 * Returns the schema for a Go duration, kept as the user wrote it; `durationBounds` on the object around it sets the
 * range. The digits are limited to what CEL's duration() can hold (292 years): a failed evaluation names no field.
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
 * Returns a rule that keeps a duration field within bounds. It first checks that the field exists, even if it has a
 * default: the API server validates the default `{}` of the object around it before it applies the defaults inside.
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

/** Returns the schema for the name of an object: labels joined by dots (RFC 1123 subdomain). */
export function objectName(description: string) {
  return Type.String({
    description,
    minLength: 1,
    maxLength: 253,
    pattern: `^${LABEL}([.]${LABEL})*$`,
    [REMEDY]: 'must be the name of an object: lowercase letters, digits, "-" and "."',
  });
}

/** Returns the schema for the name of a namespace (RFC 1123 label). */
export function namespaceName(description: string) {
  return Type.String({
    description,
    minLength: 1,
    maxLength: 63,
    pattern: `^${LABEL}$`,
    [REMEDY]: 'must be the name of a namespace: lowercase letters, digits and "-"',
  });
}

/** Returns the schema for the name of a namespace, or `*` for all. */
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

/** Returns the schema for a key of a Secret's data. */
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

/** Returns the schema for an instant (RFC 3339). */
export function instant(description: string) {
  return Type.String({ description, format: 'date-time', maxLength: 64 });
}

/**
 * Returns the schema for an instant that may be in the future and so needs a column of type string: a `date` column
 * would print `<invalid>`. `date-time` alone also accepts an empty string, other spellings of dates, and an offset like
 * +99:99 or a second 60, which JavaScript cannot parse: the grant would never expire. The pattern excludes all these.
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
 * Returns the schema for an annotation value copied into the status. It may be as long as all annotations of an object
 * together (256 KiB, apimachinery's TotalAnnotationSizeLimitB), so that a long value cannot block the status write.
 */
export function handledRequest(description: string) {
  return Type.String({ description, maxLength: 262_144 });
}

/** Returns the schema for conditions, as defined by the Kubernetes API conventions; one per type. */
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
