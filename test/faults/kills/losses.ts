import { isConflict } from '../../../src/kubernetes/errors.ts';
import type { Arena } from './arena.ts';
import type { WatchedReplica } from './watched-replica.ts';

/** A way to take the lease from a leader, or to end the leader. */
export interface Loss {
  readonly name: string;
  /** How often it is drawn, relative to the others. */
  readonly weight: number;
  /** True if the process has to end by itself then. */
  readonly endsItself: boolean;
  strike(arena: Arena, leader: WatchedReplica): Promise<void>;
}

const LEASES = '/apis/coordination.k8s.io/v1/namespaces';

export const losses: readonly Loss[] = [
  {
    name: 'kill -9 of the leader',
    weight: 12,
    endsItself: false,
    strike: (_, { process }) => process.end('SIGKILL'),
  },
  {
    name: 'the lease is deleted',
    weight: 2,
    endsItself: false,
    strike: async ({ rig }) => {
      await rig.ask({ method: 'DELETE', path: `${LEASES}/${rig.namespace}/leases/asana-connector` });
    },
  },
  {
    name: 'the lease is deleted, and kill -9 of the leader',
    weight: 2,
    endsItself: false,
    strike: async ({ rig }, { process }) => {
      await rig.ask({ method: 'DELETE', path: `${LEASES}/${rig.namespace}/leases/asana-connector` });
      await process.end('SIGKILL');
    },
  },
  { name: 'the lease is taken manually', weight: 2, endsItself: true, strike: takeByHand },
  {
    name: 'SIGSTOP for longer than the lease, then SIGCONT',
    weight: 2,
    endsItself: true,
    strike: async (arena, { process }) => {
      const identity = process.knownAs;
      process.signal('SIGSTOP');
      await arena.until('another has taken the lease', async () => {
        const holder = (await arena.lease())?.spec.holderIdentity;
        return holder !== undefined && holder !== '' && holder !== identity;
      });
      process.signal('SIGCONT');
    },
  },
  {
    name: 'the leader is cut off from the API server',
    weight: 1,
    endsItself: true,
    strike: async (_, leader) => leader.cutOff(),
  },
];

/** Writes another holder's name into the lease, and retries on a conflict. */
async function takeByHand({ rig }: Arena): Promise<void> {
  const { signal } = new AbortController();
  for (;;) {
    const lease = await rig.client.getLease<{ spec: object }>(rig.namespace, 'asana-connector', signal);
    if (lease === null) return;
    try {
      const taken = { ...lease, spec: { ...lease.spec, holderIdentity: 'somebody-else' } };
      await rig.client.replaceLease(rig.namespace, 'asana-connector', taken, signal);
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}
