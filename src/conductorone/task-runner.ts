import { create } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import type { Clock } from '../core/clock.ts';
import { StoppedError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { type Span, silentTracer, type Tracer } from '../core/tracer.ts';
import { RefusedError } from '../provisioning/refusal.ts';
import type { BatonClient, FinalState } from './client.ts';
import { UnsupportedTaskError } from './errors.ts';
import { failed, reportEnd, succeeded, succeededWith, type Wording } from './finish.ts';
import { ListActionSchemasResponseSchema } from './generated/c1/connector/v2/action_pb.ts';
import { ListEventFeedsResponseSchema } from './generated/c1/connector/v2/event_feed_pb.ts';
import type {
  BatonServiceHeartbeatResponse,
  Task,
  Task_SyncFullTask,
} from './generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { withHeartbeats } from './heartbeat.ts';
import { carryOutCreateAccount, carryOutGrant, carryOutRevoke, type Provision } from './provisioning-task.ts';
import { grpcCodeOf } from './status.ts';
import { selectionOf, uploadDirectory } from './sync-task.ts';
import type { TaskHost } from './task-host.ts';
import type { TaskMetrics } from './task-metrics.ts';

/** The settings of a connector; constant for the life of a service. */
export interface ServiceSettings {
  /** True if SCIM is on. */
  readonly licenses: boolean;
  /** `conductorOne.provision`. */
  readonly provision: boolean;
  /** True if the token is a service account's. */
  readonly serviceAccount: boolean;
  /** Resource types of a full sync whose task names none; by default all. */
  readonly resourceTypes?: readonly string[] | undefined;
}

export interface TaskRunnerOptions {
  readonly client: BatonClient;
  readonly host: TaskHost;
  readonly settings: ServiceSettings;
  /** Sends a Hello in answer to a task. */
  readonly answerHello: (taskId: string, signal: AbortSignal) => Promise<void>;
  readonly onUpload: (bytes: number) => void;
  /** Rephrases the messages of failed tasks; by default they stay as they are. */
  readonly wording?: Wording | undefined;
  readonly tempFolder: string;
  readonly clock: Clock;
  readonly randomBytes: (bytes: number) => Uint8Array;
  readonly log: Logger;
  readonly metrics: TaskMetrics;
  /** By default nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

/** The signals that a task runs under. */
export interface TaskSignals {
  /** Stops the work: the process stops, or is no longer the leader. */
  readonly work: AbortSignal;
  /** Stops, a little later, the reports of work that was finished by then. */
  readonly report: AbortSignal;
}

/** One task under way. */
interface Run {
  readonly taskId: string;
  /** When the server expects the first heartbeat. */
  readonly nextHeartbeat: Duration | undefined;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** The result of a task. `state` is reported to ConductorOne; `null` to report nothing. */
interface Ending {
  /** For metrics: `Succeeded`, `Dropped`, `Stopped`, or the gRPC code of the failure. */
  readonly result: string;
  readonly state: FinalState | null;
  readonly error?: unknown;
}

/** Tasks that change something in Asana. Their failure is final: ConductorOne does not repeat them by itself. */
const FINAL_CASES: ReadonlySet<string | undefined> = new Set([
  'grant',
  'revoke',
  'createAccount',
  'createResource',
  'deleteResource',
  'rotateCredentials',
]);

/** Runs tasks, each from its arrival to the report of its end. */
export class TaskRunner {
  readonly #options: TaskRunnerOptions;

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
  }

  /**
   * Runs a task to its end; never rejects. A task that the `work` signal stops is not reported: another process may
   * already have it, and if none has, the server assigns it again when its lease is over.
   */
  async run(task: Task, nextHeartbeat: Duration | undefined, signals: TaskSignals): Promise<void> {
    const { log, tracer = silentTracer } = this.#options;
    const type = typeOf(task);
    const fields = { task: task.id, type };
    await tracer.span({ name: `task ${type}`, kind: 'Trace', fields }, (span) =>
      this.#runLogged(task, nextHeartbeat, signals, { type, log: log.child(fields), span }),
    );
  }

  async #runLogged(
    task: Task,
    nextHeartbeat: Duration | undefined,
    signals: TaskSignals,
    { type, log, span }: { readonly type: string; readonly log: Logger; readonly span: Span },
  ): Promise<void> {
    const { clock, metrics } = this.#options;
    const begun = clock.monotonic();
    log.info('task begins');
    const ending = await this.#work(task, { taskId: task.id, nextHeartbeat, signal: signals.work, log });
    const reported = await this.#report(task.id, ending, signals.report, log);
    const result = reported ? ending.result : 'Unreported';
    metrics.task(type, result);
    span.set({ result });
    if (ending.error !== undefined) span.fail(ending.error);
    const fields = { result, seconds: (clock.monotonic() - begun) / 1000 };
    if (ending.error === undefined) log.info('task ended', fields);
    else log.warn('task ended', { ...fields, error: ending.error });
  }

  async #work({ taskType }: Task, run: Run): Promise<Ending> {
    try {
      return await this.#carryOut(taskType, run);
    } catch (error) {
      const isFinal = FINAL_CASES.has(taskType.case);
      // The next leader gets the task again.
      if (run.signal.aborted || (isFinal && error instanceof StoppedError))
        return { result: 'Stopped', state: null };
      return {
        result: Code[grpcCodeOf(error)],
        state: failed(error, isFinal, this.#options.wording),
        error,
      };
    }
  }

  async #carryOut(taskType: Task['taskType'], run: Run): Promise<Ending> {
    const provisioning = (work: (provision: Provision) => Promise<FinalState>) => this.#provision(run, work);
    if (taskType.case === 'hello') return this.#hello(run);
    if (taskType.case === 'syncFull') return this.#sync(taskType.value, run);
    if (taskType.case === 'grant') {
      return provisioning((provision) => carryOutGrant(taskType.value, provision));
    }
    if (taskType.case === 'revoke') {
      return provisioning((provision) => carryOutRevoke(taskType.value, provision));
    }
    if (taskType.case === 'createAccount') {
      return provisioning((provision) => carryOutCreateAccount(taskType.value, provision));
    }
    // This connector has neither actions nor event feeds, but ConductorOne asks for both.
    if (taskType.case === 'actionListSchemas') {
      return answered(
        succeededWith(ListActionSchemasResponseSchema, create(ListActionSchemasResponseSchema)),
      );
    }
    if (taskType.case === 'listEventFeeds') {
      return answered(succeededWith(ListEventFeedsResponseSchema, create(ListEventFeedsResponseSchema)));
    }
    throw new UnsupportedTaskError();
  }

  async #hello({ taskId, signal }: Run): Promise<Ending> {
    try {
      await this.#options.answerHello(taskId, signal);
      return { result: 'Succeeded', state: null };
    } catch (error) {
      if (signal.aborted) throw error;
      // The Hello itself was the answer; there is nothing else to report.
      return { result: Code[grpcCodeOf(error)], state: null, error };
    }
  }

  /** Runs a sync. If the first heartbeat fails or reports it canceled, drops it before any work, without a report. */
  async #sync(task: Task_SyncFullTask, { taskId, signal, log }: Run): Promise<Ending> {
    const { client, host, settings, tempFolder, clock, randomBytes, metrics, onUpload } = this.#options;
    const { nextHeartbeat, cancelled, error } = await this.#firstHeartbeat(taskId, signal);
    if (cancelled || error !== undefined) return { result: 'Dropped', state: null, error };
    const selection = selectionOf(task, settings);
    const heartbeats = { client, taskId, first: nextHeartbeat, optional: false, clock, log, signal };
    const { bytes, counts, uploadSeconds } = await withHeartbeats(heartbeats, (limited) =>
      uploadDirectory({
        client,
        host,
        taskId,
        selection,
        settings,
        tempFolder,
        clock,
        randomBytes,
        signal: limited,
      }),
    );
    metrics.upload(bytes, uploadSeconds);
    onUpload(bytes);
    log.info('directory uploaded', { bytes, uploadSeconds, ...counts });
    return answered(succeeded);
  }

  async #firstHeartbeat(
    taskId: string,
    signal: AbortSignal,
  ): Promise<
    Pick<BatonServiceHeartbeatResponse, 'nextHeartbeat' | 'cancelled'> & { readonly error?: unknown }
  > {
    try {
      return await this.#options.client.heartbeat(taskId, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      return { cancelled: false, error };
    }
  }

  /**
   * Carries out a change in Asana, with heartbeats. The Go SDK sends none for these tasks, but the waits for Asana's
   * rate limit and for a change to show can outlast a lease, and Heartbeat accepts the id of any task.
   */
  async #provision(
    { taskId, nextHeartbeat, signal, log }: Run,
    work: (provision: Provision) => Promise<FinalState>,
  ): Promise<Ending> {
    const { client, host, settings, clock } = this.#options;
    if (!settings.provision) {
      throw new RefusedError(
        'ProvisioningOff',
        'This connector only reads. Set spec.conductorOne.provision to true, and request it again.',
      );
    }
    const heartbeats = { client, taskId, first: nextHeartbeat, optional: true, clock, log, signal };
    const state = await withHeartbeats(heartbeats, (limited) =>
      work((request) => host.provision(request, taskId, limited)),
    );
    return answered(state);
  }

  /** @returns false if the report failed */
  async #report(taskId: string, { state }: Ending, signal: AbortSignal, log: Logger): Promise<boolean> {
    if (!state) return true;
    const { client, clock } = this.#options;
    try {
      await reportEnd({ client, taskId, state, clock, signal });
      return true;
    } catch (error) {
      log.warn('the result of a task could not be reported; ConductorOne assigns the task again', { error });
      return false;
    }
  }
}

function answered(state: FinalState): Ending {
  return { result: 'Succeeded', state };
}

/** Returns the task type's name in the protocol, for metrics and logs; unsupported types share one. */
function typeOf({ taskType }: Task): string {
  return TYPES[taskType.case ?? ''] ?? 'unsupported';
}

const TYPES: Readonly<Record<string, string>> = {
  hello: 'hello',
  syncFull: 'sync_full',
  grant: 'grant',
  revoke: 'revoke',
  createAccount: 'create_account',
  actionListSchemas: 'action_list_schemas',
  listEventFeeds: 'list_event_feeds',
};
