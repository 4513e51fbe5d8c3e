import winston from 'winston';
import type { LogFields, Logger } from '../core/logger.ts';
import { tame, tameText } from './tame.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export interface LogOptions {
  readonly level: LogLevel;
  /** `json` for machines, `console` for people. */
  readonly format: 'json' | 'console';
  /** Default: standard error. */
  readonly stream?: NodeJS.WritableStream;
}

/** Creates a logger on standard error (or `stream`): each line has a constant message, and data only in its fields. */
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
    // One object: given a separate message, winston would interpret %s in it and drop the fields.
    if (logger.isLevelEnabled(level))
      logger.log({ level, message: tameText(message), fields: tame({ ...bound, ...fields }) });
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

/** A field named time, level or message does not replace the real one. */
function jsonLine({ timestamp, level, message, fields }: Line): string {
  const head = { time: timestamp, level, message };
  return JSON.stringify(Object.assign({}, head, fields, head));
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
    const rest = Object.entries(fields as object).map(([key, value]) => ` ${key}=${showValue(value)}`);
    return `${String(timestamp).slice(11, 23)} ${shown} ${escapeControls(`${String(message)}${rest.join('')}`)}`;
  };
}

function showValue(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value)
    ? value
    : (JSON.stringify(value) ?? 'undefined');
}

/** Escapes control characters, since a name from Asana could move the reader's cursor. JSON leaves DEL and C1 as is. */
function escapeControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
