import { errorOfAnswer, type KubernetesError } from '../../../src/kubernetes/errors.ts';

const CODES = {
  BadRequest: 400,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
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

/** The Status object of a refusal. */
export function statusOf(reason: RefusalReason, message: string): Record<string, unknown> {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code: CODES[reason] };
}

/** What it answers for a path that it does not serve: no Status, plain text. */
export function notServed(): KubernetesError {
  return errorOfAnswer('the API server', 404, '404 page not found');
}
