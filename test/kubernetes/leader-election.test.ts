import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { InvalidInputError } from '../../src/core/errors.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { KubernetesError } from '../../src/kubernetes/errors.ts';
import { LeaderElection, LeadershipLostError } from '../../src/kubernetes/leader-election.ts';
import { formatMicroTime } from '../../src/kubernetes/micro-time.ts';
import { FakeClock } from '../asana/fake-clock.ts';

interface StoredLease {
  metadata: { resourceVersion?: string; annotations?: Record<string, string> };
  spec?: { holderIdentity?: string; leaseTransitions?: number };
}

/** A lease as the API server keeps it: one object, optimistic locking, and an outage on demand. */
class LeaseServer {
  lease: StoredLease | null = null;
  down = false;
  #version = 0;

  client(): KubernetesClient {
    const store = (lease: StoredLease): StoredLease => {
      this.lease = structuredClone({
        ...lease,
        metadata: { ...lease.metadata, resourceVersion: String(++this.#version) },
      });
      return structuredClone(this.lease);
    };
    const guard = () => {
      if (this.down) throw new KubernetesError('Unreachable', 0, 'transient', 'down');
    };
    return {
      getLease: async () => {
        guard();
        return structuredClone(this.lease);
      },
      createLease: async (_namespace: string, lease: StoredLease) => {
        guard();
        if (this.lease) throw new KubernetesError('AlreadyExists', 409, 'transient', 'exists');
        return store(lease);
      },
      replaceLease: async (_namespace: string, _name: string, lease: StoredLease) => {
        guard();
        if (lease.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) {
          throw new KubernetesError('Conflict', 409, 'transient', 'conflict');
        }
        return store(lease);
      },
    } as unknown as KubernetesClient;
  }
}

function candidate(server: LeaseServer, clock: FakeClock, identity: string): LeaderElection {
  return new LeaderElection({
    client: server.client(),
    namespace: 'ns',
    name: 'lease',
    identity,
    leaseDurationMs: 15_000,
    renewDeadlineMs: 10_000,
    retryPeriodMs: 2_000,
    stopAnnotation: 'stopped-until',
    clock,
    random: () => 0.5,
    log: silentLogger,
    meter: silentMeter,
  });
}

suite('leader election', () => {
  test('makes one of two candidates the leader, and the other wait', async () => {
    const [server, clock, stop] = [new LeaseServer(), new FakeClock(), new AbortController()];
    const [a, b] = [candidate(server, clock, 'a'), candidate(server, clock, 'b')];
    await a.acquire(stop.signal);
    const waiting = b.acquire(stop.signal).catch(() => {});
    const keeping = a.keep(stop.signal);
    await clock.advance(60_000);
    assert.equal(a.leads, true);
    assert.equal(b.leads, false);
    stop.abort();
    await clock.advance(5_000);
    await Promise.all([waiting, keeping]);
  });

  test('hands over at once when the leader lets go, and does not call that taken over', async () => {
    const [server, clock, stop] = [new LeaseServer(), new FakeClock(), new AbortController()];
    const [a, b] = [candidate(server, clock, 'a'), candidate(server, clock, 'b')];
    await a.acquire(stop.signal);
    const following = b.acquire(stop.signal);
    await clock.advance(100);
    await a.release();
    assert.equal(a.leads, false);
    await clock.advance(2_500);
    await following;
    assert.equal(b.leads, true);
    assert.equal(b.takenOver, false);
    assert.equal(server.lease?.spec?.leaseTransitions, 1);
  });

  test('never has two leaders when one is frozen: its fence falls before its lease runs out', async () => {
    const [server, clock, stop] = [new LeaseServer(), new FakeClock(), new AbortController()];
    const [a, b] = [candidate(server, clock, 'a'), candidate(server, clock, 'b')];
    await a.acquire(stop.signal);
    const following = b.acquire(stop.signal).then(() => b.keep(stop.signal));
    // `a` renews nothing any more; nobody told it.
    let both = 0;
    for (let second = 0; second < 30; second++) {
      await clock.advance(1_000);
      if (a.leads && b.leads) both += 1;
    }
    assert.equal(both, 0);
    assert.equal(a.leads, false);
    assert.equal(b.leads, true);
    assert.equal(b.takenOver, true);
    stop.abort();
    await clock.advance(5_000);
    await following;
  });

  test('steps down with an error when it cannot renew in time', async () => {
    const [server, clock, stop] = [new LeaseServer(), new FakeClock(), new AbortController()];
    const a = candidate(server, clock, 'a');
    await a.acquire(stop.signal);
    const lost = assert.rejects(a.keep(stop.signal), LeadershipLostError);
    server.down = true;
    await clock.advance(20_000);
    await lost;
    assert.equal(a.leads, false);
  });

  test('survives an outage that is shorter than the renew deadline', async () => {
    const [server, clock, stop] = [new LeaseServer(), new FakeClock(), new AbortController()];
    const a = candidate(server, clock, 'a');
    await a.acquire(stop.signal);
    const keeping = a.keep(stop.signal);
    server.down = true;
    await clock.advance(7_000);
    server.down = false;
    await clock.advance(30_000);
    assert.equal(a.leads, true);
    stop.abort();
    await clock.advance(5_000);
    await keeping;
  });

  test('reads from the lease until when nobody acts, and forgets it once past', async () => {
    const [server, clock, stop] = [new LeaseServer(), new FakeClock(), new AbortController()];
    const a = candidate(server, clock, 'a');
    await a.acquire(stop.signal);
    const keeping = a.keep(stop.signal);
    assert.equal(a.stoppedUntil, null);
    const until = clock.now() + 60_000;
    if (server.lease) server.lease.metadata.annotations = { 'stopped-until': new Date(until).toISOString() };
    await clock.advance(3_000);
    assert.equal(a.stoppedUntil, until);
    await clock.advance(60_000);
    assert.equal(a.stoppedUntil, null);
    stop.abort();
    await clock.advance(5_000);
    await keeping;
  });

  test('refuses periods that could have two leaders', () => {
    const options = { leaseDurationMs: 10_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
    const make = (override: Partial<typeof options>) => () =>
      new LeaderElection({
        ...options,
        ...override,
        client: new LeaseServer().client(),
        namespace: 'ns',
        name: 'lease',
        identity: 'a',
        stopAnnotation: 's',
        clock: new FakeClock(),
        random: () => 0,
        log: silentLogger,
        meter: silentMeter,
      });
    assert.throws(make({}), InvalidInputError);
    assert.throws(make({ leaseDurationMs: 15_000, renewDeadlineMs: 2_000 }), InvalidInputError);
    assert.doesNotThrow(make({ leaseDurationMs: 15_000 }));
  });

  test('writes times with the six digits the API server insists on', () => {
    assert.match(formatMicroTime(Date.UTC(2026, 0, 2, 3, 4, 5, 6)), /^2026-01-02T03:04:05\.006000Z$/);
  });
});
