import { CodedError, type CodedErrorOptions, type ErrorClass } from '../core/errors.ts';

/**
 * A request to the API server that did not succeed. `code` is the reason of its Status (`NotFound`, `Conflict`, …)
 * or, without an answer, `Unreachable`, `Timeout` or `Malformed`. The message names the request and the reason;
 * neither bodies nor headers are kept.
 */
export class KubernetesError extends CodedError {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;

  constructor(
    code: string,
    status: number,
    errorClass: ErrorClass,
    message: string,
    options: CodedErrorOptions = {},
  ) {
    super(code, errorClass, message, options);
    this.status = status;
  }
}

/** The resourceVersion in hand is no longer the newest: look again and decide again. */
export function isConflict(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 409 && error.code !== 'AlreadyExists';
}

/** The object is gone (or never was). */
export function isNotFound(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 404;
}

/** The resourceVersion or continue token is older than what etcd keeps: list again. */
export function isExpired(error: unknown): boolean {
  return (
    error instanceof KubernetesError &&
    (error.status === 410 || error.code === 'Expired' || error.code === 'Gone')
  );
}

/** Refused for what was asked, not for when: asking again changes nothing. */
const LASTING_STATUSES = new Set([400, 403, 405, 413, 415, 422]);

/** The error of an answer other than 2xx, from the Status object the API server sends along. */
export function errorOfAnswer(
  what: string,
  status: number,
  body: string,
  retryAfter: string | undefined,
): KubernetesError {
  const { reason, message } = readStatus(body);
  const retryAfterMs = readRetryAfter(retryAfter);
  return new KubernetesError(
    reason ?? `Http${status}`,
    status,
    LASTING_STATUSES.has(status) ? 'stalling' : 'transient',
    `${what}: ${status} ${message ?? reason ?? ''}`.trimEnd(),
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}

/** Status messages come from the API server about our own request and carry no secret; they are cut all the same. */
const LONGEST_MESSAGE = 500;

function readStatus(body: string): { reason?: string; message?: string } {
  try {
    const status = JSON.parse(body) as { reason?: unknown; message?: unknown };
    return {
      ...(typeof status.reason === 'string' && status.reason !== '' ? { reason: status.reason } : {}),
      ...(typeof status.message === 'string' ? { message: status.message.slice(0, LONGEST_MESSAGE) } : {}),
    };
  } catch {
    // Something between us and the API server answered in its own words: only the code is of use.
    return {};
  }
}

/** Seconds, as the API server sends them; a date (which it does not send) is left to the backoff. */
function readRetryAfter(header: string | undefined): number | undefined {
  const seconds = Number(header);
  return header !== undefined && Number.isFinite(seconds) && seconds >= 0
    ? Math.min(seconds, 300) * 1000
    : undefined;
}
