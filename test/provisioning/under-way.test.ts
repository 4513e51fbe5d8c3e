import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Action, ActionType } from '../../src/provisioning/action.ts';
import {
  type Attempt,
  nextLook,
  nextStep,
  type Whereabouts,
  waitAfterLook,
} from '../../src/provisioning/attempt.ts';
import { decideGrant } from '../../src/provisioning/decide-grant.ts';
import type { Grant } from '../../src/provisioning/grant.ts';
import type { Policies } from '../../src/provisioning/policies.ts';
import type { Reading } from '../../src/provisioning/reading.ts';
import {
  ALICE,
  account,
  adopted,
  context,
  deleted,
  enterprise,
  given,
  grant,
  NOW,
  person,
  reading,
  team,
  told,
  viewOnly,
} from './world.ts';

const minute = 60_000;

function sent(
  type: ActionType,
  to: string | null,
  ago: number,
  result: Attempt['result'] = 'Pending',
): Attempt {
  return { id: 'a', type, at: NOW - ago, to, result };
}

suite('a change that was sent before its grant was deleted', () => {
  const viewer = reading([person()]);
  const holder = reading([person({ license: 'Enterprise' })]);
  const upgraded = { wish: enterprise, applied: adopted(viewOnly, 'ViewOnly'), ending: deleted };
  const rows: readonly [
    what: string,
    grant: Grant,
    asana: Reading,
    expect: string,
    changes?: Partial<Policies>,
  ][] = [
    [
      'an upgrade by an edit that is not shown yet is waited for, although view-only is recorded',
      grant(viewOnly, { ...upgraded, attempt: sent('GrantEnterprise', 'Enterprise', 1_000) }),
      viewer,
      'Blocked UnderWay',
    ],
    [
      'an upgrade by an edit that is shown is revoked, although view-only is recorded',
      grant(viewOnly, { ...upgraded, attempt: sent('GrantEnterprise', 'Enterprise', 1_000) }),
      holder,
      'Act RevokeEnterprise',
    ],
    [
      'an upgrade by an edit that was given up, but is shown, is revoked',
      grant(viewOnly, { ...upgraded, attempt: sent('GrantEnterprise', 'Enterprise', 0, 'Unconfirmed') }),
      holder,
      'Act RevokeEnterprise',
    ],
    [
      'an upgrade by an edit that was never shown is ignored, and the grant is released',
      grant(viewOnly, { ...upgraded, attempt: sent('GrantEnterprise', 'Enterprise', 4 * minute) }),
      viewer,
      'Release Adopted',
    ],
    [
      'a downgrade by an edit that is not shown yet leaves Enterprise to be revoked',
      grant(enterprise, {
        wish: viewOnly,
        applied: given(enterprise, 'Enterprise'),
        ending: deleted,
        attempt: sent('RevokeEnterprise', 'ViewOnly', 1_000),
      }),
      holder,
      'Act RevokeEnterprise',
    ],
    [
      'a created account that is shown is deprovisioned, as a recorded one would be',
      grant(viewOnly, {
        recorded: null,
        mayCreate: true,
        ending: deleted,
        attempt: sent('CreateAccount', 'ViewOnly', 1_000),
      }),
      viewer,
      'Act Deprovision',
    ],
    [
      'a creation that was given up is not deprovisioned, since the account may be made by hand',
      grant(account, {
        recorded: null,
        ending: deleted,
        attempt: sent('CreateAccount', 'ViewOnly', 0, 'Unconfirmed'),
      }),
      viewer,
      'Release NothingApplied',
    ],
    [
      'a membership of a team that is missing from a reading in doubt is waited for',
      grant(team, {
        ending: deleted,
        wish: { type: 'Team', team: { name: 'Sales' } },
        attempt: sent('AddToTeam', 'Member', 1_000),
      }),
      reading([person()], { doubted: ['teams'] }),
      'Blocked ReadingIncomplete',
    ],
    [
      'an upgrade is waited for while SCIM is off, as a recorded license would be',
      grant(enterprise, { ending: deleted, attempt: sent('GrantEnterprise', 'Enterprise', 4 * minute) }),
      reading([person({ scim: false })]),
      'Blocked LicensesUnavailable',
      { scimEnabled: false },
    ],
    [
      'a membership of a team that is gone is released with a Warning, as a recorded one would be',
      grant(team, { ending: deleted, attempt: sent('AddToTeam', 'Member', 4 * minute) }),
      reading([person()], { teams: [] }),
      'Release TeamNotFound !',
    ],
    [
      'a pending removal is decided again without waiting for it',
      grant(enterprise, {
        applied: given(enterprise, 'Enterprise'),
        ending: deleted,
        attempt: sent('RevokeEnterprise', 'ViewOnly', 1_000),
      }),
      holder,
      'Act RevokeEnterprise',
    ],
  ];
  for (const [what, subject, asana, expect, changes = {}] of rows)
    test(`${what}: ${expect}`, () => {
      const decision = decideGrant(subject, context(asana, { policies: changes }));
      assert.equal(told(decision), expect, decision.message);
    });
});

