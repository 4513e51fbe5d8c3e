import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isSameAction } from '../../src/provisioning/action.ts';
import { type RefusalCode, refusals } from '../../src/provisioning/refusal.ts';
import { type Right } from '../../src/provisioning/right.ts';
import { leadsTo, rightRulesOf } from '../../src/provisioning/rights.ts';
import { account, enterprise, person, plain, reading, rightCase, team, viewOnly } from './world.ts';

suite('refusals', () => {
  // A rule refuses: nobody waits for a deleted object, but an expired one says that the access remains.
  const releasedIfDeleted: readonly RefusalCode[] = [
    'ProtectedUser',
    'IdentityChanged',
    'OrganizationChanged',
    'DeprovisionNotAllowed',
    'NamespaceNotAllowed',
    'StillDeclared',
  ];
  const released: readonly RefusalCode[] = [
    'Contended',
    'TeamNotFound',
    // These three have rows of their own in the table.
    'AccountNotFound',
    'UserIsGuest',
    'GuestsLastTeam',
  ];
  for (const [code, { class: errorClass, ended }] of Object.entries(refusals)) {
    const isReleased = released.some((one) => one === code);
    const isReleasedDeleted = releasedIfDeleted.some((one) => one === code);
    const fate = isReleased ? 'is released' : isReleasedDeleted ? 'is released if it was deleted' : 'waits';
    test(`${code}: an ended grant ${fate}`, () => {
      assert.equal(ended, isReleased ? 'Release' : isReleasedDeleted ? 'ReleaseDeleted' : 'Wait');
      assert.ok(['stalling', 'waiting', 'transient'].includes(errorClass));
    });
  }

  const quiet: readonly RefusalCode[] = [
    'AccountNotFound',
    'TeamNotFound',
    'LicenseLimitReached',
    'ReadingIncomplete',
    'ReadingHeld',
    'UnderWay',
    'NotReady',
  ];
  test('are stalling unless their cause can pass without a person', () => {
    const passing = Object.entries(refusals).filter(([, entry]) => entry.class !== 'stalling');
    assert.deepEqual(passing.map(([code]) => code).toSorted(), quiet.toSorted());
  });
});

suite('rights and actions', () => {
  test('an action leads only to the right that it results in', () => {
    const rows: readonly [
      right: Right,
      type: Parameters<typeof leadsTo>[1]['type'],
      to: string,
      leads: boolean,
    ][] = [
      [enterprise, 'GrantEnterprise', 'Enterprise', true],
      [enterprise, 'CreateAccount', 'ViewOnly', false],
      [viewOnly, 'CreateAccount', 'ViewOnly', true],
      [viewOnly, 'RevokeEnterprise', 'ViewOnly', true],
      [team, 'AddToTeam', 'Member', true],
      [plain, 'AddToWorkspace', 'Member', true],
      [account, 'InviteAccount', 'Active', true],
      [account, 'GrantEnterprise', 'Enterprise', false],
    ];
    for (const [right, type, to, leads] of rows)
      assert.equal(leadsTo(right, { type, to }), leads, `${type} to ${right.type}`);
  });

  test('a removal from a team is another action once the team is the last one of a guest', () => {
    const members = { members: { 1: { guest: true } } };
    const guest = person({ role: 'Guest' });
    const [one, last] = [2, 1].map((teamsOfEach) => {
      const step = rightRulesOf(team).take(
        rightCase(team, guest, { asker: 'Task', reading: reading([guest], { ...members, teamsOfEach }) }),
      );
      return step.kind === 'Act' ? step.action : assert.fail(step.message);
    });
    assert.ok(one && last);
    assert.ok(isSameAction(one, one));
    assert.ok(!isSameAction(one, last), 'it counts as a deprovision now');
  });
});
