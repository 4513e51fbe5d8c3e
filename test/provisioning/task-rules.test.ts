import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decideTask, subjectOfTask, type TaskView } from '../../src/provisioning/decide-task.ts';
import type { Declaration } from '../../src/provisioning/declarations.ts';
import type { Policies } from '../../src/provisioning/policies.ts';
import type { Reading } from '../../src/provisioning/reading.ts';
import type { Right } from '../../src/provisioning/right.ts';
import type { TaskRequest } from '../../src/provisioning/task-request.ts';
import { heldIn, notHeldIn, rightTypes, samples } from './conformance.ts';
import {
  ALICE,
  account,
  enterprise,
  ORGANIZATION,
  person,
  plain,
  policies,
  reading,
  TEAM,
  team,
  toldStep,
  viewOnly,
  wishOf,
} from './world.ts';

const alice = { gid: '1' };
const new_ = { email: ALICE, name: null };
const organization: Right = { type: 'Workspace', workspace: ORGANIZATION.gid };
const give = (right: Right, user: TaskRequest['user'] = alice): TaskRequest => ({
  wish: wishOf(right),
  want: 'Give',
  user,
});
const take = (right: Right): TaskRequest => ({ wish: wishOf(right), want: 'Take', user: alice });

interface Around {
  readonly policies?: Partial<Policies>;
  readonly declared?: readonly Declaration[];
}

function view(read: Reading | null, { policies: changes, declared = [] }: Around = {}): TaskView {
  return { policies: policies(changes), reading: read, declaredFor: () => declared };
}

const viewer = reading([person()]);
const holder = reading([person({ license: 'Enterprise' })]);
const guest = reading([person({ role: 'Guest' })]);
const bob = reading([person({ gid: '2', email: 'bob@acme.com' })]);
const inTeam = reading([person()], { members: { 1: {} } });
const leaverInTeam = reading([person({ active: false })], { members: { 1: {} } });
const lastOfGuest = reading([person({ role: 'Guest' })], { members: { 1: { guest: true } } });
const present = (right: Right, place: string | null = ORGANIZATION.gid): Around => ({
  declared: [{ ensure: 'Present', right, place, object: 'AsanaGrant iga/alice' }],
});
const absent: Around = {
  declared: [{ ensure: 'Absent', right: account, place: ORGANIZATION.gid, object: 'AsanaAccount iga/alice' }],
};

