import { errorOfAnswer, type KubernetesError } from '../../../src/kubernetes/errors.ts';

const CODES = {
  BadRequest: 400,
  Forbidden: 403,
  NotFound: 404,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
} as const;

export type RefusalReason = keyof typeof CODES;

/** Returns the API server's refusal as the error that the client makes of it. */
export function refusal(reason: RefusalReason, message: string, retryAfterSeconds?: number): KubernetesError {
  return errorOfAnswer(
    'the API server',
    CODES[reason],
    JSON.stringify(statusOf(reason, message)),
    retryAfterSeconds === undefined ? undefined : String(retryAfterSeconds),
  );
}

/** Returns an error that the API server has no reason for: it answers 500 with only a message. */
export function failure(message: string): KubernetesError {
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code: 500 };
  return errorOfAnswer('the API server', 500, JSON.stringify(status));
}

/**
 * Thrown for a body that does not fit the types of its kind. The answer is BadRequest if the whole object was sent, and
 * Invalid if a patch led to it.
 */
export class UndecodableError extends Error {
  override readonly name = 'UndecodableError';
}

/** Runs `work`, and refuses for `reason` what cannot be decoded. */
export function decoding<T>(reason: 'BadRequest' | 'Invalid', work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UndecodableError) throw refusal(reason, error.message);
    throw error;
  }
}

/** Returns the Status object of a refusal. */
export function statusOf(reason: RefusalReason, message: string): Record<string, unknown> {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code: CODES[reason] };
}

/** Returns the answer for a path that is not served: plain text, no Status. */
export function notServed(): KubernetesError {
  return errorOfAnswer('the API server', 404, '404 page not found');
}
