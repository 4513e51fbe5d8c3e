import type { AsanaSession } from '../asana/session.ts';
import type { UserTypes } from '../directory/account.ts';
import type { Directory, LossNote } from '../directory/directory.ts';
import type { Account } from '../directory/snapshot.ts';
import type { Action } from './action.ts';
import type { TaskView } from './decide-task.ts';
import type { Seat } from './removals/seat-ledger.ts';

/** What a task needs of the connector it runs for. */
export interface TaskContext {
  readonly session: AsanaSession;
  readonly directory: Directory;
  readonly userTypes: UserTypes;
  /** Tells every directory in which something is missing now because of a change of this task. */
  readonly noteLoss: (note: LossNote) => void;
  /**
   * The policies and the reading as they stand now.
   * @param now by which grants have begun and ended, epoch milliseconds; default: the local clock
   */
  view(now?: number): TaskView;
  /** Takes an enterprise license while an upgrade is under way, so that all others count it. */
  takeSeat(action: Action): Seat;
  /**
   * Throws unless this process may still act for the connector.
   * @param removal what takes is judged by the API server, what gives by the cache
   */
  guard(removal: boolean): void | Promise<void>;
  /**
   * Books a deprovision against `maxDeprovisions`, where a restart finds it. Asked before each request, it goes by the limit
   * of now.
   * @returns false where it was booked before, and nothing was written
   * @throws RefusedError `TooManyDeprovisions`
   */
  reserveDeprovision(account: Account): Promise<boolean>;
}

/** The task as ConductorOne gave it. */
export interface Task {
  readonly id: string;
  readonly connector: { readonly namespace: string; readonly name: string };
  /** How long one action, reads included, may take. */
  readonly actionTimeoutMs: number;
  /** Ends the task, and every wait in it. */
  readonly signal: AbortSignal;
}
