import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { LeaderElection, LeadershipLostError } from '../../src/kubernetes/leader-election.ts';
import type { KubernetesObject, Resource } from '../../src/kubernetes/resource.ts';
import { MAPS, Rig, until } from './rig.ts';

interface Lease extends KubernetesObject {
  readonly spec: {
    readonly holderIdentity: string;
    readonly renewTime: string;
    readonly leaseTransitions: number;
  };
}

const LEASES: Resource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease' };

let rig: Rig;

before(async () => {
  rig = await Rig.start('lease');
});

after(() => rig.stop());

afterEach(() => rig.reset());

/** Returns a candidate with a tenth of the usual durations. */
function candidate(name: string, identity: string, client = rig.client): LeaderElection {
  return new LeaderElection({
    client,
    namespace: rig.namespace,
    name,
    identity,
    leaseDurationMs: 1_500,
    renewDeadlineMs: 1_000,
    retryPeriodMs: 200,
    settlingMs: () => 0,
    stopAnnotation: 'runtime.test/stopped-until',
    clock: systemClock,
    random: Math.random,
    log: silentLogger,
    meter: silentMeter,
  });
}

const live = (name: string) => rig.admin.get<Lease>(LEASES, rig.namespace, name);

suite('a lease on a real API server', () => {
  test('is acquired although as many requests hang as the client allows at once', async () => {
    const stop = new AbortController();
    rig.proxy.faultOf = ({ url }) => (url?.includes('/configmaps/') ? { kind: 'silence' } : null);
    const hanging = Array.from({ length: 40 }, (_, index) =>
      rig.client.get(MAPS, rig.namespace, `hangs-${index}`, stop.signal).catch(() => {}),
    );
    await until(
      'as many requests hang as the client allows',
      () => rig.proxy.seen.filter((line) => line.includes('/hangs-')).length === 16,
    );
    const a = candidate('pressed', 'a');
    const acquiring = a.acquire(stop.signal).catch(() => {});
    await until('the candidate leads', () => a.leads);
    stop.abort(new Error('the test is over'));
    await Promise.all([...hanging, acquiring]);
  });

  test('is acquired, renewed and released, with times that the API server accepts', async () => {
    const stop = new AbortController();
    const a = candidate('plain', 'a');
    await a.acquire(stop.signal);
    const keeping = a.keep(stop.signal);
    const taken = (await live('plain'))?.spec.renewTime ?? '';
    assert.match(taken, /\.\d{6}Z$/);
    await until('the lease is renewed', async () => (await live('plain'))?.spec.renewTime !== taken);
    stop.abort();
    await keeping;
    await a.release();
    assert.equal((await live('plain'))?.spec.holderIdentity ?? '', '');
  });

  test('has one holder at a time, and passes to the other candidate when it is released', async () => {
    const stop = new AbortController();
    const [a, b] = [candidate('shared', 'a'), candidate('shared', 'b', rig.admin)];
    await a.acquire(stop.signal);
    const stopA = new AbortController();
    const keeping = a.keep(stopA.signal);
    const following = b.acquire(stop.signal);
    await systemClock.sleep(500);
    assert.deepEqual([a.leads, b.leads], [true, false]);
    stopA.abort();
    await keeping;
    await a.release();
    await following;
    assert.deepEqual([a.leads, b.leads, b.takenOver], [false, true, false]);
    assert.equal((await live('shared'))?.spec.leaseTransitions, 1);
  });

  test('passes to the other candidate when its holder is cut off, and the two never lead at once', async () => {
    const stop = new AbortController();
    const [a, b] = [candidate('cut', 'a'), candidate('cut', 'b', rig.admin)];
    await a.acquire(stop.signal);
    const lost = assert.rejects(a.keep(stop.signal), LeadershipLostError);
    const following = b.acquire(stop.signal);
    rig.proxy.faultOf = () => ({ kind: 'silence' });
    let both = 0;
    const watching = setInterval(() => {
      if (a.leads && b.leads) both += 1;
    }, 5);
    await Promise.all([lost, following]);
    clearInterval(watching);
    assert.deepEqual([both, a.leads, b.leads, b.takenOver], [0, false, true, true]);
    stop.abort();
  });

  test('carries the time until which all actions are stopped, and keeps it when it is renewed', async () => {
    const stop = new AbortController();
    const a = candidate('annotated', 'a');
    await a.acquire(stop.signal);
    const keeping = a.keep(stop.signal);
    const at = Math.floor(Date.now() / 1000) * 1000 + 600_000;
    const annotations = { 'runtime.test/stopped-until': new Date(at).toISOString() };
    await rig.admin.mergePatch(LEASES, rig.namespace, 'annotated', { metadata: { annotations } }, 'release');
    await until('the leader has read the annotation', () => a.stoppedUntil === at);
    const { resourceVersion } = (await live('annotated'))?.metadata ?? {};
    await until(
      'the lease is renewed',
      async () => (await live('annotated'))?.metadata.resourceVersion !== resourceVersion,
    );
    assert.deepEqual((await live('annotated'))?.metadata.annotations, annotations);
    assert.equal(a.leads, true);
    stop.abort();
    await keeping;
  });
});
