import type { ConductorOneService, ServiceState } from '../../conductorone/service.ts';
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
 * The service-mode connection of one connector, as its spec and Secret say: begun, begun anew when any of that moves,
 * and ended. One that needs a person's help stays as it is until something has moved.
 */
export class ConductorOneLink {
  readonly #log: Logger;
  readonly #onChange: () => void;
  #running: Running | null = null;
  /** The service has ended by itself: a person must act. */
  #stalled = false;
  #closed = false;
  #obstacle: Obstacle | null = null;
  #state: ServiceState | null = null;

  constructor(log: Logger, onChange: () => void) {
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
    const known = this.#running?.key;
    if (known?.fingerprint === key.fingerprint && (!this.#stalled || known.touched === key.touched)) return;
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

  #begin(key: LinkKey, open: OpenService): void {
    const abort = new AbortController();
    this.#stalled = false;
    const done = open.service.run(abort.signal).catch((error: unknown) => {
      // The state has said so already, if it is for a person to mend.
      this.#log.error('service mode stopped', { error });
      this.#stalled = true;
    });
    this.#running = { key, abort, done, open };
  }

  #take(state: ServiceState): void {
    this.#state = state;
    this.#onChange();
  }
}
