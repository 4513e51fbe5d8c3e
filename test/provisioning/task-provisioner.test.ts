import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RefusedError } from '../../src/provisioning/refusal.ts';
import type { TaskRequest } from '../../src/provisioning/task-request.ts';
import { ALICE, BOB, startTaskRig } from './task-rig.ts';

const grant = (gid: string): TaskRequest => ({
  wish: { type: 'License', license: 'Enterprise' },
  want: 'Give',
  user: { gid },
});
const revoke = (gid: string, license: 'Enterprise' | 'ViewOnly' = 'Enterprise'): TaskRequest => ({
  wish: { type: 'License', license },
  want: 'Take',
  user: { gid },
});
const creation: TaskRequest = {
  wish: { type: 'Account', workspace: null },
  want: 'Give',
  user: { email: 'ada@acme.example', name: null },
};
const allowed = { policies: { allowDeprovision: true } };

suite('a license task', () => {
  test('grants Enterprise in three requests, and the audit line names the task', async (t) => {
    const rig = await startTaskRig(t);
    const outcome = await rig.carryOut(grant(rig.gid(ALICE)));
    assert.equal(outcome.changed, true);
    assert.equal(outcome.account?.license, 'Enterprise');
    assert.equal(rig.license(ALICE), 'enterprise');
    assert.deepEqual(rig.operations, ['scimGetUser', 'scimPatchUser', 'scimGetUser']);
    const [{ requester, action, before, after, result } = assert.fail()] = rig.audit;
    assert.deepEqual(
      { requester, action, before, after, result },
      {
        requester: { type: 'Task', taskId: 'task-7' },
        action: 'GrantEnterprise',
        before: 'ViewOnly',
        after: 'Enterprise',
        result: 'Succeeded',
      },
    );
  });

  test('revokes Enterprise, which leaves view-only', async (t) => {
    const rig = await startTaskRig(t);
    const outcome = await rig.carryOut(revoke(rig.gid(BOB)));
    assert.deepEqual([outcome.changed, outcome.account?.license], [true, 'ViewOnly']);
    assert.equal(rig.license(BOB), 'view only');
    assert.deepEqual(rig.reserved, [], 'no deprovision was booked for it');
  });

  test('revokes view-only by a deprovision that is booked before its request is sent', async (t) => {
    const rig = await startTaskRig(t);
    const gid = rig.gid(ALICE);
    const outcome = await rig.carryOut(revoke(gid, 'ViewOnly'), {
      ...allowed,
      reserveDeprovision: (account) => {
        assert.equal(rig.count('scimPatchUser'), 0);
        return Promise.resolve(rig.reserved.push(account.gid) === 1);
      },
    });
    assert.equal(outcome.changed, true);
    assert.equal(rig.person(ALICE).profile.active, false);
    assert.deepEqual(rig.reserved, [gid, gid], 'booked with the intent, and again just before the request');
  });

  test('sends nothing if its deprovision exceeds the limit', async (t) => {
    const rig = await startTaskRig(t);
    const full = () => Promise.reject(new RefusedError('TooManyDeprovisions', 'five were done'));
    const task = rig.carryOut(revoke(rig.gid(ALICE), 'ViewOnly'), { ...allowed, reserveDeprovision: full });
    await assert.rejects(task, { name: 'RefusedError', code: 'TooManyDeprovisions' });
    assert.equal(rig.person(ALICE).profile.active, true);
    assert.deepEqual(rig.audit, []);
  });

  test('succeeds without another change if it is repeated', async (t) => {
    const rig = await startTaskRig(t);
    for (const request of [grant(rig.gid(ALICE)), revoke(rig.gid(BOB))]) {
      assert.equal((await rig.carryOut(request)).changed, true);
      assert.equal((await rig.carryOut(request)).changed, false);
    }
    const last = revoke(rig.gid(ALICE), 'ViewOnly');
    await rig.carryOut(revoke(rig.gid(ALICE)));
    assert.equal((await rig.carryOut(last, allowed)).changed, true);
    assert.equal((await rig.carryOut(last, allowed)).changed, false);
    assert.deepEqual(rig.reserved.length, 1);
  });

  test('is decided on what Asana shows now, not on what the directory shows', async (t) => {
    const rig = await startTaskRig(t);
    rig.sandbox.state.change(rig.person(BOB), { license: 'view only' });
    rig.sandbox.state.change(rig.person(ALICE), { license: 'enterprise' });
    const given = await rig.carryOut(grant(rig.gid(BOB)));
    assert.equal(given.changed, true, 'the directory showed him as a holder');
    assert.equal(rig.license(BOB), 'enterprise');
    const held = await rig.carryOut(grant(rig.gid(ALICE)));
    assert.equal(held.changed, false, 'somebody else gave it to her');
    assert.equal(rig.count('scimPatchUser'), 1);
  });

  test('finds a person who was added since the last reading', async (t) => {
    const rig = await startTaskRig(t);
    const { state } = rig.sandbox;
    const person = state.addPerson('member', {
      email: 'new@acme.example',
      name: 'New',
      license: 'view only',
    });
    state.joinWorkspace(person, state.organization);
    assert.equal((await rig.carryOut(grant(person.gid))).changed, true);
  });

  test('is refused for an unknown account after one read of Asana', async (t) => {
    const rig = await startTaskRig(t);
    await assert.rejects(rig.carryOut(grant('4711')), { code: 'AccountNotFound' });
    assert.equal(rig.count('scimGetUser'), 1);
  });
});