suite('the decision on a live AsanaAccount whose account does not exist', () => {
  const nobody = reading([person({ gid: '2', email: 'bob@acme.com' })]);
  const rows: readonly [attempt: Attempt | null, recorded: boolean, expect: string, because: string][] = [
    [null, false, 'Act CreateAccount', 'nothing was sent'],
    [
      sent('CreateAccount', 'ViewOnly', 1_000),
      false,
      'Act CreateAccount',
      'its creation was just sent, and the same action reads it back',
    ],
    [
      sent('CreateAccount', 'ViewOnly', 0, 'Unconfirmed'),
      false,
      'Act CreateAccount',
      'its creation was given up, and a person may request another try',
    ],
    [
      sent('Deprovision', null, 1_000),
      true,
      'Blocked AccountNotFound',
      'a deprovision was just sent, for an absence that was declared before',
    ],
  ];
  for (const [attempt, recorded, expect, because] of rows)
    test(`is "${expect}" if ${because}`, () => {
      const subject = grant(account, { attempt, ...(recorded ? {} : { recorded: null }) });
      assert.equal(told(decideGrant(subject, context(nobody))), expect, because);
    });
});

suite('the next step', () => {
  const upgrade: Action = {
    type: 'GrantEnterprise',
    gid: '1',
    email: ALICE,
    from: 'ViewOnly',
    to: 'Enterprise',
  };
  const removal: Action = { type: 'Deprovision', gid: '1', email: ALICE, from: 'ViewOnly', to: null };
  const of = (type: ActionType, result: Attempt['result'], ago = 1_000) => sent(type, null, ago, result);
  const rows: readonly [
    action: Action,
    attempt: Attempt | null,
    asked: boolean,
    expect: string,
    because: string,
    whereabouts?: Whereabouts,
  ][] = [
    [upgrade, null, false, 'Send', 'no attempt was begun'],
    [upgrade, of('RevokeEnterprise', 'Pending'), false, 'Send', 'the attempt was for another action'],
    [
      upgrade,
      of('GrantEnterprise', 'Succeeded'),
      false,
      'Send',
      'the change took effect, and was undone since',
    ],
    [upgrade, of('GrantEnterprise', 'Failed'), false, 'Send', 'the change did not take effect'],
    [upgrade, of('GrantEnterprise', 'Pending'), false, 'Look', 'Asana may still show it'],
    [upgrade, of('GrantEnterprise', 'Pending'), true, 'Send', 'a person requests it, and it can be repeated'],
    [
      removal,
      of('Deprovision', 'Pending'),
      true,
      'Look',
      'a person requests it, but it must not be sent twice',
    ],
    [
      upgrade,
      of('GrantEnterprise', 'Pending', 3 * minute + 500),
      false,
      'Look',
      'the last read may be a little late',
    ],
    [
      upgrade,
      of('GrantEnterprise', 'Pending', 9 * minute),
      false,
      'Send',
      'another process began it, and it can be repeated',
      'Unknown',
    ],
    [
      upgrade,
      of('GrantEnterprise', 'Pending', 9 * minute),
      false,
      'GiveUp',
      'Asana accepted it, and did not show it in time',
    ],
    [upgrade, of('GrantEnterprise', 'Pending'), false, 'Send', 'its request was never sent', 'NotSent'],
    [
      upgrade,
      of('GrantEnterprise', 'Pending'),
      false,
      'Send',
      'it got no answer, and can be repeated',
      'Unanswered',
    ],
    [
      removal,
      of('Deprovision', 'Pending'),
      false,
      'Look',
      'it got no answer, and may have taken effect',
      'Unanswered',
    ],
    [
      removal,
      of('Deprovision', 'Pending', 9 * minute),
      false,
      'Send',
      'it got no answer, and was not shown in time',
      'Unanswered',
    ],
    [removal, of('Deprovision', 'Pending'), false, 'Send', 'its request was never sent', 'NotSent'],
    [
      removal,
      of('Deprovision', 'Pending'),
      false,
      'Look',
      'another process began it, and may have sent it',
      'Unknown',
    ],
    [
      removal,
      of('Deprovision', 'Pending', 9 * minute),
      false,
      'Send',
      'another process began it, and it was not shown in time',
      'Unknown',
    ],
    [
      removal,
      of('Deprovision', 'Pending', 9 * minute),
      false,
      'GiveUp',
      'Asana accepted it, and it must not be sent twice',
    ],
    [
      removal,
      of('Deprovision', 'Pending', -9 * minute),
      false,
      'Look',
      'a clock that was set back is no reason to give up',
    ],
    [upgrade, of('GrantEnterprise', 'Unconfirmed'), false, 'Stay', 'it was given up, and nobody requests it'],
    [upgrade, of('GrantEnterprise', 'Unconfirmed'), true, 'Send', 'a person requests it again'],
    [removal, of('Deprovision', 'Unconfirmed'), true, 'Send', 'a person requests it again'],
  ];
  for (const [action, attempt, asked, expect, because, whereabouts = 'Accepted'] of rows)
    test(`of ${action.type} after ${attempt ? `${attempt.type} ${attempt.result}` : 'nothing'} is ${expect}${asked ? ' on request' : ''}, because ${because}`, () => {
      assert.equal(nextStep(attempt, action, NOW, { asked, whereabouts }), expect);
    });
});

