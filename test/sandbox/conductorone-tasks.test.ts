import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Client } from '@connectrpc/connect';
import type { BatonService } from '../../src/conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { readOrder } from '../../src/sandbox/conductorone/task-order.ts';
import type { TaskRecord } from '../../src/sandbox/conductorone/task-record.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { sandboxFor } from './asking.ts';
import {
  connect,
  goodHello,
  movableClock,
  never,
  rawClient,
  refusalOf,
  registeredClient,
} from './tenant-client.ts';

const LEASE_MS = 180_000;
const canceled = {
  finalState: { case: 'error' as const, value: {} },
  status: { code: 1, message: 'the task was cancelled' },
};

function enqueue(sandbox: Sandbox, order: unknown): TaskRecord {
  return sandbox.conductorOne.queue.add(readOrder(order, null));
}

async function taken(client: Client<typeof BatonService>, hostId: string): Promise<string | undefined> {
  return (await client.getTask({ hostId })).task?.id;
}

suite('the task queue', () => {
  test('hands out tasks in order, each once, and nothing when it is empty', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const first = enqueue(sandbox, { type: 'createAccount', email: 'a@acme.com' });
    const second = enqueue(sandbox, { type: 'createAccount', email: 'b@acme.com' });
    assert.match(first.id, /^[0-9A-Za-z]{27}$/);
    assert.equal(await taken(client, 'host-1'), first.id);
    assert.equal(await taken(client, 'host-1'), second.id);
    assert.equal(await taken(client, 'host-1'), undefined);
  });

  test('returns the intervals for polls and heartbeats of its settings', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    sandbox.conductorOne.change({ nextPollMs: 600_000, nextHeartbeatMs: 1500 });
    const { nextPoll, nextHeartbeat } = await client.getTask({ hostId: 'host-1' });
    assert.deepEqual([nextPoll?.seconds, nextPoll?.nanos], [600n, 0]);
    assert.deepEqual([nextHeartbeat?.seconds, nextHeartbeat?.nanos], [1n, 500_000_000]);
  });

  test('hands out one sync at a time across hosts, and other tasks beside it', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    await client.hello({ ...goodHello, hostId: 'host-2' });
    const sync = enqueue(sandbox, { type: 'syncFull' });
    const later = enqueue(sandbox, { type: 'syncFull' });
    const other = enqueue(sandbox, { type: 'createAccount', email: 'a@acme.com' });
    assert.equal(await taken(client, 'host-1'), sync.id);
    assert.equal(await taken(client, 'host-2'), other.id);
    assert.equal(await taken(client, 'host-2'), undefined);
    await client.finishTask({ hostId: 'host-1', taskId: sync.id, ...canceled });
    assert.equal(await taken(client, 'host-2'), later.id);
  });

  test('hands out only hello tasks to a host that has not sent Hello', async () => {
    const sandbox = await sandboxFor();
    const client = rawClient(sandbox, sandbox.conductorOne.issueToken());
    const sync = enqueue(sandbox, { type: 'syncFull' });
    const hello = enqueue(sandbox, { type: 'hello' });
    assert.equal(await taken(client, 'host-1'), hello.id);
    assert.equal(await taken(client, 'host-1'), undefined);
    await client.hello({ ...goodHello, taskId: hello.id });
    assert.equal(await taken(client, 'host-1'), sync.id);
  });

  test('accepts tasks of unknown types, which the connector receives without a type', async () => {
    const sandbox = await sandboxFor();
    await registeredClient(sandbox);
    const { client } = connect(sandbox);
    enqueue(sandbox, { type: 'unknown', field: 4000 });
    const { task } = await client.getTask(never);
    assert.equal(task?.taskType.case, undefined);
    assert.deepEqual(
      task?.$unknown?.map(({ no }) => no),
      [4000],
    );
  });
});

suite('a hello task', () => {
  test('is finished by a Hello with its id, and refused in FinishTask', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const task = enqueue(sandbox, { type: 'hello' });
    await taken(client, 'host-1');
    const finish = client.finishTask({
      hostId: 'host-1',
      taskId: task.id,
      finalState: { case: 'success', value: {} },
    });
    assert.match(await refusalOf(finish), /^InvalidArgument task_id: is a hello task/);
    await client.hello({ ...goodHello, taskId: task.id });
    assert.equal(task.state, 'succeeded');
  });

  test('is the only task that a Hello may name: a sync or an unknown id is refused', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const sync = enqueue(sandbox, { type: 'syncFull' });
    await taken(client, 'host-1');
    assert.match(
      await refusalOf(client.hello({ ...goodHello, taskId: sync.id })),
      /^InvalidArgument task_id: is a sync/,
    );
    assert.match(
      await refusalOf(client.hello({ ...goodHello, taskId: 'b'.repeat(27) })),
      /^NotFound task_id/,
    );
  });
});

