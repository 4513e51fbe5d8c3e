import type { Duration } from '@bufbuild/protobuf/wkt';
import type { Clock } from '../core/clock.ts';
import { StoppedError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { ConductorOneError } from './errors.ts';
import { heartbeatDelay } from './pace.ts';

/** The one call of a BatonClient that is needed here. */
export interface HeartbeatClient {
  heartbeat(
    taskId: string,
    signal: AbortSignal,
  ): Promise<{ readonly nextHeartbeat?: Duration | undefined; readonly cancelled: boolean }>;
}

export interface HeartbeatOptions {
  readonly client: HeartbeatClient;
  readonly taskId: string;
  /** Delay until the first heartbeat, as sent by the server. */
  readonly first: Duration | undefined;
  /**
   * True for work that continues whatever the heartbeats return, even if they fail: giving up a change in Asana that
   * has begun does not undo it. The Go SDK sends no heartbeats for such tasks, so a server that does not track their
   * leases may report them as canceled.
   */
  readonly optional: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** After this many failures in a row the lease counts as lost, as in the Go SDK. */
const MOST_FAILURES = 10;

/**
 * Runs the work; until it ends, heartbeats keep the lease of its task. The work's signal aborts with the given one and,
 * unless heartbeats are optional, with a StoppedError when ConductorOne cancels the task or ten heartbeats in a row
 * have failed.
 */
export async function withHeartbeats<T>(
  options: HeartbeatOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal } = options;
  signal.throwIfAborted();
  const working = new AbortController();
  const beating = new AbortController();
  const follow = () => {
    working.abort(signal.reason);
    beating.abort(signal.reason);
  };
  signal.addEventListener('abort', follow, { once: true });
  const beats = beat(options, beating.signal).then((reason) => reason && working.abort(reason));
  try {
    return await work(working.signal);
  } finally {
    signal.removeEventListener('abort', follow);
    beating.abort(new StoppedError('the work is done'));
    await beats;
  }
}

/** Sends heartbeats until the signal aborts. Returns why the work must stop; `null` if it may go on without them. */
async function beat(
  { client, taskId, first, optional, clock, log }: HeartbeatOptions,
  signal: AbortSignal,
): Promise<StoppedError | null> {
  let wait = heartbeatDelay(first);
  for (let failures = 0; ; ) {
    try {
      await clock.sleep(wait, signal);
      const { nextHeartbeat, cancelled } = await client.heartbeat(taskId, signal);
      if (cancelled && !optional) return new StoppedError('ConductorOne canceled the task.');
      if (cancelled) {
        log.info('ConductorOne canceled a change that is under way: it is carried out');
        return null;
      }
      failures = 0;
      wait = heartbeatDelay(nextHeartbeat);
    } catch (error) {
      if (signal.aborted) return null;
      failures += 1;
      log.warn('heartbeat failed', { failures, error });
      // The server may accept heartbeats only for syncs: the Go SDK sends no others.
      if (optional && error instanceof ConductorOneError && error.errorClass === 'stalling') return null;
      if (!optional && failures >= MOST_FAILURES) {
        return new StoppedError(`${failures} heartbeats of the task in a row have failed.`);
      }
    }
  }
}
