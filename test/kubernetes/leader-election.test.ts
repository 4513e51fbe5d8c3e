import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { InvalidInputError } from '../../src/core/errors.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import type { ElectionPeriods } from '../../src/kubernetes/election-periods.ts';
import { LeaderElection, LeadershipLostError } from '../../src/kubernetes/leader-election.ts';
import { formatMicroTime } from '../../src/kubernetes/micro-time.ts';
import { FakeClock, settle } from '../asana/fake-clock.ts';
import { ACTION_MS, election, LEASE_MS, prompt, RENEW_MS, RETRY_MS } from './elections.ts';
import { LeaseServer } from './lease-server.ts';

interface Scene {
  readonly server: LeaseServer;
  readonly clock: FakeClock;
  readonly stop: AbortController;
  readonly candidate: (identity: string) => LeaderElection;
  /** Lets started work get as far as it can, then advances the clock. */
  readonly advance: (ms: number) => Promise<void>;
  /** Ends every loop that was started with `stop`. */
  readonly end: (...loops: Promise<unknown>[]) => Promise<void>;
}

function scene(): Scene {
  const clock = new FakeClock();
  const server = new LeaseServer((ms) => clock.sleep(ms));
  const stop = new AbortController();
  const advance = async (ms: number) => {
    await settle();
    await clock.advance(ms);
  };
  return {
    server,
    clock,
    stop,
    advance,
    candidate: (identity) => election(server.client(identity), prompt(clock), identity),
    end: async (...loops) => {
      const ended = Promise.allSettled(loops);
      stop.abort(new Error('the test is over'));
      await advance(LEASE_MS);
      await ended;
    },
  };
}

const holderOf = (server: LeaseServer) => server.lease?.spec?.holderIdentity;

