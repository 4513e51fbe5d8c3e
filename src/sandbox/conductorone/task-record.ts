import type { Task } from '../../conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';

export type TaskType = NonNullable<Task['taskType']['case']> | 'unknown';

/**
 * - `pending`: waits for a connector to ask
 * - `running`: leased to one
 * - `succeeded`, `failed`: finished by it
 * - `cancelled`: cancelled, and given up by whoever worked on it
 */
export type TaskState = 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** How a connector said that a task ended. */
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

/** A task, from its enqueueing on. Instants are epoch milliseconds, unless said otherwise. */
export interface TaskRecord {
  readonly id: string;
  readonly type: TaskType;
  readonly message: Task;
  readonly enqueuedAt: number;
  state: TaskState;
  /** The next heartbeat is told so. */
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
