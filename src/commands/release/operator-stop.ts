import { FIELD_MANAGER, STOPPED_UNTIL_ANNOTATION } from '../../api/resources.ts';
import { type Clock, formatTime } from '../../core/clock.ts';
import { type ClusterClient, LEASES } from '../../kubernetes/client.ts';
import { isNotFound, KubernetesError } from '../../kubernetes/errors.ts';

/** The operator's lease. */
export interface LeasePlace {
  readonly namespace: string;
  readonly name: string;
}

/** How the operator came to stop: it renewed its lease since, or nobody holds it, or its holder has died. */
export type StopOutcome = 'Heard' | 'NobodyLeads' | 'HolderSilent';

interface Lease {
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly leaseDurationSeconds?: number;
    readonly renewTime?: string;
  };
}

/** So long the operator stands still after the last renewal of the stop. */
const STOP_MS = 10 * 60_000;
const RENEW_MS = 60_000;
const LOOK_MS = 500;
/** The first renewal carries the stop back to the operator; the second shows that it has read the answer. */
const RENEWALS_HEARD = 2;
/** Somebody deleted the lease: an operator that runs finds out, and takes the new one, within its renew deadline. */
const TAKE_UP_MS = 10_000;
/** What a lease without a duration stands for. */
const LEASE_SECONDS = 15;

/** Keeps the operator from acting, by an annotation on its lease that it obeys until the time written there. */
export class OperatorStop {
  readonly #client: ClusterClient;
  readonly #place: LeasePlace;
  readonly #clock: Clock;

  constructor(client: ClusterClient, place: LeasePlace, clock: Clock) {
    this.#client = client;
    this.#place = place;
    this.#clock = clock;
  }

  /** Writes the stop, waits until the operator must know of it, and renews it for as long as `work` takes. */
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

  /** Writes the stop; true if there was no lease. */
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

  /** A renewal that fails is tried again with the next: the stop stands for ten of them. */
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
