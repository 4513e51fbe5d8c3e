import assert from 'node:assert/strict';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { suite, type TestContext, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { inspect } from 'node:util';
import type { Call } from '../../src/asana/transport.ts';
import { InvalidInputError } from '../../src/core/errors.ts';
import { selfSign } from '../conductorone/certificate.ts';
import { startScriptedServer } from './scripted-server.ts';
import { openTestSession } from './sessions.ts';

const call: Call = { priority: 'read' };
const ann = JSON.stringify({ data: { gid: '1', name: 'Ann' } });

async function listen(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address: AddressInfo | string | null = server.address();
  if (typeof address !== 'object' || !address) throw new Error('the server has no port');
  return address.port;
}

/** Starts a server with a self-signed certificate for `host`. */
async function startTlsServer(t: TestContext, host = 'localhost') {
  const seen = { requests: 0, connections: 0 };
  const { key, certificate } = await selfSign(host);
  const server = createHttpsServer({ key, cert: certificate }, (_, response) => {
    seen.requests += 1;
    response.end(ann);
  });
  server.on('connection', () => (seen.connections += 1));
  const port = await listen(t, server);
  return { seen, certificate, baseUrl: `https://${host}:${port}/api/1.0` };
}

/** Starts a proxy that opens and counts tunnels; every name leads to this machine. */
async function startProxy(t: TestContext) {
  const seen = { tunnels: 0, requests: 0 };
  const server = createHttpServer((_, response) => {
    seen.requests += 1;
    response.end(ann);
  });
  server.on('connect', ({ url }, client) => {
    seen.tunnels += 1;
    const target = connect(Number(url?.split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.pipe(client).pipe(target);
    });
    // Either end may be closed first when the test ends.
    target.on('error', () => client.destroy());
    client.on('error', () => target.destroy());
    t.after(() => target.destroy());
  });
  return { seen, address: `127.0.0.1:${await listen(t, server)}` };
}

function withEnvironment(t: TestContext, name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  t.after(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'] as const;

/** Sets these environment variables, and empties the others that choose a proxy for https. */
function withProxies(t: TestContext, values: Readonly<Record<string, string>>): void {
  const empty = Object.fromEntries(PROXY_VARIABLES.map((name) => [name, '']));
  for (const [name, value] of Object.entries({ ...empty, ...values })) withEnvironment(t, name, value);
}

function trustCertificate(t: TestContext, certificate: string): void {
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, certificate]);
  t.after(() => setDefaultCACertificates(before));
}

suite('TLS', () => {
  test('no request, and so no token, is sent to a server whose certificate is not trusted', async (t) => {
    const { seen, baseUrl } = await startTlsServer(t);
    const session = openTestSession(t, '', { baseUrl });
    await assert.rejects(session.rest.me(call), {
      code: 'AsanaUnavailable',
      outcomeUnknown: false,
      message: /DEPTH_ZERO_SELF_SIGNED_CERT.*NODE_EXTRA_CA_CERTS/,
    });
    assert.equal(seen.requests, 0);
    assert.ok(seen.connections > 0);
  });

  test('requests to a server whose certificate is trusted share one connection', async (t) => {
    const { seen, certificate, baseUrl } = await startTlsServer(t);
    trustCertificate(t, certificate);
    const session = openTestSession(t, '', { baseUrl });
    for (let round = 0; round < 3; round += 1) await session.rest.me(call);
    assert.deepEqual(seen, { requests: 3, connections: 1 });
  });
});

suite('proxies', () => {
  for (const { values, because } of [
    { values: { HTTPS_PROXY: 'http://PROXY' }, because: 'HTTPS_PROXY is set' },
    { values: { https_proxy: 'http://PROXY' }, because: 'https_proxy is set in lower case' },
    { values: { HTTPS_PROXY: 'PROXY' }, because: 'HTTPS_PROXY has no scheme, as ConductorOne allows' },
    { values: { HTTPS_PROXY: 'HTTP://PROXY' }, because: 'HTTPS_PROXY has its scheme in capitals' },
    {
      values: { HTTPS_PROXY: 'http://PROXY', NO_PROXY: 'na.test' },
      because: 'NO_PROXY names only other hosts',
    },
    {
      values: { HTTPS_PROXY: 'http://user:s%25cret@PROXY' },
      because: 'HTTPS_PROXY has a user and an escaped password',
    },
  ] satisfies readonly { readonly values: Readonly<Record<string, string>>; readonly because: string }[]) {
    test(`https goes through one tunnel of the proxy, which sees no request, when ${because}`, async (t) => {
      const { seen, certificate, baseUrl } = await startTlsServer(t, 'asana.test');
      trustCertificate(t, certificate);
      const proxy = await startProxy(t);
      const entries = Object.entries<string>(values);
      withProxies(
        t,
        Object.fromEntries(entries.map(([name, value]) => [name, value.replace('PROXY', proxy.address)])),
      );
      const session = openTestSession(t, '', { baseUrl });
      for (let round = 0; round < 3; round += 1) await session.rest.me(call);
      assert.equal(seen.requests, 3);
      assert.deepEqual(proxy.seen, { tunnels: 1, requests: 0 });
    });
  }

  for (const host of ['localhost', '127.0.0.1']) {
    test(`https to ${host} never goes through a proxy, which could not reach it`, async (t) => {
      const { seen, certificate, baseUrl } = await startTlsServer(t);
      trustCertificate(t, certificate);
      const proxy = await startProxy(t);
      withProxies(t, { HTTPS_PROXY: `http://${proxy.address}` });
      await openTestSession(t, '', { baseUrl: baseUrl.replace('localhost', host) }).rest.me(call);
      assert.equal(seen.requests, 1);
      assert.deepEqual(proxy.seen, { tunnels: 0, requests: 0 });
    });
  }

  test('https to a subdomain of a NO_PROXY entry bypasses the proxy, as for ConductorOne', async (t) => {
    const proxy = await startProxy(t);
    withProxies(t, { HTTPS_PROXY: `http://${proxy.address}`, NO_PROXY: 'invalid' });
    const session = openTestSession(t, '', { baseUrl: 'https://asana.invalid/api/1.0' });
    await assert.rejects(session.rest.me(call), { code: 'AsanaUnavailable', message: /DNS/ });
    assert.deepEqual(proxy.seen, { tunnels: 0, requests: 0 });
  });

  for (const { value, because } of [
    { value: 'http://svc:pa/s3cretPW@proxy.corp:3128', because: 'an unescaped slash in the password' },
    { value: 'socks5://svc:s3cretPW@proxy.corp:1080', because: 'a SOCKS proxy' },
    { value: 'http://svc:s3cretPW%zz@proxy.corp:3128', because: 'an invalid escape in the password' },
    { value: 'http://svc:s3cretPW@proxy.corp:99999', because: 'an invalid port' },
  ]) {
    for (const name of ['HTTPS_PROXY', 'https_proxy']) {
      test(`an unusable ${name} is rejected without showing its value: ${because}`, (t) => {
        withProxies(t, { [name]: value });
        assert.throws(
          () => openTestSession(t, '', { baseUrl: 'https://asana.test/api/1.0' }),
          (error) => {
            assert.ok(error instanceof InvalidInputError, inspect(error));
            assert.equal(error.field, name);
            assert.match(error.message, new RegExp(`^${name}: `));
            const shown = [
              inspect(error, { depth: 20, showHidden: true }),
              JSON.stringify(error),
              error.stack,
            ];
            assert.doesNotMatch(shown.join('\n'), /s3cret|svc/);
            return true;
          },
        );
      });
    }
  }

  test('plain http on loopback never goes through a proxy, which could read the token', async (t) => {
    const proxy = await startProxy(t);
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'HTTPS_PROXY'])
      withEnvironment(t, name, `http://${proxy.address}`);
    const { url, seen } = await startScriptedServer(t, () => ({ body: ann }));
    await openTestSession(t, url).rest.me(call);
    assert.equal(seen.length, 1);
    assert.deepEqual(proxy.seen, { tunnels: 0, requests: 0 });
  });
});

test('a server that listens only on IPv6 is reached', async (t) => {
  const server = createHttpServer((_, response) => response.end(ann));
  await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  const session = openTestSession(t, `http://[::1]:${address.port}`);
  assert.equal((await session.rest.me(call)).value.gid, '1');
});
