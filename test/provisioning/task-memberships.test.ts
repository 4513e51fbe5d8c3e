import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { TaskRequest } from '../../src/provisioning/task-request.ts';
import { ALICE, BOB, DAVE, startTaskRig, type TaskRig } from './task-rig.ts';

const CAROL = 'carol@acme.example';
const allowed = { policies: { allowDeprovision: true } };
const createAccount = (email: string, name: string | null = null): TaskRequest => ({
  wish: { type: 'Account', workspace: null },
  want: 'Give',
  user: { email: email.toLowerCase(), name },
});
const addTo = (workspace: string, gid: string): TaskRequest => ({
  wish: { type: 'Workspace', workspace },
  want: 'Give',
  user: { gid },
});
const removeFrom = (workspace: string, gid: string): TaskRequest => ({
  ...addTo(workspace, gid),
  want: 'Take',
});

const join = (rig: TaskRig, email: string): TaskRequest => ({
  wish: { type: 'Team', team: { gid: rig.team().gid } },
  want: 'Give',
  user: { gid: rig.gid(email) },
});
const leave = (rig: TaskRig, email: string): TaskRequest => ({ ...join(rig, email), want: 'Take' });

/** Returns the members of the rig's team as an upload would show them. */
function shownIn(rig: TaskRig): readonly string[] {
  const members = rig.directory.effective()?.teams.get(rig.team().gid)?.memberships ?? [];
  return members.map(({ user }) => user);
}

suite('a team task', () => {
  test('adds a member, and the directory shows it without another sync', async (t) => {
    const rig = await startTaskRig(t);
    assert.ok(!shownIn(rig).includes(rig.gid(CAROL)));
    const outcome = await rig.carryOut(join(rig, CAROL));
    assert.deepEqual([outcome.changed, outcome.account?.gid], [true, rig.gid(CAROL)]);
    assert.ok(rig.isIn(rig.team(), CAROL));
    assert.ok(shownIn(rig).includes(rig.gid(CAROL)));
    const { action, before, after, place, result } = rig.audit[0] ?? assert.fail();
    assert.deepEqual(
      [action, place, before, after, result],
      ['AddToTeam', rig.team().gid, null, 'Member', 'Succeeded'],
    );
  });

  test('reads the account and its two memberships before and after the change', async (t) => {
    const rig = await startTaskRig(t);
    await rig.carryOut(join(rig, CAROL));
    const look = ['getTeamMemberships', 'getWorkspaceMembershipsForWorkspace', 'scimGetUser'];
    const { operations } = rig;
    assert.deepEqual(operations.slice(0, 3).toSorted(), look);
    assert.equal(operations[3], 'addUserForTeam');
    assert.deepEqual(operations.slice(4).toSorted(), look);
  });

  test('removes a member, and the directory shows it without another sync', async (t) => {
    const rig = await startTaskRig(t);
    const outcome = await rig.carryOut(leave(rig, BOB));
    assert.equal(outcome.changed, true);
    assert.ok(!rig.isIn(rig.team(), BOB));
    assert.ok(!shownIn(rig).includes(rig.gid(BOB)));
  });

  test('changes nothing if it is repeated', async (t) => {
    const rig = await startTaskRig(t);
    for (const request of [join(rig, CAROL), leave(rig, BOB)]) {
      assert.equal((await rig.carryOut(request)).changed, true);
      assert.equal((await rig.carryOut(request)).changed, false);
    }
    assert.deepEqual([rig.count('addUserForTeam'), rig.count('removeUserForTeam')], [1, 1]);
  });

  test('is decided on who is in the team now, not on the directory', async (t) => {
    const rig = await startTaskRig(t);
    const { state } = rig.sandbox;
    state.joinTeam(rig.person(CAROL), rig.team());
    assert.equal((await rig.carryOut(join(rig, CAROL))).changed, false);
    const membership = rig.person(BOB).teamMemberships.find(({ team }) => team === rig.team());
    assert.ok(membership);
    state.leaveTeam(membership);
    assert.equal((await rig.carryOut(join(rig, BOB))).changed, true, 'the directory showed him in the team');
  });

  test('is refused if the account of the token is not in the team', async (t) => {
    const rig = await startTaskRig(t, { serviceAccountNeedsTeam: true });
    await assert.rejects(rig.carryOut(join(rig, CAROL)), {
      code: 'NotTeamMember',
      message: /Add the account of the token to the team/,
    });
    await assert.rejects(rig.carryOut(leave(rig, BOB)), { code: 'NotTeamMember' });
    assert.deepEqual(rig.results, ['Forbidden', 'Forbidden']);
  });

  test('is carried out with a personal token whose owner is in the team, without SCIM', async (t) => {
    const rig = await startTaskRig(t, { token: 'personalAccessToken', scimEnabled: false });
    assert.equal((await rig.carryOut(join(rig, CAROL))).changed, true);
  });

  test('is refused with TeamNotFound if the team no longer exists', async (t) => {
    const rig = await startTaskRig(t);
    rig.fault({ operation: 'addUserForTeam', times: 0 }, { status: 404, message: 'team: Unknown object: 1' });
    await assert.rejects(rig.carryOut(join(rig, CAROL)), { code: 'TeamNotFound' });
  });

  test('succeeds without a change of its own if somebody else removes the member meanwhile', async (t) => {
    const rig = await startTaskRig(t);
    const membership = rig.person(BOB).teamMemberships.find(({ team }) => team === rig.team());
    assert.ok(membership);
    let guards = 0;
    const outcome = await rig.carryOut(leave(rig, BOB), {
      guard: () => {
        guards += 1;
        if (guards === 2) rig.sandbox.state.leaveTeam(membership);
      },
    });
    assert.equal(outcome.changed, false);
    assert.ok(!shownIn(rig).includes(rig.gid(BOB)));
  });

  test('finds its change by reading back if the answer is lost', async (t) => {
    const rig = await startTaskRig(t, { speed: 1000 });
    rig.fault({ operation: 'addUserForTeam' }, { loseResponse: true });
    assert.equal((await rig.carryOut(join(rig, CAROL))).changed, true);
    assert.equal(rig.count('addUserForTeam'), 1);
  });

  test('fails with NotAccepted if Asana accepts the request and changes nothing', async (t) => {
    const rig = await startTaskRig(t, { speed: 1000 });
    rig.fault({ operation: 'addUserForTeam', times: 0 }, { ignoreWrite: true });
    await assert.rejects(rig.carryOut(join(rig, CAROL)), { code: 'NotAccepted' });
    assert.ok(!shownIn(rig).includes(rig.gid(CAROL)));
  });
});

