import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { Code } from '@connectrpc/connect';
import { openConnection } from '../../src/conductorone/connection.ts';
import { ConductorOneService } from '../../src/conductorone/service.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { Redacted } from '../../src/core/redacted.ts';
import type { TaskRequest } from '../../src/provisioning/task-request.ts';
import { readOrder } from '../../src/sandbox/conductorone/task-order.ts';
import { isOver, type TaskRecord } from '../../src/sandbox/conductorone/task-record.ts';
import { startTenant, type Tenant } from '../../src/sandbox/conductorone/tenant.ts';
import { account } from './directories.ts';
import { never, ScriptedHost } from './serving.ts';

interface Started {
  readonly tenant: Tenant;
  /** Starts a connector instance; `stop` ends it as a lost lease does. */
  readonly attend: (hostId: string) => { readonly host: ScriptedHost; readonly stop: () => Promise<void> };
}

/** Starts the simulator, which checks every message by the rules of its proto and enforces the instances' leases. */
async function start(t: TestContext): Promise<Started> {
  const settings = { nextPollMs: 5, nextHeartbeatMs: 20_000, leaseMs: 60_000 };
  const tenant = await startTenant({ port: 0, clock: systemClock, settings });
  const tempFolder = await mkdtemp(join(tmpdir(), 'strict-test-'));
  const stops: (() => Promise<void>)[] = [];
  t.after(async () => {
    for (const stop of stops) await stop();
    await tenant.close();
    assert.deepEqual(await readdir(tempFolder), [], 'a temporary file was left');
    await rm(tempFolder, { recursive: true });
  });
  const attend = (hostId: string) => {
    const host = new ScriptedHost();
    const stop = serveTenant(tenant, hostId, host, tempFolder);
    stops.push(stop);
    return { host, stop };
  };
  return { tenant, attend };
}

function serveTenant(
  { clientId, clientSecret, authority }: Tenant,
  hostId: string,
  host: ScriptedHost,
  tempFolder: string,
): () => Promise<void> {
  const connection = openConnection({
    clientId,
    clientSecret: new Redacted(clientSecret),
    hostId,
    allowedHosts: ['localhost'],
    trust: [authority],
    environment: {},
    clock: systemClock,
  });
  const service = new ConductorOneService({
    client: connection.client,
    host,
    settings: { licenses: true, provision: true, serviceAccount: true },
    concurrency: 3,
    tempFolder,
    labels: { namespace: 'iga', connector: 'acme' },
    clock: systemClock,
    random: () => 0,
    randomBytes: (bytes) => new Uint8Array(bytes).fill(7),
    log: silentLogger,
    meter: silentMeter,
    onChange: () => {},
  });
  const abort = new AbortController();
  const ended = service.run(abort.signal);
  return async () => {
    abort.abort(new Error('the lease is lost'));
    await ended;
    await connection.close();
  };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!holds()) {
    assert.ok(Date.now() < deadline, `timed out waiting for ${what}`);
    await systemClock.sleep(5);
  }
}

/** Orders a task and waits for its end. */
async function work(tenant: Tenant, order: unknown): Promise<TaskRecord> {
  const task = tenant.queue.add(readOrder(order, tenant.uploads.current));
  await until(`the end of ${task.type}`, () => isOver(task));
  return task;
}