suite('the next read after a change', () => {
  const rows: readonly [elapsedMs: number, next: number | null][] = [
    [-5_000, 5_000],
    [0, 5_000],
    [4_999, 1],
    [5_000, 10_000],
    [5_200, 9_800],
    [15_000, 45_000],
    [60_000, 120_000],
    [179_999, 1],
    [180_000, null],
    [999_999, null],
  ];
  for (const [elapsedMs, next] of rows)
    test(`is ${next === null ? 'not made' : `due in ${next} ms`} if ${elapsedMs} ms have passed`, () => {
      assert.equal(nextLook(elapsedMs), next);
    });

  test('is not made after the last one if Asana accepted the change', () => {
    assert.equal(waitAfterLook(180_000, 'Accepted'), null);
  });

  test('is delayed after the last one until a change with an unknown outcome may be sent again', () => {
    const removal: Action = { type: 'Deprovision', gid: '1', email: ALICE, from: 'ViewOnly', to: null };
    const wait = waitAfterLook(180_000, 'Unknown') ?? 0;
    const next = (ago: number) =>
      nextStep(sent('Deprovision', null, ago), removal, NOW, { asked: false, whereabouts: 'Unknown' });
    assert.equal(next(180_000 + wait - 1), 'Look');
    assert.equal(next(180_000 + wait), 'Send');
  });
});
