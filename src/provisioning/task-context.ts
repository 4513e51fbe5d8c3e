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
  /** Notes what a change of this task takes away in every directory of the organization. */
  readonly noteLoss: (note: LossNote) => void;
  /**
   * Returns the current policies and reading.
   * @param now time by which grants count as begun or ended, epoch milliseconds; default: the local clock
   */
  view(now?: number): TaskView;
  /** Takes a seat for an upgrade under way, so that every other grant and task counts it. */
  takeSeat(action: Action): Seat;
  /**
   * Throws unless this process may still act for the connector.
   * @param removal true for a removal, which is checked with the API server; other actions are checked with the cache
   */
  guard(removal: boolean): void | Promise<void>;
  /**
   * Books a deprovision against `maxDeprovisions`, where it survives a restart. Called before each request, and judged
   * by the current limit.
   * @returns false if it was booked before, and nothing was written
   * @throws RefusedError `TooManyDeprovisions`
   */
  reserveDeprovision(account: Account): Promise<boolean>;
}

/** The task as ConductorOne gave it. */
export interface Task {
  readonly id: string;
  readonly connector: { readonly namespace: string; readonly name: string };
  /** How long one action may take, its reads included. */
  readonly actionTimeoutMs: number;
  /** Ends the task, and every wait in it. */
  readonly signal: AbortSignal;
}
