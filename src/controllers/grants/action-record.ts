import type { GrantObject } from '../../api/kinds.ts';
import { REQUESTED_AT_ANNOTATION } from '../../api/resources.ts';
import { formatTime } from '../../core/clock.ts';
import type { Account } from '../../directory/snapshot.ts';
import { type Action, isCreation } from '../../provisioning/action.ts';
import { isRemoval } from '../../provisioning/actions.ts';
import { isOpen } from '../../provisioning/attempt.ts';
import type { Decision } from '../../provisioning/decision.ts';
import { isGiving } from '../../provisioning/grant-case.ts';
import { isInUse } from '../../provisioning/reading.ts';
import { isSameRight, type Right } from '../../provisioning/right.ts';
import { leadsTo } from '../../provisioning/rights.ts';
import type { GrantSubject } from './grant-context.ts';
import type { GrantFindings, GrantStatus } from './grant-status.ts';
import { DRIFT_WINDOW_MS, isAskedAnew } from './grant-view.ts';

type Act = Extract<Decision, { kind: 'Act' }>;

export type LastAction = NonNullable<GrantStatus['lastAction']>;

/** Returns `status.lastAction` for an action. */
export function lastActionOf(
  { type, from, to }: Action,
  id: string,
  at: string,
  result: LastAction['result'],
): LastAction {
  return { id, type, ...(from === null ? {} : { from }), ...(to === null ? {} : { to }), at, result };
}

/** Returns a key of everything whose change makes another try worthwhile after Asana refused. */
export function fingerprintOf(subject: GrantSubject, action: Action): string {
  const { object, connector } = subject;
  return [
    object.metadata.generation,
    object.metadata.annotations?.[REQUESTED_AT_ANNOTATION],
    connector.metadata.generation,
    action.type,
    action.from,
    groundOf(subject, action),
  ].join('|');
}

/** Returns what else Asana's answer depends on: whether the token's account is in the team, or the licenses taken. */
function groundOf({ context, session }: GrantSubject, action: Action): boolean | number | undefined {
  if (!('team' in action)) return session?.directory.counts().enterpriseLicenses;
  const { reading } = context;
  const self = reading?.snapshot.self ?? null;
  return self !== null && reading?.teamMembership(action.team, self) !== null;
}

/**
 * Returns the drift count with one more correction. Corrections from more than a day ago, or before an edit or a
 * request, are dropped.
 * @param object the object as it was when this correction was decided
 */
export function countDrift(object: GrantObject, now: number): NonNullable<GrantStatus['drift']> {
  const known = object.status?.drift;
  return known && !isAskedAnew(object) && now - Date.parse(known.since) < DRIFT_WINDOW_MS
    ? { count: known.count + 1, since: known.since }
    : { count: 1, since: formatTime(now) };
}

/** Returns an open action as done if Asana now shows its outcome, after a restart or a delay. */
export function confirmedBy(
  subject: GrantSubject,
  { reason, right, account }: Extract<Decision, { kind: 'Settled' }>,
): Pick<GrantFindings, 'lastAction' | 'created'> {
  const { attempt } = subject.view;
  const last = subject.object.status?.lastAction;
  if (!last || !isOpen(attempt) || attempt.id !== last.id) return {};
  const created = createdBy(subject, account);
  const shows =
    (reason === 'Removed' && attempt.to === null) ||
    (reason === 'Granted' && right !== null && leadsTo(right, attempt)) ||
    created.created !== undefined;
  return shows ? { lastAction: { ...last, result: 'Succeeded' }, ...created } : {};
}

/**
 * Returns the right that a live grant has given, to be recorded whatever is decided next: the connector may have been
 * suspended while Asana answered. A right that is already recorded is never rewritten.
 */
export function appliedBy(
  { view }: GrantSubject,
  { action, right }: Act,
  account: Account | null,
): Pick<GrantFindings, 'applied'> {
  if (view.ending || isOnRecord(view, right) || action.to === null || !leadsTo(right, action)) return {};
  return { applied: { right, value: valueOf(right, action.to, account), at: '', adopted: false } };
}

/** Returns the status value of a right that was given; `to` of an action that creates the account differs from it. */
function valueOf(right: Right, to: string, account: Account | null): string {
  if (right.type === 'Account') return 'Active';
  if (right.type !== 'Workspace') return to;
  return account?.memberships.find(({ workspace }) => workspace === right.workspace)?.role ?? 'Member';
}

/**
 * Returns what only the last action proves, before the next one overwrites it: that the right about to be revoked or
 * handed over was given, and that the account was created.
 */
export function provenanceOf(
  subject: GrantSubject,
  { right, observed, account }: Pick<Act, 'right' | 'observed' | 'account'>,
): Pick<GrantFindings, 'applied' | 'created'> {
  const { view } = subject;
  const given = view.ending !== null && !isOnRecord(view, right) && isGiving(view, right);
  return {
    ...(given ? { applied: { right, value: observed ?? '', at: '', adopted: false } } : {}),
    ...createdBy(subject, account),
  };
}

/** Whether this object has recorded the right. A right that is about to be taken over is not recorded yet. */
function isOnRecord({ applied }: GrantSubject['view'], right: Right): boolean {
  return applied !== null && applied.at !== '' && isSameRight(applied.right, right);
}

/** Returns the account that a creation by this object led to. The result of one that was given up is unknown. */
function createdBy(
  { view, object, context }: GrantSubject,
  account: Account | null | undefined,
): Pick<GrantFindings, 'created'> {
  const { attempt } = view;
  if (!account || attempt?.result !== 'Pending' || !isCreation(attempt)) return {};
  if (object.status?.created || !context.reading || !isInUse(account, context.reading)) return {};
  return { created: { gid: account.gid, at: formatTime(attempt.at) } };
}

/** Whether a removal by this grant was in progress: a right that is gone was then revoked by it, not by others. */
export function tookItself({ view }: GrantSubject): boolean {
  const { attempt } = view;
  return view.ending !== null && isOpen(attempt) && isRemoval(attempt);
}
