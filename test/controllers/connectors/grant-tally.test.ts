import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaLicenseGrantStatus } from '../../../src/api/asana-license-grant.ts';
import { tallyGrants } from '../../../src/controllers/connectors/grant-tally.ts';
import { connectorKeyOf, identitiesOf } from '../../../src/controllers/grants/grant-identity.ts';
import { Directory } from '../../../src/directory/directory.ts';
import { FakeClock } from '../../asana/fake-clock.ts';
import { person, reading } from '../../provisioning/small-world.ts';
import { CREATED, grantObject } from '../objects.ts';

function condition(type: string): NonNullable<AsanaLicenseGrantStatus['conditions']>[number] {
  return {
    type,
    status: 'True',
    reason: 'Granted',
    message: 'm',
    observedGeneration: 1,
    lastTransitionTime: CREATED,
  };
}

function directoryOf(count: number): Directory {
  const directory = new Directory(new FakeClock());
  const people = Array.from({ length: count }, (_, index) =>
    person({ gid: String(index), email: `p${index}@acme.com`, license: 'Enterprise' }),
  );
  directory.adopt(reading(people).snapshot);
  return directory;
}

const user = (gid: string) => ({ gid, name: 'N' });

suite('the tally of grants', () => {
  test('counts them by their conditions and plans', () => {
    const grants = [
      grantObject({ status: { conditions: [condition('Ready')] } }),
      grantObject({
        status: { conditions: [condition('Ready')], planned: { action: 'GrantEnterprise', reason: 'r' } },
      }),
      grantObject({ status: { conditions: [condition('Stalled')] } }),
      grantObject(),
    ];
    const { unmanagedEnterpriseLicenses: _, ...tally } = tallyGrants(grants, directoryOf(0), 0);
    assert.deepEqual(tally, { grants: 4, grantsReady: 2, grantsPlanned: 1, grantsBlocked: 1 });
  });

  test('counts the enterprise licenses that no live grant declares, each account once', () => {
    const grants = [
      grantObject({ status: { user: user('0') } }),
      grantObject({ status: { user: user('0') } }),
      grantObject({ spec: { license: 'ViewOnly' }, status: { user: user('1') } }),
      grantObject({ metadata: { deletionTimestamp: CREATED }, status: { user: user('2') } }),
      grantObject({ status: { user: user('gone') } }),
    ];
    assert.equal(tallyGrants(grants, directoryOf(5), 5).unmanagedEnterpriseLicenses, 4);
  });
});

suite('the names of a grant', () => {
  test('are what the spec says and what was recorded, addresses without case', () => {
    const object = grantObject({ status: { user: { gid: '7', email: 'Alice.Smith@ACME.com', name: 'A' } } });
    assert.deepEqual(identitiesOf(object), ['email:alice@acme.com', 'gid:7', 'email:alice.smith@acme.com']);
    assert.deepEqual(identitiesOf(grantObject({ spec: { user: { gid: '7' } } })), ['gid:7']);
  });

  test('of its connector default to its own namespace', () => {
    assert.equal(connectorKeyOf(grantObject({ metadata: { namespace: 'team' } })), 'team/acme');
    const named = grantObject({ spec: { connectorRef: { name: 'acme', namespace: 'iga' } } });
    assert.equal(connectorKeyOf(named), 'iga/acme');
  });
});
