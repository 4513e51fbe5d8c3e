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
  test('grants Enterprise in three requests, and the audit names the task', async (t) => {
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

  test('revokes view-only by deprovisioning, booked before its request leaves', async (t) => {
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
    assert.deepEqual(rig.reserved, [gid, gid], 'with the intent, and as the request leaves');
  });

  test('whose deprovision has no place in the limit sends nothing', async (t) => {
    const rig = await startTaskRig(t);
    const full = () => Promise.reject(new RefusedError('TooManyDeprovisions', 'five were done'));
    const task = rig.carryOut(revoke(rig.gid(ALICE), 'ViewOnly'), { ...allowed, reserveDeprovision: full });
    await assert.rejects(task, { name: 'RefusedError', code: 'TooManyDeprovisions' });
    assert.equal(rig.person(ALICE).profile.active, true);
    assert.deepEqual(rig.audit, []);
  });

  test('that is repeated after it was done changes nothing and ends well', async (t) => {
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

  test('is answered by what Asana holds now, not by what the directory knew', async (t) => {
    const rig = await startTaskRig(t);
    rig.sandbox.state.change(rig.person(BOB), { license: 'view only' });
    rig.sandbox.state.change(rig.person(ALICE), { license: 'enterprise' });
    const given = await rig.carryOut(grant(rig.gid(BOB)));
    assert.equal(given.changed, true, 'the directory had him as a holder');
    assert.equal(rig.license(BOB), 'enterprise');
    const held = await rig.carryOut(grant(rig.gid(ALICE)));
    assert.equal(held.changed, false, 'somebody else gave it to her');
    assert.equal(rig.count('scimPatchUser'), 1);
  });

  test('for somebody new since the last reading finds them', async (t) => {
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

  test('for nobody is refused after a look at Asana', async (t) => {
    const rig = await startTaskRig(t);
    await assert.rejects(rig.carryOut(grant('4711')), { code: 'AccountNotFound' });
    assert.equal(rig.count('scimGetUser'), 1);
  });
});

suite('the limit of enterprise licenses', () => {
  test('lets the last license be given, though it is held while the task is under way', async (t) => {
    const rig = await startTaskRig(t);
    const limit = rig.directory.counts().enterpriseLicenses + 1;
    const outcome = await rig.carryOut(grant(rig.gid(ALICE)), { policies: { maxEnterpriseLicenses: limit } });
    assert.equal(outcome.changed, true);
    assert.deepEqual(rig.seats, { held: 0, most: 1 });
  });

  test('lets only one of two tasks have the last license', async (t) => {
    const rig = await startTaskRig(t);
    const limit = rig.directory.counts().enterpriseLicenses + 1;
    const context = { policies: { maxEnterpriseLicenses: limit } };
    const tasks = [ALICE, 'carol@acme.example'].map((email) => rig.carryOut(grant(rig.gid(email)), context));
    const results = await Promise.allSettled(tasks);
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
    assert.deepEqual(refused, ['LicenseLimitReached']);
    assert.equal(rig.seats.held, 0);
  });

  test('gives the license back when the task fails', async (t) => {
    const rig = await startTaskRig(t);
    rig.fault({ operation: 'scimPatchUser', times: 0 }, { status: 403 });
    await assert.rejects(rig.carryOut(grant(rig.gid(ALICE))), { code: 'Forbidden' });
    assert.deepEqual([rig.seats, rig.kept], [{ held: 0, most: 1 }, 0]);
  });
});

suite('an answer that is lost', () => {
  test('keeps the license taken: Asana may have given it', async (t) => {
    const rig = await startTaskRig(t);
    rig.fault({ operation: 'scimPatchUser', times: 0 }, { status: 503 });
    await assert.rejects(rig.carryOut(grant(rig.gid(ALICE))), { code: 'AsanaUnavailable' });
    assert.deepEqual([rig.kept, rig.doubted], [0, 1]);
  });

  test('before a 429 is followed by a look, which tells ConductorOne that the license was given', async (t) => {
    const rig = await startTaskRig(t, { speed: 200 });
    rig.fault({ operation: 'scimPatchUser' }, { loseResponse: true });
    rig.fault({ operation: 'scimPatchUser', times: 1, after: 1 }, { status: 429, retryAfter: 20 });
    const outcome = await rig.carryOut(grant(rig.gid(ALICE)));
    assert.deepEqual([outcome.changed, rig.count('scimPatchUser')], [true, 2]);
  });
});

suite('a rate limit', () => {
  test('is waited out, and what was refused with 429 is done once', async (t) => {
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

  test('longer than an action may take is waited out too', async (t) => {
    const rig = await startTaskRig(t, { speed: 200 });
    rig.fault({ operation: 'scimPatchUser' }, { status: 429, retryAfter: 100 });
    const task = rig.carryOut(grant(rig.gid(ALICE)), {}, new AbortController().signal, 60_000);
    assert.equal((await task).changed, true);
    assert.equal(rig.license(ALICE), 'enterprise');
  });

  test('and a slow answer after it are no reason to take a deprovision for sent', async (t) => {
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

  test('longer than anybody should hold a connection for is waited out too', async (t) => {
    const rig = await startTaskRig(t, { speed: 1000 });
    rig.fault({ operation: 'scimGetUser' }, { status: 429, retryAfter: 300 });
    assert.equal((await rig.carryOut(grant(rig.gid(ALICE)))).changed, true);
    assert.equal(rig.count('scimPatchUser'), 1);
  });

  test('ends when the task is cancelled', async (t) => {
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

suite('a change that Asana takes and does not show yet', () => {
  test('is looked for until it shows', async (t) => {
    const rig = await startTaskRig(t);
    rig.fault({ operation: 'scimPatchUser' }, { staleForMs: 300 });
    const outcome = await rig.carryOut(grant(rig.gid(ALICE)));
    assert.deepEqual([outcome.changed, outcome.account?.license], [true, 'Enterprise']);
    assert.equal(rig.count('scimPatchUser'), 1);
    assert.deepEqual(rig.results, ['Unconfirmed', 'Succeeded']);
    assert.equal(rig.audit[0]?.id, rig.audit[1]?.id);
  });

  test('is given up after three minutes, with its license held until then', async (t) => {
    const rig = await startTaskRig(t, { speed: 200 });
    rig.fault({ operation: 'scimPatchUser' }, { ignoreWrite: true });
    const task = rig.carryOut(grant(rig.gid(ALICE)));
    while (rig.count('scimPatchUser') === 0) await delay(1);
    assert.equal(rig.seats.held, 1);
    await assert.rejects(task, { code: 'NotAccepted', message: /Admin Console/ });
    assert.equal(rig.seats.held, 0);
    assert.equal(rig.count('scimPatchUser'), 1);
    assert.equal(rig.count('scimGetUser'), 6, 'before, after, and four times more');
  });

  test('is looked for past an outage', async (t) => {
    const rig = await startTaskRig(t, { speed: 1000 });
    rig.fault({ operation: 'scimGetUser', after: 1, times: 5 }, { status: 503 });
    assert.equal((await rig.carryOut(grant(rig.gid(ALICE)))).changed, true);
    assert.equal(rig.count('scimPatchUser'), 1);
  });

  test('ends at once when the credentials are refused meanwhile', async (t) => {
    const rig = await startTaskRig(t, { speed: 1000 });
    rig.fault({ operation: 'scimPatchUser' }, { staleForMs: 3_600_000 });
    rig.fault({ operation: 'scimGetUser', after: 2, times: 0 }, { status: 401 });
    await assert.rejects(rig.carryOut(grant(rig.gid(ALICE))), { code: 'CredentialsRejected' });
  });
});

suite('what cannot be undone', () => {
  const rows = [
    ['a deprovision', 'scimPatchUser', (gid: string) => revoke(gid, 'ViewOnly')],
    ['a creation', 'scimCreateUser', (): TaskRequest => creation],
  ] as const;
  for (const [what, operation, requestFor] of rows) {
    test(`${what} whose answer is lost is found by looking`, async (t) => {
      const rig = await startTaskRig(t, { speed: 1000 });
      rig.fault({ operation }, { loseResponse: true });
      const outcome = await rig.carryOut(requestFor(rig.gid(ALICE)), allowed);
      assert.equal(outcome.changed, true);
      assert.equal(rig.count(operation), 1);
    });

    test(`${what} that never came is not sent again`, async (t) => {
      const rig = await startTaskRig(t, { speed: 1000 });
      rig.fault({ operation }, { resetConnection: true });
      const task = rig.carryOut(requestFor(rig.gid(ALICE)), allowed);
      await assert.rejects(task, { code: 'NotAccepted' });
      assert.equal(rig.count(operation), 1);
    });

    test(`${what} that takes longer than an action may is looked for and not sent again`, async (t) => {
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

suite('what happens meanwhile', () => {
  test('a guard that refuses stops the task before anything is sent', async (t) => {
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

  test('a license that somebody else gives meanwhile is not given twice', async (t) => {
    const rig = await startTaskRig(t);
    const guard = () => rig.sandbox.state.change(rig.person(ALICE), { license: 'enterprise' });
    const outcome = await rig.carryOut(grant(rig.gid(ALICE)), { guard });
    assert.deepEqual([outcome.changed, outcome.account?.license], [false, 'Enterprise']);
    assert.equal(rig.count('scimPatchUser'), 0);
  });

  test('a declared grant that appears while the task waits is heeded', async (t) => {
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

  test('a limit that moves at every look is not followed without end', async (t) => {
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

  test('a suspended connector asks nothing of Asana', async (t) => {
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
