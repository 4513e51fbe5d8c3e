import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, afterEach, before, mock, suite, test } from 'node:test';
import { ResourceEventType } from '@dot-i/k8s-operator';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { ReconcilingOperator } from '../../src/kubernetes/operator.ts';
import { Store } from '../../src/kubernetes/store.ts';
import { type ConfigMap, MAPS, Rig, until } from './rig.ts';

let rig: Rig;

before(async () => {
  rig = await Rig.start('operator');
});

after(() => rig.stop());

afterEach(async () => {
  mock.restoreAll();
  await rig.reset();
});

/** An operator for config maps of some namespaces that exposes what the base class offers. */
class MapsOperator extends ReconcilingOperator {
  readonly store = new Store<ConfigMap>();
  readonly told: string[] = [];
  readonly #namespaces: readonly string[];

  constructor(namespaces: readonly string[]) {
    super({
      config: rig.proxy.config,
      client: rig.client,
      clock: systemClock,
      random: () => 0,
      log: silentLogger,
      meter: silentMeter,
    });
    this.#namespaces = namespaces;
  }

  protected override init(): Promise<void> {
    for (const namespace of this.#namespaces)
      this.reflect(MAPS, namespace, this.store, ({ key }) => this.told.push(key));
    return Promise.resolve();
  }

  readonly ready = (signal: AbortSignal) => this.untilSynced(signal);

  /** The methods of the base class that use the API server. */
  readonly base = {
    watchResource: () => this.watchResource('', 'v1', 'configmaps'),
    setResourceStatus: () => this.setResourceStatus(META),
    patchResourceStatus: () => this.patchResourceStatus(META),
    setResourceFinalizers: () => this.setResourceFinalizers(META),
    registerCustomResourceDefinition: () => this.registerCustomResourceDefinition('crd.yaml'),
    handleResourceFinalizer: () =>
      this.handleResourceFinalizer(
        {
          meta: META,
          type: ResourceEventType.Added,
          object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
        },
        'runtime.test/ours',
        () => Promise.resolve(),
      ),
  };

  readonly uri = (namespace?: string) => this.getCustomResourceApiUri('g.test', 'v1', 'things', namespace);
}

const META = { id: 'x', name: 'a', resourceVersion: '1', apiVersion: 'v1', kind: 'ConfigMap' };

suite('an operator', () => {
  test('fills one store from several namespaces, and keeps the objects of one when another lists again', async () => {
    const second = `${rig.namespace}-2`;
    await rig.createNamespace(second);
    await rig.createMap('here');
    await rig.admin.create(MAPS, second, { metadata: { name: 'there' } });
    const operator = new MapsOperator([rig.namespace, second]);
    await operator.start();
    await operator.ready(AbortSignal.timeout(20_000));
    assert.ok(operator.store.get(`${rig.namespace}/here`) && operator.store.get(`${second}/there`));
    let relists = 0;
    rig.proxy.faultOf = ({ url }) => {
      if (!url?.includes(rig.namespace) || url.includes(second)) return null;
      return url.includes('watch=true') && relists++ < 1 ? { kind: 'answer', status: 410 } : null;
    };
    rig.proxy.resetAll();
    await rig.createMap('later');
    const later = `${rig.namespace}/later`;
    await until('the later object is in the store', () => operator.store.get(later) !== undefined);
    assert.ok(operator.store.get(`${second}/there`));
    operator.stop();
    await operator.stopped();
  });

  test('reports for each kind the longest silence among its watches', async () => {
    const operator = new MapsOperator([`${rig.namespace}-silent`, rig.namespace]);
    rig.proxy.faultOf = ({ url }) => (url?.includes('-silent') ? { kind: 'silence' } : null);
    await operator.start();
    await until('an object is reported', () => operator.told.length > 0);
    await systemClock.sleep(50);
    const [contact, ...more] = operator.contacts();
    assert.deepEqual([contact?.kind, more], ['ConfigMap', []]);
    assert.ok((contact?.silentMs ?? 0) >= 50, `${contact?.silentMs} ms`);
    assert.equal(operator.synced, false);
    operator.stop();
    await operator.stopped();
  });

  test('rejects untilSynced with Stopped if the signal aborts before the first list', async () => {
    rig.proxy.faultOf = () => ({ kind: 'silence' });
    const operator = new MapsOperator([rig.namespace]);
    await operator.start();
    const stop = new AbortController();
    const waiting = operator.ready(stop.signal);
    stop.abort();
    await assert.rejects(waiting, { code: 'Stopped' });
    operator.stop();
    await operator.stopped();
  });

  test('rejects the calls of its base class as Unsupported, without a request or a process exit', async () => {
    const exit = mock.method(process, 'exit', () => {
      throw new Error('process.exit was called');
    });
    const operator = new MapsOperator([rig.namespace]);
    const before = rig.proxy.seen.length;
    for (const [name, call] of Object.entries(operator.base))
      await assert.rejects(call, { code: 'Unsupported' }, name);
    operator.stop();
    await operator.stopped();
    assert.equal(exit.mock.callCount(), 0);
    assert.deepEqual(rig.proxy.seen.slice(before), []);
  });

  test('returns the URL of a kind, which begins with undefined in the base class', () => {
    const operator = new MapsOperator([]);
    const server = rig.proxy.config.getCurrentCluster()?.server;
    assert.equal(operator.uri('ns'), `${server}/apis/g.test/v1/namespaces/ns/things`);
    assert.equal(operator.uri(), `${server}/apis/g.test/v1/things`);
  });
});

suite('the whole runtime', () => {
  test('leaves no socket, timer or unhandled rejection when it stops, so the process exits by itself', async () => {
    for (let i = 0; i < 3; i++) await rig.createMap(`lifecycle-${i}`);
    const child = spawn(
      process.execPath,
      [
        '--unhandled-rejections=strict',
        join(import.meta.dirname, 'lifecycle-child.ts'),
        rig.kubeconfigPath,
        rig.namespace,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let [output, errors] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const giveUp = setTimeout(() => child.kill('SIGKILL'), 60_000);
    const code = await new Promise((resolve) => child.on('exit', resolve));
    const endedAt = Date.now();
    clearTimeout(giveUp);
    assert.equal(code, 0, errors);
    const seen = JSON.parse(output) as { reconciled: number; stoppedAt: number };
    assert.ok(seen.reconciled >= 3);
    assert.ok(endedAt - seen.stoppedAt < 3_000, `it took ${endedAt - seen.stoppedAt} ms to end`);
    assert.equal(errors, '');
  });
});
