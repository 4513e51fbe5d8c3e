import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaConnector } from '../../src/api/asana-connector.ts';
import type { AsanaLicenseGrant } from '../../src/api/asana-license-grant.ts';
import { ConnectorRegistry } from '../../src/controllers/connector-registry.ts';
import { ConnectorSession } from '../../src/controllers/connector-session.ts';
import { findDeclaredLicense } from '../../src/controllers/declared-license.ts';
import { IDENTITY_INDEX, identitiesOf } from '../../src/controllers/identity.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { Store } from '../../src/kubernetes/store.ts';
import { FakeClock } from '../asana/fake-clock.ts';
import { ORGANIZATION, person, reading } from '../provisioning/small-world.ts';
import { connectorObject, grantObject } from './objects.ts';

const alice = person({ gid: '7', email: 'alice@acme.com' });
const NOW = Date.UTC(2026, 5, 1);

async function declared(
  grants: readonly AsanaLicenseGrant[],
  connector: AsanaConnector = connectorObject(),
  organization: string | null = ORGANIZATION.gid,
) {
  const store = new Store<AsanaLicenseGrant>({ [IDENTITY_INDEX]: identitiesOf });
  for (const grant of grants) store.put(grant);
  const connectors = new Store<AsanaConnector>();
  connectors.put(connector);
  const clock = new FakeClock();
  const registry = new ConnectorRegistry((object) => {
    const deps = { clock, random: () => 0, log: silentLogger, newToken: () => 't', onChange: () => {} };
    return new ConnectorSession(deps, object.status);
  });
  const session = await registry.of('iga/acme', connector);
  session.directory.adopt(reading([alice]).snapshot);
  return findDeclaredLicense({ grants: store, connectors, registry }, alice, organization, NOW);
}

const enterprise = { license: 'Enterprise', object: 'AsanaLicenseGrant iga/alice' };

suite('what Git declares for an account', () => {
  const rows: readonly [
    grants: readonly AsanaLicenseGrant[],
    expected: typeof enterprise | null,
    because: string,
    connector?: AsanaConnector,
  ][] = [
    [[grantObject()], enterprise, 'a live grant names its email'],
    [[grantObject({ spec: { user: { gid: '7' } } })], enterprise, 'or its gid'],
    [
      [grantObject({ spec: { user: { email: 'old@acme.com' } }, status: { user: { gid: '7', name: 'A' } } })],
      enterprise,
      'or has found it before it was renamed',
    ],
    [
      [grantObject({ status: { user: { gid: '8', name: 'B' } } })],
      null,
      'the recorded gid is the identity, and it is another',
    ],
    [[], null, 'there is no grant'],
    [[grantObject({ spec: { suspend: true } })], null, 'a suspended grant declares nothing'],
    [[grantObject({ spec: { expiresAt: '2026-01-02T00:00:00Z' } })], null, 'nor an expired one'],
    [
      [grantObject({ metadata: { deletionTimestamp: '2026-05-01T00:00:00Z' } })],
      null,
      'nor one that is being deleted',
    ],
    [
      [grantObject()],
      null,
      'in mode Plan nothing is enforced',
      connectorObject({ provisioning: { mode: 'Plan' } }),
    ],
    [
      [grantObject()],
      null,
      'nor while the connector is suspended',
      connectorObject({ spec: { suspend: true } }),
    ],
    [
      [
        grantObject({
          metadata: { name: 'younger', uid: 'u2', creationTimestamp: '2026-02-01T00:00:00Z' },
          spec: { license: 'ViewOnly' },
        }),
        grantObject(),
      ],
      enterprise,
      'of two the older rules',
    ],
    [
      [
        grantObject({
          metadata: { namespace: 'elsewhere' },
          spec: { connectorRef: { name: 'acme', namespace: 'iga' } },
        }),
      ],
      null,
      'a namespace that is not allowed declares nothing',
    ],
  ];
  for (const [grants, expected, because, connector] of rows) {
    test(`is ${expected?.license ?? 'nothing'}: ${because}`, async () => {
      assert.deepEqual(await declared(grants, connector), expected, because);
    });
  }

  test('is nothing for an account of another organization that has the same gid', async () => {
    assert.equal(await declared([grantObject()], connectorObject(), 'another'), null);
  });
});
