/** The connector's bounds on removals (`provisioning.maxRemovals`, `maxDeprovisions`). */
export interface RemovalLimits {
  /** 0 to 100, of the grants applied when the window began. */
  readonly percent: number;
  readonly atLeast: number;
  readonly windowMs: number;
  readonly maxDeprovisions: number;
}

/** A removal that wants to be carried out, or will once its delay has passed. */
export interface RemovalDemand {
  /** The grant's uid. */
  readonly id: string;
  readonly who: string;
  readonly what: string;
  readonly deprovision: boolean;
  /** The hold it belongs to by its own record, which outlives this process; null for none. */
  readonly held: string | null;
  /** A person has acknowledged the hold it was in: it goes ahead and counts no more. */
  readonly acknowledged: boolean;
}

/** Removals of one connector that are stopped until a person acknowledges or discards them. */
export interface Hold {
  readonly reason: 'TooManyRemovals' | 'DirectoryShrunk' | 'OrganizationChanged';
  /** Epoch milliseconds. */
  readonly since: number;
  readonly token: string;
  readonly count: number;
  /** The first twenty. */
  readonly pending: readonly { readonly who: string; readonly what: string }[];
}

/** What has to survive a restart; it is kept in the connector's status. Instants in epoch milliseconds. */
export interface RemovalLedger {
  readonly window: {
    readonly startedAt: number;
    /** Applied grants when it began. */
    readonly baseline: number;
    /** Removals of declared grants reserved in it, their deprovisions among them. */
    readonly done: number;
    /** Deprovisions reserved in it, those of tasks too. */
    readonly deprovisions: number;
  } | null;
  readonly hold: Hold | null;
}

export const emptyLedger: RemovalLedger = { window: null, hold: null };

/** `status.hold.pending` names so many. */
const NAMED_IN_HOLD = 20;

/** The most removals of a window. */
export function removalLimit(limits: RemovalLimits, baseline: number): number {
  return Math.max(limits.atLeast, Math.floor((limits.percent * baseline) / 100));
}

/**
 * Weighs everything that is pending against the limit (DESIGN §4, Holds): it counts demand, delayed removals
 * included, and what was done in the window. Above the limit a hold begins, and none is carried out. A hold is
 * latched: neither time nor a smaller demand ends it.
 * @param demands every pending removal of the connector
 * @param applied grants applied now; the baseline of a window that begins
 */
export function weighDemand(
  ledger: RemovalLedger,
  demands: readonly RemovalDemand[],
  limits: RemovalLimits,
  applied: number,
  now: number,
  newToken: () => string,
): RemovalLedger {
  const counting = demands.filter((demand) => !demand.acknowledged);
  if (counting.length === 0) return ledger;
  const window = rollWindow(ledger, limits, applied, now);
  if (ledger.hold) return { ...ledger, window };
  const deprovisions = counting.filter((demand) => demand.deprovision).length;
  const tooMany =
    window.done + counting.length > removalLimit(limits, window.baseline) ||
    window.deprovisions + deprovisions > limits.maxDeprovisions;
  if (!tooMany) return { window, hold: null };
  return {
    window,
    hold: {
      reason: 'TooManyRemovals',
      since: now,
      token: newToken(),
      count: counting.length,
      pending: counting.slice(0, NAMED_IN_HOLD).map(({ who, what }) => ({ who, what })),
    },
  };
}

/** Books a removal before its request leaves; one that was acknowledged does not count. */
export function reserveRemoval(ledger: RemovalLedger, demand: RemovalDemand): RemovalLedger {
  if (demand.acknowledged || !ledger.window) return ledger;
  const { done, deprovisions } = ledger.window;
  return {
    ...ledger,
    window: { ...ledger.window, done: done + 1, deprovisions: deprovisions + (demand.deprovision ? 1 : 0) },
  };
}

/**
 * Books a deprovision that was decided one by one elsewhere (a ConductorOne task): it counts towards
 * `maxDeprovisions`, and not towards the removals of declared grants. Null when the window has none left.
 */
export function reserveDeprovision(
  ledger: RemovalLedger,
  limits: RemovalLimits,
  applied: number,
  now: number,
): RemovalLedger | null {
  const window = rollWindow(ledger, limits, applied, now);
  if (window.deprovisions >= limits.maxDeprovisions) return null;
  return { ...ledger, window: { ...window, deprovisions: window.deprovisions + 1 } };
}

/** Ends the hold of this token; an unknown or old token changes nothing. */
export function endHold(ledger: RemovalLedger, token: string): RemovalLedger {
  return ledger.hold?.token === token ? { ...ledger, hold: null } : ledger;
}

function rollWindow(
  { window }: RemovalLedger,
  limits: RemovalLimits,
  applied: number,
  now: number,
): NonNullable<RemovalLedger['window']> {
  if (window && now - window.startedAt < limits.windowMs) return window;
  return { startedAt: now, baseline: applied, done: 0, deprovisions: 0 };
}
