import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { suite, type TestContext, test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { type Check, PageServer, parseBindAddress, probePage } from '../../src/telemetry/servers.ts';
import { closed, serve, statusOf, text } from './page-client.ts';

suite('a page server', () => {
  test('returns a page to GET, and only its headers to HEAD', async (t) => {
    const { url } = await serve(t, { '/metrics': text('größe 1\n') });
    const got = await fetch(`${url}/metrics`);
    assert.deepEqual([got.status, await got.text()], [200, 'größe 1\n']);
    const head = await fetch(`${url}/metrics`, { method: 'HEAD' });
    assert.deepEqual([head.headers.get('content-length'), await head.text()], ['10', '']);
  });

  test('returns 405 with the allowed methods for any other method', async (t) => {
    const { url } = await serve(t, { '/metrics': text('x') });
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const reply = await fetch(`${url}/metrics`, { method });
      assert.deepEqual([reply.status, reply.headers.get('allow')], [405, 'GET, HEAD'], method);
    }
  });

  test('returns 404 with the existing paths for any other path, such as the name of an object property', async (t) => {
    const { url } = await serve(t, { '/livez': text('x'), '/readyz': text('x') });
    for (const path of ['/', '/livez/', '/constructor', '/__proto__', '/LIVEZ']) {
      const reply = await fetch(url + path);
      assert.equal(reply.status, 404, path);
      assert.match(await reply.text(), /\/livez, \/readyz/);
    }
  });

  test('returns 500 without the error message if a page throws', async (t) => {
    const { url } = await serve(t, { '/metrics': () => Promise.reject(new Error('canary')) });
    const reply = await fetch(`${url}/metrics`);
    assert.equal(reply.status, 500);
    assert.ok(!(await reply.text()).includes('canary'));
  });

  test('fails to listen on a port that is in use', async (t) => {
    const { port } = await serve(t, {});
    await assert.rejects(new PageServer({}).listen({ host: '127.0.0.1', port }), { code: 'EADDRINUSE' });
  });

  test('closes idle connections and answers no request after it is closed', async (t) => {
    const server = new PageServer({ '/': text('x') });
    const port = await server.listen({ host: '127.0.0.1', port: 0 });
    const idle = connect(port, '127.0.0.1');
    t.after(() => idle.destroy());
    await server.close();
    await closed(idle);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
  });
});

suite('a page that is requested often', () => {
  /** Serves a page that shows how often it was made; making it takes `costMs` on an otherwise stopped clock. */
  async function costly(t: TestContext, costMs: number) {
    const time = { at: 0, made: 0 };
    const page = () => {
      time.at += costMs;
      time.made += 1;
      return { contentType: 'text/plain', body: String(time.made) };
    };
    const { url } = await serve(t, { '/metrics': page }, undefined, {
      ...systemClock,
      monotonic: () => time.at,
    });
    return { time, ask: async (query = '') => (await fetch(`${url}/metrics${query}`)).text() };
  }

  const rows: readonly [costMs: number, sameForMs: number, because: string][] = [
    [20, 180, 'rendering takes at most a tenth of the time'],
    [500, 1_000, 'no page is older than one second'],
  ];
  for (const [costMs, sameForMs, because] of rows) {
    test(`is reused for ${sameForMs} ms if rendering takes ${costMs} ms: ${because}`, async (t) => {
      const { time, ask } = await costly(t, costMs);
      assert.equal(await ask(), '1');
      time.at += sameForMs - 1;
      assert.deepEqual([await ask(), await ask('?x')], ['1', '1'], 'just before the page expires');
      time.at += 1;
      assert.equal(await ask(), '2', 'just after the page has expired');
    });
  }

  test('is rendered for each request if rendering takes no time, so that a probe is never stale', async (t) => {
    const { ask } = await costly(t, 0);
    assert.deepEqual([await ask(), await ask()], ['1', '2']);
  });

  test('is cached separately from its verbose form', async (t) => {
    const { ask } = await costly(t, 20);
    assert.deepEqual([await ask(), await ask('?verbose'), await ask()], ['1', '2', '1']);
  });

  test('is rendered once for all requests that arrive while it is rendered', async (t) => {
    let made = 0;
    const go = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const page = async () => {
      made += 1;
      begun.resolve();
      await go.promise;
      return { contentType: 'text/plain', body: String(made) };
    };
    // Making the page takes no time on this clock, so a request can share it only while it is being made.
    const { url } = await serve(t, { '/': page }, undefined, { ...systemClock, monotonic: () => 0 });
    const first = fetch(url);
    await begun.promise;
    const second = fetch(url);
    // The second request has arrived once a third one, sent later on its own connection, is answered.
    assert.equal((await fetch(`${url}/none`)).status, 404);
    go.resolve();
    const bodies = await Promise.all([first, second].map(async (reply) => (await reply).text()));
    assert.deepEqual(bodies, ['1', '1']);
  });

  test('is rendered again for the next request if rendering failed', async (t) => {
    let made = 0;
    const page = () => {
      made += 1;
      if (made === 1) throw new Error('canary');
      return { contentType: 'text/plain', body: 'well' };
    };
    const { url } = await serve(t, { '/': page });
    const replies = [await fetch(url), await fetch(url)];
    assert.deepEqual(
      replies.map(({ status }) => status),
      [500, 200],
    );
  });

  test('is rendered at most five times a second for 50 connections, and every request is answered', async (t) => {
    let made = 0;
    const page = () => {
      made += 1;
      const begun = performance.now();
      while (performance.now() - begun < 20);
      return { contentType: 'text/plain', body: 'x'.repeat(1_000) };
    };
    const { url } = await serve(t, { '/metrics': page });
    const agent = new Agent({ keepAlive: true, maxSockets: 50 });
    t.after(() => agent.destroy());
    const begun = performance.now();
    const flood = async () => {
      let answers = 0;
      for (; answers === 0 || performance.now() - begun < 1_000; answers += 1)
        assert.equal(await statusOf(`${url}/metrics`, agent), 200);
      return answers;
    };
    const answers = await Promise.all(Array.from({ length: 50 }, flood));
    // 20 ms to make the page and 180 ms of reuse, plus one page at the edge of the measured time.
    const most = (performance.now() - begun) / 200 + 1;
    assert.ok(made <= most, `rendered ${made} times for ${answers.reduce((sum, n) => sum + n, 0)} answers`);
  });
});

suite('a probe', () => {
  const well: Check = { name: 'watches', check: () => null };
  const ill: Check = { name: 'queue', check: () => 'iga/acme has been in work for 900 s' };

  test('returns 200 if every check passes, and lists the checks if verbose', () => {
    assert.deepEqual(probePage([well])(false), {
      contentType: 'text/plain; charset=utf-8',
      status: 200,
      body: 'ok\n',
    });
    assert.equal(probePage([well])(true).body, '[+]watches ok\nok\n');
  });

  test('returns 503 with the failed check, and lists the other checks if verbose', () => {
    const page = probePage([well, ill])(false);
    assert.deepEqual(
      [page.status, page.body],
      [503, '[-]queue failed: iga/acme has been in work for 900 s\nnot ok\n'],
    );
    assert.match(probePage([well, ill])(true).body, /^\[\+\]watches ok\n\[-\]queue failed/);
  });

  test('is verbose if the query contains verbose', async (t) => {
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
    test(`"${input}" is parsed as ${JSON.stringify(expected)}`, () => {
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
    test(`"${input}" is rejected with the name of the flag`, () => {
      assert.throws(() => parseBindAddress('--metrics-bind-address', input), /--metrics-bind-address/);
    });
  }
});
