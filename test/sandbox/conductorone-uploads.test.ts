import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { suite, test } from 'node:test';
import { everything } from '../../src/conductorone/c1z/selection.ts';
import { readOrder } from '../../src/sandbox/conductorone/task-order.ts';
import { account, snapshotOf } from '../conductorone/directories.ts';
import { sandboxFor } from './asking.ts';
import { connect, movableClock, never, refusalOf, registeredClient } from './tenant-client.ts';
import {
  data,
  eof,
  fileOf,
  metadata,
  type Piece,
  sha256,
  smallDirectory,
  stream,
  syncWith,
  takeSync,
  uploadOf,
} from './uploading.ts';

suite('the stream of an upload', () => {
  test('is refused if it breaks a rule, and the refusal names the field', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const { id } = await takeSync(sandbox, client);
    const bytes = Buffer.from('file');
    const good = [metadata(id), data(bytes), eof(sha256(bytes))];
    const annotations = Array.from({ length: 17 }, () => ({ typeUrl: 'type.googleapis.com/x' }));
    const cases: readonly (readonly [because: string, pieces: readonly Piece[], says: string])[] = [
      ['an empty stream', [], 'InvalidArgument msg: the upload ended without eof'],
      ['an empty message', [{}], 'InvalidArgument msg: is required'],
      ['data first', good.slice(1), 'InvalidArgument msg: must be metadata first'],
      [
        'metadata twice',
        [metadata(id), ...good],
        'InvalidArgument msg: must be metadata first, and only once',
      ],
      ['no host id', [metadata(id, '')], 'InvalidArgument host_id'],
      ['no task id', [metadata('')], 'InvalidArgument task_id: must be 27'],
      ['an unknown task', [metadata('a'.repeat(27))], 'NotFound task_id'],
      ["another host's task", [metadata(id, 'host-2')], 'FailedPrecondition task_id: no lease'],
      [
        'too many annotations',
        [{ msg: { case: 'metadata', value: { hostId: 'host-1', taskId: id, annotations } } }],
        'InvalidArgument metadata.annotations',
      ],
      [
        'a piece without data',
        [metadata(id), data(Buffer.alloc(0))],
        'InvalidArgument data.data: must have 1 to 1048576',
      ],
      [
        'a piece that is too large',
        [metadata(id), data(Buffer.alloc(1_048_577))],
        'InvalidArgument data.data',
      ],
      ['no eof', good.slice(0, 2), 'InvalidArgument msg: the upload ended without eof'],
      [
        'a short checksum',
        [...good.slice(0, 2), eof(Buffer.alloc(31))],
        'InvalidArgument eof.sha256_checksum',
      ],
      ['a wrong checksum', [...good.slice(0, 2), eof(Buffer.alloc(32))], 'DataLoss eof.sha256_checksum'],
      ['data after eof', [...good, data(bytes)], 'InvalidArgument msg: nothing may follow eof'],
    ];
    for (const [because, pieces, says] of cases) {
      const refusal = await refusalOf(client.uploadAsset(stream(...pieces)));
      assert.ok(refusal.startsWith(says), `${because}: expected ${says}, got ${refusal}`);
    }
    assert.deepEqual(sandbox.conductorOne.uploads.list(), []);
  });

  test('may contain a piece of 1 MiB', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const { id } = await takeSync(sandbox, client);
    const bytes = randomBytes(1024 * 1024);
    const refusal = await refusalOf(
      client.uploadAsset(stream(metadata(id), data(bytes), eof(sha256(bytes)))),
    );
    assert.match(refusal, /^InvalidArgument the file is refused: envelope: must begin with C1ZF/);
  });

  test('is refused for a task that is not a sync', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const { id } = sandbox.conductorOne.queue.add(readOrder({ type: 'createAccount' }, null));
    await client.getTask({ hostId: 'host-1' });
    const refusal = await refusalOf(client.uploadAsset(stream(metadata(id))));
    assert.match(refusal, /^InvalidArgument metadata\.task_id: is a createAccount task/);
  });

  test('is refused if the lease has expired when the stream ends', async () => {
    const clock = movableClock();
    const sandbox = await sandboxFor({ clock });
    const client = await registeredClient(sandbox);
    const { id } = await takeSync(sandbox, client);
    const file = await fileOf();
    const slow = async function* (): AsyncGenerator<Piece> {
      yield* stream(metadata(id), data(file));
      clock.skip(180_000);
      yield eof(sha256(file));
    };
    assert.match(await refusalOf(client.uploadAsset(slow())), /^FailedPrecondition task_id: no lease/);
  });
});

