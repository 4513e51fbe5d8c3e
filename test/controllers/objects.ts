import type {
  AsanaConnector,
  AsanaConnectorSpec,
  AsanaConnectorStatus,
} from '../../src/api/asana-connector.ts';
import type { AsanaLicenseGrant } from '../../src/api/asana-license-grant.ts';
import { API_VERSION, asanaConnectors, asanaLicenseGrants } from '../../src/api/resources.ts';

type Metadata = AsanaLicenseGrant['metadata'];
type Status = NonNullable<AsanaLicenseGrant['status']>;

export const CREATED = '2026-01-01T00:00:00Z';

/** Returns a license grant of connector iga/acme for alice@acme.com. */
export function grantObject(
  changes: { metadata?: Partial<Metadata>; spec?: Partial<AsanaLicenseGrant['spec']>; status?: Status } = {},
): AsanaLicenseGrant {
  return {
    apiVersion: API_VERSION,
    kind: asanaLicenseGrants.kind,
    metadata: {
      namespace: 'iga',
      name: 'alice',
      uid: 'u1',
      generation: 1,
      creationTimestamp: CREATED,
      resourceVersion: '1',
      ...changes.metadata,
    },
    spec: {
      connectorRef: { name: 'acme' },
      user: { email: 'alice@acme.com' },
      license: 'Enterprise',
      onMissingAccount: 'Wait',
      deletionPolicy: 'Revoke',
      suspend: false,
      ...changes.spec,
    },
    ...(changes.status ? { status: changes.status } : {}),
  };
}

/** Returns the connector iga/acme. */
export function connectorObject(
  changes: {
    metadata?: Partial<Metadata>;
    spec?: Partial<AsanaConnectorSpec>;
    provisioning?: Partial<AsanaConnectorSpec['provisioning']>;
    status?: AsanaConnectorStatus;
  } = {},
): AsanaConnector {
  return {
    apiVersion: API_VERSION,
    kind: asanaConnectors.kind,
    metadata: {
      namespace: 'iga',
      name: 'acme',
      uid: 'c1',
      generation: 1,
      creationTimestamp: CREATED,
      resourceVersion: '1',
      ...changes.metadata,
    },
    spec: {
      suspend: false,
      credentials: { type: 'ServiceAccount', secretRef: { name: 'asana', tokenKey: 'BATON_TOKEN' } },
      scim: { enabled: true, userTypes: { enterprise: 'enterprise', viewOnly: 'view only' } },
      sync: { interval: '1h' },
      provisioning: {
        mode: 'Apply',
        allowDeprovision: false,
        protectAdmins: true,
        removalDelay: '1m',
        maxRemovals: { percent: 20, atLeast: 5, window: '1h' },
        maxDeprovisions: 5,
        ...changes.provisioning,
      },
      ...changes.spec,
    },
    ...(changes.status ? { status: changes.status } : {}),
  };
}
