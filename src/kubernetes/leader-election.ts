import type { Clock, Random } from '../core/clock.ts';
import { CodedError, isAbort } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Gauge, Meter } from '../core/meter.ts';
import { withTimeLimit } from '../core/time-limit.ts';
import type { ClusterClient } from './client.ts';
import { checkPeriods, type ElectionPeriods, JITTER } from './election-periods.ts';
import { isConflict } from './errors.ts';
import { formatMicroTime } from './micro-time.ts';

/** The lease could not be renewed in time: another process may lead now, so this one must end. */
export class LeadershipLostError extends CodedError {
  constructor() {
    super(
      'LeadershipLost',
      'stalling',
      'The leader lease could not be renewed in time. This process exits so that another can lead.',
    );
  }
}

/** The name of the operator's lease; the chart's Role allows this one. */
export const LEASE_NAME = 'asana-connector';

/** Whether this process leads; also set by one that leads without an election. */
export function leaderGauge(meter: Meter): Gauge {
  return meter.gauge('leader', '1 while this process is the leader, otherwise 0.');
}

export interface LeaderElectionOptions extends ElectionPeriods {
  readonly client: ClusterClient;
  readonly namespace: string;
  readonly name: string;
  /** Names this process; two processes must differ. */
  readonly identity: string;
  /** How long, in ms, what the holder before began may still be under way. */
  readonly settlingMs: (election: LeaderElection) => number;
  /** Annotation of the lease until whose instant nobody acts. */
  readonly stopAnnotation: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly meter: Meter;
}

/** A coordination.k8s.io/v1 Lease, as far as an election needs it. */
interface Lease {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly resourceVersion?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** In place of the record of a lease that was there and is not. */
const GONE = '';
/** A process that ends waits no longer than this to let go of its lease, which runs out by itself. */
const RELEASE_MS = 5_000;

/**
 * Leader election by client-go's rules: a lease is free when its holder let go of it or when this process, by its own
 * monotonic clock, has not seen it change for a lease duration; nobody's wall clock is believed. `leads` is the fence
 * that is looked at before every outside change: it turns false by itself when a renewal is overdue, even if the
 * event loop was blocked.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #leader;
  #observed: { record: string; at: number } | null = null;
  #lease: Lease | null = null;
  #renewedAt: number | null = null;
  #leadsSince: number | null = null;
  #takenOver = false;
  #lost = false;
  /** True once a lease in our name may be on the server, whether or not the answer came. */
  #asked = false;

  constructor(options: LeaderElectionOptions) {
    checkPeriods(options);
    this.#options = options;
    this.#leader = leaderGauge(options.meter);
    this.#leader.set(0);
  }

  /** True while this process may change something outside. */
  get leads(): boolean {
    const { clock, renewDeadlineMs } = this.#options;
    return (
      this.#leadsSince !== null &&
      this.#renewedAt !== null &&
      clock.monotonic() - this.#renewedAt < renewDeadlineMs
    );
  }

  /** True once a renewal of this process is overdue, and for good once that has ended its term. */
  get isOverdue(): boolean {
    return this.#lost || (this.#leadsSince !== null && !this.leads);
  }

  /** Milliseconds this process has led; 0 when it does not. */
  get leadingForMs(): number {
    return this.#leadsSince === null ? 0 : this.#options.clock.monotonic() - this.#leadsSince;
  }

  /** True when the lease was taken from a holder that had not let go of it: its last action may still be under way. */
  get takenOver(): boolean {
    return this.#takenOver;
  }

  /**
   * Until when the lease says that nobody acts, epoch milliseconds; null when it does not or that has passed.
   * What is no instant stops for good, until it is taken off: somebody meant to stop us, and mistyped.
   */
  get stoppedUntil(): number | null {
    const text = this.#lease?.metadata.annotations?.[this.#options.stopAnnotation];
    if (text === undefined) return null;
    const until = Date.parse(text);
    if (Number.isNaN(until)) return Number.POSITIVE_INFINITY;
    return until > this.#options.clock.now() ? until : null;
  }

