import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { ApiServerConnection } from '../../src/kubernetes/connection.ts';
import { isConflict, KubernetesError } from '../../src/kubernetes/errors.ts';
import { EventRecorder } from '../../src/kubernetes/events.ts';
import { ObjectWriter } from '../../src/kubernetes/object-writer.ts';
import { type Change, Reflector } from '../../src/kubernetes/reflector.ts';
import type { KubernetesObject, Resource } from '../../src/kubernetes/resource.ts';
import { Store } from '../../src/kubernetes/store.ts';
import { useControlPlane } from '../controlplane/control-plane.ts';
import { FaultyProxy } from './faulty-proxy.ts';

/** Config maps stand for our kinds: every API server has them. */
const MAPS: Resource = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap' };
const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event' };
const NAMESPACE = 'runtime-faults';

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

let stopControlPlane: () => Promise<void>;
let proxy: FaultyProxy;
let connection: ApiServerConnection;
let client: KubernetesClient;
/** What the tests themselves do goes past the proxy. */
let direct: ApiServerConnection;
let admin: KubernetesClient;

before(async () => {
  const plane = await useControlPlane();
  stopControlPlane = plane.stop;
  proxy = await FaultyProxy.start(plane.kubeconfigPath);
  connection = new ApiServerConnection(proxy.config, systemClock);
  client = new KubernetesClient(connection);
  const config = new KubeConfig();
  config.loadFromFile(plane.kubeconfigPath);
  direct = new ApiServerConnection(config, systemClock);
  admin = new KubernetesClient(direct);
  await direct.send({
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { metadata: { name: NAMESPACE } },
  });
});

after(async () => {
  await connection.close();
  await direct.close();
  await proxy.close();
  await stopControlPlane();
});

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  proxy.faultOf = () => null;
  for (const stop of stops.splice(0)) await stop();
});

const isWatch = (url: string | undefined) => url?.includes('watch=true') ?? false;
const isList = (url: string | undefined) => (url?.includes('/configmaps?') ?? false) && !isWatch(url);

async function create(name: string, value = ''): Promise<ConfigMap> {
  return admin.create<ConfigMap>(MAPS, NAMESPACE, { metadata: { name }, data: { value } });
}

async function remove(name: string): Promise<void> {
  await direct.send({ method: 'DELETE', path: `/api/v1/namespaces/${NAMESPACE}/configmaps/${name}` });
}

/** A reflector under test: what it told, and how to end it. */
async function reflect(options: { idleMs?: number } = {}): Promise<{
  store: Store<ConfigMap>;
  changes: Change<ConfigMap>[];
  reflector: Reflector<ConfigMap>;
}> {
  const store = new Store<ConfigMap>();
  const changes: Change<ConfigMap>[] = [];
  const reflector = new Reflector<ConfigMap>({
    client,
    resource: MAPS,
    namespace: NAMESPACE,
    store,
    onChange: (change) => changes.push(change),
    // A tenth of a real second for each: the order of things is the same, and nobody waits.
    clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 10, signal) },
    random: () => 0,
    log: silentLogger,
    meter: silentMeter,
    ...options,
  });
  const stopping = new AbortController();
  const running = reflector.run(stopping.signal);
  stops.push(async () => {
    stopping.abort(new Error('the test is over'));
    await running;
  });
  await until('the first list', () => reflector.synced);
  return { store, changes, reflector };
}

async function until(what: string, seen: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!seen()) {
    if (performance.now() > deadline) assert.fail(`waited 20 s, but not: ${what}`);
    await sleep(20);
  }
}

