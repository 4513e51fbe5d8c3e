import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { type Any, anyPack } from '@bufbuild/protobuf/wkt';
import type { Clock } from '../core/clock.ts';
import { CodedError } from '../core/errors.ts';
import { withTimeLimit } from '../core/time-limit.ts';
import type { BatonClient, FinalState } from './client.ts';
import { ConductorOneError } from './errors.ts';
import { grpcCodeOf } from './status.ts';

/** A report that has not succeeded after this long is given up, as in the Go SDK; the task is then assigned again. */
const REPORT_MS = 30_000;
const FIRST_WAIT_MS = 500;
const LONGEST_MESSAGE = 2000;

/** The final state of a full sync: the data was uploaded, and the server expects an empty Success. */
export const succeeded: FinalState = { finalState: { case: 'success', value: {} } };

/** Returns the final state of a task with a response. Annotations go into both places where readers look. */
export function succeededWith<Desc extends DescMessage>(
  schema: Desc,
  response: MessageShape<Desc> & { readonly annotations?: Any[] },
): FinalState {
  const { annotations = [] } = response;
  return { finalState: { case: 'success', value: { annotations, response: anyPack(schema, response) } } };
}

/** Rephrases a message for the user who must act on it. */
export type Wording = (message: string) => string;

/**
 * Returns the final state of a failed task, with the gRPC code of the error.
 * @param final true if ConductorOne should not assign the task again by itself
 */
export function failed(error: unknown, final: boolean, wording: Wording = (message) => message): FinalState {
  return {
    status: { code: grpcCodeOf(error), message: wording(messageOf(error)) },
    finalState: { case: 'error', value: { nonRetryable: final } },
  };
}

export interface ReportOptions {
  readonly client: Pick<BatonClient, 'finishTask'>;
  readonly taskId: string;
  readonly state: FinalState;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Reports the end of a task, retrying for 30 s while the connection fails: one connection reset must not lose the
 * result, since the task would be carried out a second time. (The Go SDK tries once.)
 * @throws the ConductorOneError of a refusal; TimeoutError after 30 s; the signal's reason when it aborts
 */
export async function reportEnd({ client, taskId, state, clock, signal }: ReportOptions): Promise<void> {
  await withTimeLimit({ clock, ms: REPORT_MS, signal }, async (limited) => {
    for (let wait = FIRST_WAIT_MS; ; wait *= 2) {
      try {
        await client.finishTask(taskId, state, limited);
        return;
      } catch (error) {
        if (!(error instanceof ConductorOneError)) throw error;
        // A failed attempt arrived and only its answer was lost, or the lease is over: nothing is left to report.
        if (wait > FIRST_WAIT_MS && error.code === 'ConductorOneRefused') return;
        if (error.errorClass === 'stalling') throw error;
        await clock.sleep(Math.max(wait, error.retryAfterMs ?? 0), limited);
      }
    }
  });
}

/** Returns the message only of errors that are written for users: others may contain private data. */
function messageOf(error: unknown): string {
  if (error instanceof CodedError) return error.message.slice(0, LONGEST_MESSAGE).toWellFormed();
  return 'The connector failed with an unexpected error. See its log.';
}
