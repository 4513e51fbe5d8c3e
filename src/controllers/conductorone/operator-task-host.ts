import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { Clock } from '../../core/clock.ts';
import { StoppedError } from '../../core/errors.ts';
import { KubernetesError } from '../../kubernetes/errors.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import type { Store } from '../../kubernetes/store.ts';
import { RefusedError } from '../../provisioning/refusal.ts';
import type { TaskProvisioner } from '../../provisioning/task-provisioner.ts';
import { whyNothingIsApplied } from '../connectors/connector-obstacle.ts';
import type { ConnectorRegistry } from '../connectors/connector-registry.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';
import { ConnectorTaskHost, type TaskHostOptions } from './task-host.ts';

interface OperatorParts extends Pick<TaskHostOptions, 'findDeclarations' | 'settlingMs'> {
  readonly connectors: Pick<Store<AsanaConnector>, 'get' | 'values'>;
  /** Reads the connector from the API server instead of the cache; used before every removal. */
  readonly readConnector: (namespace: string, name: string) => Promise<AsanaConnector | null>;
  readonly registry: ConnectorRegistry;
  readonly provisioner: TaskProvisioner;
  readonly leadership: { readonly leads: boolean; readonly stoppedUntil: number | null };
  /** Writes the status of the connector, and of all that share an organization with it. */
  readonly publishWithPeers: (key: string) => Promise<void>;
  /** Called when a task has changed something, so that a seat may be free. */
  readonly onChanged: (key: string) => void;
  readonly actionTimeoutMs: number;
  readonly clock: Clock;
}

/** Creates a connector's task host: tasks run under the lease, respect declared grants and are booked in its status. */
export function operatorTaskHost(object: AsanaConnector, parts: OperatorParts): ConnectorTaskHost {
  const { connectors, registry, provisioner, findDeclarations, settlingMs, actionTimeoutMs, clock } = parts;
  const { uid } = object.metadata;
  const key = keyOf(object);
  const connector = (): AsanaConnector => {
    const now = connectors.get(key);
    if (now?.metadata.uid === uid) return now;
    throw gone(key);
  };
  const session = (): ConnectorSession => {
    const now = registry.find(key);
    if (now?.uid === uid) return now;
    throw gone(key);
  };
  return new ConnectorTaskHost({
    session,
    connector,
    provisioner,
    guard: async (removal) => {
      makeSureThisProcessActs(parts);
      makeSureItMayAct(connector(), session(), connectors);
      if (!removal) return;
      await makeSureTheApiServerAgrees(connector(), parts);
      // The lease may have been lost while the API server was asked.
      makeSureThisProcessActs(parts);
    },
    findDeclarations,
    saveRemovals: () => askApiServer(() => parts.publishWithPeers(key)),
    settlingMs,
    onChanged: () => parts.onChanged(key),
    actionTimeoutMs,
    clock,
  });
}

/** Throws unless this process may act. After a lost lease nothing is reported, so the next leader gets the task. */
function makeSureThisProcessActs({ leadership }: Pick<OperatorParts, 'leadership'>): void {
  if (!leadership.leads) throw new StoppedError('This process is not the leader any more.');
  if (leadership.stoppedUntil !== null)
    throw new RefusedError('NotReady', 'The operator is being uninstalled. Nothing is changed.');
}

function makeSureItMayAct(
  connector: AsanaConnector,
  session: ConnectorSession,
  connectors: OperatorParts['connectors'],
): void {
  const { spec, metadata } = connector;
  if (metadata.deletionTimestamp !== undefined) throw gone(keyOf(connector));
  if (spec.suspend) throw new RefusedError('Suspended', `AsanaConnector ${keyOf(connector)} is suspended.`);
  if (spec.conductorOne?.provision !== true)
    throw new RefusedError('ProvisioningOff', 'conductorOne.provision of the connector is false.');
  const why = whyNothingIsApplied(connector, session, connectors.values());
  if (why !== null) throw new RefusedError('NotReady', why);
}

/** Throws if the connector has changed since it was cached: no removal is based on an outdated spec. */
async function makeSureTheApiServerAgrees(
  { metadata }: AsanaConnector,
  { readConnector }: Pick<OperatorParts, 'readConnector'>,
): Promise<void> {
  const key = `${metadata.namespace}/${metadata.name}`;
  const now = await askApiServer(() => readConnector(metadata.namespace, metadata.name));
  if (now?.metadata.uid !== metadata.uid || now.metadata.deletionTimestamp !== undefined) throw gone(key);
  if (now.metadata.generation === metadata.generation) return;
  throw new RefusedError('NotReady', `AsanaConnector ${key} was just changed. Try again in a moment.`);
}

/** Replaces errors of the API server: tenants must not see them, and their codes are not those of Asana. */
async function askApiServer<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof KubernetesError)) throw cause;
    const message =
      'The operator could not read or write its objects in Kubernetes. Request the change again later.';
    throw new RefusedError('NotReady', message, { cause });
  }
}

function gone(key: string): RefusedError {
  return new RefusedError('NotReady', `AsanaConnector ${key} does not exist.`);
}
