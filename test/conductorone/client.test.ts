import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:http2';
import { suite, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { Code } from '@connectrpc/connect';
import { type ConductorOneConnection, openConnection } from '../../src/conductorone/connection.ts';
import { ConductorOneError } from '../../src/conductorone/errors.ts';
import type { BatonServiceUploadAssetRequest } from '../../src/conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { connectorMetadata } from '../../src/conductorone/metadata.ts';
import { grpcCodeOf } from '../../src/conductorone/status.ts';
import { type Asset, uploadAsset } from '../../src/conductorone/upload.ts';
import type { Clock } from '../../src/core/clock.ts';
import { systemClock } from '../../src/core/clock.ts';
import { FakeClock } from '../asana/fake-clock.ts';
import { refuse, startTenant, type Tenant, type TenantOptions } from './tenant.ts';

const never = new AbortController().signal;

async function connect(
  t: TestContext,
  options: TenantOptions,
  clock: Clock = systemClock,
): Promise<ConductorOneConnection & { readonly tenant: Tenant }> {
  const tenant = await startTenant(t, options);
  const { clientId, clientSecret, trust } = tenant;
  const connection = openConnection({
    clientId,
    clientSecret,
    hostId: 'host-1',
    allowedHosts: ['localhost'],
    trust,
    environment: {},
    clock,
  });
  t.after(() => connection.close());
  return { ...connection, tenant };
}

function failsWith(code: string, grpcCode: number) {
  return (error: unknown) => {
    assert.ok(error instanceof ConductorOneError, inspect(error));
    assert.deepEqual([error.code, error.grpcCode], [code, grpcCode]);
    assert.ok(!inspect(error).includes('the server says why'), 'the error quotes the server');
    return true;
  };
}

function assetOf(...chunks: Uint8Array[]): Asset {
  return {
    read: async function* () {
      yield* chunks;
    },
  };
}

suite('a call', () => {
  test('sends the token, the user agent and the host ID', async (t) => {
    let hostId = '';
    const { client, tenant } = await connect(t, {
      baton: {
        getTask: (request) => {
          hostId = request.hostId;
          return {
            task: { id: 'a'.repeat(27), taskType: { case: 'hello', value: {} } },
            nextPoll: { seconds: 5n },
          };
        },
      },
    });
    const { task, nextPoll } = await client.getTask(never);
    assert.equal(hostId, 'host-1');
    assert.equal(task?.taskType.case, 'hello');
    assert.equal(nextPoll?.seconds, 5n);
    const [call] = tenant.calls;
    assert.equal(call?.path, '/c1.connectorapi.baton.v1.BatonService/GetTask');
    assert.match(call?.authorization ?? '', /^Bearer token-0\.\d+$/);
    assert.match(call?.userAgent ?? '', /^strange-hydra-68836 asana-connector\//);
  });

  test('to Hello sends the host ID, the task ID, the metadata, the capabilities and the account schema', async (t) => {
    const seen: unknown[] = [];
    const { client } = await connect(t, {
      baton: {
        hello: ({ hostId, taskId, connectorMetadata: metadata }) => {
          seen.push(
            hostId,
            taskId,
            metadata?.displayName,
            metadata?.capabilities?.resourceTypeCapabilities.map(({ resourceType }) => resourceType?.id),
            Object.keys(metadata?.accountCreationSchema?.fieldMap ?? {}),
          );
          return {};
        },
      },
    });
    await client.hello(
      { taskId: 'b'.repeat(27), connectorMetadata: connectorMetadata({ licenses: false, provision: true }) },
      never,
    );
    assert.deepEqual(seen, [
      'host-1',
      'b'.repeat(27),
      'Asana',
      ['team', 'user', 'workspace'],
      ['email', 'workspace_id'],
    ]);
  });

  test('to Heartbeat or FinishTask sends the task ID, and to FinishTask also the result', async (t) => {
    const seen: unknown[] = [];
    const { client } = await connect(t, {
      baton: {
        heartbeat: ({ hostId, taskId }) => {
          seen.push(hostId, taskId);
          return { cancelled: true };
        },
        finishTask: ({ taskId, status, finalState }) => {
          seen.push(taskId, status?.code, finalState.case);
          return {};
        },
      },
    });
    assert.equal((await client.heartbeat('c'.repeat(27), never)).cancelled, true);
    await client.finishTask(
      'c'.repeat(27),
      { status: { code: 9, message: 'no' }, finalState: { case: 'error', value: { nonRetryable: true } } },
      never,
    );
    assert.deepEqual(seen, ['host-1', 'c'.repeat(27), 'c'.repeat(27), 9, 'error']);
  });

  test('is retried once with a new token if it gets Unauthenticated', async (t) => {
    let refusals = 1;
    const { client, tenant } = await connect(t, {
      baton: {
        getTask: () => {
          refusals -= 1;
          if (refusals >= 0) throw refuse(Code.Unauthenticated);
          return {};
        },
      },
    });
    await client.getTask(never);
    assert.equal(tenant.tokenRequests.length, 2);
    assert.notEqual(tenant.calls[0]?.authorization, tenant.calls[1]?.authorization);
    refusals = 10;
    await assert.rejects(client.getTask(never), failsWith('CredentialsRejected', Code.Unauthenticated));
    assert.equal(tenant.calls.length, 4);
  });

  for (const { code, expected } of [
    { code: Code.PermissionDenied, expected: 'CredentialsRejected' },
    { code: Code.NotFound, expected: 'ConductorOneRefused' },
    { code: Code.Unimplemented, expected: 'ConductorOneRefused' },
    { code: Code.InvalidArgument, expected: 'ConductorOneRefused' },
    { code: Code.Unavailable, expected: 'Disconnected' },
    { code: Code.Internal, expected: 'Disconnected' },
    { code: Code.ResourceExhausted, expected: 'Disconnected' },
  ]) {
    test(`that fails with ${Code[code]} throws ${expected} without the message of the server`, async (t) => {
      const { client } = await connect(t, {
        baton: {
          getTask: () => {
            throw refuse(code);
          },
        },
      });
      await assert.rejects(client.getTask(never), failsWith(expected, code));
    });
  }

  test('about a task reports that the task is gone if it gets PermissionDenied', async (t) => {
    const { client } = await connect(t, {
      baton: {
        finishTask: () => {
          throw refuse(Code.PermissionDenied);
        },
        heartbeat: () => {
          throw refuse(Code.Unauthenticated);
        },
      },
    });
    const finish = client.finishTask('f'.repeat(27), { finalState: { case: 'success', value: {} } }, never);
    await assert.rejects(finish, failsWith('ConductorOneRefused', Code.PermissionDenied));
    await assert.rejects(finish, /the task is no longer/);
    const heartbeat = client.heartbeat('f'.repeat(27), never);
    await assert.rejects(heartbeat, failsWith('CredentialsRejected', Code.Unauthenticated));
  });

  test('fails with the error of the token request if it gets no token', async (t) => {
    const { client } = await connect(t, { token: () => ({ status: 401 }) });
    await assert.rejects(
      client.getTask(never),
      (error) =>
        error instanceof ConductorOneError &&
        error.code === 'CredentialsRejected' &&
        error.grpcCode === undefined,
    );
  });

  test('throws the reason of the signal if it is aborted before it begins or while in progress', async (t) => {
    const arrived = Promise.withResolvers<void>();
    const { client } = await connect(t, {
      baton: {
        getTask: async (_, { signal }) => {
          arrived.resolve();
          await new Promise((_resolve, reject) =>
            signal.addEventListener('abort', () => reject(refuse(Code.Canceled))),
          );
          return {};
        },
      },
    });
    const controller = new AbortController();
    const call = client.getTask(controller.signal);
    await arrived.promise;
    controller.abort(new Error('the lease is lost'));
    await assert.rejects(call, /the lease is lost/);
    await assert.rejects(client.getTask(controller.signal), /the lease is lost/);
  });

  test('uses a new connection, on the second attempt at the latest, after the old one was cut', async (t) => {
    let sessions = 0;
    const { client, tenant } = await connect(t, {
      baton: { getTask: () => ({}) },
      onSession: () => (sessions += 1),
    });
    await client.getTask(never);
    const before = sessions;
    tenant.cut();
    const outcome = await client.getTask(never).catch((error: unknown) => error);
    if (outcome instanceof Error)
      assert.ok(outcome instanceof ConductorOneError && outcome.code === 'Disconnected', inspect(outcome));
    await client.getTask(never);
    assert.equal(sessions, before + 1);
    assert.ok(tenant.calls.length >= 2);
  });

  test('fails as soon as an answer of more than 4 MiB is announced', async (t) => {
    const { client } = await connect(t, {
      answer: (response) => {
        response.writeHead(200, { 'content-type': 'application/grpc+proto' });
        const announced = Buffer.alloc(5);
        announced.writeUInt32BE(5 * 1024 * 1024, 1);
        response.write(announced);
      },
    });
    await assert.rejects(client.getTask(never), failsWith('Disconnected', Code.ResourceExhausted));
  });

  for (const { answer, because } of [
    {
      answer: (response) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end('<html>the server says why</html>');
      },
      because: 'HTML',
    },
    {
      answer: (response) => {
        response.writeHead(502, { 'content-type': 'text/html' });
        response.end('<html>the server says why</html>');
      },
      because: 'status 502',
    },
    {
      answer: (response) => response.stream.close(constants.NGHTTP2_INTERNAL_ERROR),
      because: 'a closed stream',
    },
    { answer: (response) => response.stream.session?.destroy(), because: 'a closed connection' },
    {
      answer: (response) => {
        response.writeHead(200, { 'content-type': 'application/grpc+proto' });
        response.end(Buffer.from([0, 0, 0, 0, 3, 0xff, 0xff, 0xff]));
      },
      because: 'bytes that are not a message',
    },
  ] satisfies { answer: TenantOptions['answer']; because: string }[]) {
    test(`that is answered with ${because} throws Disconnected without the text of the server`, async (t) => {
      const { client } = await connect(t, { answer });
      await assert.rejects(client.getTask(never), (error) => {
        assert.ok(error instanceof ConductorOneError, inspect(error));
        assert.equal(error.code, 'Disconnected');
        assert.ok(!inspect(error).includes('the server says why'));
        return true;
      });
    });
  }

  test('returns the type of a task that this connector does not support', async (t) => {
    const { client } = await connect(t, {
      baton: {
        getTask: () => ({ task: { id: 'd'.repeat(27), taskType: { case: 'eventFeed', value: {} } } }),
      },
    });
    const { task } = await client.getTask(never);
    assert.equal(task?.taskType.case, 'eventFeed');
  });
});

suite('an upload', () => {
  interface Received {
    readonly cases: string[];
    readonly sizes: number[];
    readonly data: Buffer;
    readonly sha256: string;
  }

  async function receive(
    messages: AsyncIterable<BatonServiceUploadAssetRequest>,
    most = Infinity,
  ): Promise<Received> {
    const cases: string[] = [];
    const pieces: Uint8Array[] = [];
    let sha256 = '';
    for await (const { msg } of messages) {
      cases.push(msg.case ?? 'none');
      if (msg.case === 'data') pieces.push(msg.value.data);
      if (msg.case === 'eof') sha256 = Buffer.from(msg.value.sha256Checksum).toString('hex');
      if (pieces.length > most) throw refuse(Code.Unavailable);
    }
    return { cases, sizes: pieces.map(({ length }) => length), data: Buffer.concat(pieces), sha256 };
  }

  const file = randomBytes(512 * 1024 * 2 + 77);

  test('sends metadata, pieces of 512 KiB regardless of the chunks read, and the SHA-256 checksum', async (t) => {
    const received: Received[] = [];
    let metadata: unknown;
    const { client } = await connect(t, {
      baton: {
        uploadAsset: async (messages) => {
          received.push(
            await receive(
              (async function* () {
                for await (const message of messages) {
                  if (message.msg.case === 'metadata')
                    metadata = [message.msg.value.hostId, message.msg.value.taskId];
                  yield message;
                }
              })(),
            ),
          );
          return {};
        },
      },
    });
    const chunks = [file.subarray(0, 10), file.subarray(10, 700_000), file.subarray(700_000)];
    const receipt = await client.uploadAsset('e'.repeat(27), assetOf(...chunks), never);
    const sha256 = createHash('sha256').update(file).digest('hex');
    assert.deepEqual(metadata, ['host-1', 'e'.repeat(27)]);
    assert.deepEqual(received[0]?.cases, ['metadata', 'data', 'data', 'data', 'eof']);
    assert.deepEqual(received[0]?.sizes, [524_288, 524_288, 77]);
    assert.ok(received[0]?.data.equals(file));
    assert.equal(received[0]?.sha256, sha256);
    assert.deepEqual([receipt.bytes, Buffer.from(receipt.sha256).toString('hex')], [file.length, sha256]);
  });

  for (const piece of [0, 1, 2]) {
    test(`starts again from its first byte if it fails at piece ${piece}`, async (t) => {
      let failures = 2;
      const whole: Received[] = [];
      const { client } = await connect(
        t,
        {
          baton: {
            uploadAsset: async (messages) => {
              failures -= 1;
              whole.push(await receive(messages, failures >= 0 ? piece : Infinity));
              return {};
            },
          },
        },
        { ...systemClock, sleep: async () => {} },
      );
      await client.uploadAsset('f'.repeat(27), assetOf(file), never);
      assert.equal(failures, -1, 'the third attempt succeeded');
      assert.equal(whole.length, 1);
      assert.ok(whole[0]?.data.equals(file));
    });
  }

  test('is attempted at most three times, with a pause of one second before the third attempt', async (t) => {
    const waits: number[] = [];
    const { client, tenant } = await connect(
      t,
      {
        baton: {
          uploadAsset: async () => {
            throw refuse(Code.Unavailable);
          },
        },
      },
      {
        ...systemClock,
        sleep: async (ms) => {
          waits.push(ms);
        },
      },
    );
    await assert.rejects(
      client.uploadAsset('f'.repeat(27), assetOf(file), never),
      failsWith('Disconnected', Code.Unavailable),
    );
    assert.equal(tenant.calls.length, 3);
    assert.deepEqual(waits, [0, 1000]);
  });

  test('fails with Unavailable instead of Canceled if its connection is cut each time', async (t) => {
    const { client, tenant } = await connect(
      t,
      {
        baton: {
          uploadAsset: async (messages) => {
            for await (const { msg } of messages) if (msg.case === 'data') tenant.cut();
            return {};
          },
        },
      },
      { ...systemClock, sleep: async () => {} },
    );
    await assert.rejects(client.uploadAsset('f'.repeat(27), assetOf(file), never), (error) => {
      assert.ok(error instanceof ConductorOneError, inspect(error));
      assert.deepEqual([error.code, Code[grpcCodeOf(error)]], ['Disconnected', 'Unavailable']);
      return true;
    });
    assert.equal(tenant.calls.length, 3);
  });

  test('is not retried after a permanent refusal', async (t) => {
    const { client, tenant } = await connect(t, {
      baton: {
        uploadAsset: async () => {
          throw refuse(Code.InvalidArgument);
        },
      },
    });
    await assert.rejects(
      client.uploadAsset('f'.repeat(27), assetOf(file), never),
      failsWith('ConductorOneRefused', Code.InvalidArgument),
    );
    assert.equal(tenant.calls.length, 1);
  });

  test('fails with the read error, without a retry and without eof, if the file cannot be read', async (t) => {
    const cases: string[] = [];
    const { client } = await connect(t, {
      baton: {
        uploadAsset: async (messages) => {
          for await (const { msg } of messages) cases.push(msg.case ?? 'none');
          return {};
        },
      },
    });
    let reads = 0;
    const asset: Asset = {
      read: async function* () {
        reads += 1;
        yield file;
        throw new Error('EIO: the disk is broken');
      },
    };
    await assert.rejects(client.uploadAsset('f'.repeat(27), asset, never), /the disk is broken/);
    assert.equal(reads, 1);
    assert.ok(!cases.includes('eof'), 'eof was sent');
  });

  test('is retried after two minutes without progress', async (t) => {
    let standstill = (): void => {};
    const entered: (() => void)[] = [];
    const { client, tenant } = await connect(
      t,
      {
        baton: {
          uploadAsset: async (messages, { signal }) => {
            if (entered.length === 0) {
              entered.push(() => {});
              for await (const { msg } of messages) if (msg.case === 'data') standstill();
              await new Promise((resolve) => signal.addEventListener('abort', resolve));
              return {};
            }
            await receive(messages);
            return {};
          },
        },
      },
      {
        ...systemClock,
        sleep: async () => {},
        schedule: (ms, callback) => {
          if (ms === 120_000) standstill = callback;
          return () => {};
        },
      },
    );
    const receipt = await client.uploadAsset('f'.repeat(27), assetOf(file), never);
    assert.equal(receipt.bytes, file.length);
    assert.equal(tenant.calls.length, 2);
  });

  test('waits up to 15 minutes for the answer after everything was sent', async () => {
    for (const { storesMs, tries } of [
      { storesMs: 899_000, tries: 1 },
      { storesMs: 901_000, tries: 3 },
    ]) {
      const clock = new FakeClock();
      let sent = Promise.withResolvers<void>();
      let calls = 0;
      const upload = uploadAsset({
        metadata: { hostId: 'host-1', taskId: 'f'.repeat(27) },
        asset: assetOf(file),
        clock,
        signal: never,
        send: async (messages, signal) => {
          calls += 1;
          for await (const _ of messages);
          sent.resolve();
          await clock.sleep(storesMs, signal);
        },
      });
      const ended = upload.then(
        () => null,
        (error: unknown) => error,
      );
      for (let seen = 1; seen <= tries; seen += 1) {
        await sent.promise;
        sent = Promise.withResolvers<void>();
        await clock.advance(901_000);
        // The pause before the third try.
        await clock.advance(1000);
      }
      const error = await ended;
      assert.equal(calls, tries);
      if (tries === 1) assert.equal(error, null);
      else assert.match(String(error), /no progress for 900 s/);
    }
  });

  for (const { when, early } of [
    { when: 'at its beginning', early: { 'grpc-status': '16' } },
    { when: 'at its end', early: {} },
  ]) {
    test(`is attempted at most three times, each with a new token, if the token is refused ${when}`, async (t) => {
      let refusals = 2;
      const { client, tenant } = await connect(
        t,
        {
          answer: (response) => {
            refusals -= 1;
            if (refusals < 0) return false;
            response.writeHead(200, { 'content-type': 'application/grpc', ...early });
            if (when === 'at its end') response.addTrailers({ 'grpc-status': '16' });
            response.end();
            return true;
          },
          baton: {
            uploadAsset: async (messages) => {
              await receive(messages);
              return {};
            },
          },
        },
        { ...systemClock, sleep: async () => {} },
      );
      const receipt = await client.uploadAsset('f'.repeat(27), assetOf(file), never);
      assert.equal(receipt.bytes, file.length);
      assert.equal(new Set(tenant.calls.map(({ authorization }) => authorization)).size, 3);
      refusals = 9;
      await assert.rejects(
        client.uploadAsset('f'.repeat(27), assetOf(file), never),
        failsWith('CredentialsRejected', Code.Unauthenticated),
      );
      assert.equal(tenant.calls.length, 6);
    });
  }

  test('is not retried if the token request fails with CredentialsRejected', async (t) => {
    const { client, tenant } = await connect(t, { token: () => ({ status: 401 }) });
    await assert.rejects(
      client.uploadAsset('f'.repeat(27), assetOf(file), never),
      (error) => error instanceof ConductorOneError && error.code === 'CredentialsRejected',
    );
    assert.equal(tenant.tokenRequests.length, 1);
  });

  test('leaves no timer after its call failed, even if a piece of the file arrives later', async () => {
    const clock = new FakeClock();
    const reading = Promise.withResolvers<void>();
    const late = Promise.withResolvers<Uint8Array>();
    const asset: Asset = {
      read: async function* () {
        reading.resolve();
        yield await late.promise;
      },
    };
    const pulled: Promise<unknown>[] = [];
    const upload = uploadAsset({
      metadata: { hostId: 'host-1', taskId: 'f'.repeat(27) },
      asset,
      clock,
      signal: never,
      send: async (messages) => {
        const iterator = messages[Symbol.asyncIterator]();
        await iterator.next();
        pulled.push(iterator.next());
        await reading.promise;
        throw new ConductorOneError('ConductorOneRefused', 'no');
      },
    });
    await assert.rejects(upload, ConductorOneError);
    late.resolve(new Uint8Array(10));
    await Promise.all(pulled);
    assert.equal(clock.pending, 0);
  });

  test('throws the reason of the signal and is not retried if it is aborted', async (t) => {
    const controller = new AbortController();
    const { client, tenant } = await connect(t, {
      baton: {
        uploadAsset: async (messages) => {
          for await (const { msg } of messages)
            if (msg.case === 'data') controller.abort(new Error('cancelled'));
          return {};
        },
      },
    });
    await assert.rejects(client.uploadAsset('f'.repeat(27), assetOf(file), controller.signal), /cancelled/);
    assert.equal(tenant.calls.length, 1);
  });
});
