import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { BudgetRegistry } from '../../src/asana/budget-registry.ts';
import { AsanaError, type AsanaErrorCode } from '../../src/asana/errors.ts';
import { type Call, mayBeDone, type Tally } from '../../src/asana/transport.ts';
import { type LogFields, silentLogger } from '../../src/core/logger.ts';
import { Redacted } from '../../src/core/redacted.ts';
import { RecordingTracer } from '../core/recording-tracer.ts';
import { fastClock } from './fake-clock.ts';
import { RecordingMeter } from './recording-meter.ts';
import { type Script, type ScriptedReply, startScriptedServer } from './scripted-server.ts';
import { CANARY_TOKEN, openTestSession } from './sessions.ts';

const call: Call = { priority: 'read' };
const ann = { data: { gid: '1', name: 'Ann', email: 'ann@acme.example' } };

/** Sends one `me` request to a server that always answers `reply`. */
async function askOnce(
  t: TestContext,
  reply: ScriptedReply,
  options: Parameters<typeof openTestSession>[2] = {},
) {
  const { url, seen } = await startScriptedServer(t, () => reply);
  const session = openTestSession(t, url, options);
  const error = await session.rest.me(call).then(
    () => assert.fail('it should have failed'),
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof AsanaError, inspect(error));
  return { error, seen };
}

/** Asserts that an error, however it is printed, shows neither the token nor the server's text. */
function assertClean(error: unknown): void {
  for (const text of [
    inspect(error, { depth: 20, showHidden: true }),
    JSON.stringify(error),
    String(error),
  ]) {
    assert.doesNotMatch(text, /canary|Bearer|SERVER-TEXT/);
  }
}

suite('a request in a trace', () => {
  test('is a span for each attempt, with its status and, where it failed, its error', async (t) => {
    const replies: ScriptedReply[] = [
      { status: 503, body: {}, headers: { 'x-request-id': 'a1' } },
      (response) => response.destroy(),
      { body: ann, headers: { 'x-request-id': 'a3' } },
    ];
    const { url } = await startScriptedServer(t, () => replies.shift() ?? { status: 500, body: {} });
    const tracer = new RecordingTracer();
    const session = openTestSession(t, url, { tracer: tracer.child({ connector: 'iga/acme' }) });
    await session.rest.me(call);
    const asked = { connector: 'iga/acme', api: 'rest', operation: 'users.me', 'http.request.method': 'GET' };
    assert.deepEqual(
      tracer.spans.map(({ name, kind, fields }) => ({ name, kind, fields })),
      [
        { attempt: 1, 'http.response.status_code': 503, requestID: 'a1' },
        { attempt: 2 },
        { attempt: 3, 'http.response.status_code': 200, requestID: 'a3' },
      ].map((own) => ({ name: 'rest users.me', kind: 'Request', fields: { ...asked, ...own } })),
    );
    assert.deepEqual(
      tracer.spans.map(({ errors }) => errors.map((error) => (error as AsanaError).code)),
      [['AsanaUnavailable'], ['AsanaUnavailable'], []],
    );
  });
});

