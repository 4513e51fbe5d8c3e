import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaConnector } from '../../../src/api/asana-connector.ts';
import type { ContenderSources } from '../../../src/controllers/grants/contenders.ts';
import { findDeclarations } from '../../../src/controllers/grants/declared-rights.ts';
import { grantKinds } from '../../../src/controllers/grants/grant-kinds.ts';
import { GrantStores } from '../../../src/controllers/grants/grant-stores.ts';
import { Store } from '../../../src/kubernetes/store.ts';
import { connectorObject, grantObject } from '../objects.ts';

const ORGANIZATION = '1200';
const ALICE = { gid: '77', email: 'alice@acme.com' };

/** Returns a state just after a start: nothing is read; the connector's status names its organizations. */
function unread(organizations: readonly string[]): ContenderSources {
  const grants = new GrantStores();
  const kind = grantKinds.find(({ field }) => field === 'license');
  assert.ok(kind);
  grants.of(kind).put(grantObject({ spec: { license: 'ViewOnly' } }));
  const connectors = new Store<AsanaConnector>();
  const status = { organizations: [...organizations] } as AsanaConnector['status'] & object;
  connectors.put(connectorObject({ provisioning: { mode: 'Apply' }, status }));
  return { grants, connectors, registry: { findFor: () => null } as never };
}

suite('a declared right whose connector has not read anything yet', () => {
  test('counts in the organization that the connector has recorded', () => {
    const declared = findDeclarations(unread([ORGANIZATION]), ALICE, [ORGANIZATION, '1500'], 0);
    assert.deepEqual(
      declared.map(({ object, right }) => [object, right]),
      [['AsanaLicenseGrant iga/alice', { type: 'License', license: 'ViewOnly' }]],
    );
  });

  test('does not count in another organization, where gids and addresses mean other people', () => {
    assert.deepEqual(findDeclarations(unread(['1300']), ALICE, [ORGANIZATION], 0), []);
  });

  test('counts if one of several recorded organizations is the one in question', () => {
    assert.equal(findDeclarations(unread(['1300', ORGANIZATION]), ALICE, [ORGANIZATION], 0).length, 1);
  });

  test('counts if the connector has recorded no organization', () => {
    assert.equal(findDeclarations(unread([]), ALICE, [ORGANIZATION], 0).length, 1);
  });
});
