import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, mock, suite, test } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { type ClusterClient, KubernetesClient } from '../../src/kubernetes/client.ts';
import { ApiServerConnection } from '../../src/kubernetes/connection.ts';
import { KubernetesError } from '../../src/kubernetes/errors.ts';
import { LeaderElection } from '../../src/kubernetes/leader-election.ts';
import { ReconcilingOperator } from '../../src/kubernetes/operator.ts';
import type { Change } from '../../src/kubernetes/reflector.ts';
import { Store } from '../../src/kubernetes/store.ts';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { type ConfigMap, loadConfig, MAPS, until } from './rig.ts';

const NAMESPACE = 'default';

/** An operator that only watches, in real time. */
class MapsOperator extends ReconcilingOperator {
  readonly store = new Store<ConfigMap>();
  readonly changes: Change<ConfigMap>[] = [];
  readonly connection: ApiServerConnection;

  constructor(config: KubeConfig) {
    const connection = new ApiServerConnection(config, systemClock);
    super({
      config,
      client: new KubernetesClient(connection),
      clock: systemClock,
      random: () => 0,
      log: silentLogger,
      meter: silentMeter,
    });
    this.connection = connection;
  }

  get client(): ClusterClient {
    return this.deps.client;
  }

  protected override init(): Promise<void> {
    this.reflect(MAPS, NAMESPACE, this.store, (change) => this.changes.push(change));
    return Promise.resolve();
  }

  async end(): Promise<void> {
    this.stop();
    await this.stopped();
    await this.connection.close();
  }
}

suite('the runtime', { concurrency: true }, () => {
  suite('when the API server is restarted', () => {
    let plane: ControlPlane;
    let operator: MapsOperator;
    let election: LeaderElection;
    let keeping: Promise<void>;
    let failure: unknown;
    const stop = new AbortController();
    const create = (name: string) =>
      operator.client.create<ConfigMap>(MAPS, NAMESPACE, { metadata: { name }, data: {} });
    const keyOf = (name: string) => `${NAMESPACE}/${name}`;

    before(async () => {
      plane = await startControlPlane();
      operator = new MapsOperator(loadConfig(plane.kubeconfigPath));
      election = new LeaderElection({
        client: operator.client,
        namespace: NAMESPACE,
        name: 'outage',
        identity: 'a',
        leaseDurationMs: 30_000,
        renewDeadlineMs: 25_000,
        retryPeriodMs: 500,
        settlingMs: () => 0,
        stopAnnotation: 'x',
        clock: systemClock,
        random: Math.random,
        log: silentLogger,
        meter: silentMeter,
      });
      await until('the namespace exists', () => create('before').then(Boolean, () => false));
      await operator.start();
      await until('the first list is read', () => operator.store.get(keyOf('before')) !== undefined);
      await election.acquire(stop.signal);
      keeping = election.keep(stop.signal);
      await plane.stopApiServer();
      failure = await create('during').catch((error: unknown) => error);
      await plane.startApiServer();
    });

    after(async () => {
      stop.abort();
      await keeping;
      await operator.end();
      await plane.stop();
    });

    test('a request during the outage fails as transient', () => {
      assert.ok(failure instanceof KubernetesError);
      assert.deepEqual([failure.code, failure.errorClass], ['Unreachable', 'transient']);
    });

    test('a watch continues, and no existing object is reported as deleted', async () => {
      await create('after');
      await until('the new object is in the store', () => operator.store.get(keyOf('after')) !== undefined);
      assert.ok(operator.store.get(keyOf('before')));
      assert.deepEqual(
        operator.changes.filter(({ current }) => current === null),
        [],
      );
      assert.equal(operator.changes.filter(({ key }) => key === keyOf('before')).length, 1);
    });

    test('a leader whose renew deadline is longer than the outage keeps leading, and renews its lease', async () => {
      const renewTime = async () => {
        const lease = await operator.client.getLease<{ spec: { renewTime: string } }>(
          NAMESPACE,
          'outage',
          stop.signal,
        );
        return lease?.spec.renewTime;
      };
      const seen = await renewTime();
      await until('the lease is renewed', async () => (await renewTime()) !== seen);
      assert.equal(election.leads, true);
    });
  });

  suite('a watch without events for longer than thirty seconds', () => {
    test('is left open, and does not end the process as the base class would', async () => {
      const asked: string[] = [];
      const server = createServer((request, response) => {
        asked.push(request.url ?? '');
        response.writeHead(200, { 'content-type': 'application/json' });
        if (request.url?.includes('watch=true')) response.flushHeaders();
        else response.end('{"metadata":{"resourceVersion":"1"},"items":[]}');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const config = new KubeConfig();
      const { port } = server.address() as AddressInfo;
      config.loadFromClusterAndUser(
        { name: 'quiet', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
        { name: 'nobody' },
      );
      const exit = mock.method(process, 'exit', () => {
        throw new Error('process.exit was called');
      });
      const operator = new MapsOperator(config);
      await operator.start();
      await systemClock.sleep(31_500);
      assert.equal(asked.length, 2, 'one list, one watch');
      assert.equal(operator.synced, true);
      await operator.end();
      assert.equal(exit.mock.callCount(), 0);
      mock.restoreAll();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
  });
});