suite('a guest in their last team', () => {
  async function startWithGuest(t: TestContext): Promise<TaskRig> {
    const rig = await startTaskRig(t);
    const guest = rig.person(DAVE);
    const { state } = rig.sandbox;
    for (const membership of guest.teamMemberships.toReversed()) state.leaveTeam(membership);
    state.joinTeam(guest, rig.team());
    const membership = { gid: 'tm', user: guest.gid, admin: false, guest: true, limitedAccess: false };
    for (const team of rig.directory.current()?.teams.keys() ?? [])
      rig.directory.layTeamMembership({
        team,
        user: guest.gid,
        membership: team === rig.team().gid ? membership : null,
      });
    return rig;
  }

  test('is not removed by a task without allowDeprovision', async (t) => {
    const rig = await startWithGuest(t);
    await assert.rejects(rig.carryOut(leave(rig, DAVE)), { code: 'DeprovisionNotAllowed' });
    assert.ok(rig.isIn(rig.team(), DAVE));
  });

  test('is detected by a read of Asana, although the directory shows another team of theirs', async (t) => {
    const rig = await startWithGuest(t);
    const user = rig.gid(DAVE);
    const left = [...(rig.directory.current()?.teams.keys() ?? [])].find((gid) => gid !== rig.team().gid);
    const membership = { gid: 'tm2', user, admin: false, guest: true, limitedAccess: false };
    rig.directory.layTeamMembership({ team: left ?? '', user, membership });
    await assert.rejects(rig.carryOut(leave(rig, DAVE)), { code: 'DeprovisionNotAllowed' });
    assert.ok(rig.isIn(rig.team(), DAVE));
  });

  test('is booked as a deprovision when a task removes them', async (t) => {
    const rig = await startWithGuest(t);
    assert.equal((await rig.carryOut(leave(rig, DAVE), allowed)).changed, true);
    assert.deepEqual(rig.reserved, [rig.gid(DAVE)]);
    assert.ok(!rig.isIn(rig.team(), DAVE));
  });
});

suite('a workspace task', () => {
  test('removes a person from the organization once, and books it as a deprovision', async (t) => {
    const rig = await startTaskRig(t);
    const user = rig.gid(ALICE);
    const request = removeFrom(rig.sandbox.workspace, user);
    const outcome = await rig.carryOut(request, allowed);
    assert.equal(outcome.changed, true);
    assert.equal(rig.person(ALICE).profile.active, false);
    assert.deepEqual(rig.reserved, [user]);
    assert.equal((await rig.carryOut(request, allowed)).changed, false);
    assert.deepEqual([rig.count('removeUserForWorkspace'), rig.reserved.length], [1, 1]);
  });

  test('removes a guest, whom SCIM does not show', async (t) => {
    const rig = await startTaskRig(t);
    const user = rig.gid(DAVE);
    const request = removeFrom(rig.sandbox.workspace, user);
    assert.equal((await rig.carryOut(request, allowed)).changed, true);
    assert.equal(rig.person(DAVE).profile.active, false);
  });

  test('adds a person to another workspace and removes them again, without a change in the organization', async (t) => {
    const rig = await startTaskRig(t, {
      token: 'personalAccessToken',
      scimEnabled: false,
      secondWorkspace: 'workspace',
    });
    const workspace = rig.directory.current()?.workspaces.find(({ organization }) => !organization)?.gid;
    assert.ok(workspace !== undefined);
    const user = rig.gid(CAROL);
    const placesOf = () => rig.directory.account(user)?.memberships.filter(({ active }) => active).length;
    assert.equal((await rig.carryOut(addTo(workspace, user))).changed, true);
    assert.equal(placesOf(), 2);
    assert.equal((await rig.carryOut(addTo(workspace, user))).changed, false);
    assert.equal((await rig.carryOut(removeFrom(workspace, user), allowed)).changed, true);
    assert.equal(placesOf(), 1);
    assert.equal(rig.person(CAROL).profile.active, true);
  });

  test('does not send a removal again that never arrived', async (t) => {
    const rig = await startTaskRig(t, { speed: 1000 });
    rig.fault({ operation: 'removeUserForWorkspace' }, { resetConnection: true });
    const user = rig.gid(ALICE);
    const request = removeFrom(rig.sandbox.workspace, user);
    await assert.rejects(rig.carryOut(request, allowed), { code: 'NotAccepted' });
    assert.equal(rig.count('removeUserForWorkspace'), 1);
  });
});

