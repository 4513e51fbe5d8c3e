import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import { create } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import { ConductorOneError } from '../../src/conductorone/errors.ts';
import { TaskSchema } from '../../src/conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import type { TaskOutcome } from '../../src/provisioning/task-request.ts';
import { account } from './directories.ts';
import { QuickClock } from './quick-clock.ts';
import { never, serve } from './serving.ts';
import { refuse, type TenantOptions } from './tenant.ts';

const CONNECTED = 'conductorone_connected{namespace="iga",connector="acme"}';
const grantTask = {
  case: 'grant' as const,
  value: {
    entitlement: { id: 'enterprise' },
    principal: { id: { resourceType: 'user', resource: '905' } },
  },
};

suite('the Hello of a service', () => {
  test('reports the host, the build and the capabilities, and makes the service connected', async (t) => {
    const { conductor, service, states, meter } = await serve(t);
    await conductor.until('a poll', () => conductor.polls > 0);
    const [hello] = conductor.hellos;
    assert.equal(hello?.hostId, 'host-1');
    assert.equal(hello.taskId, '');
    assert.equal(hello.buildInfo?.package, 'asana-connector');
    assert.ok(Object.values(hello.osInfo ?? {}).every((value) => value !== ''));
    assert.equal(hello.connectorMetadata?.displayName, 'Asana');
    assert.ok(hello.connectorMetadata.capabilities?.credentialDetails, 'accounts can be created');
    assert.ok(service.state.connected && service.state.connectedAt !== null);
    assert.deepEqual(
      states.map(({ connected, error }) => ({ connected, error })),
      [{ connected: true, error: null }],
    );
    assert.equal(meter.values.get(CONNECTED), 1);
  });

  test('announces neither licenses nor account creation if both are disabled', async (t) => {
    const { conductor } = await serve(t, { settings: { provision: false, licenses: false } });
    await conductor.until('a poll', () => conductor.polls > 0);
    const metadata = conductor.hellos[0]?.connectorMetadata;
    assert.deepEqual(
      metadata?.capabilities?.resourceTypeCapabilities.map(({ resourceType }) => resourceType?.id),
      ['team', 'user', 'workspace'],
    );
    assert.equal(metadata?.accountCreationSchema, undefined);
  });

  test('is retried after 1, 2 and 4 s before the first poll, and the outage is reported once as Disconnected', async (t) => {
    let failures = 3;
    const { conductor, clock, states, tenant } = await serve(t, {
      baton: ({ baton }) => ({
        hello: (request, context) => {
          failures -= 1;
          if (failures >= 0) throw refuse(Code.Unavailable);
          return baton.hello(request, context);
        },
      }),
    });
    await conductor.until('a poll', () => conductor.polls > 0);
    assert.deepEqual(clock.sleeps.slice(0, 3), [1000, 2000, 4000]);
    const calls = tenant.calls.map(({ path }) => path.replace(/.*\//, ''));
    assert.deepEqual(calls.slice(0, 5), ['Hello', 'Hello', 'Hello', 'Hello', 'GetTask']);
    assert.deepEqual(
      states.map(({ connected, error }) => [connected, error?.code]),
      [
        [false, 'Disconnected'],
        [true, undefined],
      ],
    );
  });

  for (const { code, expected } of [
    { code: Code.Unauthenticated, expected: 'CredentialsRejected' },
    { code: Code.PermissionDenied, expected: 'CredentialsRejected' },
    { code: Code.InvalidArgument, expected: 'ConductorOneRefused' },
    { code: Code.Unimplemented, expected: 'ConductorOneRefused' },
    { code: Code.FailedPrecondition, expected: 'ConductorOneRefused' },
    { code: Code.NotFound, expected: 'ConductorOneRefused' },
  ]) {
    test(`ends the service with ${expected} if it is refused with ${Code[code]}`, async (t) => {
      const { ended, conductor, service, meter } = await serve(t, {
        baton: () => ({
          hello: () => {
            throw refuse(code);
          },
        }),
      });
      const error = await ended;
      assert.ok(error instanceof ConductorOneError);
      assert.equal(error.code, expected);
      assert.equal(service.state.error, error);
      assert.equal(conductor.polls, 0);
      assert.equal(meter.values.get(CONNECTED), 0, 'the metric still shows it as disconnected');
      service.forget();
      assert.equal(meter.values.get(CONNECTED), undefined);
    });
  }

  test('ends the service with CredentialsRejected if the token request is rejected', async (t) => {
    const { ended } = await serve(t, { tenant: { token: () => ({ status: 401 }) } });
    const error = await ended;
    assert.ok(error instanceof ConductorOneError && error.code === 'CredentialsRejected');
  });

  test('is retried after ClockSkew and succeeds when the clocks agree again', async (t) => {
    let off = true;
    const { conductor, states } = await serve(t, {
      tenant: {
        token: () =>
          off
            ? { status: 401, headers: { date: new Date(Date.now() - 3_600_000).toUTCString() } }
            : { body: JSON.stringify({ access_token: 'token', expires_in: 600 }) },
      },
    });
    await conductor.until('the state', () => states.length > 0);
    assert.equal(states[0]?.error?.code, 'ClockSkew');
    off = false;
    await conductor.until('a poll', () => conductor.polls > 0);
  });
});

suite('the task loop', () => {
  test('answers a hello task with a Hello that contains its ID, and does not finish it', async (t) => {
    const { conductor, meter } = await serve(t);
    const id = conductor.give({ case: 'hello', value: {} });
    const next = conductor.give({ case: 'eventFeed', value: {} });
    await conductor.end(next);
    await conductor.until('the answer', () => conductor.hellos.length === 2);
    assert.equal(conductor.hellos[1]?.taskId, id);
    assert.deepEqual(conductor.hellos[1]?.osInfo, conductor.hellos[0]?.osInfo);
    assert.deepEqual(
      conductor.finished.map(({ taskId }) => taskId),
      [next],
    );
    const count =
      'conductorone_tasks_total{namespace="iga",connector="acme",type="hello",result="Succeeded"}';
    await conductor.until('the count', () => meter.values.get(count) === 1);
  });

  test('waits between polls as long as the server requests, but at most five minutes', async (t) => {
    const { conductor, clock } = await serve(t, {
      prepare: ({ answers }) => void answers.push({ nextPoll: durationFromMs(600_000) }, {}),
    });
    await conductor.until('three polls', () => conductor.polls > 3);
    assert.deepEqual(clock.sleeps.slice(0, 3), [300_000, 1000, 2]);
  });

  for (const { because, task } of [
    {
      because: 'of the type none',
      task: { id: 'x'.repeat(27), taskType: { case: 'none' as const, value: {} } },
    },
    { because: 'without an ID', task: { taskType: grantTask } },
    { because: 'without any field', task: {} },
  ]) {
    test(`ignores a task ${because}`, async (t) => {
      const { conductor, host, service } = await serve(t, {
        prepare: ({ answers }) => answers.push({ task, nextPoll: durationFromMs(1) }),
      });
      await conductor.until('three polls', () => conductor.polls >= 3);
      assert.deepEqual([conductor.finished, host.requests, service.state.lastTaskAt], [[], [], null]);
    });
  }

  test('finishes unsupported tasks with Unimplemented', async (t) => {
    const { conductor, meter } = await serve(t);
    const future = create(TaskSchema, { id: conductor.newId() });
    // Field 150, a message of two bytes, as a newer server may send.
    future.$unknown = [{ no: 150, wireType: WireType.LengthDelimited, data: new Uint8Array([2, 8, 1]) }];
    conductor.answers.push({ task: future, nextPoll: durationFromMs(1) });
    const ids = [
      future.id,
      conductor.give(undefined),
      conductor.give({ case: 'listTicketSchemas', value: {} }),
      conductor.give({ case: 'deleteResource', value: {} }),
    ];
    const finals = [];
    for (const id of ids) {
      const { status, finalState } = await conductor.end(id);
      assert.deepEqual([status?.code, status?.message], [Code.Unimplemented, 'unsupported task type']);
      finals.push(finalState.case === 'error' && finalState.value.nonRetryable);
    }
    assert.deepEqual(finals, [false, false, false, true]);
    const count =
      'conductorone_tasks_total{namespace="iga",connector="acme",type="unsupported",result="Unimplemented"}';
    await conductor.until('the counts', () => meter.values.get(count) === 4);
  });

  for (const { type, response } of [
    { type: 'actionListSchemas', response: 'c1.connector.v2.ListActionSchemasResponse' },
    { type: 'listEventFeeds', response: 'c1.connector.v2.ListEventFeedsResponse' },
  ] as const) {
    test(`answers ${type} with an empty list, whether provisioning is enabled or not`, async (t) => {
      for (const provision of [false, true]) {
        const { conductor } = await serve(t, { settings: { provision } });
        const { finalState } = await conductor.end(conductor.give({ case: type, value: {} }));
        assert.ok(finalState.case === 'success');
        assert.equal(finalState.value.response?.typeUrl, `type.googleapis.com/${response}`);
        assert.equal(finalState.value.response.value.length, 0);
      }
    });
  }

  test('carries out a task once if it is assigned again while it is in progress', async (t) => {
    const { conductor, host } = await serve(t);
    const finish = Promise.withResolvers<void>();
    host.outcome = async () => {
      await finish.promise;
      return { changed: true, account: account('905') };
    };
    const id = conductor.give(grantTask);
    conductor.give(grantTask, id);
    conductor.give(grantTask, id);
    await conductor.until('both repetitions', () => conductor.polls >= 5);
    finish.resolve();
    await conductor.end(id);
    const polls = conductor.polls;
    await conductor.until('more polls', () => conductor.polls >= polls + 2);
    assert.equal(host.requests.length, 1);
    assert.equal(conductor.finished.length, 1);
  });

  test('carries out at most as many tasks at once as configured, and does not poll before one has ended', async (t) => {
    const { conductor, host } = await serve(t, { concurrency: 2 });
    const slots: (() => void)[] = [];
    host.outcome = async (_, signal) => {
      await Promise.race([new Promise<void>((resolve) => slots.push(resolve)), never(signal)]);
      return { changed: true, account: account('905') };
    };
    const ids = [conductor.give(grantTask), conductor.give(grantTask), conductor.give(grantTask)];
    await conductor.until('two under way', () => slots.length === 2);
    const polls = conductor.polls;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(conductor.polls, polls, 'a busy connector does not poll');
    slots[0]?.();
    await conductor.until('the third', () => slots.length === 3);
    slots.forEach((free) => free());
    for (const id of ids) await conductor.end(id);
  });

  for (const { fault, because } of [
    {
      fault: (response) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end('<html>maintenance</html>');
      },
      because: 'returns HTML',
    },
    {
      fault: (response) => response.stream.close(constants.NGHTTP2_REFUSED_STREAM),
      because: 'refuses streams',
    },
    { fault: (response) => response.stream.session?.destroy(), because: 'closes connections' },
  ] satisfies {
    fault: (response: Parameters<NonNullable<TenantOptions['answer']>>[0]) => void;
    because: string;
  }[]) {
    test(`retries with growing waits while the server ${because}, then carries out the next task`, async (t) => {
      let faults = 0;
      const { conductor, clock, states, service } = await serve(t, {
        tenant: {
          answer: (response, path) => {
            if (!path.endsWith('/GetTask') || faults === 0) return false;
            faults -= 1;
            fault(response);
            return true;
          },
        },
      });
      await conductor.until('a poll', () => conductor.polls > 0);
      faults = 3;
      await conductor.until('the end of the outage', () => faults === 0 && service.state.connected);
      assert.deepEqual(
        states.map(({ connected, error }) => [connected, error?.code]),
        [
          [true, undefined],
          [false, 'Disconnected'],
          [true, undefined],
        ],
      );
      assert.deepEqual(
        clock.sleeps.filter((ms) => ms >= 1000),
        [1000, 4000, 9000],
      );
      await conductor.end(conductor.give(grantTask));
    });
  }

  test('logs neither secrets nor error messages of the server', async (t) => {
    let faults = 0;
    const { conductor, lines, tenant, states } = await serve(t, {
      baton: ({ baton }) => ({
        getTask: (request, context) => {
          faults -= 1;
          if (faults > 0) throw refuse(Code.Unavailable);
          return baton.getTask(request, context);
        },
        finishTask: () => {
          throw refuse(Code.InvalidArgument);
        },
      }),
    });
    conductor.give(grantTask);
    const warning = 'warn the result of a task could not be reported; ConductorOne assigns the task again';
    await conductor.until('the warning', () => lines.some(({ message }) => message === warning));
    faults = 4;
    await conductor.until('the end of the outage', () => faults < 0);
    const written = inspect([lines, states], { depth: 9 });
    const [, , , secret] = tenant.clientSecret.reveal().split(':');
    const tokens = tenant.calls.map(({ authorization }) => authorization.replace('Bearer ', ''));
    for (const hidden of ['the server says why', secret ?? '', ...tokens])
      assert.ok(!written.includes(hidden), hidden);
    assert.ok(written.includes('the request for tasks failed'));
  });

  test('does not report an outage after a single failed poll', async (t) => {
    let failures = 1;
    const { conductor, states } = await serve(t, {
      baton: ({ baton }) => ({
        getTask: (request, context) => {
          failures -= 1;
          if (failures === 0) throw refuse(Code.Canceled);
          return baton.getTask(request, context);
        },
      }),
    });
    await conductor.until('three polls', () => conductor.polls >= 3);
    assert.deepEqual(
      states.map(({ connected }) => connected),
      [true],
    );
  });

  for (const { refusal, expected } of [
    { refusal: Code.Unauthenticated, expected: 'CredentialsRejected' },
    { refusal: Code.PermissionDenied, expected: 'CredentialsRejected' },
    { refusal: Code.InvalidArgument, expected: 'ConductorOneRefused' },
    { refusal: Code.Unimplemented, expected: 'ConductorOneRefused' },
    { refusal: Code.FailedPrecondition, expected: 'ConductorOneRefused' },
    { refusal: Code.NotFound, expected: 'ConductorOneRefused' },
    { refusal: 'a page of HTML with status 404', expected: 'ConductorOneRefused' },
  ] as const) {
    const what = typeof refusal === 'string' ? refusal : Code[refusal];
    test(`keeps polling at least once a minute and continues its tasks while polls are refused with ${what}`, async (t) => {
      let refusals = 0;
      const { conductor, host, clock, service, meter, states } = await serve(t, {
        baton: ({ baton }) => ({
          getTask: (request, context) => {
            if (refusals === 0 || typeof refusal === 'string') return baton.getTask(request, context);
            refusals -= 1;
            throw refuse(refusal);
          },
        }),
        tenant: {
          answer: (response, path) => {
            if (refusals === 0 || typeof refusal !== 'string' || !path.endsWith('/GetTask')) return false;
            refusals -= 1;
            response.writeHead(404, { 'content-type': 'text/html' });
            response.end('<html></html>');
            return true;
          },
        },
      });
      const done = Promise.withResolvers<TaskOutcome>();
      host.outcome = (_, signal) => Promise.race([done.promise, never(signal)]);
      const id = conductor.give(grantTask);
      await conductor.until('the task', () => host.requests.length === 1);
      await conductor.until('a poll', () => conductor.polls > 1);
      clock.sleeps.length = 0;
      // A unary call retries once at once if its token is refused.
      refusals = refusal === Code.Unauthenticated ? 24 : 12;
      await conductor.until('the end of it', () => refusals === 0 && service.state.connected);
      // The waits of 30 s are those between heartbeats.
      const waits = clock.sleeps.filter((ms) => ms >= 4000 && ms !== 30_000);
      assert.deepEqual(
        waits,
        [4000, 9000, 16_000, 25_000, 36_000, 49_000, 60_000, 60_000, 60_000, 60_000, 60_000],
      );
      assert.deepEqual(
        states.filter(({ error }) => error !== null).map(({ connected, error }) => [connected, error?.code]),
        [[false, expected]],
      );
      assert.equal(meter.values.get(CONNECTED), 1);
      done.resolve({ changed: true, account: account('905') });
      assert.equal((await conductor.end(id)).finalState.case, 'success');
    });
  }
});

suite('a stopped service', () => {
  test('aborts the task in progress without reporting it, and stops polling', async (t) => {
    const { conductor, host, stop, states, meter, service } = await serve(t);
    let reason: unknown;
    host.outcome = (_, signal) => {
      signal.addEventListener('abort', () => (reason = signal.reason));
      return never(signal);
    };
    conductor.give(grantTask);
    await conductor.until('the task', () => host.requests.length === 1);
    const told = states.length;
    const lost = new Error('the lease is lost');
    assert.equal(await stop(lost), undefined, 'the service ends without an error');
    assert.equal(reason, lost);
    // One poll may have been in flight; a service that still polled would poll many times in a tenth of a second.
    const polls = conductor.polls;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(conductor.polls <= polls + 1, `${conductor.polls - polls} polls`);
    assert.deepEqual([conductor.finished, states.length], [[], told]);
    assert.equal(service.state.connected, false);
    assert.equal(meter.values.get(CONNECTED), undefined);
    const count = 'conductorone_tasks_total{namespace="iga",connector="acme",type="grant",result="Stopped"}';
    assert.equal(meter.values.get(count), 1);
  });

  test('ends at once while it waits for the answer to a poll', async (t) => {
    const waiting = Promise.withResolvers<void>();
    const { stop, conductor } = await serve(t, {
      baton: () => ({
        getTask: async (_, { signal }) => {
          waiting.resolve();
          return never(signal);
        },
      }),
    });
    await waiting.promise;
    assert.equal(await stop(), undefined);
    assert.deepEqual(conductor.finished, []);
  });

  test('still reports the result of a task that had already ended', async (t) => {
    const arrived = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const { conductor, stop, meter } = await serve(t, {
      baton: ({ baton }) => ({
        finishTask: async (request, context) => {
          arrived.resolve();
          await go.promise;
          return baton.finishTask(request, context);
        },
      }),
    });
    const id = conductor.give(grantTask);
    await arrived.promise;
    const stopped = stop();
    go.resolve();
    assert.equal(await stopped, undefined);
    assert.equal((await conductor.end(id)).finalState.case, 'success');
    const count =
      'conductorone_tasks_total{namespace="iga",connector="acme",type="grant",result="Succeeded"}';
    assert.equal(meter.values.get(count), 1);
  });

  test('gives up a report that is not answered within five seconds', async (t) => {
    class HurriedClock extends QuickClock {
      override schedule(ms: number, callback: () => void) {
        return super.schedule(ms === 5000 ? 20 : ms, callback);
      }
    }
    const arrived = Promise.withResolvers<void>();
    const { conductor, stop, meter } = await serve(t, {
      clock: new HurriedClock(),
      baton: () => ({
        finishTask: async (_, { signal }) => {
          arrived.resolve();
          return never(signal);
        },
      }),
    });
    conductor.give(grantTask);
    await arrived.promise;
    assert.equal(await stop(), undefined);
    const count =
      'conductorone_tasks_total{namespace="iga",connector="acme",type="grant",result="Unreported"}';
    assert.equal(meter.values.get(count), 1);
  });
});
