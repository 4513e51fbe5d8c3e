import { hostname, machine, release } from 'node:os';
import type { Clock, Random } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { Meter } from '../core/meter.ts';
import type { Tracer } from '../core/tracer.ts';
import { sweepWorkFolders } from './c1z/work-folder.ts';
import type { BatonClient } from './client.ts';
import { ConductorOneError } from './errors.ts';
import type { Wording } from './finish.ts';
import type { BatonServiceGetTaskResponse } from './generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { buildInfo, osInfo } from './host-info.ts';
import { connectorMetadata } from './metadata.ts';
import { helloBackoff, pollBackoff, pollDelay } from './pace.ts';
import type { TaskHost } from './task-host.ts';
import { type ConnectorLabels, TaskMetrics } from './task-metrics.ts';
import { type ServiceSettings, TaskRunner, type TaskSignals } from './task-runner.ts';

export type { ServiceSettings } from './task-runner.ts';

/** State of the connection. Times are in epoch milliseconds; `null` if there has been none yet. */
export interface ServiceState {
  /** True once ConductorOne has accepted a Hello, until two GetTask calls in a row have failed. */
  readonly connected: boolean;
  /** When the current connection was made, or else the last one. */
  readonly connectedAt: number | null;
  /** When the last task arrived. */
  readonly lastTaskAt: number | null;
  readonly lastUploadAt: number | null;
  readonly lastUploadBytes: number | null;
  /** Why it is not connected; `null` while it is, and before the first attempt. */
  readonly error: ConductorOneError | null;
}

export interface ServiceOptions {
  readonly client: BatonClient;
  readonly host: TaskHost;
  readonly settings: ServiceSettings;
  /** Maximum number of tasks at the same time, 1 to 100. */
  readonly concurrency: number;
  /** Rephrases the messages of failed tasks; by default they stay as they are. */
  readonly wording?: Wording | undefined;
  /** Folder for c1z files; need not exist. */
  readonly tempFolder: string;
  readonly labels: ConnectorLabels;
  readonly clock: Clock;
  readonly random: Random;
  readonly randomBytes: (bytes: number) => Uint8Array;
  readonly log: Logger;
  readonly meter: Meter;
  /** By default nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Called after every change of `state`, except the end of a service that was stopped. */
  readonly onChange: (state: ServiceState) => void;
}

/** Failed polls in a row that are an outage. One alone is not: a load balancer may have closed the connection. */
const FAILURES_OF_AN_OUTAGE = 2;
/** How long reports under way may take once the service must stop. */
const LAST_WORDS_MS = 5000;

/**
 * Service mode for one connector: sends Hello, then polls for tasks and runs them, several at a time, until it is
 * stopped. It waits out any outage and, once a Hello was accepted, any refusal: a server in front of ConductorOne can
 * refuse too (a load balancer's 404), and the service must recover from that by itself.
 */
