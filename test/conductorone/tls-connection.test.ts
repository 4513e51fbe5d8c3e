import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { suite, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { openConnection } from '../../src/conductorone/connection.ts';
import { ConductorOneError } from '../../src/conductorone/errors.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { startTenant } from './tenant.ts';

const never = new AbortController().signal;

/** A port in front of a tenant that forwards its first connections, then accepts connections without answering. */
interface Gate {
  readonly host: string;
  /** The unanswered connections; each is removed when it closes. */
  readonly held: Set<Socket>;
  open: boolean;
}

async function startGate(t: TestContext, tenantHost: string, passes: number): Promise<Gate> {
  const sockets = new Set<Socket>();
  let seen = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).resume();
    seen += 1;
    if (gate.open || seen <= passes) {
      const tenant = connect(Number(tenantHost.split(':').at(-1)), '127.0.0.1');
      tenant.on('error', () => {}).on('close', () => socket.destroy());
      socket.on('close', () => tenant.destroy());
      socket.pipe(tenant).pipe(socket);
      return;
    }
    gate.held.add(socket);
    socket.on('close', () => gate.held.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const gate: Gate = {
    host: `localhost:${(server.address() as AddressInfo).port}`,
    held: new Set(),
    open: false,
  };
  return gate;
}

suite('a connection to a server that accepts TCP and never starts TLS', () => {
  for (const { passes, what } of [
    { passes: 0, what: 'the token' },
    { passes: 1, what: 'the call' },
  ]) {
    test(`for ${what} is given up and closed after ten seconds, and opened again by the next call`, async (t) => {
      const baton = { getTask: () => ({ task: { id: 'reached' } }) };
      const { host, clientId, clientSecret, trust } = await startTenant(t, { baton });
      const gate = await startGate(t, host, passes);
      const waits: number[] = [];
      const hasty: Clock = {
        ...systemClock,
        schedule: (ms, callback) => {
          waits.push(ms);
          return systemClock.schedule(gate.open ? ms : ms / 50, callback);
        },
      };
      const connection = openConnection({
        clientId: clientId.replace(host, gate.host),
        clientSecret,
        hostId: 'host-1',
        allowedHosts: null,
        trust,
        environment: {},
        clock: hasty,
      });
      t.after(() => connection.close());
      for (const attempt of [1, 2]) {
        await assert.rejects(connection.client.getTask(never), (error) => {
          assert.ok(error instanceof ConductorOneError, inspect(error));
          assert.deepEqual([error.code, error.errorClass], ['Disconnected', 'transient'], `try ${attempt}`);
          assert.match(error.message, /No TLS connection to localhost:\d+ after 10 s/);
          return true;
        });
      }
      assert.ok(waits.includes(10_000), `it waited ${waits.join(', ')} ms`);
      gate.open = true;
      assert.equal((await connection.client.getTask(never)).task?.id, 'reached');
      assert.equal(gate.held.size, 0, 'connections that were given up are closed');
    });
  }
});
