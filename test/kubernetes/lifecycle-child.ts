/**
 * A separate process that runs the runtime with the kubeconfig in its argument, stops it, and then has nothing left to
 * do: it must exit by itself. Prints what it saw as one line of JSON.
 */
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { ApiServerConnection } from '../../src/kubernetes/connection.ts';
import { Controller } from '../../src/kubernetes/controller.ts';
import { EventRecorder } from '../../src/kubernetes/events.ts';
import { LeaderElection } from '../../src/kubernetes/leader-election.ts';
import { type OperatorDeps, ReconcilingOperator } from '../../src/kubernetes/operator.ts';
import { keyOf } from '../../src/kubernetes/resource.ts';
import { Store } from '../../src/kubernetes/store.ts';
import { WorkQueue } from '../../src/kubernetes/work-queue.ts';
import { type ConfigMap, loadConfig, MAPS } from './rig.ts';

const [, , kubeconfig = '', namespace = ''] = process.argv;
const base = { clock: systemClock, random: Math.random, log: silentLogger, meter: silentMeter };
const config = loadConfig(kubeconfig);
const connection = new ApiServerConnection(config, systemClock);
const client = new KubernetesClient(connection);
const queue = new WorkQueue('maps', base);
const store = new Store<ConfigMap>();
const reconciled = new Set<string>();
const events = new EventRecorder({ ...base, client, controller: 'test', instance: 'test-1' });

class MapsOperator extends ReconcilingOperator {
  protected override init(): Promise<void> {
    this.reflect(MAPS, namespace, store, ({ key }) => queue.add(key));
    return Promise.resolve();
  }

  async lead(signal: AbortSignal): Promise<void> {
    await this.untilSynced(signal);
  }
}

const deps: OperatorDeps = { ...base, config, client };
const operator = new MapsOperator(deps);
const controller = new Controller({
  ...base,
  name: 'maps',
  queue,
  concurrency: 2,
  reconcile: (key) => {
    const map = store.get(key);
    if (map) events.record(MAPS, map, 'Normal', 'Seen', keyOf(map));
    reconciled.add(key);
    return Promise.resolve({ requeueAfterMs: 3_600_000 });
  },
});
const election = new LeaderElection({
  ...base,
  client,
  namespace,
  name: 'lifecycle',
  identity: 'child',
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
  settlingMs: () => 0,
  stopAnnotation: 'x',
});

const stop = new AbortController();
await operator.start();
await election.acquire(stop.signal);
const keeping = election.keep(stop.signal);
await operator.lead(stop.signal);
controller.start();
while (reconciled.size < 3) await systemClock.sleep(10);

stop.abort();
await keeping;
await controller.stop(5_000);
await events.flush();
operator.stop();
await operator.stopped();
await election.release();
await connection.close();
process.stdout.write(JSON.stringify({ reconciled: reconciled.size, stoppedAt: Date.now() }));
