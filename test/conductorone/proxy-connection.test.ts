import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { suite, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { type ConductorOneConnection, openConnection } from '../../src/conductorone/connection.ts';
import { ConductorOneError } from '../../src/conductorone/errors.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { Environment } from '../../src/core/proxy.ts';
import { selfSign } from './certificate.ts';
import { type ConnectProxy, type ConnectProxyOptions, startConnectProxy } from './connect-proxy.ts';
import { startTenant, type Tenant, type TenantOptions } from './tenant.ts';

const never = new AbortController().signal;
/** A name that never resolves (RFC 6761 §6.4): a request that reaches it went through the proxy. */
const NAME = 'acme.invalid';
const baton = { getTask: () => ({ task: { id: 'reached' } }) };

interface Setting extends ConductorOneConnection {
  readonly tenant: Tenant;
  readonly proxy: ConnectProxy;
}

interface Wish extends ConnectProxyOptions {
  readonly name?: string;
  readonly user?: string | undefined;
  readonly exceptions?: string;
  readonly clock?: Clock | undefined;
  /** The tenant's option of the same name. */
  readonly answer?: TenantOptions['answer'];
}

async function connect(t: TestContext, wish: Wish = {}): Promise<Setting> {
  const { name = NAME, user = '', exceptions = '', clock, tls, answer } = wish;
  let close = async () => {};
  t.after(() => close());
  const tenant = await startTenant(t, { name, baton, ...(answer ? { answer } : {}) });
  const proxy = await startConnectProxy(t, wish);
  const trust = [...(tenant.trust ?? []), ...(tls ? [tls.certificate] : [])];
  const environment = {
    HTTPS_PROXY: `${tls ? 'https' : 'http'}://${user}${proxy.host}`,
    NO_PROXY: exceptions,
  };
  const connection = open({ ...tenant, trust }, environment, clock);
  close = () => connection.close();
  return { ...connection, tenant, proxy };
}

function open(
  { clientId, clientSecret, trust }: Tenant,
  environment: Environment,
  clock = systemClock,
): ConductorOneConnection {
  return openConnection({
    clientId,
    clientSecret,
    hostId: 'host-1',
    allowedHosts: null,
    trust,
    environment,
    clock,
  });
}

function isOutage(...words: string[]) {
  return (error: unknown) => {
    assert.ok(error instanceof ConductorOneError, inspect(error));
    assert.deepEqual([error.code, error.errorClass], ['Disconnected', 'transient']);
    for (const word of words) assert.ok(error.message.includes(word), `${word} is not in: ${error.message}`);
    assert.doesNotMatch(inspect(error), /s3cret|czNjcmV0|Sign in/);
    return true;
  };
}

suite('a connection through a proxy', () => {
  for (const secure of [false, true]) {
    test(`sends token requests and calls through tunnels of ${secure ? 'an https' : 'an http'} proxy, which cannot read them`, async (t) => {
      const tls = secure ? await selfSign() : undefined;
      const { client, tenant, proxy } = await connect(t, { tls });
      assert.equal((await client.getTask(never)).task?.id, 'reached');
      assert.deepEqual(
        proxy.asked.map(({ target }) => target),
        [tenant.host, tenant.host],
      );
      assert.ok(proxy.asked.every(({ headers }) => headers.host === tenant.host));
      assert.ok(proxy.asked.every(({ headers }) => headers['proxy-authorization'] === undefined));
      assert.equal(tenant.tokenRequests[0]?.httpVersion, '2.0');
      assert.ok(proxy.seen().length > 1000, 'the traffic went through the proxy');
      assert.doesNotMatch(proxy.seen(), /client_assertion|Bearer|getTask|GetTask|token-0/);
    });
  }

  test('sends the proxy the user and password from its URL', async (t) => {
    const { client, proxy } = await connect(t, { user: 'us%40er:s3cret@' });
    await client.getTask(never);
    const expected = `Basic ${Buffer.from('us@er:s3cret').toString('base64')}`;
    assert.deepEqual(
      proxy.asked.map(({ headers }) => headers['proxy-authorization']),
      [expected, expected],
    );
  });

  test('is not used for hosts of NO_PROXY and for loopback', async (t) => {
    const excepted = await connect(t, { exceptions: 'invalid' });
    await assert.rejects(excepted.client.getTask(never), isOutage(NAME, 'not reachable'));
    assert.deepEqual(excepted.proxy.asked, []);
    const local = await connect(t, { name: 'localhost' });
    assert.equal((await local.client.getTask(never)).task?.id, 'reached');
    assert.deepEqual(local.proxy.asked, []);
  });

  test('is opened again by the next call after the proxy closed it', async (t) => {
    const { client, proxy, tenant } = await connect(t);
    await client.getTask(never);
    for (const round of [1, 2]) {
      proxy.cut();
      // The call during the cut may fail; the next one gets a new tunnel.
      await client.getTask(never).catch(isOutage());
      assert.equal((await client.getTask(never)).task?.id, 'reached');
      assert.ok(proxy.asked.length > 1 + round);
    }
    assert.equal(tenant.tokenRequests.length, 1, 'the token is still valid');
  });

  test('uses a new tunnel for the next call after the server sent GOAWAY in the previous one', async (t) => {
    const { client, proxy } = await connect(t, {
      answer: (response) => {
        response.stream.session?.goaway();
        return false;
      },
    });
    for (const calls of [1, 2, 3]) {
      assert.equal((await client.getTask(never)).task?.id, 'reached');
      assert.equal(proxy.asked.length, 1 + calls);
    }
  });

  test('is shared by concurrent calls', async (t) => {
    const { client, proxy } = await connect(t);
    await Promise.all([client.getTask(never), client.getTask(never), client.getTask(never)]);
    assert.equal(proxy.asked.length, 2);
  });

  for (const { reply, close = false, silent = false, user, words, because } of [
    {
      reply: 'HTTP/1.1 407 Sign in\r\nProxy-Authenticate: Basic realm="Sign in"\r\n\r\n',
      words: ['(407)', 'Add them to HTTPS_PROXY'],
      because: 'requires credentials',
    },
    {
      reply: 'HTTP/1.1 407 Sign in\r\n\r\n',
      user: 'user:s3cret@',
      words: ['(407)', 'Correct them in HTTPS_PROXY'],
      because: 'rejects the credentials',
    },
    {
      reply: 'HTTP/1.1 403 Forbidden\r\ncontent-length: 7\r\n\r\nSign in',
      user: 'user:s3cret@',
      words: ['(403)', 'Allow CONNECT to acme.invalid:', 'NO_PROXY'],
      because: 'refuses the tunnel',
    },
    {
      reply: 'HTTP/1.1 502 Bad gateway\r\n\r\n',
      words: ['(502)', 'resolves the name'],
      because: 'cannot reach the host',
    },
    {
      reply: 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>Sign in</html>',
      words: ['without TLS', 'sign-in'],
      because: 'answers with an HTML page',
    },
    {
      reply: ['HTTP/1.1 200 OK\r\n\r\n', '<html>Sign in</html>'],
      words: ['without TLS', 'sign-in'],
      because: 'sends an HTML page through the tunnel',
    },
    { reply: '<html>Sign in</html>', words: ['HPE_', 'is an HTTP proxy'], because: 'does not speak HTTP' },
    { reply: '', close: true, words: ['without a response'], because: 'closes the connection' },
    {
      reply: 'HTTP/1.1 200 OK\r\n\r\n',
      close: true,
      words: ['opens a tunnel and closes it'],
      because: 'opens a tunnel and closes it',
    },
    { reply: '', silent: true, words: ['after 20 s'], because: 'never answers' },
    {
      reply: 'HTTP/1.1 200 OK\r\n\r\n',
      silent: true,
      words: ['opens a tunnel', 'within 10 s'],
      because: 'opens a tunnel in which nothing answers',
    },
  ] as readonly Misbehaviour[]) {
    const instead = (socket: Duplex) => void misbehave(socket, [reply].flat(), close);
    test(`fails with Disconnected and blames the proxy if it ${because}, and recovers afterwards`, async (t) => {
      let hasty = silent;
      const clock: Clock = {
        ...systemClock,
        schedule: (ms, callback) => systemClock.schedule(hasty ? ms / 50 : ms, callback),
      };
      const { client, proxy, tenant } = await connect(t, { user, instead, clock });
      for (const sooner of [1, 2]) {
        await assert.rejects(
          client.getTask(never),
          isOutage('The proxy ', proxy.host, 'HTTPS_PROXY', tenant.host, 'is retried', ...words),
        );
        assert.equal(proxy.asked.length, sooner);
      }
      proxy.behave();
      hasty = false;
      assert.equal((await client.getTask(never)).task?.id, 'reached');
    });
  }

  test('fails with Disconnected and blames the proxy if only the tunnel of the call is refused', async (t) => {
    const { client, proxy } = await connect(t, {
      instead: (socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'),
      after: 1,
    });
    await assert.rejects(client.getTask(never), isOutage('The proxy ', proxy.host, '(403)'));
    proxy.behave();
    assert.equal((await client.getTask(never)).task?.id, 'reached');
  });

  test('fails with Disconnected if the proxy is unreachable or its certificate is not trusted', async (t) => {
    const { tenant } = await connect(t);
    const strange = await startConnectProxy(t, { tls: await selfSign() });
    for (const [url, word] of [
      ['http://us:s3cret@127.0.0.1:1', 'ECONNREFUSED'],
      [`https://us:s3cret@${strange.host}`, 'CERT'],
    ] as const) {
      const connection = open(tenant, { HTTPS_PROXY: url });
      await assert.rejects(connection.client.getTask(never), isOutage('The proxy ', word));
      await connection.close();
    }
  });

  test('is given up after ten seconds if an https proxy accepts TCP and never starts TLS', async (t) => {
    const { tenant } = await connect(t);
    const server = createServer((socket) => void socket.on('error', () => {}).resume());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const waits: number[] = [];
    const connection = open(
      tenant,
      { HTTPS_PROXY: `https://us:s3cret@127.0.0.1:${port}` },
      {
        ...systemClock,
        schedule: (ms, callback) => {
          waits.push(ms);
          return systemClock.schedule(ms / 50, callback);
        },
      },
    );
    await assert.rejects(
      connection.client.getTask(never),
      isOutage('The proxy ', `127.0.0.1:${port}`, 'within 10 s', 'use http:// in HTTPS_PROXY'),
    );
    assert.ok(waits.includes(10_000), `it waited ${waits.join(', ')} ms`);
    await connection.close();
    server.close();
    // Resolves only once every connection is closed.
    await once(server, 'close');
  });

  test('rejects a server certificate of an untrusted authority inside the tunnel', async (t) => {
    const { tenant, proxy } = await connect(t);
    const connection = open({ ...tenant, trust: [] }, { HTTPS_PROXY: `http://${proxy.host}` });
    await assert.rejects(connection.client.getTask(never), isOutage('CERT', 'certificate authorities'));
    await connection.close();
    assert.equal(tenant.tokenRequests.length, 0);
  });

  for (const after of [0, 1]) {
    test(`abandons ${after === 0 ? 'the first' : 'the second'} tunnel that it waits for when it is closed`, async (t) => {
      const waits = Promise.withResolvers<Duplex>();
      const connection = await connect(t, { instead: waits.resolve, after });
      const call = assert.rejects(connection.client.getTask(never));
      const socket = await waits.promise;
      const gone = once(socket, 'end');
      socket.resume();
      await connection.close();
      await Promise.all([gone, call]);
    });
  }
});

interface Misbehaviour {
  readonly reply: string | readonly string[];
  readonly close?: boolean;
  /** True if only the deadline ends the connection. */
  readonly silent?: boolean;
  readonly user?: string;
  readonly words: readonly string[];
  readonly because: string;
}

/** Sends the reply in parts: each later one after more data from the client, so TLS has begun before the second. */
async function misbehave(
  socket: Duplex,
  [first = '', ...rest]: readonly string[],
  close: boolean,
): Promise<void> {
  if (first !== '') socket.write(first);
  for (const part of rest) {
    await once(socket, 'data');
    socket.write(part);
  }
  if (close) socket.end();
}