suite('the decision on a task', () => {
  const rows: readonly [
    what: string,
    request: TaskRequest,
    asana: Reading | null,
    expect: string,
    around?: Around,
  ][] = [
    ['grant Enterprise', give(enterprise), viewer, 'Act GrantEnterprise'],
    ['grant Enterprise to a holder of Enterprise', give(enterprise), holder, 'AlreadySo'],
    ['grant Enterprise to an unknown account', give(enterprise), bob, 'Refused AccountNotFound'],
    ['grant Enterprise to a guest', give(enterprise), guest, 'Refused UserIsGuest'],
    [
      'grant view-only to a holder of Enterprise, who must lose Enterprise instead',
      give(viewOnly),
      holder,
      'Refused HoldsEnterprise',
    ],
    ['revoke Enterprise', take(enterprise), holder, 'Act RevokeEnterprise'],
    ['revoke Enterprise from a view-only account', take(enterprise), viewer, 'AlreadySo'],
    ['revoke Enterprise from an unknown account', take(enterprise), bob, 'AlreadySo'],
    ['revoke view-only', take(viewOnly), viewer, 'Act Deprovision'],
    ['revoke view-only from a holder of Enterprise', take(viewOnly), holder, 'AlreadySo'],
    [
      'revoke view-only without allowDeprovision',
      take(viewOnly),
      viewer,
      'Refused DeprovisionNotAllowed',
      { policies: { allowDeprovision: false } },
    ],
    ['add a person to a team', give(team), viewer, 'Act AddToTeam'],
    [
      'add a person to a team that does not exist',
      give(team),
      reading([person()], { teams: [] }),
      'Refused TeamNotFound',
    ],
    ['remove a member from a team', take(team), inTeam, 'Act RemoveFromTeam'],
    ['remove a person who left the organization from a team', take(team), leaverInTeam, 'Act RemoveFromTeam'],
    ['remove a person who is not a member from a team', take(team), viewer, 'AlreadySo'],
    ['remove a guest from their last team', take(team), lastOfGuest, 'Act RemoveFromTeam'],
    [
      'remove a guest from their last team without allowDeprovision',
      take(team),
      lastOfGuest,
      'Refused DeprovisionNotAllowed',
      { policies: { allowDeprovision: false } },
    ],
    [
      'remove a guest from their last team while another right is declared there',
      take(team),
      lastOfGuest,
      'Refused StillDeclared',
      present(organization),
    ],
    ['add a person to a plain workspace', give(plain), viewer, 'Act AddToWorkspace'],
    [
      'add a person to the organization with SCIM',
      give(organization),
      reading([person({ role: null, plain: 'Member' }), person({ gid: '2', email: 'b@acme.com' })]),
      'Act CreateAccount',
    ],
    ['remove a member from the organization', take(organization), viewer, 'Act RemoveFromWorkspace'],
    ['remove a guest from the organization', take(organization), guest, 'Act RemoveFromWorkspace'],
    ['create an account', give(account, new_), bob, 'Act CreateAccount'],
    [
      'create an account without SCIM',
      give(account, new_),
      bob,
      'Act InviteAccount',
      { policies: { scimEnabled: false } },
    ],
    ['create an account that exists', give(account, new_), viewer, 'AlreadySo'],
    ['create an account for a guest, who has one', give(account, new_), guest, 'AlreadySo'],
    [
      'create an account without a workspace',
      { ...give(account, new_), wish: { type: 'Account', workspace: null } },
      bob,
      'Refused WorkspaceNotSet',
      { policies: { defaultWorkspace: null } },
    ],
    [
      'create an account without a valid address',
      give(account, { email: 'nobody', name: null }),
      bob,
      'Refused InvalidEmail',
    ],
    ['grant Enterprise before the first reading', give(enterprise), null, 'Refused NotReady'],
    [
      'grant Enterprise while the connector is suspended',
      give(enterprise),
      viewer,
      'Refused Suspended',
      { policies: { suspended: true } },
    ],
    [
      'grant Enterprise while SCIM is off',
      give(enterprise),
      viewer,
      'Refused LicensesUnavailable',
      { policies: { scimEnabled: false } },
    ],
    [
      'grant Enterprise in mode Plan, which applies to declared grants only',
      give(enterprise),
      viewer,
      'Act GrantEnterprise',
      { policies: { mode: 'Plan' } },
    ],
  ];
  for (const [what, request, asana, expect, around] of rows)
    test(`a task to ${what} is decided as "${expect}"`, () => {
      const step = decideTask(request, view(asana, around));
      assert.equal(toldStep(step), expect, step.message);
    });
});

