import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { silentMeter } from '../../src/core/meter.ts';
import { Directory } from '../../src/directory/directory.ts';
import type { Action } from '../../src/provisioning/action.ts';
import { AuditLog, type AuditRecord } from '../../src/provisioning/audit.ts';
import { type ActionHooks, type ActionRequest, Executor } from '../../src/provisioning/executor.ts';
import { startSmallAsana } from '../directory/small-asana.ts';
import {
  ALICE,
  actionOf,
  BOB,
  clock,
  type ExecutorRig,
  type Step,
  setUp,
  userTypes,
} from './executor-rig.ts';

suite('an action', () => {
  test('that grants Enterprise takes three requests, guarded before the read and the change', async (t) => {
    const rig = await setUp(t);
    const outcome = await rig.execute('GrantEnterprise', ALICE);
    assert.ok(outcome.kind === 'Succeeded' && !outcome.byOthers);
    assert.equal(outcome.account?.license, 'Enterprise');
    assert.equal(rig.license(ALICE), 'enterprise');
    assert.deepEqual(rig.steps, [
      'guard',
      'scimGetUser',
      'confirm',
      'intent',
      'guard',
      'scimPatchUser',
      'scimGetUser',
    ]);
  });

  test('that revokes Enterprise also reads the role before and after the change', async (t) => {
    const rig = await setUp(t);
    const outcome = await rig.execute('RevokeEnterprise', BOB);
    assert.equal(outcome.kind === 'Succeeded' && outcome.account?.license, 'ViewOnly');
    assert.equal(rig.license(BOB), 'view only');
    assert.equal(rig.steps.filter((step) => step === 'getWorkspaceMembershipsForWorkspace').length, 2);
  });

  test('that deprovisions leaves no active account', async (t) => {
    const rig = await setUp(t);
    const gid = rig.gid(ALICE);
    const outcome = await rig.execute('Deprovision', ALICE);
    assert.equal(outcome.kind, 'Succeeded');
    assert.equal(rig.sandbox.state.personByEmail(ALICE)?.profile.active, false);
    assert.notEqual(rig.directory.account(gid)?.memberships[0]?.active, true);
  });

  test('that creates an account makes it view-only, with a name derived from its address', async (t) => {
    const rig = await setUp(t);
    const outcome = await rig.execute('CreateAccount', 'ada.byron@acme.example');
    assert.ok(outcome.kind === 'Succeeded' && !outcome.byOthers);
    const { profile } = rig.sandbox.state.personByEmail('ada.byron@acme.example') ?? {};
    assert.deepEqual([profile?.license, profile?.name], ['view only', 'Ada Byron']);
    assert.equal(rig.directory.accountByEmail('ada.byron@acme.example')?.license, 'ViewOnly');
    // By the time of an audit, the address may belong to another person.
    assert.equal(rig.audit[0]?.account.gid, rig.sandbox.state.personByEmail('ada.byron@acme.example')?.gid);
  });

  test('that creates an account waits for a change in progress of the same known gid', async (t) => {
    const rig = await setUp(t);
    const steps: string[] = [];
    const gate = Promise.withResolvers<boolean>();
    const begun = Promise.withResolvers<void>();
    const first = rig.execute('GrantEnterprise', ALICE, {
      confirm: () => {
        steps.push('upgrade');
        begun.resolve();
        return gate.promise;
      },
    });
    await begun.promise;
    const creation = { ...rig.request('CreateAccount', ALICE) };
    const known = { ...creation, action: { ...creation.action, knownGid: rig.gid(ALICE) } as Action };
    const second = rig.executor.execute(known, {
      ...rig.hooks(),
      guard: () => void steps.push('creation'),
      confirm: () => false,
    });
    steps.push('the upgrade ends');
    gate.resolve(false);
    await Promise.all([first, second]);
    assert.deepEqual(steps, ['upgrade', 'the upgrade ends', 'creation']);
  });

  test('shows its result in the directory at once, without another sync', async (t) => {
    const rig = await setUp(t);
    await rig.execute('GrantEnterprise', ALICE);
    assert.equal(rig.directory.accountByEmail(ALICE)?.license, 'Enterprise');
  });

  test('that is not confirmed on the fresh read sends nothing and writes no audit line', async (t) => {
    const rig = await setUp(t);
    const outcome = await rig.execute('GrantEnterprise', ALICE, { confirm: () => false });
    assert.deepEqual(outcome, { kind: 'Overtaken' });
    assert.deepEqual(rig.steps, ['guard', 'scimGetUser', 'confirm']);
    assert.deepEqual(rig.audit, []);
  });

  test('adds the fresh read to the directory before it is confirmed, with the time of Asana', async (t) => {
    const rig = await setUp(t);
    const person = rig.sandbox.state.personByEmail(ALICE);
    assert.ok(person);
    rig.sandbox.state.change(person, { license: 'enterprise' });
    let seen: unknown;
    await rig.execute('GrantEnterprise', ALICE, {
      confirm: ({ account, asanaDate }) => {
        seen = [account?.license, rig.directory.account(person.gid)?.license, typeof asanaDate];
        return false;
      },
    });
    assert.deepEqual(seen, ['Enterprise', 'Enterprise', 'number']);
  });
});