suite('hostile and broken answers', () => {
  const rows: readonly [name: string, reply: ScriptedReply, code: AsanaErrorCode][] = [
    ['HTML under 200', { body: '<html>SERVER-TEXT sign in</html>' }, 'MalformedResponse'],
    ['HTML under 403', { status: 403, body: '<html>SERVER-TEXT</html>' }, 'Forbidden'],
    ['cut JSON', { body: '{"data": {"gid": "1", "na' }, 'MalformedResponse'],
    ['an error body under 200', { body: { errors: [{ message: 'SERVER-TEXT' }] } }, 'MalformedResponse'],
    ['a SCIM error under 200', { body: { detail: 'SERVER-TEXT', status: '500' } }, 'MalformedResponse'],
    ['an empty body under 200', { body: '' }, 'MalformedResponse'],
    ['JSON of another shape', { body: { data: [] } }, 'MalformedResponse'],
    ['deeply nested JSON', { body: '['.repeat(500_000) }, 'MalformedResponse'],
    ['bytes that are no UTF-8', { body: Buffer.from([0x7b, 0xff, 0xfe, 0x80]) }, 'MalformedResponse'],
    [
      'gzip that is none',
      { headers: { 'content-encoding': 'gzip' }, body: 'SERVER-TEXT' },
      'MalformedResponse',
    ],
    [
      'an encoding nobody asked for',
      { headers: { 'content-encoding': 'rot13' }, body: 'SERVER-TEXT' },
      'MalformedResponse',
    ],
    [
      'status 500',
      { status: 500, body: { errors: [{ message: 'SERVER-TEXT', phrase: 'squid' }] } },
      'AsanaUnavailable',
    ],
    ['a closed connection', (response) => response.destroy(), 'AsanaUnavailable'],
    [
      'a connection closed in the middle of a body',
      (response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{"data":', () => response.destroy());
      },
      'AsanaUnavailable',
    ],
    [
      'something that is not HTTP',
      (response) => void response.socket?.end('SERVER-TEXT\r\n\r\n'),
      'MalformedResponse',
    ],
    [
      'headers without end',
      (response) => void response.socket?.end(`HTTP/1.1 200 OK\r\nx: ${'SERVER-TEXT'.repeat(5000)}\r\n\r\n`),
      'ResponseTooLarge',
    ],
  ];
  for (const [name, reply, code] of rows) {
    test(`${name} is ${code}, and shows neither token nor text`, async (t) => {
      const { error } = await askOnce(t, reply);
      assert.equal(error.code, code, error.message);
      assertClean(error);
    });
  }

  test('a gzip bomb is cut off at the bound on decompressed bytes', async (t) => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, 'x'));
    const before = process.memoryUsage().rss;
    const { error, seen } = await askOnce(t, { headers: { 'content-encoding': 'gzip' }, body: bomb });
    assert.equal(error.code, 'ResponseTooLarge');
    assert.equal(seen.length, 1, 'it is not asked for again');
    const grown = (process.memoryUsage().rss - before) / 1024 / 1024;
    assert.ok(grown < 100, `${grown} MiB for a bound of 8`);
  });

  test('a body without end is cut off', async (t) => {
    const { error } = await askOnce(t, (response) => {
      response.writeHead(200);
      const write = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', write);
      write();
    });
    assert.equal(error.code, 'ResponseTooLarge');
  });

  test('a server that drips bytes is given up after the time for the whole answer', async (t) => {
    const { error } = await askOnce(
      t,
      (response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write(' '), 5);
        response.on('close', () => clearInterval(timer));
      },
      // 300 ms at a hundred times the speed.
      { limits: { requestMs: 30_000 } },
    );
    assert.equal(error.code, 'AsanaUnavailable');
    assert.match(error.message, /within 30 s/);
    assert.ok(error.outcomeUnknown);
  });

  test('a server that accepts and says nothing is given up too', async (t) => {
    const { error } = await askOnce(t, () => {}, { limits: { requestMs: 10_000 } });
    assert.equal(error.code, 'AsanaUnavailable');
  });

  test('nobody listening is AsanaUnavailable without an effect', async (t) => {
    const session = openTestSession(t, 'http://127.0.0.1:9');
    await assert.rejects(session.rest.me(call), (error: unknown) => {
      assert.ok(error instanceof AsanaError);
      assert.deepEqual([error.code, error.outcomeUnknown], ['AsanaUnavailable', false]);
      assert.match(error.message, /ECONNREFUSED/);
      assertClean(error);
      return true;
    });
  });

  test('a name that does not resolve is AsanaUnavailable and speaks of DNS', async (t) => {
    const session = openTestSession(t, '', { baseUrl: 'https://asana.invalid/api/1.0' });
    await assert.rejects(session.rest.me(call), { code: 'AsanaUnavailable', message: /DNS/ });
  });

  test('plain HTTP where TLS is expected fails the handshake and sends no token', async (t) => {
    const { url, seen } = await startScriptedServer(t, () => ({ body: ann }));
    const session = openTestSession(t, '', { baseUrl: url.replace('http:', 'https:') });
    await assert.rejects(session.rest.me(call), { code: 'AsanaUnavailable' });
    assert.equal(seen.length, 0);
  });
});

