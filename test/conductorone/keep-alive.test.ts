import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import { suite, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { type ConductorOneConnection, openConnection } from '../../src/conductorone/connection.ts';
import { ConductorOneError } from '../../src/conductorone/errors.ts';
import type { Asset, UploadReceipt } from '../../src/conductorone/upload.ts';
import { systemClock } from '../../src/core/clock.ts';
import { FakeClock } from '../asana/fake-clock.ts';
import { KeepAlivePolicy } from './keep-alive-policy.ts';
import { startTenant, type Tenant, type TenantOptions } from './tenant.ts';

const never = new AbortController().signal;
const TASK = 'a'.repeat(27);
const PIECE = new Uint8Array(512 * 1024);

interface Setting extends ConductorOneConnection {
  readonly tenant: Tenant;
  readonly policy: KeepAlivePolicy;
  readonly clock: FakeClock;
}

async function connect(
  t: TestContext,
  baton: TenantOptions['baton'],
  { minimumMs = 300_000, through = async (_: TestContext, host: string) => host } = {},
): Promise<Setting> {
  const clock = new FakeClock();
  const policy = new KeepAlivePolicy(clock, minimumMs);
  const tenant = await startTenant(t, { ...(baton ? { baton } : {}), onSession: policy.enforce });
  const { clientId, clientSecret, trust, host } = tenant;
  const connection = openConnection({
    clientId: clientId.replace(host, await through(t, host)),
    clientSecret,
    hostId: 'host-1',
    allowedHosts: null,
    trust,
    environment: {},
    clock,
  });
  t.after(() => connection.close());
  return { ...connection, tenant, policy, clock };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!holds()) {
    assert.ok(Date.now() < deadline, `timed out waiting for ${what}`);
    await systemClock.sleep(2);
  }
}

/** An upload that is sent piece by piece, each after the server received the previous one. */
class SlowUpload {
  /** The number of pieces received, per upload. */
  readonly received: number[] = [];
  readonly #queue: ('piece' | 'end')[] = [];
  #wake = (): void => {};

  readonly asset: Asset = {
    read: () => this.#read(),
  };

  readonly baton: TenantOptions['baton'] = {
    uploadAsset: async (messages) => {
      const place = this.received.push(0) - 1;
      for await (const { msg } of messages)
        if (msg.case === 'data') this.received[place] = (this.received[place] ?? 0) + 1;
      return {};
    },
  };

  /** Sends a piece and waits until the server receives it, in this upload or in its retry. */
  async piece(): Promise<void> {
    const before = this.#count();
    this.#send('piece');
    await until('the piece', () => this.#count() > before);
  }

  end(): void {
    this.#send('end');
  }

  #count(): number {
    return this.received.reduce((sum, pieces) => sum + pieces, 0);
  }

  #send(what: 'piece' | 'end'): void {
    this.#queue.push(what);
    this.#wake();
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      while (this.#queue.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
      if (this.#queue.shift() === 'end') return;
      yield PIECE;
    }
  }
}

