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

suite('what was sent before a grant ended', () => {
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
      'an upgrade by an edit, not shown yet, is waited for although view-only is on record',
      grant(viewOnly, { ...upgraded, attempt: sent('GrantEnterprise', 'Enterprise', 1_000) }),
      viewer,
      'Blocked UnderWay',
    ],
    [
      'an upgrade by an edit, shown by now, is taken back although view-only is on record',
      grant(viewOnly, { ...upgraded, attempt: sent('GrantEnterprise', 'Enterprise', 1_000) }),
      holder,
      'Act RevokeEnterprise',
    ],
    [
      'an upgrade by an edit that was given up and shows all the same is taken back',
      grant(viewOnly, { ...upgraded, attempt: sent('GrantEnterprise', 'Enterprise', 0, 'Unconfirmed') }),
      holder,
      'Act RevokeEnterprise',
    ],
    [
      'an upgrade by an edit that never showed leaves what is on record',
      grant(viewOnly, { ...upgraded, attempt: sent('GrantEnterprise', 'Enterprise', 4 * minute) }),
      viewer,
      'Release Adopted',
    ],
    [
      'a downgrade by an edit, not shown yet, leaves Enterprise to be taken back',
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
      'a created account that shows by now goes, as one that is on record would',
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
      'a creation that was given up is nobody to deprovision: somebody may have made the account by hand',
      grant(account, {
        recorded: null,
        ending: deleted,
        attempt: sent('CreateAccount', 'ViewOnly', 0, 'Unconfirmed'),
      }),
      viewer,
      'Release NothingApplied',
    ],
    [
      'a team that the doubtful reading lacks is waited for',
      grant(team, {
        ending: deleted,
        wish: { type: 'Team', team: { name: 'Sales' } },
        attempt: sent('AddToTeam', 'Member', 1_000),
      }),
      reading([person()], { doubted: ['teams'] }),
      'Blocked ReadingIncomplete',
    ],
    [
      'an upgrade whose license is not shown any more, because SCIM is off, is waited for as one on record would be',
      grant(enterprise, { ending: deleted, attempt: sent('GrantEnterprise', 'Enterprise', 4 * minute) }),
      reading([person({ scim: false })]),
      'Blocked LicensesUnavailable',
      { scimEnabled: false },
    ],
    [
      'a membership of a team that is not read any more is released with a Warning, as one on record would be',
      grant(team, { ending: deleted, attempt: sent('AddToTeam', 'Member', 4 * minute) }),
      reading([person()], { teams: [] }),
      'Release TeamNotFound !',
    ],
    [
      'a removal that is pending is no reason to wait: it is taken back, and looked for',
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

suite('a live grant with a creation under way', () => {
  const nobody = reading([person({ gid: '2', email: 'bob@acme.com' })]);
  const rows: readonly [attempt: Attempt | null, recorded: boolean, expect: string, because: string][] = [
    [null, false, 'Act CreateAccount', 'nothing was sent'],
    [
      sent('CreateAccount', 'ViewOnly', 1_000),
      false,
      'Act CreateAccount',
      'it is looked for by the same action',
    ],
    [
      sent('CreateAccount', 'ViewOnly', 0, 'Unconfirmed'),
      false,
      'Act CreateAccount',
      'a person may ask for another',
    ],
    [
      sent('Deprovision', null, 1_000),
      true,
      'Blocked AccountNotFound',
      'the absence that was declared took it away',
    ],
  ];
  for (const [attempt, recorded, expect, because] of rows)
    test(`${expect}: ${because}`, () => {
      const subject = grant(account, { attempt, ...(recorded ? {} : { recorded: null }) });
      assert.equal(told(decideGrant(subject, context(nobody))), expect, because);
    });
});

suite('the next step of an action', () => {
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
    [upgrade, null, false, 'Send', 'nothing was begun'],
    [upgrade, of('RevokeEnterprise', 'Pending'), false, 'Send', 'another action is no answer to this one'],
    [upgrade, of('GrantEnterprise', 'Succeeded'), false, 'Send', 'it was so once, and is not any more'],
    [upgrade, of('GrantEnterprise', 'Failed'), false, 'Send', 'it surely did not take effect'],
    [upgrade, of('GrantEnterprise', 'Pending'), false, 'Look', 'Asana may still come to show it'],
    [upgrade, of('GrantEnterprise', 'Pending'), true, 'Send', 'a person asks, and twice is as good as once'],
    [
      removal,
      of('Deprovision', 'Pending'),
      true,
      'Look',
      'a person asks, and it must not leave twice unseen',
    ],
    [
      upgrade,
      of('GrantEnterprise', 'Pending', 3 * minute + 500),
      false,
      'Look',
      'the last look comes a little late',
    ],
    [
      upgrade,
      of('GrantEnterprise', 'Pending', 9 * minute),
      false,
      'Send',
      'the process that began it went away, and twice is as good as once',
      'Unknown',
    ],
    [
      upgrade,
      of('GrantEnterprise', 'Pending', 9 * minute),
      false,
      'GiveUp',
      'it was sent, and Asana has had its time to show it',
    ],
    [upgrade, of('GrantEnterprise', 'Pending'), false, 'Send', 'its request never left', 'NotSent'],
    [
      upgrade,
      of('GrantEnterprise', 'Pending'),
      false,
      'Send',
      'it was not answered, and twice is as good as once',
      'Unanswered',
    ],
    [
      removal,
      of('Deprovision', 'Pending'),
      false,
      'Look',
      'it was not answered, and it may have been done',
      'Unanswered',
    ],
    [
      removal,
      of('Deprovision', 'Pending', 9 * minute),
      false,
      'Send',
      'it was not answered, and was looked for in vain',
      'Unanswered',
    ],
    [removal, of('Deprovision', 'Pending'), false, 'Send', 'its request never left', 'NotSent'],
    [
      removal,
      of('Deprovision', 'Pending'),
      false,
      'Look',
      'another process began it, and it may have left',
      'Unknown',
    ],
    [
      removal,
      of('Deprovision', 'Pending', 9 * minute),
      false,
      'Send',
      'another process began it, and it was looked for in vain',
      'Unknown',
    ],
    [
      removal,
      of('Deprovision', 'Pending', 9 * minute),
      false,
      'GiveUp',
      'Asana said yes, and it is not repeated blindly',
    ],
    [
      removal,
      of('Deprovision', 'Pending', -9 * minute),
      false,
      'Look',
      'a clock that was set back gives nothing up',
    ],
    [upgrade, of('GrantEnterprise', 'Unconfirmed'), false, 'Stay', 'it was given up'],
    [upgrade, of('GrantEnterprise', 'Unconfirmed'), true, 'Send', 'a person asks anew'],
    [removal, of('Deprovision', 'Unconfirmed'), true, 'Send', 'a person asks anew, and a look comes first'],
  ];
  for (const [action, attempt, asked, expect, because, whereabouts = 'Accepted'] of rows)
    test(`${action.type} after ${attempt ? `${attempt.type} ${attempt.result}` : 'nothing'}${asked ? ', asked for' : ''}: ${expect}, since ${because}`, () => {
      assert.equal(nextStep(attempt, action, NOW, { asked, whereabouts }), expect);
    });
});

suite('looking again', () => {
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
    test(`${elapsedMs} ms after the change comes ${next === null ? 'never more' : `in ${next} ms`}`, () => {
      assert.equal(nextLook(elapsedMs), next);
    });

  test('after the last look gives up what this process has sent', () => {
    assert.equal(waitAfterLook(180_000, 'Accepted'), null);
  });

  test('after the last look waits for what nobody knows to have left, until it may be sent again', () => {
    const removal: Action = { type: 'Deprovision', gid: '1', email: ALICE, from: 'ViewOnly', to: null };
    const wait = waitAfterLook(180_000, 'Unknown') ?? 0;
    const next = (ago: number) =>
      nextStep(sent('Deprovision', null, ago), removal, NOW, { asked: false, whereabouts: 'Unknown' });
    assert.equal(next(180_000 + wait - 1), 'Look');
    assert.equal(next(180_000 + wait), 'Send');
  });
});
