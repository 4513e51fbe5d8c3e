import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaConnector } from '../../../src/api/asana-connector.ts';
import { Contenders, rivalsAmong } from '../../../src/controllers/grants/contenders.ts';
import { grantKinds } from '../../../src/controllers/grants/grant-kinds.ts';
import { GrantStores } from '../../../src/controllers/grants/grant-stores.ts';
import { Store } from '../../../src/kubernetes/store.ts';
import { connectorObject, grantObject } from '../objects.ts';

/** Returns the rivals of a license grant: another connector has one for the same person. Neither has read anything. */
function rivalsOf(organizations: { readonly own: string; readonly other: string }): string[] {
  const grants = new GrantStores();
  const kind = grantKinds.find(({ field }) => field === 'license');
  assert.ok(kind);
  const own = grantObject();
  const metadata = { name: 'older', uid: 'u2' };
  grants.of(kind).put(own);
  grants.of(kind).put(grantObject({ metadata, spec: { connectorRef: { name: 'second' } } }));
  const connectors = new Store<AsanaConnector>();
  const first = connectorObject({ status: { organizations: [organizations.own] } });
  const second = connectorObject({
    spec: { suspend: true },
    status: { organizations: [organizations.other] },
  });
  connectors.put(first);
  connectors.put({ ...second, metadata: { ...second.metadata, name: 'second', uid: 'c2' } });
  const contenders = new Contenders({ grants, connectors, registry: { findFor: () => null } as never }, 0);
  const found = contenders.of({ kind, object: own }, first);
  return rivalsAmong(found, contenders.besides(found)).map(({ grant }) => grant.object.name);
}

suite('license grants of two connectors that have not read anything yet', () => {
  test('contend if both connectors have recorded the same organization, although one is suspended', () => {
    assert.deepEqual(rivalsOf({ own: '1200', other: '1200' }), ['older']);
  });

  test('do not contend if the recorded organizations differ', () => {
    assert.deepEqual(rivalsOf({ own: '1200', other: '1300' }), []);
  });
});