suite('leader election', () => {
  test('makes one of two candidates the leader, while the other waits', async () => {
    const { stop, candidate, end, advance } = scene();
    const [a, b] = [candidate('a'), candidate('b')];
    await a.acquire(stop.signal);
    const waiting = b.acquire(stop.signal);
    const keeping = a.keep(stop.signal);
    await advance(60_000);
    assert.deepEqual([a.leads, b.leads], [true, false]);
    await end(waiting, keeping);
  });

  test('makes one leader of two candidates that find no lease at the same moment', async () => {
    const { server, stop, candidate, end, advance } = scene();
    server.travelOf = () => ({ thereMs: 10, backMs: 10, lost: false });
    const both = [candidate('a'), candidate('b')];
    const waiting = both.map((one) => one.acquire(stop.signal).then(() => one.keep(stop.signal)));
    await advance(30_000);
    assert.equal(both.filter(({ leads }) => leads).length, 1);
    await end(...waiting);
  });

  test('hands over within seconds when the leader releases the lease, without reporting takenOver', async () => {
    const { server, stop, candidate, end, advance } = scene();
    const [a, b] = [candidate('a'), candidate('b')];
    await a.acquire(stop.signal);
    const following = b.acquire(stop.signal);
    await advance(100);
    await a.release();
    assert.equal(a.leads, false);
    await advance(2_500);
    assert.deepEqual([b.leads, b.takenOver, server.lease?.spec?.leaseTransitions], [true, false, 1]);
    await end(following);
  });

  test('never has two leaders if one stops renewing, because it stops leading before its lease expires', async () => {
    const { stop, candidate, end, advance } = scene();
    const [a, b] = [candidate('a'), candidate('b')];
    await a.acquire(stop.signal);
    const following = b.acquire(stop.signal).then(() => b.keep(stop.signal));
    // `a` no longer renews the lease, without knowing it.
    for (let second = 0; second < 30; second++) {
      await advance(1_000);
      assert.ok(!(a.leads && b.leads), `both lead after ${second + 1} s`);
    }
    assert.deepEqual([a.leads, b.leads, b.takenOver], [false, true, true]);
    await end(following);
  });

  test('judges the expiry of a lease by the local clock, not by its renewTime', async () => {
    const { server, clock, stop, candidate, end, advance } = scene();
    await candidate('ahead').acquire(stop.signal);
    const inAYear = formatMicroTime(clock.now() + 365 * 86_400_000);
    if (server.lease?.spec) server.lease.spec.renewTime = inAYear;
    const b = candidate('b');
    const following = b.acquire(stop.signal);
    await advance(LEASE_MS);
    assert.equal(b.leads, false, 'the observed term has not expired');
    await advance(3_000);
    assert.equal(b.leads, true, 'nobody renews the lease, so its renewTime in a year does not count');
    await end(following);
  });

  test('does not take a changed annotation for a renewal', async () => {
    const { server, stop, candidate, end, advance } = scene();
    await candidate('dead').acquire(stop.signal);
    const b = candidate('b');
    const following = b.acquire(stop.signal);
    for (let second = 0; second < 20; second++) {
      await advance(1_000);
      if (!b.leads) server.annotate({ touched: String(second) });
    }
    assert.equal(b.leads, true);
    await end(following);
  });

  test('keeps the annotations of others when it renews', async () => {
    const { server, stop, candidate, end, advance } = scene();
    const a = candidate('a');
    await a.acquire(stop.signal);
    server.annotate({ theirs: 'yes' });
    const keeping = a.keep(stop.signal);
    await advance(5_000);
    assert.deepEqual(server.lease?.metadata.annotations, { theirs: 'yes' });
    await end(keeping);
  });

  test('does not end the term of a holder when its lease is deleted', async () => {
    const { server, stop, candidate, end, advance } = scene();
    const [a, b] = [candidate('a'), candidate('b')];
    await a.acquire(stop.signal);
    const following = b.acquire(stop.signal).then(() => b.keep(stop.signal));
    await advance(3_000);
    server.lease = null;
    // `a` has not renewed the lease since, and may act until its deadline.
    for (let second = 0; second < 9; second++) {
      await advance(1_000);
      assert.ok(!(a.leads && b.leads), `both lead ${second + 1} s after the lease was deleted`);
    }
    await advance(LEASE_MS);
    assert.deepEqual([a.leads, b.leads, b.takenOver], [false, true, true]);
    await end(following);
  });

  test('counts the term of a deleted lease from when the deletion is noticed, even if renewals were missed', async () => {
    const { server, stop, candidate, end, advance } = scene();
    const [a, b] = [candidate('a'), candidate('b')];
    await a.acquire(stop.signal);
    const keeping = a.keep(stop.signal);
    const following = b.acquire(stop.signal).then(() => b.keep(stop.signal));
    await advance(1_000);
    // First only the requests of `b` are lost, while `a` renews; then only those of `a`.
    server.travelOf = (_, identity) => (identity === 'b' ? { thereMs: 0, backMs: 0, lost: true } : null);
    await advance(14_000);
    server.travelOf = (_, identity) => (identity === 'a' ? { thereMs: 0, backMs: 0, lost: true } : null);
    server.lease = null;
    const lost = assert.rejects(keeping, LeadershipLostError);
    for (let second = 0; second < 12; second++) {
      await advance(1_000);
      assert.ok(!(a.leads && b.leads), `both lead ${second + 1} s after the lease was deleted`);
    }
    await lost;
    await advance(LEASE_MS);
    assert.deepEqual([a.leads, b.leads, b.takenOver], [false, true, true]);
    await end(following);
  });

  test('waits a whole term after a lease is deleted, even if it was last seen released', async () => {
    const { server, stop, candidate, end, advance } = scene();
    const old = candidate('old');
    await old.acquire(stop.signal);
    await old.release();
    const [a, b] = [candidate('a'), candidate('b')];
    // `b` sees the lease released, but its request is too late to acquire it, and `b` never sees the new holder.
    server.travelOf = (verb, identity) =>
      identity === 'b' && verb === 'replace' ? { thereMs: 50, backMs: 0, lost: false } : null;
    const following = b.acquire(stop.signal).then(() => b.keep(stop.signal));
    await advance(10);
    await a.acquire(stop.signal);
    await advance(100);
    server.lease = null;
    for (let second = 0; second < 14; second++) {
      await advance(1_000);
      assert.ok(!(a.leads && b.leads), `both lead ${second + 1} s after the lease was deleted`);
    }
    await advance(5_000);
    assert.deepEqual([a.leads, b.leads, b.takenOver], [false, true, true]);
    await end(following);
  });

  test('leads immediately if there has never been a lease, without reporting takenOver', async () => {
    const { stop, candidate, clock, end } = scene();
    const a = candidate('a');
    await a.acquire(stop.signal);
    assert.deepEqual([a.leads, a.takenOver, clock.monotonic()], [true, false, 0]);
    await end();
  });

  test('creates its lease again when it is deleted', async () => {
    const { server, stop, candidate, end, advance } = scene();
    const a = candidate('a');
    await a.acquire(stop.signal);
    const keeping = a.keep(stop.signal);
    server.lease = null;
    await advance(RETRY_MS + 100);
    assert.deepEqual([a.leads, holderOf(server)], [true, 'a']);
    await end(keeping);
  });
});