suite('a reflector', () => {
  const trouble = [
    {
      because: 'a reset in the middle of a watch kills client-node’s informer',
      fault: { kind: 'cut', afterMs: 50 },
      when: isWatch,
    },
    { because: 'a reset before the answer does too', fault: { kind: 'reset' }, when: isWatch },
    { because: 'a 500 on a watch does too', fault: { kind: 'answer', status: 500 }, when: isWatch },
    {
      because: 'a 503 on a watch does too',
      fault: { kind: 'answer', status: 503, retryAfter: 1 },
      when: isWatch,
    },
    {
      because: 'a 429 on a watch does too',
      fault: { kind: 'answer', status: 429, retryAfter: 1 },
      when: isWatch,
    },
    { because: 'a 410 asks for a new list', fault: { kind: 'answer', status: 410 }, when: isWatch },
    {
      because: 'an error within the stream is no silence',
      fault: { kind: 'line', line: '{"type":"ERROR","object":{"code":500,"reason":"InternalError"}}' },
      when: isWatch,
    },
    {
      because: 'a 410 within the stream asks for a new list',
      fault: { kind: 'line', line: '{"type":"ERROR","object":{"code":410,"reason":"Expired"}}' },
      when: isWatch,
    },
  ] as const;
  for (const [i, { because, fault, when }] of trouble.entries()) {
    test(`goes on after: ${because}`, async () => {
      let faults = 2;
      proxy.faultOf = ({ url }) => (when(url) && faults-- > 0 ? fault : null);
      const { store } = await reflect();
      await until('the faults were met', () => faults <= 0);
      await create(`after-${i}`);
      await until('the new object shows', () => store.get(`${NAMESPACE}/after-${i}`) !== undefined);
    });
  }

  test('lists again when the first list fails', async () => {
    let faults = 2;
    proxy.faultOf = ({ url }) => (isList(url) && faults-- > 0 ? { kind: 'answer', status: 503 } : null);
    const { reflector } = await reflect();
    assert.equal(reflector.synced, true);
  });

  test('takes a watch that fell silent for dead, and begins another', async () => {
    await create('quiet');
    let silent = 1;
    proxy.faultOf = ({ url }) => (isWatch(url) && silent-- > 0 ? { kind: 'silence' } : null);
    const { store } = await reflect({ idleMs: 200 });
    await until('the silence was met', () => silent <= 0);
    await create('after-silence');
    await until('the new object shows', () => store.get(`${NAMESPACE}/after-silence`) !== undefined);
  });

  test('tells a deletion that happened while it was cut off', async () => {
    await create('vanishing');
    const { changes, store } = await reflect();
    proxy.faultOf = ({ url }) => (isWatch(url) ? { kind: 'answer', status: 410 } : null);
    proxy.resetAll();
    await remove('vanishing');
    proxy.faultOf = () => null;
    await until('the deletion was told', () =>
      changes.some(({ key, current }) => key.endsWith('/vanishing') && current === null),
    );
    assert.equal(store.get(`${NAMESPACE}/vanishing`), undefined);
  });

  test('tells an object that was deleted and created again as two changes, not as an update', async () => {
    const first = await create('reborn');
    const { changes } = await reflect();
    let cut = true;
    proxy.faultOf = ({ url }) =>
      cut && (isWatch(url) || isList(url)) ? { kind: 'answer', status: isWatch(url) ? 410 : 503 } : null;
    proxy.resetAll();
    await remove('reborn');
    const second = await create('reborn');
    const from = changes.length;
    cut = false;
    await until('the second one was told', () =>
      changes.some(({ current }) => current?.metadata.uid === second.metadata.uid),
    );
    const told = changes.slice(from).filter(({ key }) => key.endsWith('/reborn'));
    assert.ok(
      told.some(({ previous, current }) => previous?.metadata.uid === first.metadata.uid && current === null),
    );
    assert.ok(
      !told.some(
        ({ previous, current }) =>
          previous?.metadata.uid === first.metadata.uid && current?.metadata.uid === second.metadata.uid,
      ),
    );
  });

  test('keeps no managedFields and no copy of the manifest in memory', async () => {
    await client.create(MAPS, NAMESPACE, {
      metadata: {
        name: 'heavy',
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', kept: 'yes' },
      },
    });
    const { store } = await reflect();
    await until('it shows', () => store.get(`${NAMESPACE}/heavy`) !== undefined);
    const { metadata } = store.get(`${NAMESPACE}/heavy`) as ConfigMap;
    assert.deepEqual(metadata.annotations, { kept: 'yes' });
    assert.equal('managedFields' in metadata, false);
  });
});

