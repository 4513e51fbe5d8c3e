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

suite('a task', () => {
  const rows: readonly [
    what: string,
    request: TaskRequest,
    asana: Reading | null,
    expect: string,
    around?: Around,
  ][] = [
    ['gives Enterprise', give(enterprise), viewer, 'Act GrantEnterprise'],
    ['gives what is held', give(enterprise), holder, 'AlreadySo'],
    ['gives Enterprise to nobody', give(enterprise), bob, 'Refused AccountNotFound'],
    ['gives Enterprise to a guest', give(enterprise), guest, 'Refused UserIsGuest'],
    [
      'gives view-only to an enterprise holder: it is to revoke instead',
      give(viewOnly),
      holder,
      'Refused HoldsEnterprise',
    ],
    ['takes Enterprise', take(enterprise), holder, 'Act RevokeEnterprise'],
    ['takes Enterprise from who holds view-only', take(enterprise), viewer, 'AlreadySo'],
    ['takes Enterprise from nobody', take(enterprise), bob, 'AlreadySo'],
    ['takes view-only: the account goes', take(viewOnly), viewer, 'Act Deprovision'],
    ['takes view-only from an enterprise holder', take(viewOnly), holder, 'AlreadySo'],
    [
      'takes view-only where nobody is deprovisioned',
      take(viewOnly),
      viewer,
      'Refused DeprovisionNotAllowed',
      { policies: { allowDeprovision: false } },
    ],
    ['adds to a team', give(team), viewer, 'Act AddToTeam'],
    [
      'adds to a team that is not there',
      give(team),
      reading([person()], { teams: [] }),
      'Refused TeamNotFound',
    ],
    ['removes from a team', take(team), inTeam, 'Act RemoveFromTeam'],
    ['removes who has left the organization from a team', take(team), leaverInTeam, 'Act RemoveFromTeam'],
    ['removes from a team whom it does not have', take(team), viewer, 'AlreadySo'],
    ['removes a guest from their last team', take(team), lastOfGuest, 'Act RemoveFromTeam'],
    [
      'removes a guest from their last team where nobody is deprovisioned',
      take(team),
      lastOfGuest,
      'Refused DeprovisionNotAllowed',
      { policies: { allowDeprovision: false } },
    ],
    [
      'removes a guest from their last team while something is declared there',
      take(team),
      lastOfGuest,
      'Refused StillDeclared',
      present(organization),
    ],
    ['adds to a plain workspace', give(plain), viewer, 'Act AddToWorkspace'],
    [
      'adds to the organization where SCIM is on',
      give(organization),
      reading([person({ role: null, plain: 'Member' }), person({ gid: '2', email: 'b@acme.com' })]),
      'Act CreateAccount',
    ],
    ['removes from the organization', take(organization), viewer, 'Act RemoveFromWorkspace'],
    ['removes a guest from the organization', take(organization), guest, 'Act RemoveFromWorkspace'],
    ['creates an account', give(account, new_), bob, 'Act CreateAccount'],
    [
      'creates an account without SCIM',
      give(account, new_),
      bob,
      'Act InviteAccount',
      { policies: { scimEnabled: false } },
    ],
    ['creates an account for who has one', give(account, new_), viewer, 'AlreadySo'],
    ['creates an account for a guest, who has one', give(account, new_), guest, 'AlreadySo'],
    [
      'creates an account nowhere',
      { ...give(account, new_), wish: { type: 'Account', workspace: null } },
      bob,
      'Refused WorkspaceNotSet',
      { policies: { defaultWorkspace: null } },
    ],
    [
      'creates an account without an address',
      give(account, { email: 'nobody', name: null }),
      bob,
      'Refused InvalidEmail',
    ],
    ['comes before the first reading', give(enterprise), null, 'Refused NotReady'],
    [
      'comes while the connector is suspended',
      give(enterprise),
      viewer,
      'Refused Suspended',
      { policies: { suspended: true } },
    ],
    [
      'comes with SCIM off',
      give(enterprise),
      viewer,
      'Refused LicensesUnavailable',
      { policies: { scimEnabled: false } },
    ],
    [
      'asks in mode Plan: that is for declared grants',
      give(enterprise),
      viewer,
      'Act GrantEnterprise',
      { policies: { mode: 'Plan' } },
    ],
  ];
  for (const [what, request, asana, expect, around] of rows)
    test(`${what}: ${expect}`, () => {
      const step = decideTask(request, view(asana, around));
      assert.equal(toldStep(step), expect, step.message);
    });
});

