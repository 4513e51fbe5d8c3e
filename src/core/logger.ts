/** Key/value pairs of a log line. Values are data, not parts of a sentence; secrets stay in `Redacted`. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * A structured logger: a constant message plus fields, so that lines of one kind can be found by their message.
 * Pass an error as the field `error`; its code, message and causes are logged without bodies or headers.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Returns a logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

/** A logger that discards everything; the default if none is given. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};