suite('the client', () => {
  test('sends a hundred requests over a few connections', async () => {
    const before = proxy.connections;
    for (let i = 0; i < 100; i++) await client.get(MAPS, NAMESPACE, 'quiet');
    assert.ok(proxy.connections - before <= 3, `${proxy.connections - before} connections were made`);
  });

  test('gives a request up that is not answered', async () => {
    proxy.faultOf = () => ({ kind: 'silence' });
    await assert.rejects(
      connection.send({ method: 'GET', path: '/version', timeoutMs: 100 }),
      (error: unknown) => {
        assert.ok(error instanceof KubernetesError);
        assert.equal(error.code, 'Timeout');
        assert.equal(error.errorClass, 'transient');
        return true;
      },
    );
  });

  test('tells how long to wait after a 429', async () => {
    proxy.faultOf = () => ({ kind: 'answer', status: 429, retryAfter: 7 });
    await assert.rejects(
      client.get(MAPS, NAMESPACE, 'quiet'),
      (error: unknown) => error instanceof KubernetesError && error.retryAfterMs === 7_000,
    );
  });

  test('keeps the body of an answer that is not a Status to itself', async () => {
    proxy.faultOf = () => ({ kind: 'answer', status: 502, body: '<html>canary</html>' });
    await assert.rejects(
      client.get(MAPS, NAMESPACE, 'quiet'),
      (error: unknown) => error instanceof KubernetesError && !error.message.includes('canary'),
    );
  });

  test('says null of an object that is not there', async () => {
    assert.equal(await client.get(MAPS, NAMESPACE, 'nowhere'), null);
  });
});

suite('an object writer', () => {
  test('adds and removes its finalizer without touching those of others', async () => {
    const created = await client.create<ConfigMap>(MAPS, NAMESPACE, {
      metadata: { name: 'finalized', finalizers: ['example.com/other'] },
    });
    const store = new Store<ConfigMap>();
    const writer = new ObjectWriter<ConfigMap & { status?: unknown }>(client, MAPS, store, 'test');
    const added = await writer.addFinalizer(created, 'example.com/ours');
    assert.deepEqual(added.metadata.finalizers, ['example.com/other', 'example.com/ours']);
    assert.deepEqual(store.get(`${NAMESPACE}/finalized`), added, 'the next reconcile sees what was written');
    const removed = await writer.removeFinalizer(added, 'example.com/ours');
    assert.deepEqual(removed.metadata.finalizers, ['example.com/other']);
  });

  test('refuses to write from a copy that is old', async () => {
    const created = await create('moved');
    const writer = new ObjectWriter<ConfigMap & { status?: unknown }>(
      client,
      MAPS,
      new Store<ConfigMap>(),
      'test',
    );
    await client.mergePatch(MAPS, NAMESPACE, 'moved', { data: { value: 'newer' } }, 'somebody');
    await assert.rejects(writer.addFinalizer(created, 'example.com/ours'), isConflict);
  });
});

suite('an event recorder', () => {
  const recorder = () =>
    new EventRecorder({
      client,
      controller: 'test',
      instance: 'test-1',
      clock: systemClock,
      log: silentLogger,
    });

  async function eventsAbout(name: string): Promise<number> {
    const page = await client.list<{ regarding?: { name?: string } }>(EVENTS, NAMESPACE, { limit: 500 });
    return page.items.filter(({ regarding }) => regarding?.name === name).length;
  }

  test('writes the same event once, however often it is told', async () => {
    const object = await create('told');
    const events = recorder();
    for (let i = 0; i < 20; i++) events.record(MAPS, object, 'Normal', 'Tested', 'the same');
    events.record(MAPS, object, 'Normal', 'Tested', 'another');
    await events.flush();
    assert.equal(await eventsAbout('told'), 2);
  });

  test('fails nobody when the API server takes no event', async () => {
    const object = await create('untold');
    proxy.faultOf = ({ method, url }) =>
      method === 'POST' && url?.includes('/events') ? { kind: 'answer', status: 403 } : null;
    const events = recorder();
    events.record(MAPS, object, 'Normal', 'Tested', 'lost');
    await events.flush();
    proxy.faultOf = () => null;
    assert.equal(await eventsAbout('untold'), 0);
    events.record(MAPS, object, 'Normal', 'Tested', 'lost');
    await events.flush();
    assert.equal(await eventsAbout('untold'), 1, 'what was lost is told when it comes again');
  });
});
