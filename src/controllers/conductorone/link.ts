import type { ConductorOneService, ServiceState } from '../../conductorone/service.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { conductorOneReasonOf, type Obstacle } from '../connectors/obstacle.ts';

/** How service mode stands for one connector. */
export interface LinkState {
  /** Why there is no service at all: its Secret, its host. */
  readonly obstacle: Obstacle | null;
  /** Null before the first service. */
  readonly service: ServiceState | null;
}

/** A service with the connections it speaks over. */
export interface OpenService {
  readonly service: Pick<ConductorOneService, 'run' | 'forget'>;
  close(): Promise<void>;
}

/** What a service is begun with. */
export interface LinkKey {
  /** Of credentials and settings: another one, another service. */
  readonly fingerprint: string;
  /** Of everything a person may have touched to mend what stalled; a service that runs well is left alone. */
  readonly touched: string;
}

interface Running {
  readonly key: LinkKey;
  readonly abort: AbortController;
  readonly done: Promise<void>;
  readonly open: OpenService;
}

/**
 * So long after its first Hello was refused a service is begun anew. What was refused may be right: a gateway refuses too.
 * The Go connector ends then, and a kubelet that keeps starting it waits as long in the end.
 */
const BEGIN_ANEW_MS = 300_000;

/**
 * The service-mode connection of one connector, as its spec and Secret say: begun, begun anew when any of that moves,
 * and ended. One that has ended by itself is begun anew when a person has touched something, and every five minutes.
 */
export class ConductorOneLink {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onChange: () => void;
  #running: Running | null = null;
  /** When the service has ended by itself, on the monotonic clock; null while it runs. */
  #stalledAt: number | null = null;
  #closed = false;
  #obstacle: Obstacle | null = null;
  #state: ServiceState | null = null;

  constructor(clock: Clock, log: Logger, onChange: () => void) {
    this.#clock = clock;
    this.#log = log;
    this.#onChange = onChange;
  }

  get state(): LinkState {
    return { obstacle: this.#obstacle, service: this.#state };
  }

  /**
   * Serves with what `key` stands for.
   * @param open makes the service, told what to call when its state moves; what it throws on purpose is an obstacle
   */
  async use(
    key: LinkKey,
    open: (onChange: (state: ServiceState) => void) => Promise<OpenService>,
  ): Promise<void> {
    if (this.#serves(key)) return;
    await this.end();
    if (this.#closed) return;
    try {
      this.#begin(key, await open((state) => this.#take(state)));
      this.#obstacle = null;
      // Whoever closed it meanwhile found nothing to end.
      if (this.#closed) await this.end();
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#obstacle = { reason: conductorOneReasonOf(error), message: error.message };
    }
  }

  /** Ends the service for want of something; says what. */
  async stopFor(obstacle: Obstacle): Promise<void> {
    await this.end();
    this.#obstacle = obstacle;
  }

  /** Leaves the service as it is; without one, says what it waits for. */
  waitFor(obstacle: Obstacle): void {
    if (!this.#running) this.#obstacle = obstacle;
  }

  /** Ends the service for good. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.end();
  }

  /** Ends the service, if there is one; resolves when nothing of it is under way. */
  async end(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    if (!running) return;
    running.abort.abort(new DOMException('service mode is stopping', 'AbortError'));
    await running.done;
    await running.open.close();
    running.open.service.forget();
    // What comes next has yet to connect; when things were done last stays true.
    if (this.#state) this.#state = { ...this.#state, connected: false, error: null };
  }

  /** Whether the service is the right one, and runs or has yet to wait. */
  #serves({ fingerprint, touched }: LinkKey): boolean {
    const known = this.#running?.key;
    if (known?.fingerprint !== fingerprint) return false;
    if (this.#stalledAt === null) return true;
    return known.touched === touched && this.#clock.monotonic() - this.#stalledAt < BEGIN_ANEW_MS;
  }

  #begin(key: LinkKey, open: OpenService): void {
    const abort = new AbortController();
    this.#stalledAt = null;
    const done = open.service.run(abort.signal).catch((error: unknown) => {
      // The state has said so already, if it was refused.
      this.#log.error('service mode stopped', { error, retryInSeconds: BEGIN_ANEW_MS / 1000 });
      this.#stalledAt = this.#clock.monotonic();
    });
    this.#running = { key, abort, done, open };
  }

  #take(state: ServiceState): void {
    this.#state = state;
    this.#onChange();
  }
}
