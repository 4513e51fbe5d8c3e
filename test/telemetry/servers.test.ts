import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { suite, type TestContext, test } from 'node:test';
import {
  type Check,
  PageServer,
  type Pages,
  parseBindAddress,
  probePage,
} from '../../src/telemetry/servers.ts';

const text = (body: string) => () => ({ contentType: 'text/plain', body });

async function serve(
  t: TestContext,
  pages: Pages,
  patienceMs?: number,
): Promise<{ url: string; port: number }> {
  const server = new PageServer(pages, patienceMs);
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${port}`, port };
}

/** A raw connection; resolves once the server has ended it. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.on('error', () => {}).on('close', () => resolve()));
}

suite('a page server', () => {
  test('shows a page to GET, and its head to HEAD', async (t) => {
    const { url } = await serve(t, { '/metrics': text('größe 1\n') });
    const got = await fetch(`${url}/metrics`);
    assert.deepEqual([got.status, await got.text()], [200, 'größe 1\n']);
    const head = await fetch(`${url}/metrics`, { method: 'HEAD' });
    assert.deepEqual([head.headers.get('content-length'), await head.text()], ['10', '']);
  });

  test('another method is 405 and says which are allowed', async (t) => {
    const { url } = await serve(t, { '/metrics': text('x') });
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const reply = await fetch(`${url}/metrics`, { method });
      assert.deepEqual([reply.status, reply.headers.get('allow')], [405, 'GET, HEAD'], method);
    }
  });

  test('another path is 404 and says which there are; names of the object itself are no pages', async (t) => {
    const { url } = await serve(t, { '/livez': text('x'), '/readyz': text('x') });
    for (const path of ['/', '/livez/', '/constructor', '/__proto__', '/LIVEZ']) {
      const reply = await fetch(url + path);
      assert.equal(reply.status, 404, path);
      assert.match(await reply.text(), /\/livez, \/readyz/);
    }
  });

  test('a page that throws is 500 and shows nothing of the fault', async (t) => {
    const { url } = await serve(t, { '/metrics': () => Promise.reject(new Error('canary')) });
    const reply = await fetch(`${url}/metrics`);
    assert.equal(reply.status, 500);
    assert.ok(!(await reply.text()).includes('canary'));
  });

  test('a port that is taken is an error of listening', async (t) => {
    const { port } = await serve(t, {});
    await assert.rejects(new PageServer({}).listen({ host: '127.0.0.1', port }), { code: 'EADDRINUSE' });
  });

  test('once closed it answers nobody', async (t) => {
    const server = new PageServer({ '/': text('x') });
    const port = await server.listen({ host: '127.0.0.1', port: 0 });
    const idle = connect(port, '127.0.0.1');
    t.after(() => idle.destroy());
    await server.close();
    await closed(idle);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
  });
});

suite('a hostile client', () => {
  test('that sends its headers one by one is let go', async (t) => {
    const { port } = await serve(t, { '/': text('x') }, 300);
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\n');
    const drip = setInterval(() => socket.write('x: y\r\n'), 50);
    t.after(() => clearInterval(drip));
    await closed(socket);
    assert.ok(socket.destroyed);
  });

  test('that says nothing at all is let go', async (t) => {
    const { port } = await serve(t, { '/': text('x') }, 300);
    const socket = connect(port, '127.0.0.1').resume();
    await closed(socket);
    assert.ok(socket.destroyed);
  });

  test('that asks for a large page and never reads it is let go', async (t) => {
    const { port } = await serve(t, { '/': text('x'.repeat(32 * 1024 * 1024)) }, 300);
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    socket.resume();
    let bytes = 0;
    socket.on('data', (chunk) => (bytes += chunk.length));
    await closed(socket);
    assert.ok(bytes < 32 * 1024 * 1024, `all ${bytes} bytes came`);
  });

  test('with headers of more than eight kilobytes is refused', async (t) => {
    const { url } = await serve(t, { '/': text('x') });
    const reply = await fetch(url, { headers: { large: 'x'.repeat(9_000) } });
    assert.equal(reply.status, 431);
  });

  test('with two hundred connections does not keep a probe from being answered for long', async (t) => {
    const { url, port } = await serve(t, { '/livez': text('ok') }, 300);
    const sockets = Array.from({ length: 200 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    t.after(() => sockets.forEach((socket) => socket.destroy()));
    await Promise.all(
      sockets.map(
        (socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve)),
      ),
    );
    const deadline = performance.now() + 5_000;
    let status = 0;
    while (status !== 200 && performance.now() < deadline)
      status = await fetch(`${url}/livez`).then(
        ({ status }) => status,
        () => 0,
      );
    assert.equal(status, 200);
  });
});

suite('a probe', () => {
  const well: Check = { name: 'watches', check: () => null };
  const ill: Check = { name: 'queue', check: () => 'iga/acme has been in work for 900 s' };

  test('with every check well is 200 ok, and verbose it lists them', () => {
    assert.deepEqual(probePage([well])(false), {
      contentType: 'text/plain; charset=utf-8',
      status: 200,
      body: 'ok\n',
    });
    assert.equal(probePage([well])(true).body, '[+]watches ok\nok\n');
  });

  test('with one ill is 503 and says what is wrong; verbose it lists the others too', () => {
    const page = probePage([well, ill])(false);
    assert.deepEqual(
      [page.status, page.body],
      [503, '[-]queue failed: iga/acme has been in work for 900 s\nnot ok\n'],
    );
    assert.match(probePage([well, ill])(true).body, /^\[\+\]watches ok\n\[-\]queue failed/);
  });

  test('is verbose when the query asks for it', async (t) => {
    const { url } = await serve(t, { '/readyz': probePage([well]) });
    const bodies = ['?verbose', '?verbose=1', '?a=b&verbose', '', '?verbos'].map(async (query) =>
      (await (await fetch(`${url}/readyz${query}`)).text()).startsWith('[+]'),
    );
    assert.deepEqual(await Promise.all(bodies), [true, true, true, false, false]);
  });
});

suite('an address to listen on', () => {
  const good: readonly [text: string, expected: ReturnType<typeof parseBindAddress>][] = [
    [':8080', { host: undefined, port: 8080 }],
    ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    ['localhost:1', { host: 'localhost', port: 1 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    [':0', { host: undefined, port: 0 }],
    ['0', null],
    ['', null],
  ];
  for (const [input, expected] of good) {
    test(`"${input}" is ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(parseBindAddress('--metrics-bind-address', input), expected);
    });
  }

  for (const input of [
    '8080',
    ':',
    ':65536',
    ':123456',
    '::1:8080',
    '[]:8080',
    'a b:80',
    ':80x',
    '1:2:3',
    ':-1',
  ]) {
    test(`"${input}" is refused with the name of the flag`, () => {
      assert.throws(() => parseBindAddress('--metrics-bind-address', input), /--metrics-bind-address/);
    });
  }
});