/** Returns a TCP relay in front of the tenant that can stop forwarding without closing anything. */
function silentRelay() {
  const sockets = new Set<Socket>();
  let silent = false;
  let connections = 0;
  const through = async (t: TestContext, host: string): Promise<string> => {
    const server = createServer((near) => {
      connections += 1;
      const far = connectTcp(Number(host.split(':').at(-1)), '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(from);
        from.on('error', () => {}).on('close', () => to.destroy());
        from.on('data', (bytes) => silent || to.write(bytes));
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    });
    return `localhost:${(server.address() as AddressInfo).port}`;
  };
  return { through, fallSilent: () => (silent = true), connections: () => connections };
}

suite('a connection to a gRPC server that limits pings', () => {
  test('is not closed during an upload of 240 s, in which no ping is sent', async (t) => {
    const upload = new SlowUpload();
    const { client, clock, policy } = await connect(t, upload.baton);
    const receipt = client.uploadAsset(TASK, upload.asset, never);
    for (let seconds = 0; seconds < 240; seconds += 10) {
      await upload.piece();
      await clock.advance(10_000);
    }
    upload.end();
    assert.equal((await receipt).bytes, 24 * PIECE.length);
    assert.deepEqual([upload.received, policy.pings, policy.hungUp], [[24], [], 0]);
  });

  test('is pinged every 310 s during a long upload, and is not closed', async (t) => {
    const upload = new SlowUpload();
    const { client, clock, policy } = await connect(t, upload.baton);
    const receipt = client.uploadAsset(TASK, upload.asset, never);
    for (let seconds = 0; seconds < 1800; seconds += 10) {
      await upload.piece();
      await clock.advance(10_000);
    }
    upload.end();
    await receipt;
    assert.deepEqual(policy.pings, [310_000, 620_000, 930_000, 1_240_000, 1_550_000]);
    assert.deepEqual([upload.received, policy.hungUp], [[180], 0]);
  });

  test('restarts the upload at once if it is closed for too many pings, and then is pinged half as often', async (t) => {
    const upload = new SlowUpload();
    const { client, clock, policy } = await connect(t, upload.baton, { minimumMs: 3600_000 });
    const receipt: Promise<UploadReceipt> = client.uploadAsset(TASK, upload.asset, never);
    while (policy.hungUp === 0) {
      await upload.piece();
      await clock.advance(10_000);
      // Waits until the server has seen every ping that is due by now.
      if (policy.pings.length < Math.floor(clock.monotonic() / 310_000))
        await until('the ping', () => policy.pings.length >= Math.floor(clock.monotonic() / 310_000));
    }
    const cutAt = clock.monotonic();
    assert.equal(cutAt, 1_240_000);
    await until('the upload again', () => {
      void clock.advance(0);
      return upload.received.length === 2;
    });
    assert.ok(clock.monotonic() - cutAt <= 1000, 'within a second');
    for (let seconds = 0; seconds < 700; seconds += 10) {
      await upload.piece();
      await clock.advance(10_000);
    }
    upload.end();
    assert.equal((await receipt).bytes, 70 * PIECE.length);
    const [, , , last = 0, next = 0, ...more] = policy.pings;
    assert.deepEqual([next - last, more, policy.hungUp], [620_000, [], 1]);
  });

  test('is not pinged while no call is open, and is closed after one idle minute', async (t) => {
    const { client, clock, policy } = await connect(t, { getTask: () => ({}) });
    await client.getTask(never);
    await until('the end of the connection for the token', () => policy.open === 1);
    const idle = () => until('the end of the call', () => clock.next - clock.monotonic() <= 60_000);
    await idle();
    await clock.advance(59_000);
    await client.getTask(never);
    assert.equal(policy.sessions, 2, 'the same connection is used again');
    await idle();
    await clock.advance(61_000);
    await until('the end of the idle connection', () => policy.open === 0);
    await client.getTask(never);
    assert.deepEqual([policy.sessions, policy.pings], [3, []]);
  });
});

suite('a connection that died silently', () => {
  test('is replaced by the call after the one that got no answer', async (t) => {
    let asked = 0;
    const caller = new AbortController();
    const { client, policy } = await connect(t, {
      getTask: async (_, { signal }) => {
        asked += 1;
        if (asked > 1) return { task: { id: 'reached' } };
        caller.abort(new Error('long enough'));
        await once(signal, 'abort');
        return {};
      },
    });
    await assert.rejects(client.getTask(caller.signal), /long enough/);
    await until('the end of the connection', () => policy.open === 0);
    assert.equal((await client.getTask(never)).task?.id, 'reached');
    assert.equal(policy.sessions, 3, 'one for the token, two for the calls');
  });

  test('fails its calls if a ping is not answered within 15 s', async (t) => {
    const { through, fallSilent, connections } = silentRelay();
    const upload = new SlowUpload();
    const { client, clock } = await connect(t, upload.baton, { through });
    let ended = false;
    const outcome = client
      .uploadAsset(TASK, upload.asset, never)
      .catch((error: unknown) => error)
      .finally(() => (ended = true));
    for (let seconds = 0; seconds < 300; seconds += 100) {
      await upload.piece();
      await clock.advance(100_000);
    }
    await upload.piece();
    fallSilent();
    // The ping is sent at 310 s; the upload itself would only time out at 420 s.
    await clock.advance(24_900);
    assert.equal(connections(), 2, 'one for the token, one for the upload');
    await clock.advance(100);
    await until('the next try', () => connections() === 3);
    // The retries meet the same silence, during the TLS handshake.
    await until('the end', () => {
      void clock.advance(1000);
      return ended;
    });
    const error = await outcome;
    assert.ok(error instanceof ConductorOneError, inspect(error));
    assert.deepEqual([error.code, error.errorClass], ['Disconnected', 'transient']);
  });
});
