import { type AxiosAdapter, getAdapter } from 'axios';

/** Asked for more than reading: a fault of this program, stopped before anything left. */
export class ChangeRefusedError extends Error {
  constructor(method: string) {
    super(`a ${method} request was blocked: this command only reads`);
    this.name = 'ChangeRefusedError';
  }
}

/** Carries requests that read, and stops every other before it leaves, whatever asked for it. */
export function readOnlyAdapter(carrier: AxiosAdapter = getAdapter('http')): AxiosAdapter {
  return (config) => {
    const method = (config.method ?? 'get').toUpperCase();
    if (method !== 'GET') return Promise.reject(new ChangeRefusedError(method));
    return carrier(config);
  };
}
