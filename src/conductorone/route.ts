import type { Clock } from '../core/clock.ts';
import type { Proxy } from '../core/proxy.ts';
import type { Endpoint } from './hosts.ts';
import type { Trust } from './trust.ts';

/** The route to a tenant. */
export interface Route {
  readonly endpoint: Endpoint;
  /** From `proxyFor`; `null` for a direct connection. */
  readonly proxy: Proxy | null;
  readonly trust: Trust;
  readonly clock: Clock;
}
