import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import { closed, serve, statusOf, text } from './page-client.ts';

suite('a hostile client', () => {
  test('is disconnected if it sends its headers one by one', async (t) => {
    const { port } = await serve(t, { '/': text('x') }, 300);
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\n');
    const drip = setInterval(() => socket.write('x: y\r\n'), 50);
    t.after(() => clearInterval(drip));
    await closed(socket);
  });

  test('is disconnected if it sends nothing', async (t) => {
    const { port } = await serve(t, { '/': text('x') }, 300);
    const socket = connect(port, '127.0.0.1').resume();
    await closed(socket);
  });

  test('is disconnected if it requests a large page and does not read it', async (t) => {
    const { port } = await serve(t, { '/': text('x'.repeat(32 * 1024 * 1024)) }, 300);
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    socket.resume();
    let bytes = 0;
    socket.on('data', (chunk) => (bytes += chunk.length));
    await closed(socket);
    assert.ok(bytes < 32 * 1024 * 1024, `all ${bytes} bytes were received`);
  });

  test('gets status 431 if its headers exceed eight kilobytes', async (t) => {
    const { url } = await serve(t, { '/': text('x') });
    const reply = await fetch(url, { headers: { large: 'x'.repeat(9_000) } });
    assert.equal(reply.status, 431);
  });

  /** Sends probes like a kubelet, which opens a connection for every probe. */
  async function probeTwentyTimes(url: string): Promise<void> {
    const agent = new Agent({ keepAlive: false });
    for (let i = 0; i < 20; i++) assert.equal(await statusOf(`${url}/livez`, agent), 200, `probe ${i}`);
  }

  test('cannot block probes with 200 silent connections', async (t) => {
    const { url, port } = await serve(t, { '/livez': text('ok') });
    const sockets = Array.from({ length: 200 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    t.after(() => sockets.forEach((socket) => socket.destroy()));
    await Promise.all(
      sockets.map(
        (socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve)),
      ),
    );
    await probeTwentyTimes(url);
  });

  test('cannot block probes with repeated requests on 100 connections', async (t) => {
    const { url } = await serve(t, { '/livez': text('ok') });
    const agents = Array.from({ length: 100 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
    t.after(() => agents.forEach((agent) => agent.destroy()));
    for (let round = 0; round < 3; round++) {
      const asked = agents.map((agent) => statusOf(`${url}/livez`, agent).catch(() => null));
      await probeTwentyTimes(url);
      await Promise.all(asked);
      await probeTwentyTimes(url);
    }
  });

  test('cannot block probes with continuous requests on 64 connections', async (t) => {
    const { url } = await serve(t, { '/livez': text('ok') });
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    t.after(() => agent.destroy());
    const over = new AbortController();
    const ask = async () => {
      while (!over.signal.aborted) await statusOf(`${url}/livez`, agent).catch(() => null);
    };
    const asking = Array.from({ length: 64 }, ask);
    await probeTwentyTimes(url);
    over.abort();
    await Promise.all(asking);
  });
});