suite('a new account', () => {
  test('is created once over SCIM, view-only and with the requested name', async (t) => {
    const rig = await startTaskRig(t);
    const request = createAccount('Ada@Acme.example', 'Ada Lovelace');
    const outcome = await rig.carryOut(request);
    assert.deepEqual(
      [outcome.changed, outcome.account?.email, outcome.account?.license],
      [true, 'ada@acme.example', 'ViewOnly'],
    );
    assert.equal(rig.person('ada@acme.example').profile.name, 'Ada Lovelace');
    assert.equal(rig.directory.effective()?.accounts.has(rig.gid('ada@acme.example')), true);
    assert.equal((await rig.carryOut(request)).changed, false);
    assert.equal(rig.count('scimCreateUser'), 1);
  });

  test('is invited once if there is no SCIM', async (t) => {
    const rig = await startTaskRig(t, { token: 'personalAccessToken', scimEnabled: false });
    const outcome = await rig.carryOut(createAccount('ada@acme.example'));
    assert.deepEqual([outcome.changed, outcome.account?.email], [true, 'ada@acme.example']);
    assert.equal(outcome.account?.gid, rig.gid('ada@acme.example'));
    assert.equal((await rig.carryOut(createAccount('ADA@acme.example'))).changed, false);
    assert.equal(rig.count('addUserForWorkspace'), 1);
    assert.deepEqual(
      [rig.audit[0]?.action, rig.audit[0]?.place, rig.audit[0]?.after],
      ['InviteAccount', rig.sandbox.workspace, 'Active'],
    );
  });

  test('that only Asana shows yet is found, and not created', async (t) => {
    const rig = await startTaskRig(t);
    const { state } = rig.sandbox;
    const person = state.addPerson('member', {
      email: 'new@acme.example',
      name: 'New',
      license: 'enterprise',
    });
    state.joinWorkspace(person, state.organization);
    const outcome = await rig.carryOut(createAccount('new@acme.example'));
    assert.deepEqual([outcome.changed, outcome.account?.gid], [false, person.gid]);
    assert.deepEqual(rig.audit, []);
  });

  test('of a person who was removed before is refused with a message about the Admin Console', async (t) => {
    const rig = await startTaskRig(t);
    rig.sandbox.state.deprovision(rig.person(ALICE), null);
    await assert.rejects(rig.carryOut(createAccount(ALICE)), {
      code: 'PreviouslyRemoved',
      message: /Admin Console/,
    });
  });

  test('of a known person is requested with their current address', async (t) => {
    const rig = await startTaskRig(t, { keepDeprovisioned: true });
    const { state, workspace } = rig.sandbox;
    const alice = rig.person(ALICE);
    const allowed = { policies: { allowDeprovision: true } };
    const wish = { type: 'Workspace', workspace } as const;
    await rig.carryOut({ wish, want: 'Take', user: { gid: alice.gid } }, allowed);
    state.change(alice, { email: 'byron@acme.example' });
    await assert.rejects(rig.carryOut({ wish, want: 'Give', user: { gid: alice.gid } }), {
      code: 'PreviouslyRemoved',
      message: /byron@acme\.example/,
    });
    assert.equal(rig.count('scimCreateUser'), 1);
    assert.equal(state.personByEmail(ALICE), undefined);
  });

  test('that two tasks request at the same time is created once', async (t) => {
    const rig = await startTaskRig(t);
    const tasks = [createAccount('ada@acme.example'), createAccount('ada@acme.example')];
    const outcomes = await Promise.all(tasks.map((request) => rig.carryOut(request)));
    assert.equal(outcomes.filter(({ changed }) => changed).length, 1);
    assert.equal(new Set(outcomes.map(({ account }) => account?.gid)).size, 1);
  });

  test('is not created in an organization without view-only licenses', async (t) => {
    const rig = await startTaskRig(t, { viewOnlyDomain: false });
    await assert.rejects(rig.carryOut(createAccount('ada@acme.example')), { code: 'LicensesUnavailable' });
    assert.equal(rig.count('scimCreateUser'), 0);
  });
});