  /** Waits until this process leads. Rejects only with the signal's reason. */
  async acquire(signal: AbortSignal): Promise<void> {
    const { clock, random, retryPeriodMs, log, identity } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      if (await this.#tryOnce(signal)) break;
      await clock.sleep(retryPeriodMs * (1 + random() * (JITTER - 1)), signal);
    }
    this.#leadsSince = clock.monotonic();
    this.#leader.set(1);
    log.info('leading', { identity, takenOver: this.#takenOver });
  }

  /** Keeps the lease until `signal` aborts. @throws LeadershipLostError when a renewal is overdue */
  async keep(signal: AbortSignal): Promise<void> {
    const { clock, retryPeriodMs } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(retryPeriodMs, signal).catch(() => {});
      if (signal.aborted) return;
      const renewed = await this.#tryOnce(signal);
      if (!renewed && !signal.aborted && (this.#heldByOther() || !this.leads)) {
        this.#lost = true;
        this.#leadsSince = null;
        this.#leader.set(0);
        throw new LeadershipLostError();
      }
    }
  }

  /**
   * Lets go of the lease so that another can lead at once. Only after all work has been drained. While what the holder
   * before began may be under way, the lease is left to run out: who finds it let go of would not wait for that.
   */
  async release(): Promise<void> {
    const { clock, log, settlingMs } = this.#options;
    const leftMs = settlingMs(this);
    this.#leadsSince = null;
    this.#leader.set(0);
    if (!this.#asked) return;
    if (leftMs > 0) {
      log.info('the leader lease is left to run out', { settlingMs: leftMs });
      return;
    }
    const { signal } = new AbortController();
    try {
      await withTimeLimit({ clock, ms: RELEASE_MS, signal }, (limited) => this.#letGo(limited));
    } catch (error) {
      // The lease then simply runs out.
      log.warn('could not release the leader lease', { error });
    }
  }

  async #letGo(signal: AbortSignal): Promise<void> {
    const { client, namespace, name, identity, clock } = this.#options;
    // Read afresh: the signal that ended the last try may have cut off its answer, not the try.
    const lease = await client.getLease<Lease>(namespace, name, signal);
    if (lease?.spec?.holderIdentity !== identity) return;
    const renewTime = formatMicroTime(clock.now());
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime };
    await client.replaceLease(namespace, name, { ...lease, spec }, signal);
  }

  /** One try to take or renew the lease. Failures are logged and are no answer. */
  async #tryOnce(signal: AbortSignal): Promise<boolean> {
    const { clock, log } = this.#options;
    const limit = new AbortController();
    const cancel = clock.schedule(this.#tryMs(), () =>
      limit.abort(new DOMException('the try took too long', 'TimeoutError')),
    );
    try {
      return await this.#takeOrRenew(AbortSignal.any([signal, limit.signal]));
    } catch (error) {
      if (signal.aborted && isAbort(error)) return false;
      log[isConflict(error) ? 'debug' : 'warn']('leader lease was not renewed', { error });
      return false;
    } finally {
      cancel();
    }
  }

  /** Half of the deadline at most, as client-go: a try that hangs on a dead connection leaves time for another. */
  #tryMs(): number {
    const { clock, renewDeadlineMs } = this.#options;
    const half = renewDeadlineMs / 2;
    if (this.#leadsSince === null || this.#renewedAt === null) return half;
    const left = renewDeadlineMs - (clock.monotonic() - this.#renewedAt);
    return Math.max(Math.min(left, half), 1);
  }

  async #takeOrRenew(signal: AbortSignal): Promise<boolean> {
    const { client, namespace, name, identity, clock } = this.#options;
    const lease = await client.getLease<Lease>(namespace, name, signal);
    if (lease) this.#observe(lease);
    else this.#observeGone();
    const isOurs = this.#lease?.spec?.holderIdentity === identity;
    const mayBeHeld = !isOurs && (lease ? this.#heldByOther() : this.#observed !== null);
    if (mayBeHeld && !this.#expired()) return false;
    // Before it is asked for: the answer may be lost, and then the lease is found to be ours already.
    if (!isOurs) this.#takenOver = mayBeHeld;
    this.#asked = true;
    // The lease counts from when the renewal was sent, not from when its answer came.
    const sentAt = clock.monotonic();
    const wanted = this.#newLease(lease);
    const written = lease
      ? await client.replaceLease<Lease>(namespace, name, wanted, signal)
      : await client.createLease<Lease>(namespace, wanted, signal);
    this.#observe(written);
    this.#renewedAt = sentAt;
    return true;
  }

  /** Only a renewal is a sign of life: an annotation that somebody writes must not keep a dead holder's lease. */
  #observe(lease: Lease): void {
    const record = JSON.stringify(lease.spec ?? {});
    if (this.#observed?.record !== record) this.#observed = { record, at: this.#options.clock.monotonic() };
    this.#lease = lease;
  }

  /**
   * A lease that somebody deleted ends no term: whoever held it acts until it finds out, and may have taken or renewed
   * it unseen until then. Who has never seen the lease cannot know that there was one.
   */
  #observeGone(): void {
    if (this.#observed && this.#observed.record !== GONE)
      this.#observed = { record: GONE, at: this.#options.clock.monotonic() };
  }

  /**
   * Whether what was last seen of the lease has not changed for as long as the lease says it stands. One that is gone
   * may have been taken unseen before, and for longer: what was seen last may be that it was let go of, and says 1 s.
   */
  #expired(): boolean {
    const { clock, leaseDurationMs } = this.#options;
    if (this.#observed === null) return false;
    const { record, at } = this.#observed;
    const saidMs = (this.#lease?.spec?.leaseDurationSeconds ?? leaseDurationMs / 1000) * 1000;
    const durationMs = record === GONE ? Math.max(saidMs, leaseDurationMs) : saidMs;
    return clock.monotonic() - at > durationMs;
  }

  #heldByOther(): boolean {
    const holder = this.#lease?.spec?.holderIdentity ?? '';
    return holder !== '' && holder !== this.#options.identity;
  }

  #newLease(old: Lease | null): Lease {
    const { namespace, name, identity, leaseDurationMs, clock } = this.#options;
    const now = formatMicroTime(clock.now());
    const kept = old?.spec?.holderIdentity === identity;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: old?.metadata ?? { name, namespace },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
        acquireTime: kept ? (old?.spec?.acquireTime ?? now) : now,
        renewTime: now,
        leaseTransitions: (old?.spec?.leaseTransitions ?? 0) + (old && !kept ? 1 : 0),
      },
    };
  }
}
