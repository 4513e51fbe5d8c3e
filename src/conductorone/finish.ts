import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { type Any, anyPack } from '@bufbuild/protobuf/wkt';
import type { Clock } from '../core/clock.ts';
import { CodedError } from '../core/errors.ts';
import { withTimeLimit } from '../core/time-limit.ts';
import type { BatonClient, FinalState } from './client.ts';
import { ConductorOneError } from './errors.ts';
import { grpcCodeOf } from './status.ts';

/** A report that is not through after this long is given up, as in the Go SDK; the task comes again then. */
const REPORT_MS = 30_000;
const FIRST_WAIT_MS = 500;
const LONGEST_MESSAGE = 2000;

/** The end of a full sync: what there is to say was uploaded, and the server wants an empty Success. */
export const succeeded: FinalState = { finalState: { case: 'success', value: {} } };

/** The end of a task that has an answer; its annotations are looked for in both places. */
export function succeededWith<Desc extends DescMessage>(
  schema: Desc,
  response: MessageShape<Desc> & { readonly annotations?: Any[] },
): FinalState {
  const { annotations = [] } = response;
  return { finalState: { case: 'success', value: { annotations, response: anyPack(schema, response) } } };
}

/** Puts a message into the words of whoever has to act on it. */
export type Wording = (message: string) => string;

/**
 * The end of a task that failed, with the gRPC code of the reason.
 * @param final true when ConductorOne should not hand it out again by itself
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
 * Says how a task ended, again and again for 30 s while the connection fails: a finished task must not be lost, and
 * done a second time, for one reset. (The Go SDK tries once.)
 * @throws the last ConductorOneError; the signal's reason when it aborts
 */
export async function reportEnd({ client, taskId, state, clock, signal }: ReportOptions): Promise<void> {
  await withTimeLimit({ clock, ms: REPORT_MS, signal }, async (limited) => {
    for (let wait = FIRST_WAIT_MS; ; wait *= 2) {
      try {
        await client.finishTask(taskId, state, limited);
        return;
      } catch (error) {
        if (!(error instanceof ConductorOneError)) throw error;
        // One of those that failed came through, and its answer was lost; or the lease is over. Either way: done.
        if (wait > FIRST_WAIT_MS && error.code === 'ConductorOneRefused') return;
        if (error.errorClass === 'stalling') throw error;
        await clock.sleep(Math.max(wait, error.retryAfterMs ?? 0), limited);
      }
    }
  });
}

/** Only what was written to be read by people; anything else may hold what is nobody's business. */
function messageOf(error: unknown): string {
  if (error instanceof CodedError) return error.message.slice(0, LONGEST_MESSAGE).toWellFormed();
  return 'The connector failed with an unexpected error. See its log.';
}
