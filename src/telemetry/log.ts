import { inspect } from 'node:util';
import winston from 'winston';
import { CodedError } from '../core/errors.ts';
import type { LogFields, Logger } from '../core/logger.ts';
import { Redacted } from '../core/redacted.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export interface LogOptions {
  readonly level: LogLevel;
  /** `json` for machines, `console` for people. */
  readonly format: 'json' | 'console';
  /** Default: standard error. */
  readonly stream?: NodeJS.WritableStream;
}

/** Log lines to standard error: a constant message and fields, never a sentence made of data. */
export function createLogger(options: LogOptions): Logger {
  const { combine, timestamp, printf } = winston.format;
  const stream = options.stream ?? process.stderr;
  const colour = options.format === 'console' && 'isTTY' in stream && stream.isTTY === true;
  const logger = winston.createLogger({
    level: options.level,
    format: combine(timestamp(), printf(options.format === 'json' ? jsonLine : consoleLine(colour))),
    transports: [new winston.transports.Stream({ stream, eol: '\n' })],
    exitOnError: false,
  });
  return wrap(logger, {});
}

function wrap(logger: winston.Logger, bound: LogFields): Logger {
  const write = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (logger.isLevelEnabled(level)) logger.log(level, message, { fields: tame({ ...bound, ...fields }) });
  };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => wrap(logger, { ...bound, ...fields }),
  };
}

type Line = winston.Logform.TransformableInfo;

function jsonLine({ timestamp, level, message, fields }: Line): string {
  return JSON.stringify({ time: timestamp, level, message, ...(fields as object) });
}

const COLOURS: Record<string, string> = {
  error: '\u001b[31m',
  warn: '\u001b[33m',
  info: '\u001b[32m',
  debug: '\u001b[2m',
};

function consoleLine(colour: boolean): (line: Line) => string {
  return ({ timestamp, level, message, fields }) => {
    const tag = level.toUpperCase().padEnd(5);
    const shown = colour ? `${COLOURS[level] ?? ''}${tag}\u001b[0m` : tag;
    const rest = Object.entries(fields as object)
      .map(
        ([key, value]) =>
          `${key}=${typeof value === 'string' && !/\s/.test(value) ? value : JSON.stringify(value)}`,
      )
      .join(' ');
    return `${String(timestamp).slice(11, 23)} ${shown} ${String(message)}${rest === '' ? '' : ` ${rest}`}`;
  };
}

const DEEPEST = 6;
const LONGEST_STRING = 2_048;
const MOST_ITEMS = 50;

/** Keys whose values are nobody's business, and texts that look like secrets whatever their key: the last net. */
const SECRET_KEY =
  /^(authorization|proxy-authorization|cookie|set-cookie|password|secret|client_?secret|token|access_?token)$/i;
const SECRET_TEXT = /(bearer\s+|basic\s+|secret-token:)[^\s"',]+/gi;

/** A value as a log line may hold it: bounded in depth, length and number, without functions, bodies or secrets. */
export function tame(value: unknown, depth = 0, seen: ReadonlySet<object> = new Set()): unknown {
  if (typeof value === 'string') return tameText(value);
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return '[function]';
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Redacted) return String(value);
  if (value instanceof Date) return value.toISOString();
  if (seen.has(value) || depth >= DEEPEST) return '[…]';
  const within = new Set(seen).add(value);
  if (value instanceof Error) return tameError(value, depth, within);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) {
    const items = value.slice(0, MOST_ITEMS).map((item) => tame(item, depth + 1, within));
    return value.length > MOST_ITEMS ? [...items, `… ${value.length - MOST_ITEMS} more`] : items;
  }
  const entries = Object.entries(value).slice(0, MOST_ITEMS);
  return Object.fromEntries(
    entries.map(([key, item]) => [
      key,
      SECRET_KEY.test(key) && item !== undefined ? '[redacted]' : tame(item, depth + 1, within),
    ]),
  );
}

/** Name, code, message and causes. An HTTP library's request, headers and body are never looked at. */
function tameError(error: Error, depth: number, seen: ReadonlySet<object>): Record<string, unknown> {
  const code = error instanceof CodedError ? error.code : (error as NodeJS.ErrnoException).code;
  return {
    name: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    message: tameText(error.message),
    ...(error instanceof CodedError || error.stack === undefined ? {} : { stack: tameText(error.stack) }),
    ...(error.cause === undefined
      ? {}
      : { cause: tame(error.cause instanceof Error ? error.cause : inspect(error.cause), depth + 1, seen) }),
  };
}

function tameText(text: string): string {
  const masked = text.replace(SECRET_TEXT, '$1[redacted]');
  return masked.length > LONGEST_STRING ? `${masked.slice(0, LONGEST_STRING)}…` : masked;
}
