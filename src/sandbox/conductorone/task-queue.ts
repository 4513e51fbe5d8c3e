import { randomBytes } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  type Task,
  TaskSchema,
  Task_Status as TaskStatus,
} from '../../conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import type { Clock } from '../../core/clock.ts';
import { InvalidInputError } from '../../core/errors.ts';
import type { SandboxTime } from '../sandbox-time.ts';
import type { TenantSettings } from './settings.ts';
import { isOver, type TaskEnd, type TaskRecord } from './task-record.ts';

/** A call about a task. */
export interface TaskCall {
  readonly rpc: string;
  readonly host: string;
  readonly taskId: string;
}

/** The code as a number, as statuses have it. */
const CANCELED: number = Code.Canceled;
const MOST_TASKS = 10_000;
const MOST_REFUSED_CALLS = 100;
const ID_CHARACTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_LENGTH = 27;

/**
 * The tasks of one connector. A task is leased to the instance that asked; heartbeats prolong the lease, and when it
 * expires the task goes to the next instance that asks. An instance that lost its lease can no longer act on the task.
 */
export class TaskQueue {
  readonly #settings: TenantSettings;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #time: SandboxTime;
  readonly #tasks = new Map<string, TaskRecord>();

  constructor(settings: TenantSettings, clock: Pick<Clock, 'monotonic'>, time: SandboxTime) {
    this.#settings = settings;
    this.#clock = clock;
    this.#time = time;
  }

  /**
   * Appends a task and assigns its id.
   * @throws InvalidInputError if too many are waiting
   */
  add(task: Pick<Task, 'taskType'> & Partial<Pick<Task, 'debug' | '$unknown'>>): TaskRecord {
    this.#makeRoom();
    const id = newId();
    const message = create(TaskSchema, {
      id,
      status: TaskStatus.PENDING,
      debug: task.debug ?? false,
      taskType: task.taskType,
    });
    if (task.$unknown !== undefined) message.$unknown = task.$unknown;
    const record: TaskRecord = {
      id,
      type: task.taskType.case ?? 'unknown',
      message,
      enqueuedAt: this.#time.now(),
      state: 'pending',
      cancelRequested: false,
      lease: null,
      leasedTo: [],
      heartbeats: 0,
      uploads: 0,
      startedAt: null,
      endedAt: null,
      end: null,
      refusedCalls: [],
    };
    this.#tasks.set(id, record);
    return record;
  }

  /** Leases the next task to this host and returns it; `null` if there is none. One sync runs at a time. */
  next(host: string, registered: boolean): TaskRecord | null {
    this.#releaseSilent();
    const tasks = [...this.#tasks.values()];
    const syncing = tasks.some(({ state, type }) => state === 'running' && type === 'syncFull');
    const task = tasks.find(
      ({ state, type }) =>
        state === 'pending' && (registered || type === 'hello') && !(syncing && type === 'syncFull'),
    );
    if (task === undefined) return null;
    task.state = 'running';
    task.message.status = TaskStatus.RUNNING;
    task.startedAt = this.#time.now();
    task.leasedTo.push(host);
    task.lease = { host, until: this.#leaseEnd() };
    return task;
  }

  /**
   * Returns the task if it is leased to this host.
   * @throws ConnectError NotFound for no such task, FailedPrecondition if it is over or not leased to this host
   */
  leased(call: TaskCall): TaskRecord {
    this.#releaseSilent();
    const task = this.#tasks.get(call.taskId);
    if (task === undefined) throw new ConnectError('task_id: there is no such task', Code.NotFound);
    if (isOver(task)) throw this.#refuse(task, call, `the task is over (${task.state})`);
    if (task.lease?.host !== call.host)
      throw this.#refuse(
        task,
        call,
        task.lease === null
          ? 'no lease: nobody holds this task'
          : 'no lease: the task is with another instance',
      );
    return task;
  }

  /** Prolongs the lease. Returns true if the connector has to give the task up. */
  heartbeat(call: TaskCall): boolean {
    if (this.find(call.taskId)?.state === 'cancelled') return true;
    const task = this.leased(call);
    task.heartbeats += 1;
    task.lease = { host: call.host, until: this.#leaseEnd() };
    return task.cancelRequested;
  }

  finish(task: TaskRecord, end: TaskEnd): void {
    const gaveUp = task.cancelRequested && end.code === CANCELED;
    task.state = end.code === 0 ? 'succeeded' : gaveUp ? 'cancelled' : 'failed';
    task.message.status = TaskStatus.FINISHED;
    task.endedAt = this.#time.now();
    task.lease = null;
    task.end = end;
  }

  /** Cancels a pending task, or a running one at its connector's next heartbeat. Returns false if the task is over. */
  cancel(task: TaskRecord): boolean {
    this.#releaseSilent();
    if (isOver(task)) return false;
    task.cancelRequested = true;
    if (task.state === 'pending') this.#endCancelled(task);
    return true;
  }

  find(id: string): TaskRecord | undefined {
    this.#releaseSilent();
    return this.#tasks.get(id);
  }

  /** Returns the tasks in the order in which they were enqueued. */
  list(): readonly TaskRecord[] {
    this.#releaseSilent();
    return [...this.#tasks.values()];
  }

  /** Records that a call about a task is refused, and returns the error. */
  #refuse(task: TaskRecord, { rpc, host }: TaskCall, reason: string): ConnectError {
    if (task.refusedCalls.length < MOST_REFUSED_CALLS)
      task.refusedCalls.push({ at: this.#time.now(), rpc, host, reason });
    return new ConnectError(`task_id: ${reason}`, Code.FailedPrecondition);
  }

  #leaseEnd(): number {
    return this.#clock.monotonic() + this.#settings.leaseMs;
  }

  #releaseSilent(): void {
    const now = this.#clock.monotonic();
    for (const task of this.#tasks.values()) {
      if (task.lease === null || task.lease.until > now) continue;
      task.lease = null;
      task.state = 'pending';
      task.message.status = TaskStatus.PENDING;
      if (task.cancelRequested) this.#endCancelled(task);
    }
  }

  #endCancelled(task: TaskRecord): void {
    task.state = 'cancelled';
    task.message.status = TaskStatus.FINISHED;
    task.endedAt = this.#time.now();
  }

  /** Drops the oldest task that is over if there are too many. */
  #makeRoom(): void {
    if (this.#tasks.size < MOST_TASKS) return;
    const oldest = this.list().find(isOver);
    if (oldest === undefined) throw new InvalidInputError('tasks', `at most ${MOST_TASKS} can wait.`);
    this.#tasks.delete(oldest.id);
  }
}

/** Returns an id in the form of a KSUID. */
function newId(): string {
  return Array.from(randomBytes(ID_LENGTH), (byte) => ID_CHARACTERS.charAt(byte % ID_CHARACTERS.length)).join(
    '',
  );
}
