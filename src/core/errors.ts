/**
 * How a failure ends; conditions and requeues follow from it (docs/architecture.md, "Conditions").
 * - `stalling`: a person must act; no retry before something they can change has changed.
 * - `waiting`: comes right by itself at a known time or event; quiet, no backoff.
 * - `transient`: try again with backoff.
 */
export type ErrorClass = 'stalling' | 'waiting' | 'transient';

export interface CodedErrorOptions {
  /** The failure underneath, kept for logs. */
  cause?: unknown;
  /** When the other side said when to come back, milliseconds from now. */
  retryAfterMs?: number;
}

/**
 * The base of every error this program throws on purpose: a stable code for machines, a class that says what
 * happens next, and a message that tells a person what to do. Messages never hold secrets or response bodies.
 */
export abstract class CodedError extends Error {
  /** Stable identifier, `PascalCase`; part of the public surface once it shows in a condition or a log. */
  readonly code: string;
  readonly errorClass: ErrorClass;
  readonly retryAfterMs: number | undefined;

  constructor(code: string, errorClass: ErrorClass, message: string, options: CodedErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.errorClass = errorClass;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Input that breaks a documented rule: names the field and the remedy. Always a person's to mend. */
export class InvalidInputError extends CodedError {
  /** The field, flag or key that is wrong, as its user writes it. */
  readonly field: string;

  constructor(field: string, message: string, options: CodedErrorOptions = {}) {
    super('InvalidInput', 'stalling', `${field}: ${message}`, options);
    this.field = field;
  }
}

/** The process is stopping, or lost its lease: the work was given up on purpose and must not be counted a failure. */
export class StoppedError extends CodedError {
  constructor(message = 'stopped', options: CodedErrorOptions = {}) {
    super('Stopped', 'waiting', message, options);
  }
}

/** True for what an aborted signal throws, however deep in a library it was thrown. */
export function isAbort(error: unknown): boolean {
  return error instanceof StoppedError || (error instanceof Error && error.name === 'AbortError');
}

/** The code that Node and libraries give their errors (`ECONNRESET`, `ERR_TLS_…`); null for what has none. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