suite('an action that is stopped', () => {
  const stop = () => {
    throw new Error('fenced');
  };
  const rows: readonly [
    because: string,
    overrides: (rig: ExecutorRig) => Partial<ActionHooks>,
    steps: Step[],
  ][] = [
    ['is not sent if the guard throws', () => ({ guard: stop }), ['guard']],
    [
      'is not sent if the guard throws after the intent was written',
      (rig) => ({ guard: () => (rig.steps.includes('intent') ? stop() : undefined) }),
      ['guard', 'scimGetUser', 'confirm', 'intent', 'guard'],
    ],
    [
      'is not sent if the intent cannot be written',
      () => ({ recordIntent: () => Promise.reject(new Error('conflict')) }),
      ['guard', 'scimGetUser', 'confirm', 'intent'],
    ],
    [
      'is not sent if the confirmation throws',
      () => ({ confirm: stop }),
      ['guard', 'scimGetUser', 'confirm'],
    ],
  ];
  for (const [because, overrides, steps] of rows) {
    test(because, async (t) => {
      const rig = await setUp(t);
      await assert.rejects(rig.execute('GrantEnterprise', ALICE, overrides(rig)));
      assert.deepEqual(rig.steps, steps);
      assert.equal(rig.license(ALICE), 'view only');
      assert.deepEqual(rig.audit, []);
    });
  }

  test('is not sent if the fresh read fails', async (t) => {
    const rig = await setUp(t);
    rig.fault({ operation: 'scimGetUser', times: 0 }, { status: 403 });
    await assert.rejects(rig.execute('GrantEnterprise', ALICE), { code: 'Forbidden' });
    assert.equal(rig.license(ALICE), 'view only');
  });
});

suite('a change whose answer is lost', () => {
  test('is found by reading back', async (t) => {
    const rig = await setUp(t);
    rig.fault({ operation: 'scimPatchUser', times: 0 }, { loseResponse: true });
    const outcome = await rig.execute('GrantEnterprise', ALICE);
    assert.equal(outcome.kind, 'Succeeded');
    assert.deepEqual(rig.results, ['Succeeded']);
  });

  test('fails with a transient error if it is a license that never arrived', async (t) => {
    const rig = await setUp(t);
    rig.fault({ operation: 'scimPatchUser', times: 0 }, { status: 503 });
    await assert.rejects(rig.execute('GrantEnterprise', ALICE), {
      code: 'AsanaUnavailable',
      errorClass: 'transient',
    });
    assert.deepEqual(rig.results, ['Unconfirmed']);
  });

  test('is read back and never repeated if it is a deprovision or a creation', async (t) => {
    for (const [type, email, operation] of [
      ['Deprovision', ALICE, 'scimPatchUser'],
      ['CreateAccount', 'new@acme.example', 'scimCreateUser'],
    ] as const) {
      const rig = await setUp(t);
      rig.fault({ operation, times: 0 }, { resetConnection: true });
      const outcome = await rig.execute(type, email);
      assert.equal(outcome.kind, 'Unconfirmed', type);
      assert.equal(rig.steps.filter((step) => step === operation).length, 1, type);
      rig.sandbox.faults.clear();
      assert.equal((await rig.verify(type, email, 'id')).kind, 'Unconfirmed');
      assert.equal(rig.steps.filter((step) => step === operation).length, 1, type);
    }
  });

  test('is found if it is a deprovision that arrived', async (t) => {
    const rig = await setUp(t);
    rig.fault({ operation: 'scimPatchUser', times: 0 }, { loseResponse: true });
    assert.equal((await rig.execute('Deprovision', ALICE)).kind, 'Succeeded');
  });

  test('because of a timeout is audited as Unknown', async (t) => {
    const rig = await setUp(t);
    rig.fault({ operation: 'scimPatchUser', times: 0 }, { delayMs: 600_000 });
    const abort = new AbortController();
    const request = rig.request('GrantEnterprise', ALICE, abort.signal);
    const fence = () => {
      if (rig.steps.includes('intent'))
        setImmediate(() => setImmediate(() => abort.abort(new Error('time is up'))));
    };
    await assert.rejects(rig.executor.execute(request, rig.hooks({ guard: fence })), /time is up/);
    assert.deepEqual(rig.results, ['Unknown']);
  });
});