suite('redirects', () => {
  test('a redirect is not followed: no request, let alone the token, reaches the other host', async (t) => {
    const other = await startScriptedServer(t, () => ({ body: ann }));
    const { error } = await askOnce(t, {
      status: 302,
      headers: { location: `${other.url}/api/1.0/users/me` },
    });
    assert.equal(error.code, 'MalformedResponse');
    assert.match(error.message, /redirect/);
    assert.deepEqual(other.seen, []);
  });
});

suite('repeating', () => {
  const failingUntil = (count: number, reply: ScriptedReply): Script => {
    return (_, index) => (index < count ? reply : { body: ann });
  };

  test('a read is repeated after failures that pass, and the answer is that of the last', async (t) => {
    const { url, seen } = await startScriptedServer(t, failingUntil(3, { status: 503 }));
    const tally = { requests: 0 };
    const answer = await openTestSession(t, url).rest.me({ ...call, tally });
    assert.equal(answer.value.email, 'ann@acme.example');
    assert.equal(seen.length, 4);
    assert.equal(tally.requests, 4, 'every request sent counts');
  });

  test('a read is given up after four attempts', async (t) => {
    const { seen } = await askOnce(t, { status: 503 });
    assert.equal(seen.length, 4);
  });

  test('a refusal is not repeated', async (t) => {
    const { seen } = await askOnce(t, { status: 401, body: { errors: [{ message: 'Not Authorized' }] } });
    assert.equal(seen.length, 1);
  });

  for (const status of [429, 500, 503]) {
    test(`an invitation, a removal and a deactivation are sent once, ${status} or not`, async (t) => {
      const { url, seen } = await startScriptedServer(t, () => ({ status, headers: { 'retry-after': '1' } }));
      const session = openTestSession(t, url);
      const code = status === 429 ? 'RateLimited' : 'AsanaUnavailable';
      await assert.rejects(session.rest.addUserToWorkspace('5', 'x@acme.example', call), { code });
      await assert.rejects(session.rest.removeUserFromWorkspace('5', '1', call), { code });
      await assert.rejects(session.rest.addUserToTeam('7', '1', call), { code });
      await assert.rejects(session.rest.removeUserFromTeam('7', '1', call), { code });
      const user = { email: 'x@acme.example', name: 'X', userType: 'view only' };
      await assert.rejects(async () => session.scim?.createUser(user, call), { code });
      await assert.rejects(async () => session.scim?.deactivate('1', call), { code });
      assert.equal(seen.length, 6);
    });
  }

  test('setting a license is repeated: twice the same value is one change', async (t) => {
    const { url, seen } = await startScriptedServer(t, (_, index) => ({ status: index === 0 ? 502 : 204 }));
    const answer = await openTestSession(t, url).scim?.setUserType('1', 'enterprise', call);
    assert.equal(answer?.value, null, 'a 204 brings no user');
    assert.equal(seen.length, 2);
  });

  test('a license that was not answered at first may be set, though its repetition is refused with 429', async (t) => {
    const { url, seen } = await startScriptedServer(t, (_, index) =>
      index === 0 ? { status: 503 } : { status: 429, headers: { 'retry-after': '60' } },
    );
    const tally: Tally = { requests: 0 };
    await assert.rejects(
      async () => openTestSession(t, url).scim?.setUserType('1', 'enterprise', { ...call, tally }),
      (error: unknown) => {
        assert.ok(error instanceof AsanaError);
        assert.deepEqual(
          [error.code, error.outcomeUnknown, error.retryAfterMs, error.status],
          ['RateLimited', true, 60_000, 429],
        );
        return true;
      },
    );
    assert.equal(seen.length, 2);
    assert.ok(mayBeDone(tally));
  });

  test('an abort ends the wait between attempts with its own reason', async (t) => {
    const { url } = await startScriptedServer(t, () => ({ status: 503 }));
    const clock = fastClock(0.1);
    const session = openTestSession(t, url, { clock });
    const controller = new AbortController();
    const asked = session.rest.me({ ...call, signal: controller.signal });
    setTimeout(() => controller.abort(new Error('shutting down')), 50);
    await assert.rejects(asked, /shutting down/);
  });

  test('an abort between the permit and the wire lets nothing leave', async (t) => {
    const { url, seen } = await startScriptedServer(t, () => ({ body: { data: { gid: '1', name: '' } } }));
    const controller = new AbortController();
    const tally = { requests: 0 };
    // The budget admits the request at once; the abort comes before the caller gets the permit.
    const asked = openTestSession(t, url).rest.me({ ...call, signal: controller.signal, tally });
    controller.abort(new Error('shutting down'));
    await assert.rejects(asked, /shutting down/);
    assert.deepEqual([seen.length, tally.requests], [0, 0]);
  });

  test('an abort ends a request on the wire with its own reason', async (t) => {
    const controller = new AbortController();
    const { url } = await startScriptedServer(t, () => {
      controller.abort(new Error('shutting down'));
      return () => {};
    });
    await assert.rejects(
      openTestSession(t, url).rest.me({ ...call, signal: controller.signal }),
      /shutting down/,
    );
  });
});