suite('a leader', () => {
  test('steps down with an error when it cannot renew in time', async () => {
    const { server, stop, candidate, advance } = scene();
    const a = candidate('a');
    assert.equal(a.isOverdue, false, 'a standby renews nothing');
    await a.acquire(stop.signal);
    const lost = assert.rejects(a.keep(stop.signal), LeadershipLostError);
    server.down = true;
    assert.equal(a.isOverdue, false);
    await advance(20_000);
    await lost;
    assert.deepEqual([a.leads, a.isOverdue], [false, true]);
  });

  test('steps down at its next renewal if another process holds the lease', async () => {
    const { server, stop, candidate, advance } = scene();
    const a = candidate('a');
    await a.acquire(stop.signal);
    const lost = assert.rejects(a.keep(stop.signal), LeadershipLostError);
    if (server.lease?.spec) server.lease.spec.holderIdentity = 'usurper';
    await advance(RETRY_MS);
    await lost;
    assert.equal(server.lease?.spec?.holderIdentity, 'usurper');
    assert.equal(a.isOverdue, true, 'its liveness probe must fail while it ends');
  });

  test('keeps leading through an outage that is shorter than the renew deadline', async () => {
    const { server, stop, candidate, end, advance } = scene();
    const a = candidate('a');
    await a.acquire(stop.signal);
    const keeping = a.keep(stop.signal);
    server.down = true;
    await advance(7_000);
    server.down = false;
    await advance(30_000);
    assert.equal(a.leads, true);
    await end(keeping);
  });

  test('keeps leading if one renewal is never answered', async () => {
    const { server, stop, candidate, end, advance } = scene();
    const a = candidate('a');
    await a.acquire(stop.signal);
    const keeping = a.keep(stop.signal);
    let hangs = 1;
    server.travelOf = () => (hangs-- > 0 ? { thereMs: 3_600_000, backMs: 0, lost: true } : null);
    await advance(20_000);
    assert.equal(a.leads, true);
    await end(keeping);
  });

  test('counts its term from when the request was sent, not from when the answer came', async () => {
    const { server, stop, candidate, end, advance } = scene();
    server.travelOf = (verb) => ({ thereMs: 0, backMs: verb === 'get' ? 0 : 4_000, lost: false });
    const a = candidate('a');
    const acquiring = a.acquire(stop.signal);
    await advance(4_000);
    assert.equal(a.leads, true);
    await advance(RENEW_MS - 4_000 - 1);
    assert.equal(a.leads, true);
    await advance(1);
    assert.equal(a.leads, false, 'ten seconds have passed since it was sent');
    await end(acquiring);
  });

  test('that took over reports takenOver even if the answer to its claim was lost', async () => {
    const { server, stop, candidate, end, advance } = scene();
    await candidate('dead').acquire(stop.signal);
    const b = candidate('b');
    let losses = 1;
    server.travelOf = (verb) =>
      verb === 'replace' && losses-- > 0 ? { thereMs: 0, backMs: 0, lost: true } : null;
    const following = b.acquire(stop.signal).then(() => b.keep(stop.signal));
    await advance(LEASE_MS + 5_000);
    assert.deepEqual([losses <= 0, b.leads, b.takenOver], [true, true, true]);
    await advance(60_000);
    assert.equal(b.takenOver, true, 'renewals do not reset takenOver');
    await end(following);
  });

  test('writes acquireTime once, and renewTime with each renewal', async () => {
    const { server, stop, candidate, end, advance } = scene();
    const a = candidate('a');
    await a.acquire(stop.signal);
    const began = server.lease?.spec?.acquireTime;
    const keeping = a.keep(stop.signal);
    await advance(10_000);
    const spec = server.lease?.spec;
    assert.equal(spec?.acquireTime, began);
    assert.notEqual(spec?.renewTime, began);
    assert.equal(spec?.leaseTransitions, 0);
    await end(keeping);
  });
});