suite('a change that Asana accepts', () => {
  test('is audited once as Unconfirmed while it does not show, and as Succeeded when it shows', async (t) => {
    const rig = await setUp(t);
    rig.fault({ operation: 'scimPatchUser' }, { staleForMs: 3_600_000 });
    const outcome = await rig.execute('GrantEnterprise', ALICE);
    assert.ok(outcome.kind === 'Unconfirmed');
    assert.equal((await rig.verify('GrantEnterprise', ALICE, outcome.id)).kind, 'Unconfirmed');
    assert.deepEqual(rig.results, ['Unconfirmed']);
    const person = rig.sandbox.state.personByEmail(ALICE);
    assert.ok(person);
    person.stale = null;
    const later = await rig.verify('GrantEnterprise', ALICE, outcome.id);
    assert.ok(later.kind === 'Succeeded' && later.account?.license === 'Enterprise');
    assert.equal(later.byOthers, false, 'a change of this action that shows later was not made by others');
    assert.deepEqual(
      rig.audit.map(({ id, result }) => [id, result]),
      [
        [outcome.id, 'Unconfirmed'],
        [outcome.id, 'Succeeded'],
      ],
    );
  });

  test('is audited once if it shows at once, even if it is verified again', async (t) => {
    const rig = await setUp(t);
    const outcome = await rig.execute('GrantEnterprise', ALICE);
    assert.ok(outcome.kind === 'Succeeded');
    assert.equal((await rig.verify('GrantEnterprise', ALICE, outcome.id)).kind, 'Succeeded');
    assert.deepEqual(rig.results, ['Succeeded']);
  });

  test('is Unconfirmed if only one of SCIM and REST shows it', async (t) => {
    const rig = await setUp(t);
    const { state } = rig.sandbox;
    rig.fault({ operation: 'scimPatchUser' }, { loseResponse: true });
    await rig.execute('Deprovision', ALICE);
    const person = state.personByEmail(ALICE) ?? assert.fail();
    state.change(person, { active: true });
    rig.fault(
      { operation: 'getWorkspaceMembershipsForWorkspace', times: 0 },
      { status: 400, message: 'user: Unknown object: 1' },
    );
    assert.equal((await rig.verify('Deprovision', ALICE, 'id-1')).kind, 'Unconfirmed');
  });

  test('is Unconfirmed if Asana ignores it', async (t) => {
    const rig = await setUp(t);
    rig.fault({ operation: 'scimPatchUser' }, { ignoreWrite: true });
    const outcome = await rig.execute('RevokeEnterprise', BOB);
    assert.equal(outcome.kind === 'Unconfirmed' && outcome.account?.license, 'Enterprise');
  });

  test('is Unconfirmed and audited if Asana is not available for reading it back', async (t) => {
    const rig = await setUp(t);
    rig.fault({ operation: 'scimGetUser', after: 1, times: 0 }, { status: 503 });
    const outcome = await rig.execute('GrantEnterprise', ALICE);
    assert.deepEqual(outcome, { kind: 'Unconfirmed', id: rig.audit[0]?.id, account: null });
    assert.equal(rig.license(ALICE), 'enterprise');
    assert.deepEqual(rig.results, ['Unconfirmed']);
  });

  test('is Unconfirmed if the token is rejected when it is read back', async (t) => {
    const rig = await setUp(t);
    rig.fault({ operation: 'scimGetUser', after: 1, times: 0 }, { status: 401 });
    const outcome = await rig.execute('GrantEnterprise', ALICE);
    assert.equal(outcome.kind, 'Unconfirmed');
    assert.deepEqual(rig.results, ['Unconfirmed']);
  });
});

suite('a change that Asana refuses', () => {
  const rows: readonly [status: number, code: string][] = [
    [400, 'AsanaRefused'],
    [401, 'CredentialsRejected'],
    [402, 'PlanRefused'],
    [403, 'Forbidden'],
  ];
  for (const [status, code] of rows) {
    test(`with ${status} is audited and thrown as ${code}, and sent once`, async (t) => {
      const rig = await setUp(t);
      rig.fault({ operation: 'scimPatchUser', times: 0 }, { status });
      await assert.rejects(rig.execute('GrantEnterprise', ALICE), { name: 'AsanaError', code });
      assert.deepEqual(rig.results, [code]);
      assert.equal(rig.steps.filter((step) => step === 'scimPatchUser').length, 1);
    });
  }

  test('because no license is left fails with AsanaRefused', async (t) => {
    const rig = await setUp(t, { enterpriseSeats: 0 });
    await assert.rejects(rig.execute('GrantEnterprise', ALICE), { code: 'AsanaRefused' });
  });

  for (const status of [409, 400]) {
    test(`with ${status} because the account was created meanwhile succeeds as made by others`, async (t) => {
      const rig = await setUp(t);
      const { state } = rig.sandbox;
      if (status !== 409) rig.fault({ operation: 'scimCreateUser' }, { status });
      const outcome = await rig.execute('CreateAccount', 'race@acme.example', {
        recordIntent: () => {
          const person = state.addPerson('member', {
            email: 'race@acme.example',
            name: 'Race',
            license: 'enterprise',
          });
          state.joinWorkspace(person, state.organization);
          return Promise.resolve();
        },
      });
      assert.ok(outcome.kind === 'Succeeded' && outcome.byOthers);
      assert.equal(outcome.account?.email, 'race@acme.example');
      assert.equal(rig.audit.at(-1)?.after, 'Enterprise', 'what Asana shows, not what was requested');
    });
  }

  test('because the account was removed before fails with PreviouslyRemoved', async (t) => {
    const rig = await setUp(t);
    const person = rig.sandbox.state.personByEmail(ALICE);
    assert.ok(person);
    rig.sandbox.state.deprovision(person, null);
    await assert.rejects(rig.execute('CreateAccount', ALICE), {
      code: 'PreviouslyRemoved',
      errorClass: 'stalling',
    });
    assert.deepEqual(rig.results, ['Conflict']);
  });
});