suite('a lease', () => {
  test('lasts while heartbeats arrive, and then the task goes to the next host that polls', async () => {
    const clock = movableClock();
    const sandbox = await sandboxFor({ clock, conductorOneSettings: { tokenLifetimeS: 3600 } });
    const client = await registeredClient(sandbox);
    await client.hello({ ...goodHello, hostId: 'host-2' });
    const task = enqueue(sandbox, { type: 'syncFull' });
    assert.equal(await taken(client, 'host-1'), task.id);
    for (let round = 0; round < 3; round += 1) {
      clock.skip(LEASE_MS - 5000);
      const { cancelled } = await client.heartbeat({ hostId: 'host-1', taskId: task.id });
      assert.equal(cancelled, false);
    }
    assert.equal(await taken(client, 'host-2'), undefined);
    clock.skip(LEASE_MS);
    assert.equal(await taken(client, 'host-2'), task.id);
    assert.deepEqual(task.leasedTo, ['host-1', 'host-2']);
    assert.equal(task.heartbeats, 3);
  });

  test('that expired is gone: Heartbeat and FinishTask of its last holder are refused and recorded', async () => {
    const clock = movableClock();
    const sandbox = await sandboxFor({ clock });
    const client = await registeredClient(sandbox);
    await client.hello({ ...goodHello, hostId: 'host-2' });
    const { id: taskId, refusedCalls } = enqueue(sandbox, { type: 'syncFull' });
    await taken(client, 'host-1');
    clock.skip(LEASE_MS);
    const finish = (hostId: string) => refusalOf(client.finishTask({ hostId, taskId, ...canceled }));
    assert.match(await finish('host-1'), /^FailedPrecondition task_id: no lease: nobody/);
    await taken(client, 'host-2');
    assert.match(await finish('host-1'), /^FailedPrecondition task_id: no lease: the task is with another/);
    const heartbeat = client.heartbeat({ hostId: 'host-1', taskId });
    assert.match(await refusalOf(heartbeat), /^FailedPrecondition task_id: no lease/);
    assert.equal(await finish('host-2'), 'no refusal');
    assert.deepEqual(
      refusedCalls.map(({ rpc, host }) => [rpc, host]),
      [
        ['FinishTask', 'host-1'],
        ['FinishTask', 'host-1'],
        ['Heartbeat', 'host-1'],
      ],
    );
  });

  test('ends with FinishTask: a second call is refused and recorded, even from the same host', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const task = enqueue(sandbox, { type: 'syncFull' });
    await taken(client, 'host-1');
    const finish = () => refusalOf(client.finishTask({ hostId: 'host-1', taskId: task.id, ...canceled }));
    assert.equal(await finish(), 'no refusal');
    assert.match(await finish(), /^FailedPrecondition task_id: the task is over \(failed\)/);
    assert.equal(task.refusedCalls.length, 1);
  });
});

suite('cancelling a task', () => {
  test('withdraws a waiting task, so that no host receives it', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const task = enqueue(sandbox, { type: 'syncFull' });
    assert.equal(sandbox.conductorOne.queue.cancel(task), true);
    assert.equal(await taken(client, 'host-1'), undefined);
    assert.equal(task.state, 'cancelled');
    assert.equal(sandbox.conductorOne.queue.cancel(task), false);
  });

  test('is reported to the holder at its next heartbeat, and its Canceled ends the task', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const task = enqueue(sandbox, { type: 'syncFull' });
    await taken(client, 'host-1');
    sandbox.conductorOne.queue.cancel(task);
    const { cancelled } = await client.heartbeat({ hostId: 'host-1', taskId: task.id });
    assert.equal(cancelled, true);
    await client.finishTask({ hostId: 'host-1', taskId: task.id, ...canceled });
    assert.deepEqual([task.state, task.end?.code], ['cancelled', 1]);
  });

  test('ends a task with a silent holder: no other host gets it, and a late heartbeat reports it', async () => {
    const clock = movableClock();
    const sandbox = await sandboxFor({ clock });
    const client = await registeredClient(sandbox);
    await client.hello({ ...goodHello, hostId: 'host-2' });
    const task = enqueue(sandbox, { type: 'syncFull' });
    await taken(client, 'host-1');
    sandbox.conductorOne.queue.cancel(task);
    clock.skip(LEASE_MS);
    assert.equal(await taken(client, 'host-2'), undefined);
    assert.equal(task.state, 'cancelled');
    const { cancelled } = await client.heartbeat({ hostId: 'host-1', taskId: task.id });
    assert.equal(cancelled, true);
  });
});

suite('instances', () => {
  test('are listed by host id with their latest Hello, which connects them until they stop calling', async () => {
    const clock = movableClock();
    const sandbox = await sandboxFor({ clock });
    const client = await registeredClient(sandbox);
    await client.getTask({ hostId: 'host-2' });
    const shown = () =>
      sandbox.conductorOne.instances
        .list()
        .map(({ instance, connected }) => [instance.hostId, instance.hello?.osInfo?.os, connected]);
    assert.deepEqual(shown(), [
      ['host-1', 'linux', true],
      ['host-2', undefined, false],
    ]);
    clock.skip(LEASE_MS + 1);
    for (const os of ['linux', 'darwin'])
      await client.hello({ ...goodHello, hostId: 'host-2', osInfo: { ...goodHello.osInfo, os } });
    assert.deepEqual(shown(), [
      ['host-1', 'linux', false],
      ['host-2', 'darwin', true],
    ]);
  });
});
