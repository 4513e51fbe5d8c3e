import type { Clock, Random } from '../core/clock.ts';
import { CodedError, isAbort } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Gauge, Meter } from '../core/meter.ts';
import { withTimeLimit } from '../core/time-limit.ts';
import type { ClusterClient } from './client.ts';
import { checkPeriods, type ElectionPeriods, JITTER } from './election-periods.ts';
import { isConflict } from './errors.ts';
import { formatMicroTime } from './micro-time.ts';

/** The lease could not be renewed in time. Another process may lead now, so this one must exit. */
export class LeadershipLostError extends CodedError {
  constructor() {
    super(
      'LeadershipLost',
      'stalling',
      'The leader lease could not be renewed in time. This process exits so that another can lead.',
    );
  }
}

/** The name of the operator's lease, which the chart's Role allows. */
export const LEASE_NAME = 'asana-connector';

/** Returns the gauge that shows whether this process leads; also set by one that leads without an election. */
export function leaderGauge(meter: Meter): Gauge {
  return meter.gauge('leader', '1 while this process is the leader, otherwise 0.');
}

export interface LeaderElectionOptions extends ElectionPeriods {
  readonly client: ClusterClient;
  readonly namespace: string;
  readonly name: string;
  /** Identifies this process; must be unique. */
  readonly identity: string;
  /** Returns how long, in ms, an action of the previous holder may still be under way. */
  readonly settlingMs: (election: LeaderElection) => number;
  /** Annotation of the lease with the time until which no process acts. */
  readonly stopAnnotation: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly meter: Meter;
}

/** The fields of a coordination.k8s.io/v1 Lease that an election needs. */
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

/** Record of a lease that was seen before and is now deleted. */
const GONE = '';
/** How long a stopping process tries to release its lease, which expires by itself. */
const RELEASE_MS = 5_000;

/**
 * Leader election by client-go's rules: a lease is free if its holder released it, or if this process has not seen it
 * change for a lease duration by its own monotonic clock. No wall clock is trusted. `leads` is the fence that is
 * checked before every external change: it turns false by itself when a renewal is overdue, even if the event loop was
 * blocked.
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
  /** True once a lease in our name may exist on the server, whether or not the response arrived. */
  #asked = false;

  constructor(options: LeaderElectionOptions) {
    checkPeriods(options);
    this.#options = options;
    this.#leader = leaderGauge(options.meter);
    this.#leader.set(0);
  }

  /** True while this process may make external changes. */
  get leads(): boolean {
    const { clock, renewDeadlineMs } = this.#options;
    return (
      this.#leadsSince !== null &&
      this.#renewedAt !== null &&
      clock.monotonic() - this.#renewedAt < renewDeadlineMs
    );
  }

  /** True while a renewal of this process is overdue, and permanently once its term has ended. */
  get isOverdue(): boolean {
    return this.#lost || (this.#leadsSince !== null && !this.leads);
  }

  /** Milliseconds since this process began to lead; 0 if it does not lead. */
  get leadingForMs(): number {
    return this.#leadsSince === null ? 0 : this.#options.clock.monotonic() - this.#leadsSince;
  }

  /** True if the lease's previous holder may not have released it: its last action may still be under way. */
  get takenOver(): boolean {
    return this.#takenOver;
  }

  /**
   * Returns the time until which the lease forbids actions, in epoch milliseconds, or `null` if it sets none or the
   * time has passed. An invalid time stops actions until the annotation is removed: the intent was to stop, and the
   * value has a typo.
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
   * Releases the lease so that another process can lead at once. Call it only after all work has been drained. While an
   * action of the previous holder may be under way, lets the lease expire instead: the next leader would not wait for
   * that action after a release.
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
      // The lease expires by itself.
      log.warn('could not release the leader lease', { error });
    }
  }

  async #letGo(signal: AbortSignal): Promise<void> {
    const { client, namespace, name, identity, clock } = this.#options;
    // Read it again: the abort of the last try may have cut off the response but not the write.
    const lease = await client.getLease<Lease>(namespace, name, signal);
    if (lease?.spec?.holderIdentity !== identity) return;
    const renewTime = formatMicroTime(clock.now());
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime };
    await client.replaceLease(namespace, name, { ...lease, spec }, signal);
  }

  /** Tries once to take or renew the lease, and returns whether it succeeded. Logs errors instead of throwing them. */
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

  /** At most half the deadline, as in client-go: a try that hangs on a dead connection leaves time for another. */
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
    // Set before the request: if the response is lost, the next try finds the lease already ours.
    if (!isOurs) this.#takenOver = mayBeHeld;
    this.#asked = true;
    // The term counts from when the renewal was sent, not from when the response arrived.
    const sentAt = clock.monotonic();
    const wanted = this.#newLease(lease);
    const written = lease
      ? await client.replaceLease<Lease>(namespace, name, wanted, signal)
      : await client.createLease<Lease>(namespace, wanted, signal);
    this.#observe(written);
    this.#renewedAt = sentAt;
    return true;
  }

  /** Records the lease, and when its spec last changed: an edited annotation does not show a live holder. */
  #observe(lease: Lease): void {
    const record = JSON.stringify(lease.spec ?? {});
    if (this.#observed?.record !== record) this.#observed = { record, at: this.#options.clock.monotonic() };
    this.#lease = lease;
  }

  /**
   * Records that the lease was deleted. This does not end a term: until the holder notices, it acts, and it or another
   * process may have taken or renewed the lease unseen. A process that never saw the lease cannot know that it existed.
   */
  #observeGone(): void {
    if (this.#observed && this.#observed.record !== GONE)
      this.#observed = { record: GONE, at: this.#options.clock.monotonic() };
  }

  /**
   * Whether the last observed lease has been unchanged for longer than its duration. A deleted lease may have been
   * taken unseen before with a longer duration: the last observed one may be a released lease, whose duration is 1 s.
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
