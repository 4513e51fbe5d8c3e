import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { AsanaError } from '../../src/asana/errors.ts';
import type { Task_SyncFullTaskSchema } from '../../src/conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import type { Snapshot } from '../../src/directory/snapshot.ts';
import { RefusedError } from '../../src/provisioning/refusal.ts';
import { ReadC1z } from './c1z-file.ts';
import { receive } from './conductor.ts';
import { largeSnapshot, snapshotOf } from './directories.ts';
import { never, type Serving, type ServingOptions, serve, smallDirectory } from './serving.ts';
import { refuse } from './tenant.ts';

const syncTask = (value: MessageInitShape<typeof Task_SyncFullTaskSchema> = {}) => ({
  case: 'syncFull' as const,
  value,
});

/** Opens the file of the last upload. */
async function uploaded(t: TestContext, { conductor }: Serving): Promise<ReadC1z> {
  const file = conductor.uploads.at(-1)?.file;
  assert.ok(file, 'nothing was uploaded');
  const folder = await mkdtemp(join(tmpdir(), 'received-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'received.c1z');
  await writeFile(path, file);
  const c1z = await ReadC1z.open(path);
  t.after(() => c1z[Symbol.dispose]());
  return c1z;
}

/** Runs a sync task that fails, then one that succeeds; returns the status of the first. */
async function failThenWork(
  t: TestContext,
  options: ServingOptions & {
    readonly heal: (serving: Serving) => void;
    readonly fail?: (serving: Serving) => void;
  },
) {
  const serving = await serve(t, options);
  options.fail?.(serving);
  const { conductor } = serving;
  const end = await conductor.end(conductor.give(syncTask()));
  assert.equal(end.finalState.case, 'error');
  assert.equal(end.finalState.value.nonRetryable, false, 'a failed sync can be retried');
  assert.deepEqual(await serving.leftovers(), [], 'a temporary file was left');
  options.heal(serving);
  const next = await conductor.end(conductor.give(syncTask()));
  assert.equal(next.finalState.case, 'success', 'the task loop continues');
  return { ...serving, status: end.status };
}

suite('a sync task', () => {
  test('sends a heartbeat, reads the directory, uploads a c1z, reports an empty Success and leaves no file', async (t) => {
    const serving = await serve(t);
    const { conductor, host, service, meter, lines } = serving;
    const id = conductor.give(syncTask({ storageEngine: 'pebble', skipExpandGrants: true }));
    const { finalState, status } = await conductor.end(id);
    assert.ok(finalState.case === 'success');
    assert.deepEqual(
      [finalState.value.annotations, finalState.value.response, status],
      [[], undefined, undefined],
    );
    assert.equal(conductor.heartbeats[0], id);
    assert.equal(host.reads, 1);
    const [upload] = conductor.uploads;
    assert.equal(upload?.taskId, id);
    const c1z = await uploaded(t, serving);
    assert.deepEqual(c1z.rows('select sync_type, ended_at is not null as ended from v1_sync_runs'), [
      { sync_type: 'full', ended: 1 },
    ]);
    assert.deepEqual(c1z.column('select external_id from v1_grants order by 1'), [
      'enterprise:905',
      'team:501:Admin:user:905',
      'team:501:Team Member:user:905',
      'view only:30',
      'workspace:1200:Member:user:30',
      'workspace:1200:Member:user:905',
    ]);
    assert.deepEqual(await serving.leftovers(), []);
    const bytes = upload.file.length;
    assert.equal(service.state.lastUploadBytes, bytes);
    assert.ok(service.state.lastUploadAt !== null && service.state.lastTaskAt !== null);
    const labels = 'namespace="iga",connector="acme"';
    const count = `conductorone_tasks_total{${labels},type="sync_full",result="Succeeded"}`;
    await conductor.until('the count', () => meter.values.get(count) === 1);
    assert.equal(meter.values.get(`conductorone_upload_bytes_total{${labels}}`), bytes);
    assert.equal(meter.values.get(`conductorone_upload_duration_seconds_count{${labels}}`), 1);
    const ended = lines.find(({ message }) => message === 'info task ended');
    assert.deepEqual(
      [
        ended?.fields['task'],
        ended?.fields['type'],
        ended?.fields['result'],
        typeof ended?.fields['seconds'],
      ],
      [id, 'sync_full', 'Succeeded', 'number'],
    );
    assert.ok(!inspect(lines, { depth: 9 }).includes('@acme.com'), 'the log contains email addresses');
  });

  const resource = (resourceType: string, id: string) => ({ id: { resourceType, resource: id } });
  for (const { task, type, rows, because } of [
    {
      task: { skipEntitlementsAndGrants: true },
      type: 'resources_only',
      rows: [6, 0, 0],
      because: 'only resources',
    },
    {
      task: { skipGrants: true },
      type: 'full',
      rows: [6, 9, 0],
      because: 'resources and entitlements without grants',
    },
    {
      task: { syncResourceTypeIds: ['team', 'device'] },
      type: 'full',
      rows: [1, 4, 2],
      because: 'one known and one unknown resource type',
    },
    {
      task: { targetedSyncResources: [resource('team', '501'), resource('user', '30')] },
      type: 'partial',
      rows: [2, 4, 2],
      because: 'two resources',
    },
    {
      task: { targetedSyncResources: [resource('team', '777'), resource('user', 'a:b c')] },
      type: 'partial',
      rows: [0, 0, 0],
      because: 'nothing for resources that no longer exist',
    },
  ]) {
    test(`uploads the requested part of the directory: ${because}`, async (t) => {
      const serving = await serve(t);
      const end = await serving.conductor.end(serving.conductor.give(syncTask(task)));
      assert.equal(end.finalState.case, 'success');
      const c1z = await uploaded(t, serving);
      assert.deepEqual(c1z.column('select sync_type from v1_sync_runs'), [type]);
      assert.deepEqual(
        ['v1_resources', 'v1_entitlements', 'v1_grants'].map(
          (table) => c1z.column(`select count(*) from ${table}`)[0],
        ),
        rows,
      );
    });
  }

  for (const { task, types, because } of [
    {
      task: {},
      types: ['team', 'user'],
      because: 'the resource types of the connector if the task names none',
    },
    {
      task: { syncResourceTypeIds: ['workspace'] },
      types: ['workspace'],
      because: 'the resource types of the task if it names some',
    },
  ]) {
    test(`uploads ${because}`, async (t) => {
      const serving = await serve(t, { settings: { resourceTypes: ['user', 'team'] } });
      await serving.conductor.end(serving.conductor.give(syncTask(task)));
      const c1z = await uploaded(t, serving);
      assert.deepEqual(c1z.column('select external_id from v1_resource_types order by external_id'), types);
    });
  }

  test('uploads a resource that the task names even if its type is not among those of the connector', async (t) => {
    const serving = await serve(t, { settings: { resourceTypes: ['user'] } });
    const task = { targetedSyncResources: [resource('team', '501')] };
    await serving.conductor.end(serving.conductor.give(syncTask(task)));
    const c1z = await uploaded(t, serving);
    assert.deepEqual(c1z.column('select external_id from v1_resources'), ['team:501']);
  });

  for (const { task, says, because } of [
    {
      task: { syncResourceTypeIds: ['license'] },
      says: /only the types team, user, workspace.*licenses require SCIM/,
      because: 'only unavailable resource types',
    },
    {
      task: { targetedSyncResources: [{ displayName: 'Acme' }] },
      says: /a resource without id/,
      because: 'a resource without an ID',
    },
  ]) {
    test(`is rejected with InvalidArgument before anything is read if it requests ${because}`, async (t) => {
      const { conductor, host } = await serve(t, { settings: { licenses: false } });
      const { status } = await conductor.end(conductor.give(syncTask(task)));
      assert.equal(status?.code, Code.InvalidArgument);
      assert.match(status.message, says);
      assert.equal(host.reads, 0);
    });
  }

  for (const { first, because } of [
    { first: 'fails' as const, because: 'fails' },
    { first: 'cancels' as const, because: 'reports a cancellation' },
  ]) {
    test(`is dropped without a report and without a reading if its first heartbeat ${because}`, async (t) => {
      let dropped = '';
      const { conductor, host, meter } = await serve(t, {
        baton: ({ baton }) => ({
          heartbeat: (request, context) => {
            if (request.taskId !== dropped) return baton.heartbeat(request, context);
            if (first === 'fails') throw refuse(Code.Unavailable);
            return { cancelled: true };
          },
        }),
      });
      dropped = conductor.newId();
      conductor.give(syncTask(), dropped);
      const count =
        'conductorone_tasks_total{namespace="iga",connector="acme",type="sync_full",result="Dropped"}';
      await conductor.until('the count', () => meter.values.get(count) === 1);
      assert.equal(host.reads, 0);
      const next = conductor.give(syncTask());
      await conductor.end(next);
      assert.deepEqual(
        conductor.finished.map(({ taskId }) => taskId),
        [next],
      );
    });
  }

  test('sends heartbeats while it reads, writes a large file and uploads', async (t) => {
    const phases: Record<string, number> = {};
    const read = Promise.withResolvers<Snapshot>();
    const { conductor, host } = await serve(t, {
      baton: (all) => ({
        uploadAsset: async (messages) => {
          phases['writing'] = all.heartbeats.length - (phases['reading'] ?? 0);
          const before = all.heartbeats.length;
          await all.until('heartbeats in the upload', () => all.heartbeats.length >= before + 3);
          phases['uploading'] = all.heartbeats.length - before;
          all.uploads.push(await receive(messages));
          return {};
        },
      }),
    });
    host.directory = () => read.promise;
    const id = conductor.give(syncTask());
    await conductor.until('heartbeats in the reading', () => conductor.heartbeats.length >= 4);
    phases['reading'] = conductor.heartbeats.length;
    read.resolve(largeSnapshot(5000, 200, 50));
    const end = await conductor.end(id);
    assert.equal(end.finalState.case, 'success');
    for (const phase of ['reading', 'writing', 'uploading'])
      assert.ok((phases[phase] ?? 0) >= 3, inspect(phases));
    assert.ok(conductor.heartbeats.every((taskId) => taskId === id));
  });

  test('stops and is reported as Canceled if it is canceled during the reading', async (t) => {
    const { status, host } = await failThenWork(t, {
      fail: ({ conductor, host: busy }) => {
        busy.directory = (signal) => {
          for (const id of conductor.heartbeats) conductor.cancelled.add(id);
          return never(signal);
        };
      },
      heal: ({ host: busy }) => {
        busy.directory = async () => smallDirectory;
      },
    });
    assert.equal(status?.code, Code.Canceled);
    assert.match(status.message, /ConductorOne canceled the task/);
    assert.equal(host.reads, 2);
  });

  test('stops and is reported as Canceled if ten heartbeats in a row fail', async (t) => {
    let answers = 1;
    const { status } = await failThenWork(t, {
      baton: ({ baton }) => ({
        heartbeat: (request, context) => {
          answers -= 1;
          if (answers < 0) throw refuse(Code.Unavailable);
          return baton.heartbeat(request, context);
        },
      }),
      fail: ({ host }) => {
        host.directory = never;
      },
      heal: ({ host }) => {
        answers = Infinity;
        host.directory = async () => smallDirectory;
      },
    });
    assert.equal(status?.code, Code.Canceled);
    assert.match(status.message, /10 heartbeats of the task in a row have failed/);
  });

  for (const { error, code, because } of [
    {
      error: new RefusedError('NotReady', 'The directory is suddenly smaller; see the connector.'),
      code: Code.Unavailable,
      because: 'the reading is in doubt',
    },
    {
      error: new AsanaError('CredentialsRejected', 'Asana refuses the token.', { surface: 'rest' }),
      code: Code.Unauthenticated,
      because: 'Asana rejects the token',
    },
    { error: new TypeError('canary'), code: Code.Unknown, because: 'reading it throws an unexpected error' },
  ]) {
    test(`without a directory fails with ${Code[code]} and uploads nothing: ${because}`, async (t) => {
      const { status, conductor, lines } = await failThenWork(t, {
        fail: ({ host }) => {
          host.directory = async () => {
            throw error;
          };
        },
        heal: ({ host }) => {
          host.directory = async () => smallDirectory;
        },
      });
      assert.equal(status?.code, code);
      if (code === Code.Unknown) assert.ok(!status.message.includes('canary'));
      else assert.equal(status.message, error.message);
      assert.equal(conductor.uploads.length, 1, 'the failed task uploaded nothing');
      assert.ok(
        lines.some(({ message, fields }) => message === 'warn task ended' && fields['error'] === error),
      );
    });
  }

  test('fails with Unavailable and uploads nothing if the reading is incomplete', async (t) => {
    const { parts } = smallDirectory;
    const teams = { ...parts.accounts, complete: false, incompleteBecause: 'a page failed' };
    const { status, conductor } = await failThenWork(t, {
      fail: ({ host }) => {
        host.directory = async () => snapshotOf([], [], { parts: { ...parts, teams } });
      },
      heal: ({ host }) => {
        host.directory = async () => smallDirectory;
      },
    });
    assert.equal(status?.code, Code.Unavailable);
    assert.match(status.message, /a page failed/);
    assert.equal(conductor.uploads.length, 1);
  });

  for (const piece of ['metadata', 'data', 'eof'] as const) {
    test(`fails with Unavailable if the upload fails at ${piece} three times, and the next task succeeds`, async (t) => {
      let failures = 3;
      const { status, tenant } = await failThenWork(t, {
        baton: ({ baton }) => ({
          uploadAsset: async (messages, context) => {
            failures -= 1;
            if (failures < 0) return baton.uploadAsset(messages, context);
            for await (const { msg } of messages) if (msg.case === piece) throw refuse(Code.Unavailable);
            return {};
          },
        }),
        heal: () => {},
      });
      assert.equal(status?.code, Code.Unavailable);
      assert.ok(!status.message.includes('the server says why'));
      assert.equal(tenant.calls.filter(({ path }) => path.endsWith('/UploadAsset')).length, 4);
    });
  }

  test('fails with FailedPrecondition if the temporary folder is not writable, and names it and --c1z-temp-dir', async (t) => {
    const tempFolder = join(import.meta.dirname, 'tenant.ts', 'c1z');
    const { conductor } = await serve(t, { tempFolder });
    const { status } = await conductor.end(conductor.give(syncTask()));
    assert.equal(status?.code, Code.FailedPrecondition);
    assert.match(status.message, /is not writable.*--c1z-temp-dir/);
    assert.ok(status.message.includes(tempFolder), status.message);
    await conductor.end(conductor.give(syncTask()));
  });

  test('repeats a failed report without repeating the upload', async (t) => {
    let failures = 2;
    const { conductor } = await serve(t, {
      baton: ({ baton }) => ({
        finishTask: (request, context) => {
          failures -= 1;
          if (failures >= 0) throw refuse(Code.Unavailable);
          return baton.finishTask(request, context);
        },
      }),
    });
    const id = conductor.give(syncTask());
    await conductor.end(id);
    assert.equal(failures, -1);
    assert.equal(conductor.uploads.length, 1, 'the upload is not repeated');
    assert.equal(conductor.finished.length, 1);
  });

  for (const phase of ['reading', 'writing', 'uploading'] as const) {
    test(`leaves no file and is not reported if the service stops while ${phase}`, async (t) => {
      const uploading = Promise.withResolvers<void>();
      const { conductor, host, stop, leftovers, tempFolder } = await serve(t, {
        baton: () => ({
          uploadAsset: async (_, { signal }) => {
            uploading.resolve();
            return never(signal);
          },
        }),
      });
      const read = Promise.withResolvers<Snapshot>();
      host.directory = (signal) => Promise.race([read.promise, never(signal)]);
      conductor.give(syncTask());
      await conductor.until('the reading', () => host.reads === 1);
      if (phase !== 'reading')
        read.resolve(phase === 'writing' ? largeSnapshot(20_000, 10, 10) : smallDirectory);
      if (phase === 'writing') await conductor.until('the file', () => readdirSync(tempFolder).length > 0);
      if (phase === 'uploading') await uploading.promise;
      assert.equal(await stop(), undefined);
      assert.deepEqual(await leftovers(), []);
      assert.deepEqual([conductor.finished, conductor.uploads], [[], []]);
    });
  }
});