export class ConductorOneService {
  readonly #options: ServiceOptions;
  readonly #metrics: TaskMetrics;
  readonly #runner: TaskRunner;
  /** Tasks under way, by id. */
  readonly #running = new Map<string, Promise<void>>();
  #state: ServiceState = {
    connected: false,
    connectedAt: null,
    lastTaskAt: null,
    lastUploadAt: null,
    lastUploadBytes: null,
    error: null,
  };

  constructor(options: ServiceOptions) {
    const { client, host, settings, wording, tempFolder, clock, randomBytes, log, tracer } = options;
    this.#options = options;
    this.#metrics = new TaskMetrics(options.meter, options.labels);
    this.#runner = new TaskRunner({
      client,
      host,
      settings,
      answerHello: (taskId, signal) => this.#hello(taskId, signal),
      onUpload: (bytes) => this.#change({ lastUploadAt: clock.now(), lastUploadBytes: bytes }),
      wording,
      tempFolder,
      clock,
      randomBytes,
      log,
      metrics: this.#metrics,
      tracer,
    });
  }

  get state(): ServiceState {
    return this.#state;
  }

  /**
   * Serves until the signal aborts, and resolves when everything under way has ended and its files are removed. Work
   * stops at once; only results of work finished by then are reported, for up to five seconds. Run it once at a time.
   * @throws ConductorOneError if the first Hello is refused: the credentials are rejected, or the connector is unknown
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, tempFolder } = this.#options;
    const work = new AbortController();
    const report = new AbortController();
    const stop = () => work.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    this.#metrics.connected(false);
    try {
      await sweepWorkFolders(tempFolder);
      await this.#greet(work.signal);
      await this.#serve({ work: work.signal, report: report.signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      work.abort(signal.reason);
      const cancel = clock.schedule(LAST_WORDS_MS, () => report.abort());
      await Promise.all(this.#running.values());
      cancel();
      this.#end(signal);
    }
  }

  /** Removes the metric that a stalled service still reports as 0; a stopped one has already removed it. */
  forget(): void {
    this.#metrics.forget();
  }

  /** Sends the first Hello until it is accepted or refused. */
  async #greet(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options;
    for (let count = 1; ; count += 1) {
      try {
        await this.#hello('', signal);
        this.#connect();
        return;
      } catch (error) {
        const failure = this.#failure(error, signal);
        this.#disconnect(failure);
        if (failure.errorClass === 'stalling') throw failure;
        const wait = helloBackoff({ count, retryAfterMs: failure.retryAfterMs, random });
        log.warn('ConductorOne is not reachable', { error: failure, retryInSeconds: wait / 1000 });
        await clock.sleep(wait, signal);
      }
    }
  }

  /** Polls for tasks whenever a slot is free. */
  async #serve(signals: TaskSignals): Promise<void> {
    const { client, concurrency, clock } = this.#options;
    const signal = signals.work;
    /** Failures in a row. */
    let failures = 0;
    for (;;) {
      while (this.#running.size >= concurrency) await Promise.race(this.#running.values());
      signal.throwIfAborted();
      let wait: number;
      try {
        const answer = await client.getTask(signal);
        failures = 0;
        this.#connect();
        wait = pollDelay(answer.nextPoll, this.#start(answer, signals));
      } catch (error) {
        failures += 1;
        wait = this.#pollFailed(this.#failure(error, signal), failures);
      }
      await clock.sleep(wait, signal);
    }
  }

  /** @returns how long to wait before the next poll */
  #pollFailed(failure: ConductorOneError, failures: number): number {
    const { random, log } = this.#options;
    const wait = pollBackoff({ count: failures, retryAfterMs: failure.retryAfterMs, random });
    if (failures >= FAILURES_OF_AN_OUTAGE) this.#disconnect(failure);
    log.warn('the request for tasks failed', { error: failure, failures, retryInSeconds: wait / 1000 });
    return wait;
  }

  /** @returns true if the answer brought a task that was not under way already */
  #start({ task, nextHeartbeat }: BatonServiceGetTaskResponse, signals: TaskSignals): boolean {
    // A task without an id cannot be reported; one of an unknown type has an id.
    if (!task || task.id === '' || task.taskType.case === 'none') return false;
    const { id } = task;
    const { clock, log } = this.#options;
    if (this.#running.has(id)) {
      log.debug('a task in progress was assigned again', { task: id });
      return false;
    }
    this.#change({ lastTaskAt: clock.now() });
    const done = this.#runner
      .run(task, nextHeartbeat, signals)
      .catch((error: unknown) => log.error('a task was interrupted', { task: id, error }))
      .finally(() => this.#running.delete(id));
    this.#running.set(id, done);
    return true;
  }

  async #hello(taskId: string, signal: AbortSignal): Promise<void> {
    const { client, settings } = this.#options;
    await client.hello(
      {
        taskId,
        buildInfo: buildInfo(process.version),
        osInfo: osInfo({
          hostname: hostname(),
          platform: process.platform,
          release: release(),
          architecture: machine(),
        }),
        connectorMetadata: connectorMetadata(settings),
      },
      signal,
    );
  }

  /** Returns the error of a failed call; rethrows any other than a ConductorOneError. */
  #failure(error: unknown, signal: AbortSignal): ConductorOneError {
    signal.throwIfAborted();
    if (error instanceof ConductorOneError) return error;
    throw error;
  }

  #connect(): void {
    if (this.#state.connected) return;
    this.#metrics.connected(true);
    this.#options.log.info('connected to ConductorOne');
    this.#change({ connected: true, connectedAt: this.#options.clock.now(), error: null });
  }

  #disconnect(error: ConductorOneError | null): void {
    this.#metrics.connected(false);
    if (!this.#state.connected && this.#state.error?.code === error?.code) return;
    this.#change({ connected: false, error });
  }

  /** Reports no change if the end was requested; a stalled service has already reported its error. */
  #end({ aborted }: AbortSignal): void {
    this.#metrics.connected(false);
    if (!aborted) return;
    this.#metrics.forget();
    this.#state = { ...this.#state, connected: false };
  }

  #change(part: Partial<ServiceState>): void {
    this.#state = { ...this.#state, ...part };
    this.#options.onChange(this.#state);
  }
}
