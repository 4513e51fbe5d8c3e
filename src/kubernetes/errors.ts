import { CodedError, type CodedErrorOptions, type ErrorClass } from '../core/errors.ts';

/**
 * A failed request to the API server. `code` is the reason of its Status (`NotFound`, `Conflict`, …) or, without a
 * usable response, `Unreachable`, `Timeout`, `TooLarge` or `Malformed`. The message names the request and the reason.
 * Bodies and headers are not kept.
 */
export class KubernetesError extends CodedError {
  /** HTTP status; 0 if there was no usable response. */
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

/** Whether the resourceVersion sent was not the newest: read the object and decide again. */
export function isConflict(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 409 && error.code !== 'AlreadyExists';
}

/** Whether the object does not exist (any more). */
export function isNotFound(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 404;
}

/** Whether the response exceeded the size limit of the request. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof KubernetesError && error.code === 'TooLarge';
}

/** Whether the resourceVersion or continue token is older than what etcd keeps: list again. */
export function isExpired(error: unknown): boolean {
  return (
    error instanceof KubernetesError &&
    (error.status === 410 || error.code === 'Expired' || error.code === 'Gone')
  );
}

/**
 * Whether the error says nothing about the resourceVersion that a watch started from: no response, overload, or a
 * server that is starting or failing. client-go's reflector also resumes from the same version after these. A 504 is
 * not included, because the API server rejects a resourceVersion from the future with it.
 */
export function isOutage(error: unknown): boolean {
  return (
    error instanceof KubernetesError &&
    (error.code === 'Unreachable' || error.code === 'Timeout' || [429, 500, 502, 503].includes(error.status))
  );
}

/**
 * Returns the error for a response other than 2xx, from the Status object in its body. Always transient: a Role, a CRD
 * or an admission policy can be fixed without a change to the rejected object, so no rejection is final.
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

/** Status messages come from the API server about our own request and contain no secrets; truncated as a precaution. */
const LONGEST_MESSAGE = 500;

/** Reads the body as a metav1.Status. Proxies between us and the API server may send other bodies. */
function readStatus(body: string): { reason?: string; message?: string; retryAfterSeconds?: string } {
  let status: { kind?: unknown; reason?: unknown; message?: unknown; details?: unknown };
  try {
    status = (JSON.parse(body) ?? {}) as typeof status;
  } catch {
    // Not JSON, so not a Status: only the status code is useful.
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

/** Longer than any API server asks for. Caps larger values. */
const LONGEST_RETRY_AFTER_S = 300;

/** Parses seconds, as the API server sends them. A date (which it does not send) is ignored; the backoff applies. */
function readRetryAfter(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  return Math.min(Number(text), LONGEST_RETRY_AFTER_S) * 1000;
}
