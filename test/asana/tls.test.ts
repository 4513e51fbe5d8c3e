import assert from 'node:assert/strict';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { suite, type TestContext, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Call } from '../../src/asana/transport.ts';
import { startScriptedServer } from './scripted-server.ts';
import { openTestSession } from './sessions.ts';

/** A key and its own certificate for `localhost`, valid until 2126; known to everybody, for this file alone. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgI6VRANOAOrIrQHr+
0c8zx9NHf3lrRRLXZ24COONrv7ShRANCAARSWbjVPeTyrP7uErcWVXw09arzlQVd
qLlNU6m9zjJVKgROfLZf09ITCsnfRcskG28Zt3CZP6kZPJDBP6drSsIW
-----END PRIVATE KEY-----`;
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUG9VrWUqORGiqz+qTvQhOxEq0ft4wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDA5MzM0MloYDzIxMjYxMDMx
MDkzMzQyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARSWbjVPeTyrP7uErcWVXw09arzlQVdqLlNU6m9zjJVKgROfLZf09IT
CsnfRcskG28Zt3CZP6kZPJDBP6drSsIWo28wbTAdBgNVHQ4EFgQUVpslocGp+s/Z
shFPgGyCo7jRlXswHwYDVR0jBBgwFoAUVpslocGp+s/ZshFPgGyCo7jRlXswDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgNklRwJ1XEQXG6Dr2CahBR94RlyyGhCR47iH8yGzxj3ICIQDZ
hw9D4mNFrcqb4pvbdG4fRDFDuSi82hOI7l4gcYocsQ==
-----END CERTIFICATE-----`;

const call: Call = { priority: 'read' };
const ann = JSON.stringify({ data: { gid: '1', name: 'Ann' } });

async function listen(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address: AddressInfo | string | null = server.address();
  if (typeof address !== 'object' || !address) throw new Error('the server has no port');
  return address.port;
}

async function startTlsServer(t: TestContext) {
  const seen = { requests: 0, connections: 0 };
  const server = createHttpsServer({ key: KEY, cert: CERTIFICATE }, (_, response) => {
    seen.requests += 1;
    response.end(ann);
  });
  server.on('connection', () => (seen.connections += 1));
  return { seen, port: await listen(t, server) };
}

/** A proxy that opens tunnels and counts them. */
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
    // Either end may be torn down first when the test ends.
    target.on('error', () => client.destroy());
    client.on('error', () => target.destroy());
    t.after(() => target.destroy());
  });
  return { seen, url: `http://127.0.0.1:${await listen(t, server)}` };
}

function withEnvironment(t: TestContext, name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  t.after(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

function trustCertificate(t: TestContext): void {
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, CERTIFICATE]);
  t.after(() => setDefaultCACertificates(before));
}

suite('TLS', () => {
  test('no request, and so no token, goes to a server whose certificate is not trusted', async (t) => {
    const { seen, port } = await startTlsServer(t);
    const session = openTestSession(t, '', { baseUrl: `https://localhost:${port}/api/1.0` });
    await assert.rejects(session.rest.me(call), {
      code: 'AsanaUnavailable',
      outcomeUnknown: false,
      message: /DEPTH_ZERO_SELF_SIGNED_CERT.*NODE_EXTRA_CA_CERTS/,
    });
    assert.equal(seen.requests, 0);
    assert.ok(seen.connections > 0);
  });

  test('one whose certificate is trusted is spoken to over one connection', async (t) => {
    trustCertificate(t);
    const { seen, port } = await startTlsServer(t);
    const session = openTestSession(t, '', { baseUrl: `https://localhost:${port}/api/1.0` });
    for (let round = 0; round < 3; round += 1) await session.rest.me(call);
    assert.deepEqual(seen, { requests: 3, connections: 1 });
  });
});

suite('proxies', () => {
  test('HTTPS_PROXY is used for https, through one tunnel that shows the proxy nothing', async (t) => {
    trustCertificate(t);
    const proxy = await startProxy(t);
    withEnvironment(t, 'HTTPS_PROXY', proxy.url);
    withEnvironment(t, 'NO_PROXY', '');
    const { seen, port } = await startTlsServer(t);
    const session = openTestSession(t, '', { baseUrl: `https://localhost:${port}/api/1.0` });
    for (let round = 0; round < 3; round += 1) await session.rest.me(call);
    assert.equal(seen.requests, 3);
    assert.deepEqual(proxy.seen, { tunnels: 1, requests: 0 });
  });

  test('plain http on loopback never goes through a proxy, which would read the token', async (t) => {
    const proxy = await startProxy(t);
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'HTTPS_PROXY'])
      withEnvironment(t, name, proxy.url);
    const { url, seen } = await startScriptedServer(t, () => ({ body: ann }));
    await openTestSession(t, url).rest.me(call);
    assert.equal(seen.length, 1);
    assert.deepEqual(proxy.seen, { tunnels: 0, requests: 0 });
  });
});

test('an address that speaks IPv6 alone is reached', async (t) => {
  const server = createHttpServer((_, response) => response.end(ann));
  await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  const session = openTestSession(t, `http://[::1]:${address.port}`);
  assert.equal((await session.rest.me(call)).value.gid, '1');
});
