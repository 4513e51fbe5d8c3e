import type { GrantObject } from '../../api/kinds.ts';
import { formatTime } from '../../core/clock.ts';
import type { Action } from '../../provisioning/action.ts';
import type { Decision } from '../../provisioning/decision.ts';
import { isSameRight } from '../../provisioning/right.ts';
import type { GrantSubject } from './grant-context.ts';
import type { GrantFindings, GrantStatus } from './grant-status.ts';
import { DRIFT_WINDOW_MS, isAskedAnew, openRequest } from './grant-view.ts';

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

/**
 * What an ending grant gave, where only `lastAction` said so until now: the removal takes the place of that record, and
 * without it nobody would know any more that there is something to take back.
 */
export function givenFields(
  { view, object }: Pick<GrantSubject, 'view' | 'object'>,
  { right, observed, account }: Extract<Decision, { kind: 'Act' }>,
  now: number,
): Pick<GrantFindings, 'applied' | 'created'> {
  const recorded = view.applied !== null && isSameRight(view.applied.right, right);
  if (!view.ending || recorded || !observed) return {};
  const creates = view.attempt?.type === 'CreateAccount' || view.attempt?.type === 'InviteAccount';
  const created = creates && account && !object.status?.created;
  return {
    applied: { right, value: observed, at: '', adopted: false },
    ...(created ? { created: { gid: account.gid, at: formatTime(now) } } : {}),
  };
}

/** What, once any of it moves, makes another try worth while after Asana refused. */
export function fingerprintOf({ object, connector, session }: GrantSubject, action: Action): string {
  return [
    object.metadata.generation,
    openRequest(object),
    connector.metadata.generation,
    action.type,
    action.from,
    session?.directory.counts().enterpriseLicenses,
  ].join('|');
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