suite('the limit of enterprise licenses', () => {
  test('allows the last license, although the task itself reserves it while it runs', async (t) => {
    const rig = await startTaskRig(t);
    const limit = rig.directory.counts().enterpriseLicenses + 1;
    const outcome = await rig.carryOut(grant(rig.gid(ALICE)), { policies: { maxEnterpriseLicenses: limit } });
    assert.equal(outcome.changed, true);
    assert.deepEqual(rig.seats, { held: 0, most: 1 });
  });

  test('gives the last license to only one of two tasks', async (t) => {
    const rig = await startTaskRig(t);
    const limit = rig.directory.counts().enterpriseLicenses + 1;
    const context = { policies: { maxEnterpriseLicenses: limit } };
    const tasks = [ALICE, 'carol@acme.example'].map((email) => rig.carryOut(grant(rig.gid(email)), context));
    const results = await Promise.allSettled(tasks);
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
    assert.deepEqual(refused, ['LicenseLimitReached']);
    assert.equal(rig.seats.held, 0);
  });

  test('frees the reserved license when the task fails', async (t) => {
    const rig = await startTaskRig(t);
    rig.fault({ operation: 'scimPatchUser', times: 0 }, { status: 403 });
    await assert.rejects(rig.carryOut(grant(rig.gid(ALICE))), { code: 'Forbidden' });
    assert.deepEqual([rig.seats, rig.kept], [{ held: 0, most: 1 }, 0]);
  });
});

suite('a lost answer', () => {
  test('leaves the license counted as possibly given', async (t) => {
    const rig = await startTaskRig(t);
    rig.fault({ operation: 'scimPatchUser', times: 0 }, { status: 503 });
    await assert.rejects(rig.carryOut(grant(rig.gid(ALICE))), { code: 'AsanaUnavailable' });
    assert.deepEqual([rig.kept, rig.doubted], [0, 1]);
  });

  test('followed by a 429 does not keep the task from reporting its change', async (t) => {
    const rig = await startTaskRig(t, { speed: 200 });
    rig.fault({ operation: 'scimPatchUser' }, { loseResponse: true });
    rig.fault({ operation: 'scimPatchUser', times: 1, after: 1 }, { status: 429, retryAfter: 20 });
    const outcome = await rig.carryOut(grant(rig.gid(ALICE)));
    assert.deepEqual([outcome.changed, rig.count('scimPatchUser')], [true, 2]);
  });
});

