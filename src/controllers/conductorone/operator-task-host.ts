import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { AsanaLicenseGrant } from '../../api/asana-license-grant.ts';
import type { Clock } from '../../core/clock.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import type { Store } from '../../kubernetes/store.ts';
import type { TaskProvisioner } from '../../provisioning/task-provisioner.ts';
import { RefusedError } from '../../provisioning/task-request.ts';
import { findObstacle } from './connector-obstacle.ts';
import type { ConnectorRegistry } from './connector-registry.ts';
import { ConnectorTaskHost } from './connector-task-host.ts';
import { findDeclaredLicense } from './declared-license.ts';
import { countApplied, type Leadership, settlingMs, type TouchReason } from './license-grant-context.ts';

interface OperatorParts {
  readonly grants: Store<AsanaLicenseGrant>;
  readonly connectors: Store<AsanaConnector>;
  readonly registry: ConnectorRegistry;
  readonly provisioner: TaskProvisioner;
  readonly leadership: Leadership;
  readonly publishConnector: (key: string) => Promise<void>;
  readonly touchConnector: (key: string, why: TouchReason) => void;
  readonly actionTimeoutMs: number;
  readonly clock: Clock;
}

/** The tasks of a connector object: under the lease, beside what its grants declare, booked in its status. */
export function operatorTaskHost(object: AsanaConnector, parts: OperatorParts): ConnectorTaskHost {
  const { grants, connectors, registry, leadership, actionTimeoutMs, clock } = parts;
  const key = keyOf(object);

  const connector = (): AsanaConnector => {
    const now = connectors.get(key);
    if (now && now.metadata.uid === object.metadata.uid) return now;
    throw new RefusedError('NotReady', `AsanaConnector ${key} is gone.`);
  };
  const session = () => {
    const now = registry.find(key);
    if (now) return now;
    throw new RefusedError('NotReady', `AsanaConnector ${key} is gone.`);
  };
  const fence = () => {
    if (!leadership.leads) throw new RefusedError('NotReady', 'This process does not lead (any more).');
    if (leadership.stoppedUntil !== null)
      throw new RefusedError('NotReady', 'The release is being uninstalled: nothing is changed any more.');
    const now = connector();
    if (now.spec.suspend) throw new RefusedError('Suspended', `AsanaConnector ${key} is suspended.`);
    if (now.spec.conductorOne?.provision !== true)
      throw new RefusedError('ProvisioningOff', 'conductorOne.provision of the connector is off.');
    const obstacle = findObstacle(now, session(), connectors.values());
    if (obstacle) throw new RefusedError('NotReady', obstacle.message);
  };
  return new ConnectorTaskHost({
    session,
    connector,
    provisioner: parts.provisioner,
    fence,
    declaredFor: (account) => {
      const organization = session().directory.current()?.organization?.gid ?? null;
      return findDeclaredLicense({ grants, connectors, registry }, account, organization, clock.now());
    },
    saveRemovals: () => parts.publishConnector(key),
    appliedGrants: () => countApplied(grants, key),
    settlingMs: () => settlingMs(leadership, actionTimeoutMs),
    onChanged: () => parts.touchConnector(key, 'SeatFreed'),
    actionTimeoutMs,
    clock,
  });
}
