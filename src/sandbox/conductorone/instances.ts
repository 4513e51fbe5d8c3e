import type { BatonServiceHelloRequest } from '../../conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import type { Clock } from '../../core/clock.ts';
import type { SandboxTime } from '../sandbox-time.ts';
import type { TenantSettings } from './settings.ts';

/** A process of the connector, identified by its host id. Times are epoch milliseconds. */
export interface Instance {
  readonly hostId: string;
  readonly firstSeenAt: number;
  lastSeenAt: number;
  /** The latest Hello; `null` if the instance has only asked for tasks. */
  hello: BatonServiceHelloRequest | null;
  hellos: number;
  readonly calls: Record<string, number>;
}

const MOST_INSTANCES = 1000;

/** The instances that have made calls. */
export class Instances {
  readonly #settings: TenantSettings;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #time: SandboxTime;
  readonly #byHost = new Map<string, { readonly instance: Instance; seen: number }>();

  constructor(settings: TenantSettings, clock: Pick<Clock, 'monotonic'>, time: SandboxTime) {
    this.#settings = settings;
    this.#clock = clock;
    this.#time = time;
  }

  /** Records a call of this host. */
  heard(hostId: string, rpc: string): Instance {
    const now = this.#time.now();
    let known = this.#byHost.get(hostId);
    if (known === undefined) {
      const instance = { hostId, firstSeenAt: now, lastSeenAt: now, hello: null, hellos: 0, calls: {} };
      known = { instance, seen: 0 };
      this.#byHost.set(hostId, known);
      this.#forgetOldest();
    }
    const { instance } = known;
    known.seen = this.#clock.monotonic();
    instance.lastSeenAt = now;
    instance.calls[rpc] = (instance.calls[rpc] ?? 0) + 1;
    return instance;
  }

  /** Whether the host has sent a Hello. */
  isRegistered(hostId: string): boolean {
    return (this.#byHost.get(hostId)?.instance.hellos ?? 0) > 0;
  }

  /** Returns all instances. One is connected if it sent a Hello and its last call is no older than a lease lasts. */
  list(): readonly { readonly instance: Instance; readonly connected: boolean }[] {
    const oldest = this.#clock.monotonic() - this.#settings.leaseMs;
    return [...this.#byHost.values()].map(({ instance, seen }) => ({
      instance,
      connected: instance.hellos > 0 && seen >= oldest,
    }));
  }

  #forgetOldest(): void {
    if (this.#byHost.size <= MOST_INSTANCES) return;
    for (const hostId of this.#byHost.keys()) {
      this.#byHost.delete(hostId);
      return;
    }
  }
}