suite('a service connected to a strict simulated ConductorOne', () => {
  test('every type of task ends with the expected result, and the simulator rejects no call', async (t) => {
    const { tenant, attend } = await start(t);
    const { host } = attend('pod-1');
    const ended: [string, string, number | undefined, boolean | undefined][] = [];
    for (const order of [
      { type: 'hello' },
      { type: 'syncFull' },
      { type: 'syncFull', resources: ['team:501', 'user:999'] },
      { type: 'syncFull', skipEntitlementsAndGrants: true },
      { type: 'grant', entitlement: 'enterprise', user: '30' },
      { type: 'grant', entitlement: 'team:501:Team Member', user: '30' },
      { type: 'grant', entitlement: 'team:501:Admin', user: '30' },
      { type: 'revoke', entitlement: 'enterprise', user: '905' },
      { type: 'createAccount', email: 'new@acme.com' },
      { type: 'createAccount', login: 'nobody' },
      { type: 'raw', task: { deleteResource: {} } },
      { type: 'unknown', field: 1234 },
    ]) {
      const { type, state, end } = await work(tenant, order);
      ended.push([type, state, end?.code, end?.nonRetryable]);
    }
    assert.deepEqual(ended, [
      ['hello', 'succeeded', 0, false],
      ['syncFull', 'succeeded', 0, false],
      ['syncFull', 'succeeded', 0, false],
      ['syncFull', 'succeeded', 0, false],
      ['grant', 'succeeded', 0, false],
      ['grant', 'succeeded', 0, false],
      ['grant', 'failed', Code.FailedPrecondition, true],
      ['revoke', 'succeeded', 0, false],
      ['createAccount', 'succeeded', 0, false],
      ['createAccount', 'failed', Code.InvalidArgument, true],
      ['deleteResource', 'failed', Code.Unimplemented, true],
      ['unknown', 'failed', Code.Unimplemented, false],
    ]);
    assert.deepEqual(
      host.requests.map(({ request }) => request),
      [
        { wish: { type: 'License', license: 'Enterprise' }, want: 'Give', user: { gid: '30' } },
        { wish: { type: 'Team', team: { gid: '501' } }, want: 'Give', user: { gid: '30' } },
        { wish: { type: 'License', license: 'Enterprise' }, want: 'Take', user: { gid: '905' } },
        {
          wish: { type: 'Account', workspace: null },
          want: 'Give',
          user: { email: 'new@acme.com', name: null },
        },
      ] satisfies TaskRequest[],
    );
    assert.deepEqual(
      tenant.queue.list().flatMap(({ refusedCalls }) => refusedCalls),
      [],
    );
  });

  test('a task is carried out once if the answer to its report is lost', async (t) => {
    const { tenant, attend } = await start(t);
    const { host } = attend('pod-1');
    tenant.faults.add({ match: { call: 'FinishTask', times: 1 }, effect: { loseAnswer: true } });
    const task = await work(tenant, { type: 'createAccount', email: 'new@acme.com' });
    const next = await work(tenant, { type: 'hello' });
    assert.deepEqual([task.state, next.state], ['succeeded', 'succeeded']);
    assert.equal(host.requests.length, 1);
  });

  test('a sync task that ConductorOne cancels stops and ends with Canceled', async (t) => {
    const { tenant, attend } = await start(t);
    tenant.change({ nextHeartbeatMs: 1000 });
    const { host } = attend('pod-1');
    host.directory = never;
    const task = tenant.queue.add(readOrder({ type: 'syncFull' }, null));
    await until('the reading', () => host.reads === 1);
    assert.equal(tenant.queue.cancel(task), true);
    await until('the end', () => isOver(task));
    assert.deepEqual([task.state, task.end?.code], ['cancelled', Code.Canceled]);
  });

  test('a task that a stopped process left unfinished is completed once by another process', async (t) => {
    const { tenant, attend } = await start(t);
    tenant.change({ leaseMs: 1500 });
    const first = attend('pod-1');
    let began = 0;
    first.host.outcome = (_, signal) => {
      began += 1;
      return never(signal);
    };
    const order = { type: 'createAccount', email: 'new@acme.com' };
    const left = tenant.queue.add(readOrder(order, null));
    await until('the work', () => began === 1);
    const second = attend('pod-2');
    second.host.outcome = async () => ({ changed: false, account: account('905') });
    await first.stop();
    await until('the end', () => isOver(left));
    assert.deepEqual(left.leasedTo, ['pod-1', 'pod-2']);
    assert.equal(left.state, 'succeeded');
    assert.deepEqual([first.host.requests.length, second.host.requests.length], [1, 1]);
    assert.deepEqual(left.refusedCalls, []);
  });
});
