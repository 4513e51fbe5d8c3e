import { WaitingLine } from './waiting-line.ts';

/**
 * Who asks: a change and what belongs to it, a person's fresh read, a listing of a sync, or what a sync asks for each
 * item of a listing. The first goes first: a listing asks page by page, so a wait for each is a wait for all.
 */
export type Priority = 'action' | 'read' | 'sync' | 'bulk';

/** Asana limits requests in flight by method: GET apart from POST, PUT, PATCH and DELETE. */
export type RequestKind = 'read' | 'write';

const priorities = ['action', 'read', 'sync', 'bulk'] as const satisfies readonly Priority[];

/** Those who ask for the same: first come, first served. */
export interface Lane<T> {
  readonly kind: RequestKind;
  readonly priority: Priority;
  readonly line: WaitingLine<T>;
}

/** A lane for each priority and kind, in the order in which they are served. */
export function makeLanes<T>(): readonly Lane<T>[] {
  return priorities.flatMap((priority) =>
    (['write', 'read'] as const).map((kind) => ({ kind, priority, line: new WaitingLine<T>() })),
  );
}

export function isSyncRead({ kind, priority }: Pick<Lane<unknown>, 'kind' | 'priority'>): boolean {
  return kind === 'read' && (priority === 'sync' || priority === 'bulk');
}

/** As long as the window: whoever was not served in it stands behind others who take all of it. */
const OVERDUE_MS = 60_000;
const ONE_IN = 10;

/**
 * The exception from priority that keeps everybody from waiting for ever: of ten requests one is of whoever is overdue,
 * for as long as anybody is.
 */
export class OverdueTurns {
  #sent = 0;

  /** A request was sent. */
  count(): void {
    this.#sent += 1;
  }

  /**
   * The lane of whoever has waited longest, if it is the turn of those that are overdue; the turn is then used.
   * @param mayGo whether the first of a lane could be sent now
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
