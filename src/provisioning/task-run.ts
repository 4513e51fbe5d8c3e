import { AsanaError, isAsanaError } from '../asana/errors.ts';
import { DEFAULT_RETRY_AFTER_MS } from '../asana/retry.ts';
import { mayBeDone, type Tally } from '../asana/transport.ts';
import type { Clock } from '../core/clock.ts';
import { withTimeLimit } from '../core/time-limit.ts';
import { refresh } from '../directory/reader.ts';
import type { Account } from '../directory/snapshot.ts';
import { type Action, isSameAction } from './action.ts';
import { rulesOf } from './actions.ts';
import { nextLook } from './attempt.ts';
import { decideTask, findTaskAccount, subjectOfTask } from './decide-task.ts';
import type { ActionHooks, ActionOutcome, ActionRequest, Executor } from './executor.ts';
import { RefusedError } from './refusal.ts';
import type { Seat } from './removals/seat-ledger.ts';
import type { Step } from './right-rules.ts';
import type { Task, TaskContext } from './task-context.ts';
import type { TaskOutcome, TaskRequest } from './task-request.ts';

export interface TaskRunOptions {
  readonly executor: Executor;
  readonly clock: Clock;
  readonly request: TaskRequest;
  readonly context: TaskContext;
  readonly task: Task;
}

type Final = Exclude<Step, { kind: 'Act' }>;

/** How often a task is decided because Asana changed meanwhile, or did not answer in time, before it is given up. */
const MOST_ROUNDS = 5;

/** A Retry-After of 0 must not become a loop without a pause. */
const SHORTEST_WAIT_MS = 1_000;

/** Pause before the next round if the connector is not ready: its cache is behind, or the API server did not answer. */
const PAUSE_MS = 3_000;

/** The decision changed while a request waited: the request is not sent, and the task is decided again. */
class OvertakenError extends Error {}

/** One task that is being carried out. */
export class TaskRun {
  readonly #options: TaskRunOptions;
  /** True if the next decision is made on a read of Asana for this task. */
  #fresh = false;
  /** True if Asana may have carried out a request of this task: what holds afterwards counts as changed by it. */
  #sent = false;
  #seat: Seat | null = null;
  /** True if Asana has, or may have, accepted a change of this task. */
  #taken = false;
  /** True if the directory shows the outcome of the task. */
  #isShown = false;
  /** Why the previous round came to no result. */
  #why: Error | null = null;

  constructor(options: TaskRunOptions) {
    this.#options = options;
  }

