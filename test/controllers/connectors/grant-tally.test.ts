import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { GrantKindName, GrantObject } from '../../../src/api/kinds.ts';
import { sumTally, type TalliedGrant, tallyGrants } from '../../../src/controllers/connectors/grant-tally.ts';
import { Directory } from '../../../src/directory/directory.ts';
import { FakeClock } from '../../asana/fake-clock.ts';
import { CREATED, grantObject } from '../objects.ts';
import { snapshotOf } from './readings.ts';

type Status = NonNullable<ReturnType<typeof grantObject>['status']>;

function condition(type: string): NonNullable<Status['conditions']>[number] {
  return {
    type,
    status: 'True',
    reason: 'Granted',
    message: 'm',
    observedGeneration: 1,
    lastTransitionTime: CREATED,
  };
}

/** Returns a grant with its kind, as a store does; the object itself does not contain the kind. */
function known(object: GrantObject, kind: GrantKindName = 'AsanaLicenseGrant'): TalliedGrant {
  return { kind: { resource: { kind } }, object };
}

function directoryOf(enterprise: number): Directory {
  const directory = new Directory(new FakeClock());
  directory.adopt(snapshotOf(enterprise, { enterprise }));
  return directory;
}

const NOW = Date.parse(CREATED) + 60_000;
const LATER = new Date(NOW + 3_600_000).toISOString();

const none = { grants: 0, ready: 0, planned: 0, blocked: 0, endingSoon: 0 };

const user = (gid: string) => ({ gid, name: 'N' });

suite('the tally of grants', () => {
  test('counts grants by kind, condition and plan', () => {
    const ready = grantObject({ status: { conditions: [condition('Ready')] } });
    const planned = grantObject({
      status: { conditions: [condition('Ready')], planned: { action: 'GrantEnterprise', reason: 'r' } },
    });
    const stalled = grantObject({ status: { conditions: [condition('Stalled')] } });
    const tally = tallyGrants(
      [known(ready), known(planned), known(stalled, 'AsanaTeamGrant'), known(grantObject())],
      directoryOf(0),
      NOW,
    );
    assert.deepEqual(tally.kinds.get('AsanaLicenseGrant'), { ...none, grants: 3, ready: 2, planned: 1 });
    assert.deepEqual(tally.kinds.get('AsanaTeamGrant'), { ...none, grants: 1, blocked: 1 });
    assert.deepEqual(tally.kinds.get('AsanaAccount'), none);
    assert.deepEqual(sumTally(tally), { ...none, grants: 4, ready: 2, planned: 1, blocked: 1 });
  });

  test('counts as ending soon only grants that have given notice and have not ended', () => {
    const told = { expiresSoonToldAt: CREATED };
    const spec = { expiresAt: LATER };
    const grants = [
      grantObject({ spec, status: told }),
      grantObject({ spec }),
      grantObject({ spec: { expiresAt: CREATED }, status: told }),
      grantObject({ metadata: { deletionTimestamp: CREATED }, spec, status: told }),
    ].map((object) => known(object));
    const tally = tallyGrants(grants, directoryOf(0), NOW);
    assert.equal(tally.kinds.get('AsanaLicenseGrant')?.endingSoon, 1);
    assert.equal(sumTally(tally).endingSoon, 1);
  });

  test('counts a license as managed if the directory counts it, also of an account without membership', () => {
    const directory = directoryOf(1);
    const account = directory.account('0');
    assert.ok(account);
    directory.lay({ ...account, memberships: [] }, directory.now(), account.memberships[0]?.workspace);
    const { managedEnterpriseLicenses } = tallyGrants(
      [known(grantObject({ status: { user: user('0') } }))],
      directory,
      NOW,
    );
    assert.equal(managedEnterpriseLicenses, directory.counts().enterpriseLicenses);
    assert.equal(managedEnterpriseLicenses, 1);
  });

  test('counts managed enterprise licenses once per account, without deleted and expired grants', () => {
    const grants = [
      grantObject({ status: { user: user('0') } }),
      grantObject({ status: { user: user('0') } }),
      grantObject({ spec: { license: 'ViewOnly' }, status: { user: user('1') } }),
      grantObject({ metadata: { deletionTimestamp: CREATED }, status: { user: user('2') } }),
      grantObject({ status: { user: user('gone') } }),
      grantObject({ spec: { expiresAt: CREATED, deletionPolicy: 'Retain' }, status: { user: user('3') } }),
      grantObject({ spec: { suspend: true, expiresAt: LATER }, status: { user: user('4') } }),
    ].map((object) => known(object));
    assert.equal(tallyGrants(grants, directoryOf(5), NOW).managedEnterpriseLicenses, 2);
  });
});
