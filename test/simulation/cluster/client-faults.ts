import type { ClusterClient } from '../../../src/kubernetes/client.ts';
import { KubernetesError } from '../../../src/kubernetes/errors.ts';
import { type RefusalReason, refusal } from './refusal.ts';

export type Operation = keyof ClusterClient;

/** Which calls a fault is for. */
export interface FaultScope {
  /** By default every operation. */
  readonly operations?: readonly Operation[];
  /** The kind asked about (`AsanaConnector`, `Lease`, …); by default every one. */
  readonly kind?: string;
  /** For how many calls; by default one. */
  readonly times?: number;
}

/** What may go wrong with a call; several at once may. */
export type Fault =
  /** The API server refuses it and does nothing. */
  | { readonly type: 'Refused'; readonly reason: RefusalReason; readonly retryAfterSeconds?: number }
  /** It never arrives. */
  | { readonly type: 'RequestLost' }
  /** It is done, and nobody hears of it. */
  | { readonly type: 'AnswerLost' }
  /** Half of these milliseconds on the way there, half on the way back. */
  | { readonly type: 'Slow'; readonly ms: number };

/** What may go wrong with the open watches of a kind. */
export type WatchFault =
  /** The server ends it politely. */
  | { readonly type: 'Ended' }
  /** The connection breaks. */
  | { readonly type: 'Reset' }
  /** The server says within the stream that its version is too old. */
  | { readonly type: 'Expired' }
  /** The next event, and all behind it, comes so many milliseconds late. */
  | { readonly type: 'Delayed'; readonly ms: number };

/** How one call goes. */
export interface Fate {
  readonly thereMs: number;
  readonly backMs: number;
  /** What it ends with instead of being done. */
  readonly before: KubernetesError | null;
  /** What it ends with although it was done. */
  readonly after: KubernetesError | null;
}

interface Planned {
  readonly fault: Fault;
  readonly scope: FaultScope;
  left: number;
}

/** What goes wrong between one process and the API server; nothing does until it is told. */
export class ClientFaults {
  /** Milliseconds of each call there and back, asked anew for each; none by default. */
  latency: () => number = () => 0;
  #planned: Planned[] = [];
  readonly #delays = new Map<string, number>();
  readonly #onWatchFault: (fault: WatchFault, kind: string | null) => void;

  constructor(onWatchFault: (fault: WatchFault, kind: string | null) => void) {
    this.#onWatchFault = onWatchFault;
  }

  /** Lets the next calls of a scope go wrong. */
  plan(fault: Fault, scope: FaultScope = {}): void {
    this.#planned.push({ fault, scope, left: scope.times ?? 1 });
  }

  /** Lets the watches that are open now go wrong, of one kind or of all. */
  watches(fault: WatchFault, kind: string | null = null): void {
    if (fault.type === 'Delayed') this.#delays.set(kind ?? '', fault.ms);
    else this.#onWatchFault(fault, kind);
  }

  /** Everything goes well again; latency stays. */
  clear(): void {
    this.#planned = [];
    this.#delays.clear();
  }

  /** How the next call goes; uses up what was planned for it. */
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

  /** Milliseconds that the event of a kind at hand comes late. */
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

/** No answer came. */
export function unreachable(): KubernetesError {
  return new KubernetesError('Unreachable', 0, 'transient', 'the API server is not reachable');
}
