import type { Clock } from './clock.ts';

/**
 * Runs `work` with a signal that aborts with `signal`, and with a TimeoutError after `ms` milliseconds. The timer ends
 * with the work. AbortSignal.timeout would keep it for its full time: a thousand timers for a thousand actions.
 */
export async function withTimeLimit<T>(
  { clock, ms, signal }: { readonly clock: Clock; readonly ms: number; readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const limited = new AbortController();
  const follow = () => limited.abort(signal.reason);
  signal.addEventListener('abort', follow, { once: true });
  const cancel = clock.schedule(ms, () =>
    limited.abort(new DOMException(`it took longer than ${ms} ms`, 'TimeoutError')),
  );
  try {
    return await work(limited.signal);
  } finally {
    cancel();
    signal.removeEventListener('abort', follow);
  }
}
