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

/** How the connection is; times in epoch milliseconds, null for not yet. */
export interface ServiceState {
  /** ConductorOne took our Hello, and the last GetTask but one, at least, was answered. */
  readonly connected: boolean;
  /** Since when, or since when last. */
  readonly connectedAt: number | null;
  /** When the last task arrived. */
  readonly lastTaskAt: number | null;
  readonly lastUploadAt: number | null;
  readonly lastUploadBytes: number | null;
  /** Why it is not connected; null while it is, and before the first attempt. */
  readonly error: ConductorOneError | null;
}

export interface ServiceOptions {
  readonly client: BatonClient;
  readonly host: TaskHost;
  readonly settings: ServiceSettings;
  /** Tasks at the same time, 1 to 100. */
  readonly concurrency: number;
  /** For the messages that a task fails with; default as they are. */
  readonly wording?: Wording | undefined;
  /** Where c1z files are made; need not exist. */
  readonly tempFolder: string;
  readonly labels: ConnectorLabels;
  readonly clock: Clock;
  readonly random: Random;
  readonly randomBytes: (bytes: number) => Uint8Array;
  readonly log: Logger;
  readonly meter: Meter;
  /** By default nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Told of every change of `state`. */
  readonly onChange: (state: ServiceState) => void;
}

/** One poll that fails (a connection that a load balancer has closed) is no outage. */
const FAILURES_OF_AN_OUTAGE = 2;
/** How long reports that are under way may take when the service has to stop. */
const LAST_WORDS_MS = 5000;

/**
 * Service mode for one connector: says Hello, then asks for tasks and works them, several at a time, until it is
 * stopped. An outage is waited out for as long as it lasts, and so is a refusal once a Hello was taken: what stands in
 * front of the server refuses too (a load balancer's 404), and nobody should have to act when it has stopped.
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
   * Serves until the signal aborts, and resolves when everything under way has ended and its files are gone: work
   * stops at once, and only what was finished by then is still reported, within five seconds. Run it once at a time.
   * @throws ConductorOneError when the first Hello is refused: the credentials are, or the connector is not known
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

  /** Drops the metric that a stalled service goes on showing as 0; one that was stopped has dropped it. */
  forget(): void {
    this.#metrics.forget();
  }

  /** The first Hello, again until it is taken. */
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

  /** Asks for tasks for as long as there is a slot to work them in. */
  async #serve(signals: TaskSignals): Promise<void> {
    const { client, concurrency, clock } = this.#options;
    const signal = signals.work;
    /** In a row. */
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
    // Without an id there is nothing to report to; a type that is not known still has one.
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

  /** What a call failed with; throws what is none of ConductorOne's failures. */
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

  /** Nobody is told of an end that was asked for; a stalled service has said why. */
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
