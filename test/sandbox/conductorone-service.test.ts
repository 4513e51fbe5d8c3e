import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { ConductorOneService } from '../../src/conductorone/service.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { RefusedError } from '../../src/provisioning/refusal.ts';
import { readOrder } from '../../src/sandbox/conductorone/task-order.ts';
import { isOver, type TaskRecord } from '../../src/sandbox/conductorone/task-record.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { account } from '../conductorone/directories.ts';
import { never, ScriptedHost } from '../conductorone/serving.ts';
import { connect } from './tenant-client.ts';

interface Instance {
  readonly host: ScriptedHost;
  readonly tempFolder: string;
  /** Ends the instance as a lost lease does. */
  readonly stop: () => Promise<void>;
}

/** Starts a sandbox with short polls, which gives a task to another instance after two seconds without a heartbeat. */
async function quickSandbox(): Promise<Sandbox> {
  const sandbox = await startSandbox({
    conductorOneSettings: { nextPollMs: 20, nextHeartbeatMs: 1000, leaseMs: 2000 },
  });
  // Stops the instances first: a service that is stopped says goodbye to the sandbox.
  after(async () => {
    await Promise.all((instances.get(sandbox) ?? []).map(({ stop }) => stop()));
    await sandbox.close();
  });
  return sandbox;
}

const instances = new WeakMap<Sandbox, Instance[]>();

/** Starts the product's own service with a scripted host. */
async function startInstance(sandbox: Sandbox, hostId: string): Promise<Instance> {
  const tempFolder = await mkdtemp(join(tmpdir(), 'sandbox-service-'));
  const host = new ScriptedHost();
  const stopping = new AbortController();
  const connection = connect(sandbox, hostId);
  const service = new ConductorOneService({
    client: connection.client,
    host,
    settings: { licenses: true, provision: true, serviceAccount: true },
    concurrency: 3,
    tempFolder,
    labels: { namespace: 'iga', connector: 'acme' },
    clock: systemClock,
    random: Math.random,
    randomBytes: (bytes) => randomBytes(bytes),
    log: silentLogger,
    meter: silentMeter,
    onChange: () => {},
  });
  const running = service.run(stopping.signal);
  const stop = async () => {
    stopping.abort(new Error('the lease is lost'));
    await running;
    // The sandbox closes only after the last connection.
    await connection.close();
  };
  after(() => rm(tempFolder, { recursive: true, force: true }));
  const instance = { host, tempFolder, stop };
  instances.set(sandbox, [...(instances.get(sandbox) ?? []), instance]);
  return instance;
}

function enqueue(sandbox: Sandbox, order: unknown): TaskRecord {
  const { queue, uploads } = sandbox.conductorOne;
  return queue.add(readOrder(order, uploads.current));
}

/** Waits until a condition holds; fails after twenty seconds. */
async function until(sandbox: Sandbox, what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!isSo()) {
    const refused = sandbox.conductorOne.calls.since(0).filter(({ reason }) => reason !== null);
    assert.ok(
      performance.now() < deadline,
      `timed out waiting for ${what}; refused: ${JSON.stringify(refused)}`,
    );
    // Leases expire only when the queue is read.
    sandbox.conductorOne.queue.list();
    await systemClock.sleep(10);
  }
}

async function carriedOut(sandbox: Sandbox, order: unknown): Promise<TaskRecord> {
  const task = enqueue(sandbox, order);
  await until(sandbox, `the end of the ${task.type} task`, () => isOver(task));
  return task;
}

async function assertEmpty(folder: string): Promise<void> {
  const left: readonly string[] = await readdir(folder);
  assert.equal(left.length, 0, left.join(', '));
}

function namesOf(annotations: readonly unknown[]): unknown[] {
  return annotations.map((annotation) => Reflect.get(Object(annotation), '@type'));
}

