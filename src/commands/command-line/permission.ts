import { KubernetesError } from '../../kubernetes/errors.ts';

/** Whether the API server denied the request because the user lacks permission. */
export function isForbidden(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 403;
}
