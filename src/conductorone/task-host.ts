import type { Snapshot } from '../directory/snapshot.ts';
import type { TaskOutcome, TaskRequest } from '../provisioning/task-request.ts';

/**
 * What tasks use of the connector that they run for; the operator and the `connector` command each provide one. Both
 * calls reject with the signal's reason when it aborts.
 */
export interface TaskHost {
  /**
   * Returns a complete and trusted reading of the directory: that of a running sync, one younger than ten minutes
   * (teams: than their interval, if longer), or a new one.
   * @throws RefusedError `NotReady` if the reading must not be uploaded; AsanaError, DirectoryError
   */
  readDirectory(signal: AbortSignal): Promise<Snapshot>;
  /**
   * Carries out a change, waiting for rate limits and for the read-back.
   * @throws RefusedError, AsanaError
   */
  provision(request: TaskRequest, taskId: string, signal: AbortSignal): Promise<TaskOutcome>;
}
