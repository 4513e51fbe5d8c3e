/**
 * How a failure is resolved; conditions and requeues follow from it (docs/architecture.md, "Conditions").
 * - `stalling`: a person must act; no retry until something that they can change has changed.
 * - `waiting`: resolves itself at a known time or event; not counted as an error, no backoff.
 * - `transient`: retried with backoff.
 */
export type ErrorClass = 'stalling' | 'waiting' | 'transient';

export interface CodedErrorOptions {
  /** The underlying failure, kept for logs. */
  cause?: unknown;
  /** Milliseconds from now until a retry, if the other side named a time. */
  retryAfterMs?: number;
}

/**
 * The base class of every error that this program throws on purpose: a stable code for machines, a class that decides
 * what happens next, and a message that tells a person what to do. Messages never contain secrets or response bodies.
 */
export abstract class CodedError extends Error {
  /** Stable identifier, `PascalCase`; part of the public API once it appears in a condition or a log. */
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

/** Input that breaks a documented rule. The message names the field and the remedy; only a person can fix it. */
export class InvalidInputError extends CodedError {
  /** The invalid field, flag or key, as the user writes it. */
  readonly field: string;

  constructor(field: string, message: string, options: CodedErrorOptions = {}) {
    super('InvalidInput', 'stalling', `${field}: ${message}`, options);
    this.field = field;
  }
}

/** Work that was abandoned because the process stops or lost its lease; it must not be counted as a failure. */
export class StoppedError extends CodedError {
  constructor(message = 'stopped', options: CodedErrorOptions = {}) {
    super('Stopped', 'waiting', message, options);
  }
}

/** Reports whether an error was caused by an aborted signal, even if a library threw it. */
export function isAbort(error: unknown): boolean {
  return error instanceof StoppedError || (error instanceof Error && error.name === 'AbortError');
}

/** Returns the code that Node and libraries set on errors (`ECONNRESET`, `ERR_TLS_…`); `null` if there is none. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