suite('the audit log and the metrics', () => {
  test('contain one audit line with requester, account, values before and after, and reason', async (t) => {
    const rig = await setUp(t);
    const outcome = await rig.execute('GrantEnterprise', ALICE);
    const [line, ...more] = rig.audit;
    assert.ok(line && outcome.kind === 'Succeeded');
    const { time, requestIds: _, ...rest } = line;
    assert.deepEqual(more, []);
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(rest, {
      audit: 'v1',
      kind: 'Change',
      id: outcome.id,
      action: 'GrantEnterprise',
      connector: { namespace: 'iga', name: 'acme' },
      requester: {
        type: 'Object',
        kind: 'AsanaLicenseGrant',
        namespace: 'iga',
        name: 'alice',
        uid: 'u1',
        generation: 3,
      },
      account: { gid: rig.gid(ALICE), email: ALICE },
      place: null,
      before: 'ViewOnly',
      after: 'Enterprise',
      result: 'Succeeded',
      reason: 'REQ-1234',
    });
  });

  for (const status of [200, 403]) {
    test(`contain the request ID of Asana for a change answered with ${status}`, async (t) => {
      const headers = { 'x-request-id': 'request-77' };
      const { session } = await startSmallAsana(t, {
        people: [{ gid: '1', userType: 'view only' }],
        intercept: ({ method }) => (method === 'PATCH' ? { status, headers, body: {} } : null),
      });
      const lines: string[] = [];
      const executor = new Executor(new AuditLog((line) => lines.push(line), clock), silentMeter, () => 'id');
      const request: ActionRequest = {
        connector: { namespace: 'iga', name: 'acme' },
        session,
        directory: new Directory(clock),
        noteLoss: () => {},
        userTypes,
        action: actionOf('GrantEnterprise', '1', ALICE),
        requester: { type: 'Task', taskId: 'task-5' },
        reason: null,
        signal: new AbortController().signal,
      };
      const agreeing = { guard: () => {}, confirm: () => true, recordIntent: () => Promise.resolve() };
      await executor.execute(request, agreeing).catch(() => {});
      assert.deepEqual(JSON.parse(lines[0] ?? '').requestIds, ['request-77']);
      assert.deepEqual(JSON.parse(lines[0] ?? '').requester, { type: 'Task', taskId: 'task-5' });
    });
  }

  test('count actions by connector, type and result, without a person', async (t) => {
    const rig = await setUp(t);
    await rig.execute('GrantEnterprise', ALICE);
    rig.fault({ operation: 'scimPatchUser' }, { status: 403 });
    await rig.execute('RevokeEnterprise', BOB).catch(() => {});
    const shown = [...rig.meter.values];
    assert.deepEqual(shown, [
      ['actions_total{namespace="iga",connector="acme",type="GrantEnterprise",result="Succeeded"}', 1],
      ['actions_total{namespace="iga",connector="acme",type="RevokeEnterprise",result="Forbidden"}', 1],
    ]);
  });

  test('contain one audit line even if the reason has line breaks', () => {
    const lines: string[] = [];
    const record: AuditRecord = {
      kind: 'Release',
      id: null,
      action: 'Retained',
      connector: { namespace: 'iga', name: 'acme' },
      requester: { type: 'Task', taskId: 'task' },
      account: { gid: null, email: null },
      place: null,
      before: null,
      after: null,
      result: 'Released',
      reason: 'a\nb\r\n{"audit":"v1"}',
      requestIds: [],
    };
    new AuditLog((line) => lines.push(line), clock).write(record);
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines[0] ?? '', /[\r\n]/);
    assert.equal(JSON.parse(lines[0] ?? '').reason, record.reason);
  });
});
