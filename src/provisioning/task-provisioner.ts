import type { Clock } from '../core/clock.ts';
import type { Executor } from './executor.ts';
import type { Task, TaskContext } from './task-context.ts';
import type { TaskOutcome, TaskRequest } from './task-request.ts';
import { TaskRun } from './task-run.ts';

/** Carries out ConductorOne's tasks by the same rules and the same executor as declared grants. */
export class TaskProvisioner {
  readonly #executor: Executor;
  readonly #clock: Clock;

  constructor({ executor, clock }: { readonly executor: Executor; readonly clock: Clock }) {
    this.#executor = executor;
    this.#clock = clock;
  }

  /**
   * Decides, acts, and waits until Asana shows the change: waits out rate limits, and looks for the change 5, 15, 60
   * and 180 s after it was sent. A creation or a deprovision is not sent again, even if it is not answered.
   *
   * @throws RefusedError by rule, or `NotAccepted`; AsanaError; whatever the context throws; the signal's reason if it
   *   aborts
   */
  async carryOut(request: TaskRequest, context: TaskContext, task: Task): Promise<TaskOutcome> {
    const run = new TaskRun({ executor: this.#executor, clock: this.#clock, request, context, task });
    try {
      return await run.run();
    } finally {
      run.end();
    }
  }
}
