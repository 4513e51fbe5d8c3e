import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { asanaConnectorKind } from '../../src/api/asana-connector.ts';
import { asanaTeamGrantKind } from '../../src/api/asana-team-grant.ts';
import { fitStatus, shorten } from '../../src/api/fit-status.ts';

suite('a status', () => {
  test('has each string shortened to the limit of its field, also in lists and nested objects', () => {
    const held = { who: 'w'.repeat(600), what: `RevokeEnterprise (grant iga/${'n'.repeat(253)})` };
    const { holds } = fitStatus(asanaConnectorKind.status, {
      holds: [{ reason: 'TooManyRemovals', pending: [held] }],
    });
    const [pending] = holds[0]?.pending ?? [];
    assert.deepEqual([pending?.who.length, pending?.what.length], [512, 256]);
    assert.match(pending?.what ?? '', /^RevokeEnterprise \(grant iga\/n+…$/);
  });

  test('contains no half character, which the API server would reject', () => {
    const { team, lastHandledReconcileAt } = fitStatus(asanaTeamGrantKind.status, {
      team: { gid: '7', name: `Design ${'😀'.repeat(600)}` },
      lastHandledReconcileAt: 'now \ud83d',
    });
    assert.ok(team.name.isWellFormed() && team.name.length <= 1024);
    assert.equal(lastHandledReconcileAt, 'now �');
  });

  test('that fits stays unchanged, including values that are not strings', () => {
    const status = {
      observedGeneration: 3,
      conditions: [{ type: 'Ready', message: 'All is well.' }],
      planned: { action: 'AddToTeam', reason: 'Not in the team.' },
      holds: [],
      team: { gid: '7', name: 'Design' },
    };
    assert.deepEqual(fitStatus(asanaTeamGrantKind.status, status), status);
  });
});

suite('a text that is too long', () => {
  test('is cut after a word if one ends in its second half, and within a word otherwise', () => {
    assert.equal(shorten('one two three', 10), 'one two…');
    assert.equal(shorten('a thirteenword', 10), 'a thirtee…');
    assert.equal(shorten('fits', 4), 'fits');
  });
});