suite('a task that contradicts what is declared', () => {
  const rows: readonly [
    what: string,
    request: TaskRequest,
    asana: Reading,
    around: Around,
    expect: string,
  ][] = [
    ['takes the license', take(enterprise), holder, present(enterprise), 'Refused StillDeclared'],
    [
      'takes Enterprise where view-only is declared',
      take(enterprise),
      holder,
      present(viewOnly),
      'Act RevokeEnterprise',
    ],
    [
      'gives Enterprise where view-only is declared',
      give(enterprise),
      viewer,
      present(viewOnly),
      'Refused StillDeclared',
    ],
    ['gives what is declared', give(enterprise), viewer, present(enterprise), 'Act GrantEnterprise'],
    ['takes the team', take(team), inTeam, present(team), 'Refused StillDeclared'],
    [
      'takes the team where another is declared',
      take(team),
      inTeam,
      present({ type: 'Team', team: '701' }),
      'Act RemoveFromTeam',
    ],
    ['deprovisions while a team is declared', take(viewOnly), viewer, present(team), 'Refused StillDeclared'],
    [
      'deprovisions while something is declared nobody knows where',
      take(viewOnly),
      viewer,
      present(team, null),
      'Refused StillDeclared',
    ],
    [
      'deprovisions while something is declared elsewhere',
      take(viewOnly),
      viewer,
      present(plain, '600'),
      'Act Deprovision',
    ],
    [
      'removes from the organization while a license is declared',
      take(organization),
      viewer,
      present(enterprise),
      'Refused StillDeclared',
    ],
    [
      'gives a license although no account is declared',
      give(enterprise),
      viewer,
      absent,
      'Refused StillDeclared',
    ],
    ['gives a team although no account is declared', give(team), viewer, absent, 'Refused StillDeclared'],
    [
      'adds to the organization although no account is declared',
      give(organization),
      viewer,
      absent,
      'Refused StillDeclared',
    ],
    ['adds to a workspace elsewhere', give(plain), viewer, absent, 'Act AddToWorkspace'],
    [
      'creates an account although none is declared',
      give(account, new_),
      bob,
      absent,
      'Refused StillDeclared',
    ],
  ];
  for (const [what, request, asana, around, expect] of rows)
    test(`${what}: ${expect}`, () => {
      const step = decideTask(request, view(asana, around));
      assert.equal(toldStep(step), expect, step.message);
      if (step.kind === 'Refused')
        assert.match(step.message, /AsanaGrant iga\/alice|AsanaAccount iga\/alice/);
    });

  test('is asked about by address where there is no account yet', () => {
    const asked: unknown[] = [];
    const declaredFor: TaskView['declaredFor'] = (one, email) => {
      asked.push([one, email]);
      return [];
    };
    decideTask(give(account, new_), { policies: policies(), reading: bob, declaredFor });
    assert.deepEqual(asked, [[null, ALICE]]);
  });
});

suite('every right is for tasks what it is for grants', () => {
  for (const type of rightTypes) {
    const sample = samples[type];
    const user = sample.without() === null ? new_ : alice;
    test(`${type} is given by ${sample.gives}, and taken by ${sample.takes}`, () => {
      assert.equal(
        toldStep(decideTask(give(sample.right, user), view(notHeldIn(sample)))),
        `Act ${sample.gives}`,
      );
      assert.equal(toldStep(decideTask(take(sample.right), view(heldIn(sample)))), `Act ${sample.takes}`);
    });
    test(`${type} is not taken from the protected, nor on a doubtful reading`, () => {
      const refused = (read: Reading) => toldStep(decideTask(take(sample.right), view(read)));
      assert.equal(refused(heldIn(sample, { role: 'Admin' })), 'Refused ProtectedUser');
      assert.equal(refused(heldIn(sample, {}, { self: '1' })), 'Refused ProtectedUser');
      assert.equal(refused(heldIn(sample, {}, { self: null })), 'Refused ReadingIncomplete');
      for (const part of sample.parts)
        assert.equal(refused(heldIn(sample, {}, { doubted: [part] })), 'Refused ReadingIncomplete', part);
    });
  }
});

suite('where a task is looked up', () => {
  const rows: readonly [request: TaskRequest, asana: Reading | null, expect: unknown, because: string][] = [
    [give(enterprise), viewer, { gid: '1', email: null }, 'a license is in the organization'],
    [
      give(account, new_),
      bob,
      { gid: null, email: ALICE, workspace: ORGANIZATION.gid },
      'a new account is found by its address',
    ],
    [take(plain), viewer, { gid: '1', email: null, workspace: '600' }, 'a workspace names the place'],
    [
      take(team),
      viewer,
      { gid: '1', email: null, workspace: ORGANIZATION.gid, team: TEAM },
      'a team is in an organization',
    ],
    [take(team), reading([person()], { teams: [] }), null, 'nobody knows where an unknown team is'],
    [take({ type: 'Workspace', workspace: '601' }), viewer, null, 'what is out of scope is not asked for'],
    [give(enterprise), null, null, 'there is no reading'],
  ];
  for (const [request, asana, expect, because] of rows)
    test(because, () => assert.deepEqual(subjectOfTask(request, view(asana)), expect));
});
