import type { IncomingMessage } from 'node:http';
import type { Arrival, Fault } from '../kubernetes/faulty-proxy.ts';
import type { World } from './world.ts';

/** The parts of a request to the API server that identify it. */
export type Asked = Pick<IncomingMessage, 'method' | 'url'> | Arrival;

/** The number of kinds that the operator watches. */
export const WATCHED_KINDS = 5;

export const isOurs = ({ url = '' }: Asked) => url.startsWith('/apis/asana-connector.dev/');
export const isWatch = (asked: Asked) => isOurs(asked) && (asked.url ?? '').includes('watch=true');
export const isList = (asked: Asked) =>
  isOurs(asked) && asked.method === 'GET' && (asked.url ?? '').includes('limit=');
export const isWrite = (asked: Asked) => isOurs(asked) && asked.method !== 'GET';
export const isLease = ({ url = '' }: Asked) => url.includes('/leases');
export const isSecret = ({ url = '' }: Asked) => url.includes('/secrets/');
/** Whether a request is about license grants, the kind that a story is about. */
export const isOfGrants = (asked: Asked) =>
  isOurs(asked) && (asked.url ?? '').includes('/asanalicensegrants');

/** Applies a fault to the next `times` requests that satisfy `on`. */
export function strike(
  world: World,
  {
    on,
    fault,
    times = Number.POSITIVE_INFINITY,
  }: { on: (asked: Asked) => boolean; fault: Fault; times?: number },
): void {
  let left = times;
  world.proxy.faultOf = (request) => {
    if (left <= 0 || !on(request)) return null;
    left -= 1;
    return fault;
  };
}

/** Ends the fault. */
export function relent(world: World): void {
  world.proxy.faultOf = () => null;
}
