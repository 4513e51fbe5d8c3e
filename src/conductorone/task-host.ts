import type { Snapshot } from '../directory/snapshot.ts';
import type { TaskOutcome, TaskRequest } from '../provisioning/task-request.ts';

/**
 * What tasks need of the connector they run for: the operator and the `connector` command each have one. Both
 * calls reject with the signal's reason when it aborts.
 */
export interface TaskHost {
  /**
   * A whole and trusted reading of the directory: that of a running sync, or one younger than ten minutes, or a new
   * one.
   * @throws RefusedError `NotReady` for a reading that must not be uploaded; AsanaError
   */
  readDirectory(signal: AbortSignal): Promise<Snapshot>;
  /**
   * Carries a change out, rate limits and read-back waited out.
   * @throws RefusedError, AsanaError
   */
  provision(request: TaskRequest, taskId: string, signal: AbortSignal): Promise<TaskOutcome>;
}