suite('an upload', () => {
  test('by the client of the product arrives unchanged, and its content is counted', async () => {
    const sandbox = await sandboxFor();
    await registeredClient(sandbox);
    const { client } = connect(sandbox);
    const task = sandbox.conductorOne.queue.add(readOrder({ type: 'syncFull' }, null));
    await client.getTask(never);
    const file = await fileOf();
    const receipt = await client.uploadAsset(
      task.id,
      {
        read: async function* () {
          yield file;
        },
      },
      never,
    );
    const [upload] = sandbox.conductorOne.uploads.list();
    assert.equal(upload?.sha256, Buffer.from(receipt.sha256).toString('hex'));
    assert.equal(upload.bytes, file.length);
    assert.equal(upload.state, 'current');
    assert.deepEqual(upload.counts, {
      resourceTypes: 4,
      resources: { license: 2, team: 1, user: 2, workspace: 1 },
      entitlements: 9,
      grants: 6,
    });
  });

  test('replaces the previous upload, and a task may send it twice', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    await syncWith(sandbox, client, await fileOf());
    const task = await takeSync(sandbox, client);
    const file = await fileOf(snapshotOf([account('905'), account('906'), account('907')]));
    await client.uploadAsset(uploadOf(task.id, file));
    await client.uploadAsset(uploadOf(task.id, file));
    assert.deepEqual(
      sandbox.conductorOne.uploads.list().map(({ state }) => state),
      ['superseded', 'superseded', 'current'],
    );
    assert.equal(sandbox.conductorOne.uploads.current?.counts.resources['user'], 3);
  });

  test('of a task with debug may be followed by a log, which is not validated', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const task = await takeSync(sandbox, client, { debug: true });
    await client.uploadAsset(uploadOf(task.id, await fileOf()));
    await client.uploadAsset(uploadOf(task.id, Buffer.from('a log')));
    assert.deepEqual(
      sandbox.conductorOne.uploads.list().map(({ state }) => state),
      ['current', 'log'],
    );
  });

  test('is held when a count falls by more than half, and becomes current when it is accepted', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const people = Array.from({ length: 8 }, (_, index) => account(String(900 + index)));
    await syncWith(sandbox, client, await fileOf(snapshotOf(people)));
    await syncWith(sandbox, client, await fileOf(snapshotOf(people.slice(0, 5))));
    assert.equal(sandbox.conductorOne.uploads.current?.counts.resources['user'], 5);
    await syncWith(sandbox, client, await fileOf(snapshotOf(people.slice(0, 2))));
    const { uploads } = sandbox.conductorOne;
    const held = uploads.list().at(-1);
    assert.equal(held?.state, 'held');
    assert.match(held.reason ?? '', /^user resources fell from 5 to 2, grants fell from 10 to 4$/);
    assert.equal(uploads.current?.counts.resources['user'], 5);
    assert.equal(await uploads.accept(held.id), true);
    assert.equal(uploads.current?.counts.resources['user'], 2);
    assert.equal(await uploads.accept(held.id), false);
  });

  test('that is held is superseded by the next one, and can no longer be accepted', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const people = Array.from({ length: 8 }, (_, index) => account(String(900 + index)));
    await syncWith(sandbox, client, await fileOf(snapshotOf(people)));
    await syncWith(sandbox, client, await fileOf(snapshotOf(people.slice(0, 2))));
    await syncWith(sandbox, client, await fileOf(snapshotOf(people)));
    const { uploads } = sandbox.conductorOne;
    assert.deepEqual(
      uploads.list().map(({ state }) => state),
      ['superseded', 'superseded', 'current'],
    );
    assert.equal(await uploads.accept(2), false);
  });

  test('is never held if anomalyPercent is above 100', async () => {
    const sandbox = await sandboxFor({ conductorOneSettings: { anomalyPercent: 101 } });
    const client = await registeredClient(sandbox);
    const people = Array.from({ length: 8 }, (_, index) => account(String(900 + index)));
    await syncWith(sandbox, client, await fileOf(snapshotOf(people)));
    await syncWith(sandbox, client, await fileOf(snapshotOf([])));
    assert.equal(sandbox.conductorOne.uploads.list().at(-1)?.state, 'current');
  });
});

suite('a partial upload', () => {
  test('is accepted if it contains what the task names, and does not replace a full upload', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    await syncWith(sandbox, client, await fileOf());
    const cases = [
      [{ resources: ['team:501'] }, { ...everything, resources: ['team:501'] }],
      [{ resourceTypes: ['team'] }, { ...everything, resourceTypes: ['team'] }],
      [{ skipGrants: true }, { ...everything, grants: false }],
      [{ skipEntitlementsAndGrants: true }, { ...everything, entitlements: false, grants: false }],
    ] as const;
    for (const [options, selection] of cases) {
      await syncWith(sandbox, client, await fileOf(smallDirectory, selection), options);
      assert.equal(sandbox.conductorOne.uploads.list().at(-1)?.state, 'partial', JSON.stringify(options));
    }
    assert.equal(sandbox.conductorOne.uploads.current?.counts.grants, 6);
  });

  test('is refused if it contains more than the task names, or has the wrong sync type', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const resourcesOnly = { ...everything, entitlements: false, grants: false };
    const cases = [
      [{}, resourcesOnly, /v1_sync_runs\.sync_type: must be full for this task, is resources_only/],
      [{ skipEntitlementsAndGrants: true }, everything, /sync_type: must be resources_only/],
      [{ skipGrants: true }, everything, /v1_grants: must be empty/],
      [{ resourceTypes: ['team'] }, everything, /v1_resources: must hold only what the task names/],
      [{ resources: ['team:501'] }, everything, /sync_type: must be partial/],
      [
        { resources: ['team:501'] },
        { ...everything, resources: ['team:501', 'user:905'] },
        /v1_resources: must hold only the resources/,
      ],
    ] as const;
    const { queue } = sandbox.conductorOne;
    for (const [options, selection, says] of cases) {
      const task = await takeSync(sandbox, client, options);
      const upload = client.uploadAsset(uploadOf(task.id, await fileOf(smallDirectory, selection)));
      assert.match(await refusalOf(upload), says);
      queue.finish(task, {
        host: 'host-1',
        code: 3,
        message: 'refused',
        nonRetryable: false,
        details: [],
        annotations: [],
        response: null,
      });
    }
  });
});
