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

suite('what is asked about a reading that is held', () => {
  test('is what the condition says, where it is about this hold alone', () => {
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
      'two parts lack something',
      'DirectoryShrunk: The last reading of Asana is doubtful (missing accounts: 50; team memberships: 7).',
    ],
    [
      { count: 1, places: ['120', '121'] },
      'workspaces are gone',
      'DirectoryShrunk: The last reading of Asana is doubtful (missing workspaces: 120, 121).',
    ],
    [
      { count: 3 },
      'an earlier version has recorded no parts',
      'DirectoryShrunk: The last reading of Asana is doubtful (missing entries: 3).',
    ],
    [
      { reason: 'OrganizationChanged', places: ['500'] },
      'nothing is missing, and another organization is there',
      'OrganizationChanged: The token belongs to another organization than before (found: 500).',
    ],
    [
      { reason: 'OrganizationChanged', places: ['scim'] },
      'SCIM shows strangers',
      'OrganizationChanged: The token belongs to another organization than before (found: another one over SCIM).',
    ],
    [
      { reason: 'OrganizationChanged' },
      'no organization is there',
      'OrganizationChanged: The token belongs to another organization than before (found: none).',
    ],
  ];
  for (const [changes, because, text] of rows)
    test(`names what is so, without the words of the connector: ${because}`, () => {
      assert.equal(described(hold(changes)), text);
    });
});

suite('the removals that a hold stops', () => {
  for (const { status, count, because } of [
    { status: {}, count: 1, because: 'nobody has answered' },
    { status: { discardedGeneration: 1 }, count: 0, because: 'a person let it be' },
    { status: { discardedGeneration: 0 }, count: 1, because: 'it was edited since a person let it be' },
  ]) {
    test(`are ${count} where ${because}`, () => {
      const planned = { action: 'RevokeEnterprise', reason: 'It was deleted.', hold: 'abc.1' } as const;
      const grant = grantObject({ status: { observedGeneration: 1, planned, ...status } });
      assert.equal(heldAmong([grant]).length, count);
    });
  }
});

suite('the token of a hold', () => {
  test('of a reading is refused when it is not the current one, which is named', () => {
    assert.throws(
      () => makeSureItStands('abc.1', hold({ missing: { accounts: 50 } })),
      (error) =>
        error instanceof InvalidInputError &&
        /\(missing accounts: 50\): .*run kubectl asana acknowledge abc\.2$/.test(error.message),
    );
    makeSureItStands('abc.2', hold({}));
  });

  test('of removals stays good for those that had joined by it', () => {
    makeSureItStands('abc.1', hold({ reason: 'TooManyRemovals' }));
  });
});
