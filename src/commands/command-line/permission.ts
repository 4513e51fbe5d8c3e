import { KubernetesError } from '../../kubernetes/errors.ts';

/** The API server does not let this user do it. */
export function isForbidden(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 403;
}
