/** Key/value pairs of a log line. Values are data, never parts of a sentence; secrets stay in `Redacted`. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Structured logging: a constant message plus fields, so that lines of one kind can be found by their message.
 * Pass an error as the field `error`; its code, message and causes are written without bodies or headers.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose every line carries `fields` too. */
  child(fields: LogFields): Logger;
}

/** Drops everything; the default where nobody listens. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};