suite('a process that ends', () => {
  test('releases its lease even if the answer to its last renewal was lost', async () => {
    const { server, stop, candidate, advance } = scene();
    const a = candidate('a');
    await a.acquire(stop.signal);
    server.travelOf = (verb) => (verb === 'replace' ? { thereMs: 0, backMs: 1_000, lost: false } : null);
    const keeping = a.keep(stop.signal);
    await advance(RETRY_MS + 500);
    stop.abort();
    await keeping;
    server.travelOf = () => null;
    await a.release();
    assert.equal(server.lease?.spec?.holderIdentity, '');
  });

  test('releases a lease that it acquired while it was being stopped', async () => {
    const { server, stop, candidate, advance } = scene();
    const a = candidate('a');
    server.travelOf = (verb) => (verb === 'create' ? { thereMs: 0, backMs: 1_000, lost: false } : null);
    const acquiring = a.acquire(stop.signal).catch(() => {});
    await advance(500);
    assert.equal(server.lease?.spec?.holderIdentity, 'a');
    stop.abort();
    await acquiring;
    server.travelOf = () => null;
    await a.release();
    assert.equal(server.lease?.spec?.holderIdentity, '');
  });

  test('soon after it took over lets the lease expire, so that the next leader takes over too', async () => {
    const { server, stop, candidate, end, advance } = scene();
    const [dead, b, c] = [candidate('dead'), candidate('b'), candidate('c')];
    await dead.acquire(stop.signal);
    const following = b.acquire(stop.signal);
    await advance(LEASE_MS + 3_000);
    await following;
    await b.release();
    assert.deepEqual([b.takenOver, b.leads, holderOf(server)], [true, false, 'b']);
    const next = c.acquire(stop.signal);
    await advance(LEASE_MS + 3_000);
    assert.deepEqual(
      [c.leads, c.takenOver],
      [true, true],
      'an action of the dead leader may still be in progress',
    );
    await end(next);
  });

  test('releases a lease that it took over once the action timeout has passed', async () => {
    const { server, stop, candidate, advance } = scene();
    const [dead, b] = [candidate('dead'), candidate('b')];
    await dead.acquire(stop.signal);
    const following = b.acquire(stop.signal).then(() => b.keep(stop.signal));
    await advance(LEASE_MS + 3_000 + ACTION_MS);
    stop.abort();
    await following;
    await b.release();
    assert.deepEqual([b.takenOver, holderOf(server)], [true, '']);
  });

  test('lets a lease expire that it took over while it was being stopped', async () => {
    const { server, stop, candidate, advance } = scene();
    await candidate('dead').acquire(stop.signal);
    const b = candidate('b');
    server.travelOf = (verb) => (verb === 'replace' ? { thereMs: 0, backMs: 1_000, lost: false } : null);
    const acquiring = b.acquire(stop.signal).catch(() => {});
    for (let second = 0; second < 20 && holderOf(server) !== 'b'; second++) await advance(1_000);
    stop.abort();
    await acquiring;
    server.travelOf = () => null;
    await b.release();
    assert.deepEqual([b.takenOver, b.leadingForMs, holderOf(server)], [true, 0, 'b']);
  });

  test('does not release the lease of another process', async () => {
    const { server, stop, candidate } = scene();
    const a = candidate('a');
    await a.acquire(stop.signal);
    if (server.lease?.spec) server.lease.spec.holderIdentity = 'b';
    await a.release();
    assert.equal(server.lease?.spec?.holderIdentity, 'b');
  });

  test('ends without an error if it cannot release its lease', async () => {
    const { server, stop, candidate } = scene();
    const a = candidate('a');
    await a.acquire(stop.signal);
    server.down = true;
    await assert.doesNotReject(a.release());
    assert.equal(a.leads, false);
  });

  test('that never led sends no request to release the lease', async () => {
    const { server, stop, candidate, end, advance } = scene();
    await candidate('a').acquire(stop.signal);
    const b = candidate('b');
    const following = b.acquire(stop.signal);
    await advance(3_000);
    await end(following);
    let asked = 0;
    server.travelOf = () => {
      asked += 1;
      return null;
    };
    await b.release();
    assert.equal(asked, 0);
  });
});