suite('the decision on a task while grants are declared', () => {
  const rows: readonly [
    what: string,
    request: TaskRequest,
    asana: Reading,
    around: Around,
    expect: string,
  ][] = [
    [
      'revoke Enterprise while it is declared',
      take(enterprise),
      holder,
      present(enterprise),
      'Refused StillDeclared',
    ],
    [
      'revoke Enterprise while view-only is declared',
      take(enterprise),
      holder,
      present(viewOnly),
      'Act RevokeEnterprise',
    ],
    [
      'grant Enterprise while view-only is declared',
      give(enterprise),
      viewer,
      present(viewOnly),
      'Refused StillDeclared',
    ],
    [
      'grant Enterprise while it is declared',
      give(enterprise),
      viewer,
      present(enterprise),
      'Act GrantEnterprise',
    ],
    [
      'remove a member from a team that is declared',
      take(team),
      inTeam,
      present(team),
      'Refused StillDeclared',
    ],
    [
      'remove a member from a team while another team is declared',
      take(team),
      inTeam,
      present({ type: 'Team', team: '701' }),
      'Act RemoveFromTeam',
    ],
    [
      'revoke view-only while a team is declared',
      take(viewOnly),
      viewer,
      present(team),
      'Refused StillDeclared',
    ],
    [
      'revoke view-only while a right is declared in an unknown place',
      take(viewOnly),
      viewer,
      present(team, null),
      'Refused StillDeclared',
    ],
    [
      'revoke view-only while a right is declared only in another workspace',
      take(viewOnly),
      viewer,
      present(plain, '600'),
      'Act Deprovision',
    ],
    [
      'remove a member from the organization while a license is declared',
      take(organization),
      viewer,
      present(enterprise),
      'Refused StillDeclared',
    ],
    [
      'grant Enterprise while the account is declared Absent',
      give(enterprise),
      viewer,
      absent,
      'Refused StillDeclared',
    ],
    [
      'add a person to a team while the account is declared Absent',
      give(team),
      viewer,
      absent,
      'Refused StillDeclared',
    ],
    [
      'add a person to the organization while the account is declared Absent',
      give(organization),
      viewer,
      absent,
      'Refused StillDeclared',
    ],
    [
      'add a person to another workspace while the account is declared Absent',
      give(plain),
      viewer,
      absent,
      'Act AddToWorkspace',
    ],
    [
      'create an account while the account is declared Absent',
      give(account, new_),
      bob,
      absent,
      'Refused StillDeclared',
    ],
  ];
  for (const [what, request, asana, around, expect] of rows)
    test(`a task to ${what} is decided as "${expect}"`, () => {
      const step = decideTask(request, view(asana, around));
      assert.equal(toldStep(step), expect, step.message);
      if (step.kind === 'Refused')
        assert.match(step.message, /AsanaGrant iga\/alice|AsanaAccount iga\/alice/);
    });

  test('declared grants are looked up by address if there is no account yet', () => {
    const asked: unknown[] = [];
    const declaredFor: TaskView['declaredFor'] = (one, email) => {
      asked.push([one, email]);
      return [];
    };
    decideTask(give(account, new_), { policies: policies(), reading: bob, declaredFor });
    assert.deepEqual(asked, [[null, ALICE]]);
  });
});

suite('the rules of every right for tasks', () => {
  for (const type of rightTypes) {
    const sample = samples[type];
    const user = sample.without() === null ? new_ : alice;
    test(`${type} is given by ${sample.gives}, and removed by ${sample.takes}`, () => {
      assert.equal(
        toldStep(decideTask(give(sample.right, user), view(notHeldIn(sample)))),
        `Act ${sample.gives}`,
      );
      assert.equal(toldStep(decideTask(take(sample.right), view(heldIn(sample)))), `Act ${sample.takes}`);
    });
    test(`${type} is not removed from a protected account, nor while the reading is in doubt`, () => {
      const refused = (read: Reading) => toldStep(decideTask(take(sample.right), view(read)));
      assert.equal(refused(heldIn(sample, { role: 'Admin' })), 'Refused ProtectedUser');
      assert.equal(refused(heldIn(sample, {}, { self: '1' })), 'Refused ProtectedUser');
      assert.equal(refused(heldIn(sample, {}, { self: null })), 'Refused ReadingIncomplete');
      for (const part of sample.parts)
        assert.equal(refused(heldIn(sample, {}, { doubted: [part] })), 'Refused ReadingIncomplete', part);
    });
  }
});

suite('the account and place to read for a task', () => {
  const rows: readonly [request: TaskRequest, asana: Reading | null, expect: unknown, because: string][] = [
    [give(enterprise), viewer, { gid: '1', email: null }, 'a license is read with the account only'],
    [
      give(account, new_),
      bob,
      { gid: null, email: ALICE, workspace: ORGANIZATION.gid },
      'a new account is read by its address',
    ],
    [
      take(plain),
      viewer,
      { gid: '1', email: null, workspace: '600' },
      'a workspace membership is read in that workspace',
    ],
    [
      take(team),
      viewer,
      { gid: '1', email: null, workspace: ORGANIZATION.gid, team: TEAM },
      'a team membership is read in the organization of the team',
    ],
    [take(team), reading([person()], { teams: [] }), null, 'nothing is read for a team that does not exist'],
    [
      take({ type: 'Workspace', workspace: '601' }),
      viewer,
      null,
      'nothing is read for a workspace out of scope',
    ],
    [give(enterprise), null, null, 'nothing is read before the first reading'],
  ];
  for (const [request, asana, expect, because] of rows)
    test(because, () => assert.deepEqual(subjectOfTask(request, view(asana)), expect));
});
