import type { ClusterClient } from '../../../src/kubernetes/client.ts';
import { KubernetesError } from '../../../src/kubernetes/errors.ts';
import { type RefusalReason, refusal } from './refusal.ts';

export type Operation = keyof ClusterClient;

/** The calls that a fault applies to. */
export interface FaultScope {
  /** Every operation by default. */
  readonly operations?: readonly Operation[];
  /** The kind in the request (`AsanaConnector`, `Lease`, …); every kind by default. */
  readonly kind?: string;
  /** Number of calls; one by default. */
  readonly times?: number;
}

/** The faults of a call; several may apply at once. */
export type Fault =
  /** The API server refuses the request and does nothing. */
  | { readonly type: 'Refused'; readonly reason: RefusalReason; readonly retryAfterSeconds?: number }
  /** The request never arrives. */
  | { readonly type: 'RequestLost' }
  /** The request is executed, but its answer is lost. */
  | { readonly type: 'AnswerLost' }
  /** Takes this many milliseconds, half on the way there and half on the way back. */
  | { readonly type: 'Slow'; readonly ms: number };

/** The faults of the open watches of a kind. */
export type WatchFault =
  /** The server ends the watch cleanly. */
  | { readonly type: 'Ended' }
  /** The connection breaks. */
  | { readonly type: 'Reset' }
  /** The server reports in the stream that the version is too old. */
  | { readonly type: 'Expired' }
  /** The next event, and all behind it, arrive this many milliseconds late. */
  | { readonly type: 'Delayed'; readonly ms: number };

/** What happens to one call. */
export interface Fate {
  readonly thereMs: number;
  readonly backMs: number;
  /** The error it ends with instead of being executed; `null` for none. */
  readonly before: KubernetesError | null;
  /** The error it ends with although it was executed; `null` for none. */
  readonly after: KubernetesError | null;
}

interface Planned {
  readonly fault: Fault;
  readonly scope: FaultScope;
  left: number;
}

/** The faults between one process and the API server; there are none until they are planned. */
export class ClientFaults {
  /** Returns the round-trip milliseconds of a call; called for each, 0 by default. */
  latency: () => number = () => 0;
  #planned: Planned[] = [];
  readonly #delays = new Map<string, number>();
  readonly #onWatchFault: (fault: WatchFault, kind: string | null) => void;

  constructor(onWatchFault: (fault: WatchFault, kind: string | null) => void) {
    this.#onWatchFault = onWatchFault;
  }

  /** Plans a fault for the next calls of a scope. */
  plan(fault: Fault, scope: FaultScope = {}): void {
    this.#planned.push({ fault, scope, left: scope.times ?? 1 });
  }

  /** Breaks the watches that are open now, of one kind or of all; a delay applies to their next event. */
  watches(fault: WatchFault, kind: string | null = null): void {
    if (fault.type === 'Delayed') this.#delays.set(kind ?? '', fault.ms);
    else this.#onWatchFault(fault, kind);
  }

  /** Drops all faults; latency stays. */
  clear(): void {
    this.#planned = [];
    this.#delays.clear();
  }

  /** Returns what happens to the next call, and uses up what was planned for it. */
  next(operation: Operation, kind: string): Fate {
    const hit = this.#planned.filter(({ scope }) => isIn(scope, operation, kind));
    for (const planned of hit) planned.left -= 1;
    this.#planned = this.#planned.filter(({ left }) => left > 0);
    const faults = hit.map(({ fault }) => fault);
    const slow = faults.reduce((ms, fault) => ms + (fault.type === 'Slow' ? fault.ms : 0), this.latency());
    return {
      thereMs: slow / 2,
      backMs: slow / 2,
      before: faults.map(errorBefore).find((error) => error !== null) ?? null,
      after: faults.some(({ type }) => type === 'AnswerLost') ? unreachable() : null,
    };
  }

  /** Returns how many milliseconds late the current event of a kind is, and uses up that delay. */
  takeDelay(kind: string): number {
    for (const scope of [kind, '']) {
      const ms = this.#delays.get(scope);
      this.#delays.delete(scope);
      if (ms !== undefined) return ms;
    }
    return 0;
  }
}

function isIn({ operations, kind }: FaultScope, operation: Operation, asked: string): boolean {
  return (operations?.includes(operation) ?? true) && (kind ?? asked) === asked;
}

function errorBefore(fault: Fault): KubernetesError | null {
  if (fault.type === 'Refused')
    return refusal(fault.reason, 'as the simulation wants it', fault.retryAfterSeconds);
  return fault.type === 'RequestLost' ? unreachable() : null;
}

/** Returns the error of a call that got no answer. */
export function unreachable(): KubernetesError {
  return new KubernetesError('Unreachable', 0, 'transient', 'the API server is not reachable');
}
