import { WaitingLine } from './waiting-line.ts';

/**
 * The purpose of a request, most urgent first: an action with its own reads, a fresh read of one person, a listing of a
 * sync, or a sync's request for one item of a listing. Listings go before these, since their pages are sequential.
 */
export type Priority = 'action' | 'read' | 'sync' | 'bulk';

/** Asana limits requests in flight separately for GET and for POST, PUT, PATCH and DELETE. */
export type RequestKind = 'read' | 'write';

const priorities = ['action', 'read', 'sync', 'bulk'] as const satisfies readonly Priority[];

/** The waiting requests of one kind and priority: first come, first served. */
export interface Lane<T> {
  readonly kind: RequestKind;
  readonly priority: Priority;
  readonly line: WaitingLine<T>;
}

/** Returns a lane for each priority and kind, in the order in which they are served. */
export function makeLanes<T>(): readonly Lane<T>[] {
  return priorities.flatMap((priority) =>
    (['write', 'read'] as const).map((kind) => ({ kind, priority, line: new WaitingLine<T>() })),
  );
}

export function isSyncRead({ kind, priority }: Pick<Lane<unknown>, 'kind' | 'priority'>): boolean {
  return kind === 'read' && (priority === 'sync' || priority === 'bulk');
}

/** The length of the window: a request that waits longer is being starved by others that use up the whole window. */
const OVERDUE_MS = 60_000;
const ONE_IN = 10;

/**
 * The exception to priorities that prevents starvation: while any request is overdue, one in ten requests sent is an
 * overdue one.
 */
export class OverdueTurns {
  #sent = 0;

  /** Counts a request that was sent. */
  count(): void {
    this.#sent += 1;
  }

  /**
   * Returns the lane of the longest-waiting overdue request, and uses up the turn; `null` if it is not the turn of one.
   * @param mayGo whether the first request of a lane could be sent now
   */
  take<T>(lanes: readonly Lane<T>[], mayGo: (lane: Lane<T>) => boolean, now: number): Lane<T> | null {
    if (this.#sent < ONE_IN) return null;
    let longest: Lane<T> | null = null;
    for (const lane of lanes) {
      const { since } = lane.line;
      if (now - since >= OVERDUE_MS && since < (longest?.line.since ?? now) && mayGo(lane)) longest = lane;
    }
    if (longest) this.#sent = 0;
    return longest;
  }
}
