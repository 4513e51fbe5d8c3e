import type { Task } from '../../conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';

export type TaskType = NonNullable<Task['taskType']['case']> | 'unknown';

/**
 * - `pending`: waits for a connector to ask
 * - `running`: leased to a connector
 * - `succeeded`, `failed`: finished by the connector
 * - `cancelled`: cancelled, and no longer worked on
 */
export type TaskState = 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** The end of a task, as its connector reported it. */
export interface TaskEnd {
  readonly host: string;
  /** gRPC code; 0 for success. */
  readonly code: number;
  readonly message: string;
  readonly nonRetryable: boolean;
  /** Details of the status, annotations and response, as protobuf JSON. */
  readonly details: readonly unknown[];
  readonly annotations: readonly unknown[];
  readonly response: unknown;
}

/** A call about a task that was refused. */
export interface RefusedCall {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly rpc: string;
  readonly host: string;
  readonly reason: string;
}

/** A task since it was enqueued. Times are epoch milliseconds unless noted otherwise. */
export interface TaskRecord {
  readonly id: string;
  readonly type: TaskType;
  readonly message: Task;
  readonly enqueuedAt: number;
  state: TaskState;
  /** True if the next heartbeat must report the cancellation. */
  cancelRequested: boolean;
  /** `until` is on the monotonic clock. */
  lease: { readonly host: string; readonly until: number } | null;
  /** Every host it was leased to, in order. */
  readonly leasedTo: string[];
  heartbeats: number;
  /** Uploads that were accepted for it. */
  uploads: number;
  startedAt: number | null;
  endedAt: number | null;
  end: TaskEnd | null;
  readonly refusedCalls: RefusedCall[];
}

export function isOver({ state }: TaskRecord): boolean {
  return state !== 'pending' && state !== 'running';
}
