import { FIELD_MANAGER, STOPPED_UNTIL_ANNOTATION } from '../../api/resources.ts';
import { type Clock, formatTime } from '../../core/clock.ts';
import { type ClusterClient, LEASES } from '../../kubernetes/client.ts';
import { isNotFound, KubernetesError } from '../../kubernetes/errors.ts';

/** The operator's lease. */
export interface LeasePlace {
  readonly namespace: string;
  readonly name: string;
}

/** Why the operator does not act: it has read the stop, no one holds the lease, or the holder does not renew it. */
export type StopOutcome = 'Heard' | 'NobodyLeads' | 'HolderSilent';

interface Lease {
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number;
    readonly renewTime?: string;
  };
}

/** How long the operator stays stopped after the stop was last renewed. */
const STOP_MS = 10 * 60_000;
const RENEW_MS = 60_000;
const LOOK_MS = 500;
/** The response to the first lease renewal shows the operator the stop. The second proves that it read the response. */
const RENEWALS_HEARD = 2;
/** If the lease was deleted, a running operator notices that and acquires the new one within its renew deadline. */
const TAKE_UP_MS = 10_000;
/** The assumed duration of a lease that specifies none. */
const LEASE_SECONDS = 15;

/** Stops the operator by an annotation on its lease, which contains the time until which it must not act. */
export class OperatorStop {
  readonly #client: ClusterClient;
  readonly #place: LeasePlace;
  readonly #clock: Clock;

  constructor(client: ClusterClient, place: LeasePlace, clock: Clock) {
    this.#client = client;
    this.#place = place;
    this.#clock = clock;
  }

  /** Writes the stop, waits until it is in effect, and renews it until `work` is done. */
  async during<T>(work: (outcome: StopOutcome) => Promise<T>, signal: AbortSignal): Promise<T> {
    const created = await this.#write(signal);
    const done = new AbortController();
    const renewing = this.#renew(AbortSignal.any([signal, done.signal]));
    try {
      return await work(await this.#untilHeard(created, signal));
    } finally {
      done.abort();
      await renewing;
    }
  }

  /** Writes the stop. Returns true if there was no lease. */
  async #write(signal: AbortSignal): Promise<boolean> {
    const { namespace, name } = this.#place;
    const annotations = { [STOPPED_UNTIL_ANNOTATION]: formatTime(this.#clock.now() + STOP_MS) };
    try {
      await this.#client.mergePatch(
        LEASES,
        namespace,
        name,
        { metadata: { annotations } },
        FIELD_MANAGER,
        signal,
      );
      return false;
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    try {
      const lease = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { namespace, name, annotations },
        spec: {},
      };
      await this.#client.createLease(namespace, lease, signal);
      return true;
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.code !== 'AlreadyExists') throw error;
      return this.#write(signal);
    }
  }

  /** Renews the stop every minute. A failed renewal can wait for the next, because the stop lasts for ten of them. */
  async #renew(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(RENEW_MS, signal).catch(() => {});
      if (!signal.aborted) await this.#write(signal).catch(() => {});
    }
  }

  async #untilHeard(created: boolean, signal: AbortSignal): Promise<StopOutcome> {
    const { namespace, name } = this.#place;
    const began = this.#clock.monotonic();
    let record: string | null = null;
    let recordedAt = began;
    for (let renewals = 0; ; await this.#clock.sleep(LOOK_MS, signal)) {
      const lease = await this.#client.getLease<Lease>(namespace, name, signal);
      const { holderIdentity, leaseDurationSeconds, renewTime } = lease?.spec ?? {};
      const now = this.#clock.monotonic();
      if (!holderIdentity) {
        if (!created || now - began >= TAKE_UP_MS) return 'NobodyLeads';
        continue;
      }
      const current = `${holderIdentity} ${renewTime ?? ''}`;
      if (record !== current) {
        if (record !== null) renewals += 1;
        record = current;
        recordedAt = now;
      }
      if (renewals >= RENEWALS_HEARD) return 'Heard';
      if (now - recordedAt > (leaseDurationSeconds ?? LEASE_SECONDS) * 1000) return 'HolderSilent';
    }
  }
}
