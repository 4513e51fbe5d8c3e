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

/** What the API server answers when it refuses, as the client makes an error of it. */
export function refusal(reason: RefusalReason, message: string, retryAfterSeconds?: number): KubernetesError {
  return errorOfAnswer(
    'the API server',
    CODES[reason],
    JSON.stringify(statusOf(reason, message)),
    retryAfterSeconds === undefined ? undefined : String(retryAfterSeconds),
  );
}

/** An error the API server has no reason for: it answers 500 with the message alone. */
export function failure(message: string): KubernetesError {
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code: 500 };
  return errorOfAnswer('the API server', 500, JSON.stringify(status));
}

/**
 * A body that does not fit the types of its kind. It is a BadRequest where the whole object was sent, and Invalid
 * where a patch led to it.
 */
export class UndecodableError extends Error {
  override readonly name = 'UndecodableError';
}

/** Runs `work` with what cannot be decoded refused for `reason`. */
export function decoding<T>(reason: 'BadRequest' | 'Invalid', work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UndecodableError) throw refusal(reason, error.message);
    throw error;
  }
}

/** The Status object of a refusal. */
export function statusOf(reason: RefusalReason, message: string): Record<string, unknown> {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code: CODES[reason] };
}

/** What it answers for a path that it does not serve: no Status, plain text. */
export function notServed(): KubernetesError {
  return errorOfAnswer('the API server', 404, '404 page not found');
}
