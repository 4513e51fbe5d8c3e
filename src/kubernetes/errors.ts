import { CodedError, type CodedErrorOptions, type ErrorClass } from '../core/errors.ts';

/**
 * A request to the API server that did not succeed. `code` is the reason of its Status (`NotFound`, `Conflict`, …)
 * or, without an answer, `Unreachable`, `Timeout`, `TooLarge` or `Malformed`. The message names the request and the reason;
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

/** The answer has more bytes than was asked for at most. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof KubernetesError && error.code === 'TooLarge';
}

/** The resourceVersion or continue token is older than what etcd keeps: list again. */
export function isExpired(error: unknown): boolean {
  return (
    error instanceof KubernetesError &&
    (error.status === 410 || error.code === 'Expired' || error.code === 'Gone')
  );
}

/**
 * True for trouble that says nothing about the resourceVersion a watch was begun from: no answer, overload, a server
 * that is starting or failing. client-go's reflector, too, goes on from the same version after these; a 504 is not
 * among them, since that is how a version from the future is refused.
 */
export function isOutage(error: unknown): boolean {
  return (
    error instanceof KubernetesError &&
    (error.code === 'Unreachable' || error.code === 'Timeout' || [429, 500, 502, 503].includes(error.status))
  );
}

/**
 * The error of an answer other than 2xx, from the Status object the API server sends along. Always transient: a
 * Role, a CRD, an admission policy are mended without the object that was refused changing, so no refusal is final.
 */
export function errorOfAnswer(
  what: string,
  status: number,
  body: string,
  retryAfter?: string,
): KubernetesError {
  const { reason, message, retryAfterSeconds } = readStatus(body);
  const retryAfterMs = readRetryAfter(retryAfter ?? retryAfterSeconds);
  return new KubernetesError(
    reason ?? `Http${status}`,
    status,
    'transient',
    `${what}: ${status} ${message ?? reason ?? ''}`.trimEnd(),
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}

/** Status messages come from the API server about our own request and carry no secret; they are cut all the same. */
const LONGEST_MESSAGE = 500;

/** metav1.Status, if the body is one: what stands between us and the API server may answer in its own words. */
function readStatus(body: string): { reason?: string; message?: string; retryAfterSeconds?: string } {
  let status: { kind?: unknown; reason?: unknown; message?: unknown; details?: unknown };
  try {
    status = (JSON.parse(body) ?? {}) as typeof status;
  } catch {
    // No JSON, so no Status: only the code is of use.
    return {};
  }
  if (status.kind !== 'Status') return {};
  const { retryAfterSeconds } = (status.details ?? {}) as { retryAfterSeconds?: unknown };
  return {
    ...(typeof status.reason === 'string' && status.reason !== '' ? { reason: status.reason } : {}),
    ...(typeof status.message === 'string' ? { message: status.message.slice(0, LONGEST_MESSAGE) } : {}),
    ...(typeof retryAfterSeconds === 'number' ? { retryAfterSeconds: String(retryAfterSeconds) } : {}),
  };
}

/** Longer than any API server asks for; what asks for more is looked at again after this. */
const LONGEST_RETRY_AFTER_S = 300;

/** Seconds, as the API server sends them; a date (which it does not send) is left to the backoff. */
function readRetryAfter(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  return Math.min(Number(text), LONGEST_RETRY_AFTER_S) * 1000;
}