suite('the ConductorOne service of the product, against the strict sandbox', () => {
  test('sends Hello, carries out hello and sync tasks, and none of its calls is refused', async () => {
    const sandbox = await quickSandbox();
    const { tempFolder } = await startInstance(sandbox, 'host-1');
    assert.equal((await carriedOut(sandbox, { type: 'hello' })).state, 'succeeded');
    assert.equal((await carriedOut(sandbox, { type: 'syncFull' })).state, 'succeeded');
    assert.deepEqual(
      sandbox.conductorOne.uploads.list().map(({ state }) => state),
      ['current'],
    );
    for (const options of [
      { skipGrants: true },
      { skipEntitlementsAndGrants: true },
      { resources: ['team:501'] },
      { resourceTypes: ['user'] },
      { storageEngine: 'pebble' },
    ]) {
      const { state, end } = await carriedOut(sandbox, { type: 'syncFull', ...options });
      assert.equal(state, 'succeeded', `${JSON.stringify(options)}: ${end?.message}`);
    }
    const refused = sandbox.conductorOne.calls.since(0).filter(({ reason }) => reason !== null);
    assert.deepEqual(refused, []);
    await assertEmpty(tempFolder);
  });

  test('carries out grants, revocations and new accounts, and annotates what was already done', async () => {
    const sandbox = await quickSandbox();
    const { host } = await startInstance(sandbox, 'host-1');
    await carriedOut(sandbox, { type: 'syncFull' });
    const grant = { type: 'grant', entitlement: 'team:501:Team Member', user: 'user30@acme.com' };
    const granted = await carriedOut(sandbox, grant);
    assert.equal(granted.state, 'succeeded', granted.end?.message ?? '');
    host.outcome = async () => ({ changed: false, account: account('905') });
    const again = await carriedOut(sandbox, { ...grant, user: '905' });
    assert.deepEqual(namesOf(again.end?.annotations ?? []), [
      'type.googleapis.com/c1.connector.v2.GrantAlreadyExists',
    ]);
    const revoked = await carriedOut(sandbox, { type: 'revoke', entitlement: 'enterprise', user: '905' });
    assert.equal(revoked.state, 'succeeded', revoked.end?.message ?? '');
    assert.deepEqual(namesOf(revoked.end?.annotations ?? []), [
      'type.googleapis.com/c1.connector.v2.GrantAlreadyRevoked',
    ]);
    host.outcome = async () => ({ changed: true, account: account('77') });
    const profile = { email: 'new@acme.com' };
    const created = await carriedOut(sandbox, { type: 'createAccount', email: 'new@acme.com', profile });
    assert.equal(created.state, 'succeeded', created.end?.message ?? '');
    assert.match(JSON.stringify(created.end?.response), /"resource":"77"/);
    assert.deepEqual(
      host.requests.map(({ request }) => `${request.want} ${request.wish.type}`),
      ['Give Team', 'Give Team', 'Take License', 'Give Account'],
    );
  });

  test('fails a task with the gRPC code of the cause, as nonRetryable if the task is a change', async () => {
    const sandbox = await quickSandbox();
    const { host } = await startInstance(sandbox, 'host-1');
    await carriedOut(sandbox, { type: 'syncFull' });
    host.outcome = async () => {
      throw new RefusedError('StillDeclared', 'iga/alice declares otherwise');
    };
    const principal = { id: { resourceType: 'user', resource: '905' } };
    const cases: readonly (readonly [order: unknown, code: number, nonRetryable: boolean])[] = [
      [{ type: 'grant', entitlement: 'enterprise', user: '30' }, 9, true],
      [{ type: 'grant', entitlement: 'team:501:Admin', user: '30' }, 9, true],
      [{ type: 'raw', task: { grant: { entitlement: { id: 'platinum' }, principal } } }, 5, true],
      [{ type: 'raw', task: { rotateCredentials: {} } }, 12, true],
      [{ type: 'unknown', field: 4000 }, 12, false],
    ];
    for (const [order, code, nonRetryable] of cases) {
      const { state, end } = await carriedOut(sandbox, order);
      const what = `${JSON.stringify(order)}: ${end?.message}`;
      assert.deepEqual([state, end?.code, end?.nonRetryable], ['failed', code, nonRetryable], what);
    }
  });

  test('stops a cancelled sync, and leaves no temporary file behind', async () => {
    const sandbox = await quickSandbox();
    const { host, tempFolder } = await startInstance(sandbox, 'host-1');
    host.directory = never;
    const task = enqueue(sandbox, { type: 'syncFull' });
    await until(sandbox, 'the start of the sync', () => host.reads > 0);
    sandbox.conductorOne.queue.cancel(task);
    await until(sandbox, 'the end of the sync', () => isOver(task));
    assert.deepEqual([task.state, task.end?.code], ['cancelled', 1]);
    await assertEmpty(tempFolder);
  });

  test('repeats an upload that was cut off, and the sandbox keeps only one', async () => {
    const sandbox = await quickSandbox();
    await startInstance(sandbox, 'host-1');
    sandbox.conductorOne.faults.add({ match: { call: 'UploadAsset' }, effect: { cutAtPiece: 1 } });
    const { state, end } = await carriedOut(sandbox, { type: 'syncFull' });
    assert.equal(state, 'succeeded', end?.message ?? '');
    assert.equal(sandbox.conductorOne.uploads.list().length, 1);
  });

  test('leaves its task to the next instance when it is stopped, and the task finishes once', async () => {
    const sandbox = await quickSandbox();
    const first = await startInstance(sandbox, 'host-1');
    first.host.directory = never;
    const task = enqueue(sandbox, { type: 'syncFull' });
    await until(sandbox, 'the start of the sync', () => first.host.reads > 0);
    await startInstance(sandbox, 'host-2');
    await first.stop();
    await until(sandbox, 'the end of the sync', () => isOver(task));
    assert.deepEqual(task.leasedTo, ['host-1', 'host-2']);
    assert.deepEqual([task.state, task.end?.host], ['succeeded', 'host-2']);
    assert.deepEqual(task.refusedCalls, [], 'no call for the task is refused');
  });
});