suite('a rate limit', () => {
  test('delays the change until Retry-After has passed, and the change is made once', async (t) => {
    const rig = await startTaskRig(t, { speed: 1000 });
    rig.fault({ operation: 'scimPatchUser' }, { status: 429, retryAfter: 90 });
    const begun = performance.now();
    const outcome = await rig.carryOut(revoke(rig.gid(ALICE), 'ViewOnly'), allowed);
    assert.equal(outcome.changed, true);
    assert.ok(performance.now() - begun >= 85, 'not before Retry-After');
    assert.equal(rig.count('scimPatchUser'), 2);
    assert.deepEqual(rig.reserved.length, 1, 'booked once, however often it had to wait');
    assert.deepEqual(rig.results, ['RateLimited', 'Succeeded']);
  });

  test('that lasts longer than the action timeout is waited for', async (t) => {
    const rig = await startTaskRig(t, { speed: 200 });
    rig.fault({ operation: 'scimPatchUser' }, { status: 429, retryAfter: 100 });
    const task = rig.carryOut(grant(rig.gid(ALICE)), {}, new AbortController().signal, 60_000);
    assert.equal((await task).changed, true);
    assert.equal(rig.license(ALICE), 'enterprise');
  });

  test('followed by a slow read does not make a deprovision count as sent', async (t) => {
    const rig = await startTaskRig(t);
    rig.fault({ operation: 'scimPatchUser' }, { status: 429, retryAfter: 1 });
    rig.fault({ operation: 'scimGetUser', nth: 2 }, { delayMs: 60_000 });
    const never = new AbortController().signal;
    const outcome = await rig.carryOut(revoke(rig.gid(ALICE), 'ViewOnly'), allowed, never, 30_000);
    assert.equal(outcome.changed, true);
    assert.equal(rig.count('scimPatchUser'), 2);
    assert.deepEqual(rig.results, ['RateLimited', 'Succeeded']);
    assert.equal(rig.reserved.length, 1);
  });

  test('of five minutes on the first read is waited for', async (t) => {
    const rig = await startTaskRig(t, { speed: 1000 });
    rig.fault({ operation: 'scimGetUser' }, { status: 429, retryAfter: 300 });
    assert.equal((await rig.carryOut(grant(rig.gid(ALICE)))).changed, true);
    assert.equal(rig.count('scimPatchUser'), 1);
  });

  test('is not waited for any longer when the task is cancelled', async (t) => {
    const rig = await startTaskRig(t);
    rig.fault({ operation: 'scimGetUser', times: 0 }, { status: 429, retryAfter: 3600 });
    const abort = new AbortController();
    const task = rig.carryOut(grant(rig.gid(ALICE)), {}, abort.signal);
    // The request is refused with 429, and the task waits for an hour.
    while (rig.count('scimGetUser') === 0) await delay(1);
    abort.abort(new Error('cancelled'));
    await assert.rejects(task, /cancelled/);
    assert.deepEqual(rig.audit, []);
    assert.deepEqual(rig.seats, { held: 0, most: 1 });
  });
});

suite('a change that Asana accepts and does not show yet', () => {
  test('is read back until it shows', async (t) => {
    const rig = await startTaskRig(t);
    rig.fault({ operation: 'scimPatchUser' }, { staleForMs: 300 });
    const outcome = await rig.carryOut(grant(rig.gid(ALICE)));
    assert.deepEqual([outcome.changed, outcome.account?.license], [true, 'Enterprise']);
    assert.equal(rig.count('scimPatchUser'), 1);
    assert.deepEqual(rig.results, ['Unconfirmed', 'Succeeded']);
    assert.equal(rig.audit[0]?.id, rig.audit[1]?.id);
  });

  test('is given up after three minutes, and its license stays reserved until then', async (t) => {
    const rig = await startTaskRig(t, { speed: 200 });
    rig.fault({ operation: 'scimPatchUser' }, { ignoreWrite: true });
    const begun = performance.now();
    const task = rig.carryOut(grant(rig.gid(ALICE)));
    while (rig.count('scimPatchUser') === 0) await delay(1);
    assert.equal(rig.seats.held, 1);
    await assert.rejects(task, { code: 'NotAccepted', message: /Admin Console/ });
    assert.ok(performance.now() - begun >= 180_000 / 200, 'not before three minutes');
    assert.equal(rig.seats.held, 0);
    assert.equal(rig.count('scimPatchUser'), 1);
    assert.equal(rig.count('scimGetUser'), 6, 'before, after, and four times more');
  });

  test('is read back after an outage', async (t) => {
    const rig = await startTaskRig(t, { speed: 1000 });
    rig.fault({ operation: 'scimGetUser', after: 1, times: 5 }, { status: 503 });
    assert.equal((await rig.carryOut(grant(rig.gid(ALICE)))).changed, true);
    assert.equal(rig.count('scimPatchUser'), 1);
  });

  test('fails at the first read for which the credentials are rejected', async (t) => {
    const rig = await startTaskRig(t, { speed: 1000 });
    rig.fault({ operation: 'scimPatchUser' }, { staleForMs: 3_600_000 });
    rig.fault({ operation: 'scimGetUser', after: 2, times: 0 }, { status: 401 });
    await assert.rejects(rig.carryOut(grant(rig.gid(ALICE))), { code: 'CredentialsRejected' });
    assert.equal(rig.count('scimGetUser'), 3, 'before, after, and the rejected one');
  });
});

