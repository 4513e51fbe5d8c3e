import { type AxiosAdapter, getAdapter } from 'axios';

/** A request that is not a read: a bug of this program, stopped before it was sent. */
export class ChangeRefusedError extends Error {
  constructor(method: string) {
    super(`a ${method} request was blocked: this command only reads`);
    this.name = 'ChangeRefusedError';
  }
}

/** Returns an adapter that sends GET requests and rejects all others before they leave. */
export function readOnlyAdapter(carrier: AxiosAdapter = getAdapter('http')): AxiosAdapter {
  return (config) => {
    const method = (config.method ?? 'get').toUpperCase();
    if (method !== 'GET') return Promise.reject(new ChangeRefusedError(method));
    return carrier(config);
  };
}