  async run(): Promise<TaskOutcome> {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      this.#options.task.signal.throwIfAborted();
      const step = this.#decide();
      const outcome = step.kind === 'Act' ? await this.#act(step.action) : await this.#end(step);
      if (!outcome) continue;
      this.#isShown = true;
      return outcome;
    }
    throw (
      this.#why ??
      new RefusedError(
        'NotReady',
        'The access that the task is about keeps changing in Asana. Try again later.',
      )
    );
  }

  /** Gives back the seat that the task holds. */
  end(): void {
    if (!this.#taken && !this.#sent) this.#seat?.free();
    else if (this.#isShown) this.#seat?.keep();
    else this.#seat?.doubt();
    this.#seat = null;
  }

  /** Decides on the current policies and directory. */
  #decide(): Step {
    const { request, context } = this.#options;
    return decideTask(request, context.view());
  }

  #account(): Account | null {
    const { request, context } = this.#options;
    const { reading } = context.view();
    return reading && findTaskAccount(request, reading);
  }

  /** Ends the task without a change. Unless Asana was just read for it, reads Asana first and returns `null`. */
  async #end(step: Final): Promise<TaskOutcome | null> {
    const { request, context, task } = this.#options;
    const subject = this.#fresh ? null : subjectOfTask(request, context.view());
    if (subject) {
      const { session, directory, userTypes } = context;
      const options = { membership: true, userTypes, priority: 'action' } as const;
      try {
        await this.#patiently((signal) => refresh(session, directory, subject, { ...options, signal }));
      } catch (error) {
        throw this.#isTimeout(error) ? slow(error, task.actionTimeoutMs) : error;
      }
      this.#fresh = true;
      return null;
    }
    if (step.kind === 'Refused') throw new RefusedError(step.code, step.message);
    return { changed: this.#sent, account: this.#account() };
  }

  async #act(action: Action): Promise<TaskOutcome | null> {
    // Without an await since the decision: another task must not find the same license free.
    if (rulesOf(action).takesSeat) this.#seat ??= this.#options.context.takeSeat(action);
    this.#fresh = false;
    const outcome = await this.#execute(action);
    this.#taken ||= outcome !== null && outcome.kind !== 'Overtaken';
    switch (outcome?.kind) {
      case 'Succeeded':
        return { changed: this.#sent || !outcome.byOthers, account: outcome.account };
      case 'Unconfirmed':
        return this.#awaitOutcome(action, outcome.id);
      case 'Overtaken':
        this.#fresh = true;
        return null;
      case undefined:
        return null;
    }
  }

  /** Carries the action out; `null` if it was overtaken, had to pause or got no answer in time: it is decided again. */
  async #execute(action: Action): Promise<ActionOutcome | null> {
    const { executor } = this.#options;
    const tally: Tally = { requests: 0 };
    let id = '';
    const hooks: ActionHooks = {
      guard: (stage) => this.#guard(action, stage),
      confirm: ({ asanaDate }) => this.#asksFor(action) && this.#isAskedAt(asanaDate, action),
      recordIntent: async (given) => {
        id = given;
        await this.#book(action);
      },
    };
    try {
      return await this.#patiently((signal) =>
        executor.execute({ ...this.#requestFor(action, signal), tally }, hooks),
      );
    } catch (error) {
      if (error instanceof OvertakenError) return null;
      if (isPassing(error) && !mayBeDone(tally)) return await this.#pause(error);
      if (!this.#isTimeout(error)) throw error;
      this.#why = slow(error, this.#options.task.actionTimeoutMs);
      if (!mayBeDone(tally)) return null;
      if (rulesOf(action).oneWay) return { kind: 'Unconfirmed', id, account: null };
      return await this.#verify(action, id);
    } finally {
      this.#sent ||= mayBeDone(tally);
    }
  }

  /** Waits for a temporary obstacle to pass before the task is decided again. */
  async #pause(why: Error): Promise<null> {
    const { clock, task } = this.#options;
    this.#why = why;
    await clock.sleep(PAUSE_MS, task.signal);
    return null;
  }

  /** Throws unless the process may act, the limit allows the action, and the task still asks for it. */
  async #guard(action: Action, stage: 'Begin' | 'Send'): Promise<void> {
    const { context, task } = this.#options;
    task.signal.throwIfAborted();
    await context.guard(rulesOf(action).removal);
    // Booked with the intent already. If a new window has begun since, it is booked there, and all is checked again.
    if (stage === 'Send') while (await this.#book(action)) await context.guard(rulesOf(action).removal);
    if (this.#asksFor(action)) return;
    const step = this.#decide();
    throw step.kind === 'Refused' ? new RefusedError(step.code, step.message) : new OvertakenError();
  }

  /** Whether the task asks for the action also if grants begin and end by Asana's clock. */
  #isAskedAt(asanaDate: number | null, action: Action): boolean {
    if (asanaDate === null) return true;
    const { request, context } = this.#options;
    const step = decideTask(request, context.view(asanaDate));
    if (step.kind === 'Refused') throw new RefusedError(step.code, step.message);
    return step.kind === 'Act' && isSameAction(step.action, action);
  }

  #asksFor(action: Action): boolean {
    const step = this.#decide();
    return step.kind === 'Act' && isSameAction(step.action, action);
  }

  /** Books the action if it is a deprovision; true if that was not booked before. */
  async #book(action: Action): Promise<boolean> {
    if (!rulesOf(action).deprovisions(action)) return false;
    const account = this.#account();
    return account !== null && this.#options.context.reserveDeprovision(account);
  }

  async #awaitOutcome(action: Action, id: string): Promise<TaskOutcome> {
    const { clock, task } = this.#options;
    const sentAt = clock.monotonic();
    for (;;) {
      const wait = nextLook(clock.monotonic() - sentAt);
      if (wait === null) throw notAccepted(action);
      await clock.sleep(wait, task.signal);
      const outcome = await this.#verify(action, id);
      if (outcome) return { changed: true, account: outcome.account };
    }
  }

  /** Checks the outcome; `null` if Asana does not show it, or cannot be read just now. */
  async #verify(action: Action, id: string): Promise<Extract<ActionOutcome, { kind: 'Succeeded' }> | null> {
    const { executor } = this.#options;
    try {
      const outcome = await this.#patiently((signal) =>
        executor.verify(this.#requestFor(action, signal), id),
      );
      return outcome.kind === 'Succeeded' ? outcome : null;
    } catch (error) {
      const passes = isAsanaError(error) && error.errorClass !== 'stalling';
      if (!passes && !this.#isTimeout(error)) throw error;
      return null;
    }
  }

  #requestFor(action: Action, signal: AbortSignal): ActionRequest {
    const { context, task } = this.#options;
    return {
      connector: task.connector,
      session: context.session,
      directory: context.directory,
      noteLoss: context.noteLoss,
      userTypes: context.userTypes,
      action,
      requester: { type: 'Task', taskId: task.id },
      reason: null,
      signal,
    };
  }

  /** Runs `work`, each try with its own time limit. After a 429, which means not done, tries again when allowed. */
  async #patiently<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, task } = this.#options;
    const limit = { clock, ms: task.actionTimeoutMs, signal: task.signal };
    for (;;) {
      try {
        return await withTimeLimit(limit, work);
      } catch (error) {
        if (!isAsanaError(error, 'RateLimited')) throw error;
        const asked = error.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS;
        await clock.sleep(Math.max(SHORTEST_WAIT_MS, asked), task.signal);
      }
    }
  }

  /** Whether the time of one try was up, rather than that of the task. */
  #isTimeout(error: unknown): boolean {
    return (
      error instanceof DOMException && error.name === 'TimeoutError' && !this.#options.task.signal.aborted
    );
  }
}

function isPassing(error: unknown): error is RefusedError {
  return error instanceof RefusedError && error.code === 'NotReady';
}

function slow(cause: unknown, ms: number): AsanaError {
  const message = `Asana did not respond within ${Math.round(ms / 1000)} s. Try again later.`;
  return new AsanaError('AsanaUnavailable', message, { surface: 'rest', cause });
}

function notAccepted({ type }: Action): RefusedError {
  const message = `Asana does not show the result of ${type} three minutes after the request. Check the Admin Console.`;
  return new RefusedError('NotAccepted', message);
}
