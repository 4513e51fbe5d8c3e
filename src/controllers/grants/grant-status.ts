import type { AsanaLicenseGrant, AsanaLicenseGrantStatus } from '../api/asana-license-grant.ts';
import { type GrantOutcome, grantConditions } from '../api/conditions.ts';
import { formatTime } from '../core/clock.ts';
import type { Account } from '../directory/snapshot.ts';

type Status = AsanaLicenseGrantStatus;

/** What a reconcile has found out about a grant; what is left out stays as the status says. */
export interface GrantFindings {
  readonly outcome: GrantOutcome;
  /** The account as seen now; null when there is none, undefined when nobody looked. */
  readonly account?: Account | null | undefined;
  /** Null takes the record away. */
  readonly applied?: Status['applied'] | null;
  readonly planned?: Status['planned'] | null;
  readonly lastAction?: Status['lastAction'];
  readonly drift?: Status['drift'] | null;
  readonly discardedGeneration?: number;
  /** The request that this reconcile has answered. */
  readonly handledRequest?: string | null;
}

/** The whole status of a grant; a pure function of what it was and what was found. */
export function grantStatus(object: AsanaLicenseGrant, findings: GrantFindings, now: number): Status {
  const before = object.status ?? {};
  const generation = object.metadata.generation;
  const status: Status = {
    observedGeneration: generation,
    conditions: grantConditions(before.conditions, findings.outcome, generation, now),
  };
  const handled = findings.handledRequest ?? before.lastHandledReconcileAt;
  if (handled !== undefined) status.lastHandledReconcileAt = handled;
  Object.assign(status, accountFields(findings.account, before, now));
  keep(status, 'applied', findings.applied, before.applied);
  // What is planned is what was decided just now; it never outlives the decision.
  keep(status, 'planned', findings.planned ?? null, undefined);
  // An edit or a request asks for another try: what was counted before it is forgotten.
  const anew = before.observedGeneration !== generation || Boolean(findings.handledRequest);
  keep(status, 'drift', findings.drift, anew ? undefined : before.drift);
  keep(status, 'lastAction', findings.lastAction, before.lastAction);
  const discarded = findings.discardedGeneration ?? before.discardedGeneration;
  if (discarded === generation) status.discardedGeneration = discarded;
  return status;
}

/** `user` and `observed`; both stay when the account is gone, for people to see whose it was. */
function accountFields(
  account: Account | null | undefined,
  before: Status,
  now: number,
): Pick<Status, 'user' | 'observed'> {
  if (!account) {
    return {
      ...(before.user ? { user: before.user } : {}),
      ...(account === undefined && before.observed ? { observed: before.observed } : {}),
    };
  }
  const { gid, email, name, license } = account;
  const observed =
    license === null || before.observed?.license === license
      ? before.observed
      : { license, since: formatTime(now) };
  return {
    user: { gid, ...(email === null ? {} : { email }), name },
    ...(observed && license !== null ? { observed } : {}),
  };
}

/** A found value, nothing for null, and what was there when nothing was found out. */
function keep<K extends keyof Status>(
  status: Status,
  field: K,
  found: Status[K] | null | undefined,
  before: Status[K] | undefined,
): void {
  const value = found === undefined ? before : found;
  if (value !== null && value !== undefined) status[field] = value;
}