suite('a change that cannot be undone', () => {
  const rows = [
    ['a deprovision', 'scimPatchUser', (gid: string) => revoke(gid, 'ViewOnly')],
    ['a creation', 'scimCreateUser', (): TaskRequest => creation],
  ] as const;
  for (const [what, operation, requestFor] of rows) {
    test(`${what} whose answer is lost is found by reading back`, async (t) => {
      const rig = await startTaskRig(t, { speed: 1000 });
      rig.fault({ operation }, { loseResponse: true });
      const outcome = await rig.carryOut(requestFor(rig.gid(ALICE)), allowed);
      assert.equal(outcome.changed, true);
      assert.equal(rig.count(operation), 1);
    });

    test(`${what} that never arrived is not sent again`, async (t) => {
      const rig = await startTaskRig(t, { speed: 1000 });
      rig.fault({ operation }, { resetConnection: true });
      const task = rig.carryOut(requestFor(rig.gid(ALICE)), allowed);
      await assert.rejects(task, { code: 'NotAccepted' });
      assert.equal(rig.count(operation), 1);
    });

    test(`${what} that exceeds the action timeout is read back, and not sent again`, async (t) => {
      const rig = await startTaskRig(t);
      rig.fault({ operation }, { delayMs: 20_000 });
      const never = new AbortController().signal;
      const task = rig.carryOut(requestFor(rig.gid(ALICE)), allowed, never, 10_000);
      // The sandbox drops a request whose client has gone.
      await assert.rejects(task, { code: 'NotAccepted' });
      assert.equal(rig.count(operation), 1);
      assert.equal(rig.results[0], 'Unknown');
    });
  }
});

suite('an event while a task runs', () => {
  test('a guard that throws stops the task before a change is sent', async (t) => {
    const rig = await startTaskRig(t);
    let asked = 0;
    const guard = () => {
      asked += 1;
      if (asked === 2) throw new Error('this process is not the leader any more');
    };
    await assert.rejects(rig.carryOut(grant(rig.gid(ALICE)), { guard }), /not the leader/);
    assert.equal(rig.license(ALICE), 'view only');
    assert.deepEqual(rig.audit, []);
  });

  test('a license that somebody else gives meanwhile is not given again', async (t) => {
    const rig = await startTaskRig(t);
    const guard = () => rig.sandbox.state.change(rig.person(ALICE), { license: 'enterprise' });
    const outcome = await rig.carryOut(grant(rig.gid(ALICE)), { guard });
    assert.deepEqual([outcome.changed, outcome.account?.license], [false, 'Enterprise']);
    assert.equal(rig.count('scimPatchUser'), 0);
  });

  test('a declared grant that appears meanwhile causes the task to be refused', async (t) => {
    const rig = await startTaskRig(t);
    const object = 'AsanaLicenseGrant iga/bob';
    const right = { type: 'License', license: 'Enterprise' } as const;
    let isDeclared = false;
    const task = rig.carryOut(revoke(rig.gid(BOB)), {
      guard: () => {
        isDeclared = true;
      },
      look: () => ({ declared: isDeclared ? [{ ensure: 'Present', right, place: null, object }] : [] }),
    });
    await assert.rejects(task, { code: 'StillDeclared', message: /AsanaLicenseGrant iga\/bob/ });
    assert.equal(rig.license(BOB), 'enterprise');
  });

  test('a license limit that changes at every check ends the task with a transient error', async (t) => {
    const rig = await startTaskRig(t);
    let asked = 0;
    const task = rig.carryOut(grant(rig.gid(ALICE)), {
      policies: { maxEnterpriseLicenses: 10 },
      // Free when the task is decided, used up when it is confirmed.
      enterpriseLicenses: () => {
        asked += 1;
        return asked % 2 === 1 ? 0 : 100;
      },
    });
    await assert.rejects(task, { code: 'NotReady', errorClass: 'transient' });
    assert.equal(rig.count('scimPatchUser'), 0);
    assert.equal(rig.seats.held, 0);
  });

  test('a suspended connector refuses the task without a request to Asana', async (t) => {
    const rig = await startTaskRig(t);
    const task = rig.carryOut(grant(rig.gid(ALICE)), { policies: { suspended: true } });
    await assert.rejects(task, { code: 'Suspended' });
    assert.deepEqual(rig.operations, []);
  });

  test('a cancelled task sends nothing', async (t) => {
    const rig = await startTaskRig(t);
    const task = rig.carryOut(grant(rig.gid(ALICE)), {}, AbortSignal.abort(new Error('cancelled')));
    await assert.rejects(task, /cancelled/);
    assert.deepEqual(rig.operations, []);
  });
});
