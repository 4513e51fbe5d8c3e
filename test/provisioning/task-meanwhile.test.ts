import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Policies } from '../../src/provisioning/policies.ts';
import { RefusedError } from '../../src/provisioning/refusal.ts';
import type { TaskRequest } from '../../src/provisioning/task-request.ts';
import { ALICE, BOB, startTaskRig, type TaskRig } from './task-rig.ts';

/** Changes while a task waits for Asana: no request is sent under rules that no longer hold. */

const take = (right: 'Enterprise' | 'ViewOnly', gid: string): TaskRequest => ({
  wish: { type: 'License', license: right },
  want: 'Take',
  user: { gid },
});

const allowed: Partial<Policies> = { allowDeprovision: true };

/** Returns policies that change once the first request was answered with 429. */
function changing(rig: TaskRig, operation: string, after: Partial<Policies>) {
  rig.fault({ operation }, { status: 429, retryAfter: 90 });
  return { look: () => ({ policies: { ...allowed, ...(rig.count(operation) > 0 ? after : {}) } }) };
}

suite('a deprovision that waits for Retry-After', () => {
  const rows: readonly [what: string, after: Partial<Policies>, code: string][] = [
    ['allowDeprovision is turned off', { allowDeprovision: false }, 'DeprovisionNotAllowed'],
    ['the person becomes protected', { protectedUsers: [ALICE] }, 'ProtectedUser'],
    ['the connector is suspended', { suspended: true }, 'Suspended'],
  ];
  for (const [what, after, code] of rows)
    test(`is not sent again if ${what} meanwhile`, async (t) => {
      const rig = await startTaskRig(t, { speed: 1000 });
      const task = rig.carryOut(take('ViewOnly', rig.gid(ALICE)), changing(rig, 'scimPatchUser', after));
      await assert.rejects(task, { code });
      assert.equal(rig.count('scimPatchUser'), 1);
      assert.equal(rig.person(ALICE).profile.active, true);
    });

  test('is not sent again if the limit is lowered meanwhile below what is booked', async (t) => {
    const rig = await startTaskRig(t, { speed: 1000 });
    rig.fault({ operation: 'scimPatchUser' }, { status: 429, retryAfter: 90 });
    const reserveDeprovision = () =>
      rig.count('scimPatchUser') === 0
        ? Promise.resolve(false)
        : Promise.reject(new RefusedError('TooManyDeprovisions', 'none is allowed now'));
    const changes = { policies: allowed, reserveDeprovision };
    await assert.rejects(rig.carryOut(take('ViewOnly', rig.gid(ALICE)), changes), {
      code: 'TooManyDeprovisions',
    });
    assert.equal(rig.count('scimPatchUser'), 1);
    assert.equal(rig.person(ALICE).profile.active, true);
  });

  test('is checked again after it was booked in a window that began meanwhile', async (t) => {
    const rig = await startTaskRig(t, { speed: 1000 });
    rig.fault({ operation: 'scimPatchUser' }, { status: 429, retryAfter: 90 });
    let suspended = false;
    let window = 0;
    const task = rig.carryOut(take('ViewOnly', rig.gid(ALICE)), {
      policies: allowed,
      guard: () => {
        if (suspended) throw new RefusedError('Suspended', 'the connector is suspended');
      },
      reserveDeprovision: async () => {
        const before = window;
        window = rig.count('scimPatchUser') + 1;
        // Suspends the connector while the booking is written.
        suspended = window === 2;
        return window !== before;
      },
    });
    await assert.rejects(task, { code: 'Suspended' });
    assert.equal(rig.count('scimPatchUser'), 1);
  });

  test('is sent again if nothing has changed', async (t) => {
    const rig = await startTaskRig(t, { speed: 1000 });
    const outcome = await rig.carryOut(take('ViewOnly', rig.gid(ALICE)), changing(rig, 'scimPatchUser', {}));
    assert.equal(outcome.changed, true);
    assert.equal(rig.count('scimPatchUser'), 2);
  });
});

suite('a removal that waits for Retry-After', () => {
  test('from a team is not sent again if the person becomes protected meanwhile', async (t) => {
    const rig = await startTaskRig(t, { speed: 1000 });
    const wish = { type: 'Team', team: { gid: rig.team().gid } } as const;
    const changes = changing(rig, 'removeUserForTeam', { protectedUsers: [BOB] });
    const task = rig.carryOut({ wish, want: 'Take', user: { gid: rig.gid(BOB) } }, changes);
    await assert.rejects(task, { code: 'ProtectedUser' });
    assert.ok(rig.isIn(rig.team(), BOB));
    assert.equal(rig.count('removeUserForTeam'), 1);
  });

  test('from a workspace is not sent again if a right there is declared meanwhile', async (t) => {
    const rig = await startTaskRig(t, { speed: 1000 });
    const { workspace } = rig.sandbox;
    rig.fault({ operation: 'removeUserForWorkspace' }, { status: 429, retryAfter: 90 });
    const object = 'AsanaLicenseGrant iga/alice';
    const right = { type: 'License', license: 'ViewOnly' } as const;
    const task = rig.carryOut(
      { wish: { type: 'Workspace', workspace }, want: 'Take', user: { gid: rig.gid(ALICE) } },
      {
        look: () => ({
          policies: allowed,
          declared:
            rig.count('removeUserForWorkspace') > 0
              ? [{ ensure: 'Present', right, place: workspace, object }]
              : [],
        }),
      },
    );
    await assert.rejects(task, { code: 'StillDeclared', message: /AsanaLicenseGrant iga\/alice/ });
    assert.equal(rig.count('removeUserForWorkspace'), 1);
    assert.equal(rig.person(ALICE).profile.active, true);
  });
});

suite('a change by others while a task waits', () => {
  test('is detected before the request is sent, and the task succeeds without a change', async (t) => {
    const rig = await startTaskRig(t, { speed: 1000 });
    const person = rig.person(ALICE);
    const known = rig.directory.account(person.gid);
    assert.ok(known);
    let guards = 0;
    const outcome = await rig.carryOut(
      { wish: { type: 'License', license: 'Enterprise' }, want: 'Give', user: { gid: person.gid } },
      {
        // Simulates a sync that ends just before the request is sent.
        guard: () => {
          guards += 1;
          if (guards !== 2) return;
          rig.sandbox.state.change(person, { license: 'enterprise' });
          rig.directory.lay({ ...known, license: 'Enterprise' });
        },
      },
    );
    assert.deepEqual([outcome.changed, outcome.account?.license], [false, 'Enterprise']);
    assert.equal(rig.count('scimPatchUser'), 0);
    assert.deepEqual(rig.audit, []);
  });
});
