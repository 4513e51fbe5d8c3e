import type { ConductorOneService, ServiceState } from '../../conductorone/service.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { conductorOneReasonOf, type Obstacle } from '../connectors/obstacle.ts';

/** The state of service mode for one connector. */
export interface LinkState {
  /** Why there is no service at all, such as a problem with its Secret or host; `null` if nothing prevents it. */
  readonly obstacle: Obstacle | null;
  /** The state of the service; `null` before the first one. */
  readonly service: ServiceState | null;
}

/** A service with its connections. */
export interface OpenService {
  readonly service: Pick<ConductorOneService, 'run' | 'forget'>;
  close(): Promise<void>;
}

/** The inputs that a service was started with. */
export interface LinkKey {
  /** Identifies the credentials and settings; if it changes, a new service is started. */
  readonly fingerprint: string;
  /** Identifies what a person may change to fix a stalled service; a change does not affect a running one. */
  readonly touched: string;
}

interface Running {
  readonly key: LinkKey;
  readonly abort: AbortController;
  readonly done: Promise<void>;
  readonly open: OpenService;
}

/**
 * How long after its first Hello was refused a service is started again. The refusal may be temporary, such as that of
 * a gateway. The Go connector exits instead, and the kubelet's restart backoff levels off at the same delay.
 */
const BEGIN_ANEW_MS = 300_000;

/**
 * The service-mode connection of one connector: started according to its spec and Secret, restarted when they change,
 * and ended. A service that ended by itself is restarted when a person changes something, and after five minutes.
 */
export class ConductorOneLink {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onChange: () => void;
  #running: Running | null = null;
  /** When the service ended by itself, on the monotonic clock; `null` while it runs. */
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
   * Runs the service for `key`, unless it is running already.
   * @param open creates the service, which calls back when its state changes; a CodedError that it throws becomes the
   *   obstacle
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
      // If the link was closed meanwhile, `close` found nothing to end.
      if (this.#closed) await this.end();
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.#obstacle = { reason: conductorOneReasonOf(error), message: error.message };
    }
  }

  /** Ends the service because of an obstacle, and records it. */
  async stopFor(obstacle: Obstacle): Promise<void> {
    await this.end();
    this.#obstacle = obstacle;
  }

  /** Leaves a running service as it is; without one, records the obstacle. */
  waitFor(obstacle: Obstacle): void {
    if (!this.#running) this.#obstacle = obstacle;
  }

  /** Ends the service for good. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.end();
  }

  /** Ends the service, if there is one; resolves when it has stopped completely. */
  async end(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    if (!running) return;
    running.abort.abort(new DOMException('service mode is stopping', 'AbortError'));
    await running.done;
    await running.open.close();
    running.open.service.forget();
    // The next service has yet to connect; the times of earlier events remain valid.
    if (this.#state) this.#state = { ...this.#state, connected: false, error: null };
  }

  /** Whether the service matches the key, and is running or not due to be restarted yet. */
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
      // If the service was refused, its state already says so.
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