suite('the annotation of the lease that stops all actions', () => {
  test('is read while leading, and has no effect once its time has passed', async () => {
    const { server, clock, stop, candidate, end, advance } = scene();
    const a = candidate('a');
    await a.acquire(stop.signal);
    const keeping = a.keep(stop.signal);
    assert.equal(a.stoppedUntil, null);
    const until = clock.now() + 60_000;
    server.annotate({ 'stopped-until': new Date(until).toISOString() });
    await advance(3_000);
    assert.equal(a.stoppedUntil, until);
    await advance(60_000);
    assert.equal(a.stoppedUntil, null);
    await end(keeping);
  });

  test('stops actions without a time limit if its time is invalid, until it is removed', async () => {
    const { server, stop, candidate, end, advance } = scene();
    const a = candidate('a');
    await a.acquire(stop.signal);
    const keeping = a.keep(stop.signal);
    server.annotate({ 'stopped-until': 'tomorrow' });
    await advance(3_000);
    assert.equal(a.stoppedUntil, Number.POSITIVE_INFINITY);
    server.annotate({});
    await advance(3_000);
    assert.equal(a.stoppedUntil, null);
    await end(keeping);
  });
});

suite('election periods', () => {
  const cases = [
    {
      because: 'a lease duration equal to the renew deadline could allow two leaders',
      field: '--leader-election-lease-duration',
      periods: { leaseDurationMs: 10_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
    },
    {
      because: 'a renew deadline within the jitter of one retry leaves no second attempt',
      field: '--leader-election-renew-deadline',
      periods: { leaseDurationMs: 15_000, renewDeadlineMs: 2_400, retryPeriodMs: 2_000 },
    },
    {
      because: 'without a retry period the API server would be polled continuously',
      field: '--leader-election-retry-period',
      periods: { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 0 },
    },
    {
      because: 'a retry period must not be negative',
      field: '--leader-election-retry-period',
      periods: { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: -1 },
    },
  ];
  const make = (periods: ElectionPeriods) => () =>
    new LeaderElection({
      ...periods,
      client: new LeaseServer().client(),
      namespace: 'ns',
      name: 'lease',
      identity: 'a',
      settlingMs: () => 0,
      stopAnnotation: 's',
      clock: new FakeClock(),
      random: () => 0,
      log: silentLogger,
      meter: silentMeter,
    });
  for (const { because, field, periods } of cases) {
    test(`are rejected: ${because}`, () => {
      assert.throws(make(periods), (error) => error instanceof InvalidInputError && error.field === field);
    });
  }

  test('of client-go are accepted', () => {
    const periods = { leaseDurationMs: LEASE_MS, renewDeadlineMs: RENEW_MS, retryPeriodMs: RETRY_MS };
    assert.doesNotThrow(make(periods));
  });

  test('and times are written with the six fractional digits that the API server requires', () => {
    assert.match(formatMicroTime(Date.UTC(2026, 0, 2, 3, 4, 5, 6)), /^2026-01-02T03:04:05\.006000Z$/);
  });
});