suite('Retry-After', () => {
  const limited = (retryAfter: string | undefined): ScriptedReply => ({
    status: 429,
    headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
    body: { errors: [{ message: "You've made too many requests and hit a rate limit." }] },
  });

  test('after a 429 nobody sends before it has passed, by REST or by SCIM, and then all is well', async (t) => {
    const at: number[] = [];
    const clock = fastClock(100);
    const { url } = await startScriptedServer(t, ({ path }, index) => {
      at.push(clock.monotonic());
      if (index === 0) return limited('20');
      return { body: path.includes('/scim/') ? { id: '1', userName: 'a@acme.example' } : ann };
    });
    const session = openTestSession(t, url, { clock });
    const first = session.rest.me({ priority: 'sync' });
    while (at.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await Promise.all([first, session.scim?.user('1', { priority: 'sync' })]);
    assert.equal(at.length, 3);
    for (const later of at.slice(1)) {
      assert.ok(later - (at[0] ?? 0) >= 20_000, `${later - (at[0] ?? 0)} ms after the 429`);
    }
  });

  for (const header of [undefined, '-5', 'soon']) {
    test(`a 429 with Retry-After ${header} waits for the quota's whole minute`, async (t) => {
      const clock = fastClock(200);
      const begun = clock.monotonic();
      const { url } = await startScriptedServer(t, (_, index) =>
        index === 0 ? limited(header) : { body: ann },
      );
      await openTestSession(t, url, { clock }).rest.me({ priority: 'sync' });
      assert.ok(clock.monotonic() - begun >= 60_000);
    });
  }

  test('a huge Retry-After is not waited for: the caller is told when to come back, and so are the next ones', async (t) => {
    const { url, seen } = await startScriptedServer(t, () => limited('86400'));
    const session = openTestSession(t, url);
    await assert.rejects(session.rest.me(call), { code: 'RateLimited', retryAfterMs: 3_600_000 });
    await assert.rejects(session.rest.me({ priority: 'action' }), { code: 'RateLimited' });
    assert.equal(seen.length, 1, 'the second was not sent');
  });
});

suite('after its session was closed', () => {
  /** Returns the error that a request failed with; fails if the request was answered. */
  async function failureOf(asked: Promise<unknown> | undefined): Promise<AsanaError> {
    const error = await (asked ?? Promise.reject(new TypeError('nothing was asked'))).then(
      () => assert.fail('it should have failed'),
      (failure: unknown) => failure,
    );
    assert.ok(error instanceof AsanaError, inspect(error));
    assert.equal(error.code, 'AsanaUnavailable', error.message);
    return error;
  }

  test('a request under way fails, is not repeated, and may have taken effect', async (t) => {
    const tally: Tally = { requests: 0 };
    const { url, seen } = await startScriptedServer(t, (_, index) => {
      session.close();
      return index === 0 ? () => {} : { status: 204 };
    });
    const session = openTestSession(t, url);
    const error = await failureOf(session.scim?.setUserType('1', 'enterprise', { ...call, tally }));
    assert.deepEqual([seen.length, tally.requests], [1, 1]);
    assert.equal(error.outcomeUnknown, true);
    assert.ok(mayBeDone(tally), 'the first try may have been carried out');
    assert.ok(mayBeDone(tally));
  });

  test('one that waits for its repetition is not repeated, and its first try may have taken effect', async (t) => {
    const tally: Tally = { requests: 0 };
    const { url, seen } = await startScriptedServer(t, (_, index) =>
      index === 0 ? { status: 503 } : { status: 204 },
    );
    const session = openTestSession(t, url, {
      // Called when the delay before the retry is chosen.
      random: () => {
        session.close();
        return 0.5;
      },
    });
    const error = await failureOf(session.scim?.setUserType('1', 'enterprise', { ...call, tally }));
    assert.deepEqual([seen.length, tally.requests], [1, 1]);
    assert.equal(error.outcomeUnknown, true);
    assert.ok(mayBeDone(tally), 'the first try may have been carried out');
  });

  for (const { close, because } of [
    { close: 'before', because: 'it was closed before' },
    { close: 'guard', because: 'it was closed when everything but the wire was waited for' },
  ] as const) {
    test(`a new request does not leave, and surely had no effect: ${because}`, async (t) => {
      const tally: Tally = { requests: 0 };
      const { url, seen } = await startScriptedServer(t, () => ({ status: 204 }));
      const session = openTestSession(t, url);
      if (close === 'before') session.close();
      const guard = () => session.close();
      for (const asked of [
        session.rest.me({ ...call, tally, guard }),
        session.scim?.setUserType('1', 'enterprise', { ...call, tally, guard }),
        session.rest.addUserToTeam('7', '1', { ...call, tally, guard }),
      ]) {
        const error = await failureOf(asked);
        assert.equal(error.outcomeUnknown, false);
        assert.match(error.message, /was not asked for .* credentials were replaced or removed/);
        assertClean(error);
      }
      assert.deepEqual([seen.length, tally.requests], [0, 0]);
      assert.ok(!mayBeDone(tally));
    });
  }
});

suite('what is sent', () => {
  test('the token goes into the Authorization header and nowhere else', async (t) => {
    const { url, seen } = await startScriptedServer(t, () => ({ body: ann }));
    await openTestSession(t, url).rest.me(call);
    const [request] = seen;
    assert.ok(request);
    const { authorization, ...others } = request.headers;
    assert.equal(authorization, `Bearer ${CANARY_TOKEN}`);
    assert.doesNotMatch(JSON.stringify([request.path, String(request.query), others]), /canary/);
    assert.match(String(others['user-agent']), /^asana-connector\//);
  });

  test('SCIM uses its own token when there is one, and a budget of its own', async (t) => {
    const { url, seen } = await startScriptedServer(t, () => ({
      body: { id: '1', userName: 'a@acme.example' },
    }));
    const session = openTestSession(t, url, { scimToken: new Redacted('scim-token') });
    await session.scim?.user('1', call);
    assert.equal(seen[0]?.headers.authorization, 'Bearer scim-token');
    assert.equal(session.sharedToken, false);
  });

  test('connections are kept and used again', async (t) => {
    const ports = new Set<number | undefined>();
    const { url } = await startScriptedServer(t, () => (response) => {
      ports.add(response.socket?.remotePort);
      response.end(JSON.stringify(ann));
    });
    const session = openTestSession(t, url);
    for (let round = 0; round < 5; round += 1) await session.rest.me(call);
    assert.equal(ports.size, 1);
  });
});

suite('what the headers say', () => {
  test("Asana's clock and request id come with the answer", async (t) => {
    const headers = { date: 'Tue, 24 Nov 2026 10:00:00 GMT', 'x-request-id': 'abc-123' };
    const { url } = await startScriptedServer(t, () => ({ headers, body: ann }));
    const { date, requestId } = await openTestSession(t, url).rest.me(call);
    assert.equal(date, Date.parse(headers.date));
    assert.equal(requestId, 'abc-123');
  });

  test('they come with a refusal too, and a request id that is none is dropped', async (t) => {
    const headers = { date: 'Tue, 24 Nov 2026 10:00:00 GMT', 'x-request-id': 'a b"c' };
    const { error } = await askOnce(t, { status: 403, headers });
    assert.deepEqual([error.date, error.requestId], [Date.parse(headers.date), null]);
  });

  test('an announced change that affects us is logged once for each name', async (t) => {
    const lines: [string, LogFields | undefined][] = [];
    const log = {
      ...silentLogger,
      warn: (message: string, fields?: LogFields) => void lines.push([message, fields]),
    };
    const change = 'name=new_ids;info=https://asana.com/x;affected=true, name=other;info=x;affected=false';
    const { url } = await startScriptedServer(t, () => ({ headers: { 'asana-change': change }, body: ann }));
    const session = openTestSession(t, url, { log });
    await session.rest.me(call);
    await session.rest.me(call);
    assert.deepEqual(
      lines.map(([, fields]) => fields),
      [{ change: 'new_ids' }],
    );
  });
});

suite('metrics', () => {
  test('requests are counted by interface, operation and code, without addresses', async (t) => {
    const meter = new RecordingMeter();
    const { url } = await startScriptedServer(t, (_, index) =>
      index === 0 ? { status: 503 } : { body: ann },
    );
    await openTestSession(t, url, { meter }).rest.me(call);
    const count = (code: string) =>
      meter.values.get(`asana_requests_total{api="rest",operation="users.me",code="${code}"}`);
    assert.deepEqual([count('503'), count('200')], [1, 1]);
    assert.equal(
      meter.values.get('asana_request_duration_seconds_count{api="rest",operation="users.me"}'),
      2,
    );
  });
});

suite('opening a session', () => {
  const open = (t: TestContext, overrides: Parameters<typeof openTestSession>[2]) => () =>
    openTestSession(t, 'http://127.0.0.1:9', overrides);
  const refused: readonly [baseUrl: string, because: string][] = [
    ['http://app.asana.com/api/1.0', 'plain http would show the token to the network'],
    ['http://127.0.0.1.evil.example/api', 'a name that begins like a loopback address'],
    ['ftp://app.asana.com', 'another protocol'],
    ['app.asana.com', 'no URL'],
    ['https://user:password@app.asana.com', 'credentials in the address'],
    ['https://app.asana.com/api?x=1', 'a query'],
  ];
  for (const [baseUrl, because] of refused) {
    test(`${baseUrl} is refused: ${because}`, (t) => {
      assert.throws(open(t, { baseUrl }), { code: 'InvalidInput', field: 'asana-api-url' });
    });
  }

  for (const baseUrl of [
    'https://app.asana.com/api/1.0/',
    'http://localhost:1',
    'http://[::1]:1',
    'http://127.0.0.9:1',
  ]) {
    test(`${baseUrl} is accepted`, (t) => {
      assert.doesNotThrow(open(t, { baseUrl }));
    });
  }

  for (const token of ['', 'two words', 'line\n', 'ümlaut', 'x'.repeat(9000)]) {
    test(`a token no header can carry is refused without showing it (${token.length} characters)`, (t) => {
      assert.throws(open(t, { token: new Redacted(token) }), (error: unknown) => {
        assert.match(String(error), /token: is empty/);
        assert.ok(token === '' || !inspect(error).includes(token));
        return true;
      });
    });
  }

  test('a closed session gives its budgets back and leaves them filled as they were', async (t) => {
    const { url } = await startScriptedServer(t, () => ({ body: ann }));
    const clock = fastClock(1);
    const budgets = new BudgetRegistry(
      { requestsPerMinute: 10, percent: 100 },
      { clock, meter: new RecordingMeter() },
    );
    const session = openTestSession(t, url, { budgets, clock });
    await session.rest.me(call);
    session.close();
    assert.equal(budgets.borrow(new Redacted(CANARY_TOKEN)).budget.available(), 9);
  });
});
