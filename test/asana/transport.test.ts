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
    () => assert.fail('the request should have failed'),
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof AsanaError, inspect(error));
  return { error, seen };
}

/** Returns a clock in real time and budgets of ten requests per minute. */
function smallBudgets() {
  const clock = fastClock(1);
  const limits = { requestsPerMinute: 10, percent: 100 };
  return { clock, budgets: new BudgetRegistry(limits, { clock, meter: new RecordingMeter() }) };
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

suite('the trace of a request', () => {
  test('has a span for each attempt, with its status and the error of a failed attempt', async (t) => {
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
    ['HTML with status 200', { body: '<html>SERVER-TEXT sign in</html>' }, 'MalformedResponse'],
    ['HTML with status 403', { status: 403, body: '<html>SERVER-TEXT</html>' }, 'Forbidden'],
    ['truncated JSON', { body: '{"data": {"gid": "1", "na' }, 'MalformedResponse'],
    [
      'an error body with status 200',
      { body: { errors: [{ message: 'SERVER-TEXT' }] } },
      'MalformedResponse',
    ],
    ['a SCIM error with status 200', { body: { detail: 'SERVER-TEXT', status: '500' } }, 'MalformedResponse'],
    ['an empty body with status 200', { body: '' }, 'MalformedResponse'],
    ['JSON of an unexpected shape', { body: { data: [] } }, 'MalformedResponse'],
    ['deeply nested JSON', { body: '['.repeat(500_000) }, 'MalformedResponse'],
    ['invalid UTF-8', { body: Buffer.from([0x7b, 0xff, 0xfe, 0x80]) }, 'MalformedResponse'],
    [
      'a body that is not gzip despite its content encoding',
      { headers: { 'content-encoding': 'gzip' }, body: 'SERVER-TEXT' },
      'MalformedResponse',
    ],
    [
      'a content encoding that was not requested',
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
      'a header of 55 kB',
      (response) => void response.socket?.end(`HTTP/1.1 200 OK\r\nx: ${'SERVER-TEXT'.repeat(5000)}\r\n\r\n`),
      'ResponseTooLarge',
    ],
  ];
  for (const [name, reply, code] of rows) {
    test(`${name} is ${code}, and the error shows neither the token nor text of the server`, async (t) => {
      const { error } = await askOnce(t, reply);
      assert.equal(error.code, code, error.message);
      assertClean(error);
    });
  }

  test('a gzip bomb is cut off at the limit of decompressed bytes', async (t) => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, 'x'));
    const before = process.memoryUsage().rss;
    const { error, seen } = await askOnce(t, { headers: { 'content-encoding': 'gzip' }, body: bomb });
    assert.equal(error.code, 'ResponseTooLarge');
    assert.equal(seen.length, 1, 'the request is not retried');
    const grown = (process.memoryUsage().rss - before) / 1024 / 1024;
    assert.ok(grown < 100, `memory grew by ${grown} MiB with a limit of 8 MiB`);
  });

  test('a body without end is cut off with ResponseTooLarge', async (t) => {
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

  test('a server that sends single bytes is given up after the timeout of the whole answer', async (t) => {
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

  test('a server that never answers is given up with AsanaUnavailable after the timeout', async (t) => {
    const { error } = await askOnce(t, () => {}, { limits: { requestMs: 10_000 } });
    assert.equal(error.code, 'AsanaUnavailable');
  });

  test('a refused connection is AsanaUnavailable, and the request surely had no effect', async (t) => {
    const session = openTestSession(t, 'http://127.0.0.1:9');
    await assert.rejects(session.rest.me(call), (error: unknown) => {
      assert.ok(error instanceof AsanaError);
      assert.deepEqual([error.code, error.outcomeUnknown], ['AsanaUnavailable', false]);
      assert.match(error.message, /ECONNREFUSED/);
      assertClean(error);
      return true;
    });
  });

  test('a name that does not resolve is AsanaUnavailable, and the message names DNS', async (t) => {
    const session = openTestSession(t, '', { baseUrl: 'https://asana.invalid/api/1.0' });
    await assert.rejects(session.rest.me(call), { code: 'AsanaUnavailable', message: /DNS/ });
  });

  test('a server without TLS at an https address is AsanaUnavailable, and no request is sent', async (t) => {
    const { url, seen } = await startScriptedServer(t, () => ({ body: ann }));
    const session = openTestSession(t, '', { baseUrl: url.replace('http:', 'https:') });
    await assert.rejects(session.rest.me(call), { code: 'AsanaUnavailable' });
    assert.equal(seen.length, 0);
  });
});

suite('redirects', () => {
  test('a redirect is not followed, and no request reaches the other host', async (t) => {
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

suite('retries', () => {
  const failingUntil = (count: number, reply: ScriptedReply): Script => {
    return (_, index) => (index < count ? reply : { body: ann });
  };

  test('a read is retried after temporary failures and returns the answer of the last attempt', async (t) => {
    const { url, seen } = await startScriptedServer(t, failingUntil(3, { status: 503 }));
    const tally = { requests: 0 };
    const answer = await openTestSession(t, url).rest.me({ ...call, tally });
    assert.equal(answer.value.email, 'ann@acme.example');
    assert.equal(seen.length, 4);
    assert.equal(tally.requests, 4, 'every request sent is counted');
  });

  test('a read is given up after four attempts', async (t) => {
    const { seen } = await askOnce(t, { status: 503 });
    assert.equal(seen.length, 4);
  });

  test('a refusal is not retried', async (t) => {
    const { seen } = await askOnce(t, { status: 401, body: { errors: [{ message: 'Not Authorized' }] } });
    assert.equal(seen.length, 1);
  });

  for (const status of [429, 500, 503]) {
    test(`a create, an invitation, a removal or a deactivation is not retried after ${status}`, async (t) => {
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

  test('setting a license is retried, since setting the same value twice is one change', async (t) => {
    const { url, seen } = await startScriptedServer(t, (_, index) => ({ status: index === 0 ? 502 : 204 }));
    const answer = await openTestSession(t, url).scim?.setUserType('1', 'enterprise', call);
    assert.equal(answer?.value, null, 'a 204 has no user');
    assert.equal(seen.length, 2);
  });

  test('the outcome of setting a license is unknown after a 503, even if its retry is refused with 429', async (t) => {
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

  test('an abort between the permit and the request sends nothing', async (t) => {
    const { url, seen } = await startScriptedServer(t, () => ({ body: { data: { gid: '1', name: '' } } }));
    const controller = new AbortController();
    const tally = { requests: 0 };
    // The budget admits the request at once; the abort comes before the caller gets the permit.
    const asked = openTestSession(t, url).rest.me({ ...call, signal: controller.signal, tally });
    controller.abort(new Error('shutting down'));
    await assert.rejects(asked, /shutting down/);
    assert.deepEqual([seen.length, tally.requests], [0, 0]);
  });

  test('an abort ends a request in flight with its own reason', async (t) => {
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

  test('after a 429, REST and SCIM send nothing until Retry-After has passed, and then succeed', async (t) => {
    const at: number[] = [];
    const clock = fastClock(100);
    const { url } = await startScriptedServer(t, ({ path }, index) => {
      at.push(clock.monotonic());
      if (index === 0) return limited('20');
      return { body: path.includes('/scim/') ? { id: '1', userName: 'a@acme.example' } : ann };
    });
    const meter = new RecordingMeter();
    const session = openTestSession(t, url, { clock, meter });
    const first = session.rest.me({ priority: 'sync' });
    const refused = 'asana_requests_total{api="rest",operation="users.me",code="429"}';
    while (!meter.values.has(refused)) await new Promise((resolve) => setTimeout(resolve, 1));
    await Promise.all([first, session.scim?.user('1', { priority: 'sync' })]);
    assert.equal(at.length, 3);
    for (const later of at.slice(1)) {
      assert.ok(later - (at[0] ?? 0) >= 20_000, `${later - (at[0] ?? 0)} ms after the 429`);
    }
  });

  for (const header of [undefined, '-5', 'soon']) {
    test(`a 429 with Retry-After ${header} is retried after the whole minute of the quota`, async (t) => {
      const clock = fastClock(200);
      const begun = clock.monotonic();
      const { url } = await startScriptedServer(t, (_, index) =>
        index === 0 ? limited(header) : { body: ann },
      );
      await openTestSession(t, url, { clock }).rest.me({ priority: 'sync' });
      assert.ok(clock.monotonic() - begun >= 60_000);
    });
  }

  test('a huge Retry-After rejects the request as RateLimited, and the next one without sending it', async (t) => {
    const { url, seen } = await startScriptedServer(t, () => limited('86400'));
    const session = openTestSession(t, url);
    await assert.rejects(session.rest.me(call), { code: 'RateLimited', retryAfterMs: 86_400_000 });
    await assert.rejects(session.rest.me({ priority: 'action' }), { code: 'RateLimited' });
    assert.equal(seen.length, 1, 'the second request was not sent');
  });
});

suite('after its session is closed', () => {
  /** Returns the error that a request failed with; fails if the request was answered. */
  async function failureOf(asked: Promise<unknown> | undefined): Promise<AsanaError> {
    const error = await (asked ?? Promise.reject(new TypeError('nothing was asked'))).then(
      () => assert.fail('the request should have failed'),
      (failure: unknown) => failure,
    );
    assert.ok(error instanceof AsanaError, inspect(error));
    assert.equal(error.code, 'AsanaUnavailable', error.message);
    return error;
  }

  test('a request in flight fails, is not retried, and may have taken effect', async (t) => {
    const tally: Tally = { requests: 0 };
    const { url, seen } = await startScriptedServer(t, (_, index) => {
      session.close();
      return index === 0 ? () => {} : { status: 204 };
    });
    const session = openTestSession(t, url);
    const error = await failureOf(session.scim?.setUserType('1', 'enterprise', { ...call, tally }));
    assert.deepEqual([seen.length, tally.requests], [1, 1]);
    assert.equal(error.outcomeUnknown, true);
    assert.ok(mayBeDone(tally), 'the first attempt may have been carried out');
    assert.ok(mayBeDone(tally));
  });

  test('a request that waits for a retry is not retried, and its first attempt may have taken effect', async (t) => {
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
    assert.ok(mayBeDone(tally), 'the first attempt may have been carried out');
  });

  for (const { close, because } of [
    { close: 'before', because: 'the session is closed before the call' },
    { close: 'guard', because: 'the session is closed while the guard runs' },
  ] as const) {
    test(`a new request is not sent, and surely had no effect: ${because}`, async (t) => {
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

suite('tokens and connections', () => {
  test('the token is sent in the Authorization header and nowhere else', async (t) => {
    const { url, seen } = await startScriptedServer(t, () => ({ body: ann }));
    await openTestSession(t, url).rest.me(call);
    const [request] = seen;
    assert.ok(request);
    const { authorization, ...others } = request.headers;
    assert.equal(authorization, `Bearer ${CANARY_TOKEN}`);
    assert.doesNotMatch(JSON.stringify([request.path, String(request.query), others]), /canary/);
    assert.match(String(others['user-agent']), /^asana-connector\//);
  });

  test('SCIM uses its own token if it has one, and a budget of its own', async (t) => {
    const { url, seen } = await startScriptedServer(t, () => ({
      body: { id: '1', userName: 'a@acme.example' },
    }));
    const { clock, budgets } = smallBudgets();
    const session = openTestSession(t, url, { budgets, clock, scimToken: new Redacted('scim-token') });
    await session.scim?.user('1', call);
    assert.equal(seen[0]?.headers.authorization, 'Bearer scim-token');
    assert.equal(session.sharedToken, false);
    const left = (token: string) => budgets.borrow(new Redacted(token)).budget.available();
    assert.deepEqual([left('scim-token'), left(CANARY_TOKEN)], [9, 10]);
  });

  test('consecutive requests reuse one connection', async (t) => {
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

suite('response headers', () => {
  test("an answer carries Asana's time and request id", async (t) => {
    const headers = { date: 'Tue, 24 Nov 2026 10:00:00 GMT', 'x-request-id': 'abc-123' };
    const { url } = await startScriptedServer(t, () => ({ headers, body: ann }));
    const { date, requestId } = await openTestSession(t, url).rest.me(call);
    assert.equal(date, Date.parse(headers.date));
    assert.equal(requestId, 'abc-123');
  });

  test("a refusal carries Asana's time too, and a malformed request id is dropped", async (t) => {
    const headers = { date: 'Tue, 24 Nov 2026 10:00:00 GMT', 'x-request-id': 'a b"c' };
    const { error } = await askOnce(t, { status: 403, headers });
    assert.deepEqual([error.date, error.requestId], [Date.parse(headers.date), null]);
  });

  test('an Asana-Change is logged once per name if it affects the client, and otherwise not', async (t) => {
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
  test('requests are counted by API, operation and status code', async (t) => {
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
    ['http://app.asana.com/api/1.0', 'plain http would expose the token to the network'],
    ['http://127.0.0.1.evil.example/api', 'a name that only begins like a loopback address'],
    ['ftp://app.asana.com', 'neither http nor https'],
    ['app.asana.com', 'not a URL'],
    ['https://user:password@app.asana.com', 'credentials in the URL'],
    ['https://app.asana.com/api?x=1', 'a query in the URL'],
  ];
  for (const [baseUrl, because] of refused) {
    test(`${baseUrl} is rejected: ${because}`, (t) => {
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
    test(`a token that no header can carry is rejected without showing it (${token.length} characters)`, (t) => {
      assert.throws(open(t, { token: new Redacted(token) }), (error: unknown) => {
        assert.match(String(error), /token: is empty/);
        assert.ok(token === '' || !inspect(error).includes(token));
        return true;
      });
    });
  }

  test('closing a session returns its budget without refilling it', async (t) => {
    const { url } = await startScriptedServer(t, () => ({ body: ann }));
    const { clock, budgets } = smallBudgets();
    const session = openTestSession(t, url, { budgets, clock });
    await session.rest.me(call);
    session.close();
    assert.equal(budgets.borrow(new Redacted(CANARY_TOKEN)).budget.available(), 9);
  });
});
