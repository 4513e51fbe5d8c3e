import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaConnectorStatus } from '../../src/api/asana-connector.ts';
import type { ConnectorHold } from '../../src/api/asana-connector-status.ts';
import { heldAmong } from '../../src/commands/kubectl-asana/held-grants.ts';
import { describeReadingHold, makeSureItStands } from '../../src/commands/kubectl-asana/hold-words.ts';
import { InvalidInputError } from '../../src/core/errors.ts';
import { connectorObject, grantObject } from '../controllers/objects.ts';

const hold = (changes: Partial<ConnectorHold>): ConnectorHold => ({
  reason: 'DirectoryShrunk',
  id: 'abc',
  since: '2026-06-01T00:00:00Z',
  token: 'abc.2',
  count: 0,
  people: 0,
  ...changes,
});
const paused = (reason: string, message: string) => ({
  type: 'RemovalsPaused',
  status: 'True' as const,
  observedGeneration: 1,
  lastTransitionTime: '2026-06-01T00:00:00Z',
  reason,
  message,
});
const described = (asked: ConnectorHold, status: AsanaConnectorStatus = {}) =>
  describeReadingHold(connectorObject({ status }), asked);

suite('the description of a held reading', () => {
  test('is the message of the condition if that is about this hold', () => {
    const shrunk = hold({});
    const conditions = [paused('DirectoryShrunk', 'Asana suddenly no longer lists 7 of 9 teams.')];
    assert.equal(
      described(shrunk, { holds: [shrunk], conditions }),
      'DirectoryShrunk: Asana suddenly no longer lists 7 of 9 teams.',
    );
    const other = hold({ reason: 'ListingShort', missing: { teams: 1 } });
    assert.doesNotMatch(described(other, { holds: [other, shrunk], conditions }), /suddenly/);
    assert.doesNotMatch(described(shrunk, { holds: [other, shrunk], conditions }), /suddenly/);
  });

  const rows: readonly [changes: Partial<ConnectorHold>, because: string, text: string][] = [
    [
      { count: 50, missing: { accounts: 50, teamMemberships: 7 } },
      'two parts lack entries',
      'DirectoryShrunk: The last reading of Asana is doubtful (missing accounts: 50; team memberships: 7).',
    ],
    [
      { count: 1, places: ['120', '121'] },
      'workspaces are missing',
      'DirectoryShrunk: The last reading of Asana is doubtful (missing workspaces: 120, 121).',
    ],
    [
      { count: 3 },
      'an earlier version has recorded no parts',
      'DirectoryShrunk: The last reading of Asana is doubtful (missing entries: 3).',
    ],
    [
      { reason: 'OrganizationChanged', places: ['500'] },
      'another organization was found',
      'OrganizationChanged: The token belongs to another organization than before (found: 500).',
    ],
    [
      { reason: 'OrganizationChanged', places: ['scim'] },
      'SCIM shows another organization',
      'OrganizationChanged: The token belongs to another organization than before (found: another one over SCIM).',
    ],
    [
      { reason: 'OrganizationChanged' },
      'no organization was found',
      'OrganizationChanged: The token belongs to another organization than before (found: none).',
    ],
  ];
  for (const [changes, because, text] of rows)
    test(`is derived from the hold if there is no condition: ${because}`, () => {
      assert.equal(described(hold(changes)), text);
    });
});

suite('the removals that a hold stops', () => {
  for (const { status, count, because } of [
    { status: {}, count: 1, because: 'the hold is not answered' },
    { status: { discardedGeneration: 1 }, count: 0, because: 'the removal was discarded' },
    { status: { discardedGeneration: 0 }, count: 1, because: 'it was edited after it was discarded' },
  ]) {
    test(`are ${count} if ${because}`, () => {
      const planned = { action: 'RevokeEnterprise', reason: 'It was deleted.', hold: 'abc.1' } as const;
      const grant = grantObject({ status: { observedGeneration: 1, planned, ...status } });
      assert.equal(heldAmong([grant]).length, count);
    });
  }
});

suite('the token of a hold', () => {
  test('of a reading is rejected if it is not current, and the error names the current one', () => {
    assert.throws(
      () => makeSureItStands('abc.1', hold({ missing: { accounts: 50 } })),
      (error) =>
        error instanceof InvalidInputError &&
        /\(missing accounts: 50\): .*run kubectl asana acknowledge abc\.2$/.test(error.message),
    );
    assert.doesNotThrow(() => makeSureItStands('abc.2', hold({})));
  });

  test('of removals remains valid for those that had joined by it', () => {
    const removals = hold({ reason: 'TooManyRemovals' });
    assert.doesNotThrow(() => makeSureItStands('abc.1', removals));
  });
});
