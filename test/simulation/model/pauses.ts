import type { AsanaAnswer } from '../asana/front.ts';

interface Pause {
  readonly from: number;
  readonly until: number;
}

/** Records when Asana asked to wait: each 429 with its Retry-After. Times are monotonic milliseconds. */
export class Pauses {
  /** Until when each process may send nothing with each token. */
  readonly #until = new Map<string, number>();
  /** The pauses of each token, in order, without overlap. */
  readonly #past = new Map<string, Pause[]>();

  /** Records an answer. */
  take({ by, token, status, retryAfterMs }: AsanaAnswer, now: number): void {
    if (status !== 429 || retryAfterMs === null) return;
    const until = Math.max(now + retryAfterMs, this.until(by, token));
    this.#until.set(`${by} ${token}`, until);
    const past = this.#past.get(token) ?? [];
    const last = past.at(-1);
    if (last && now <= last.until) past[past.length - 1] = { ...last, until: Math.max(until, last.until) };
    else past.push({ from: now, until });
    this.#past.set(token, past);
  }

  /** Returns until when a process may send nothing with a token; 0 without a pause. */
  until(by: string, token: string): number {
    return this.#until.get(`${by} ${token}`) ?? 0;
  }

  /** Returns how much of the time from `since` until `now` Asana asked to wait, on any process with this token. */
  waitedMs(token: string, since: number, now: number): number {
    return (this.#past.get(token) ?? [])
      .map(({ from, until }) => Math.min(until, now) - Math.max(from, since))
      .reduce((sum, ms) => sum + Math.max(0, ms), 0);
  }
}
