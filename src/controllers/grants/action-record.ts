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

/** `status.lastAction` of an action. */
export function lastActionOf(
  { type, from, to }: Action,
  id: string,
  at: string,
  result: LastAction['result'],
): LastAction {
  return { id, type, ...(from === null ? {} : { from }), ...(to === null ? {} : { to }), at, result };
}

/** What, once any of it moves, makes another try worth while after Asana refused. */
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

/** What Asana goes by beside the person: whether the account of the token is in the team, or how many licenses are taken. */
function groundOf({ context, session }: GrantSubject, action: Action): boolean | number | undefined {
  if (!('team' in action)) return session?.directory.counts().enterpriseLicenses;
  const { reading } = context;
  const self = reading?.snapshot.self ?? null;
  return self !== null && reading?.teamMembership(action.team, self) !== null;
}

/**
 * One more set-back. Those of more than a day ago, or before an edit or a request, are forgotten.
 * @param object as it was when this set-back was decided
 */
export function countDrift(object: GrantObject, now: number): NonNullable<GrantStatus['drift']> {
  const known = object.status?.drift;
  return known && !isAskedAnew(object) && now - Date.parse(known.since) < DRIFT_WINDOW_MS
    ? { count: known.count + 1, since: known.since }
    : { count: 1, since: formatTime(now) };
}

/** An action found open counts as done once Asana shows its outcome: a restart came between, or it took its time. */
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
 * What a live grant has given, on record whatever is decided next: the connector may have been suspended while Asana answered.
 * A right that is on record already is never rewritten.
 */
export function appliedBy(
  { view }: GrantSubject,
  { action, right }: Act,
  account: Account | null,
): Pick<GrantFindings, 'applied'> {
  if (view.ending || isOnRecord(view, right) || action.to === null || !leadsTo(right, action)) return {};
  return { applied: { right, value: valueOf(right, action.to, account), at: '', adopted: false } };
}

/** What the status calls a right that was given: a creation has a value of its own. */
function valueOf(right: Right, to: string, account: Account | null): string {
  if (right.type === 'Account') return 'Active';
  if (right.type !== 'Workspace') return to;
  return account?.memberships.find(({ workspace }) => workspace === right.workspace)?.role ?? 'Member';
}

/**
 * What the last action alone says, until the record of the next one takes its place: that the right which is about to be
 * taken back, or handed over, was given, and that the account was created.
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

/** What is about to be taken over is on no record of this object yet. */
function isOnRecord({ applied }: GrantSubject['view'], right: Right): boolean {
  return applied !== null && applied.at !== '' && isSameRight(applied.right, right);
}

/** The account that a creation of this object led to. What came of one that was given up nobody knows. */
function createdBy(
  { view, object, context }: GrantSubject,
  account: Account | null | undefined,
): Pick<GrantFindings, 'created'> {
  const { attempt } = view;
  if (!account || attempt?.result !== 'Pending' || !isCreation(attempt)) return {};
  if (object.status?.created || !context.reading || !isInUse(account, context.reading)) return {};
  return { created: { gid: account.gid, at: formatTime(attempt.at) } };
}

/** A removal of ours was under way for what is gone now: it was taken back, and not elsewhere. */
export function tookItself({ view }: GrantSubject): boolean {
  const { attempt } = view;
  return view.ending !== null && isOpen(attempt) && isRemoval(attempt);
}
