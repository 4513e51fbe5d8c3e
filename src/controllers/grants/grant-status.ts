import { type GrantOutcome, grantConditions } from '../../api/conditions.ts';
import type { Held } from '../../api/grant.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { formatTime } from '../../core/clock.ts';
import { isKnownIn } from '../../directory/account.ts';
import type { Account } from '../../directory/snapshot.ts';
import type { AppliedRight } from '../../provisioning/grant.ts';
import { isInUse, organizationOf, type Reading } from '../../provisioning/reading.ts';
import type { Right } from '../../provisioning/right.ts';
import { isPlaceRead, placeOfRight } from '../../provisioning/rights.ts';
import type { GrantKind } from './grant-kinds.ts';
import { endFields } from './grant-time.ts';
import { isAskedAnew, openRequest } from './grant-view.ts';

export type GrantStatus = NonNullable<GrantObject['status']>;

/** What a reconcile has found out about a grant. Fields that are left out, except `planned`, keep their value. */
export interface GrantFindings {
  readonly outcome: Omit<GrantOutcome, 'expired'>;
  /** The account as seen now; `null` if there is none, `undefined` if it was not looked up. */
  readonly account?: Account | null | undefined;
  readonly right?: Right | null | undefined;
  /** What the account holds of the right; `null` for nothing, `undefined` if it is unknown. */
  readonly observed?: string | null | undefined;
  /** The reading in which the account and the right were looked up. */
  readonly reading?: Reading | null | undefined;
  /** `null` removes the record. */
  readonly applied?: AppliedRight | null | undefined;
  readonly created?: GrantStatus['created'] | undefined;
  readonly planned?: GrantStatus['planned'] | null | undefined;
  readonly lastAction?: GrantStatus['lastAction'] | undefined;
  readonly drift?: GrantStatus['drift'] | undefined;
  readonly removedGeneration?: number | undefined;
  readonly discardedGeneration?: number | undefined;
  readonly expiresSoonToldAt?: string | undefined;
  /** True if the request is not answered yet, because what it asks for is still in progress. */
  readonly keepsRequest?: boolean | undefined;
}

/** Computes the whole status of a grant: a pure function of the earlier status and the findings. */
export function grantStatus(
  kind: GrantKind,
  object: GrantObject,
  findings: GrantFindings,
  now: number,
): GrantStatus {
  const before = object.status ?? {};
  const { generation } = object.metadata;
  const applied = appliedFields(kind, before, findings, now);
  const end = endFields({ ...object, status: { ...before, ...applied } }, now);
  const expired = end.expiresAt !== undefined && Date.parse(end.expiresAt) <= now;
  return {
    observedGeneration: generation,
    ...handledRequest(object, findings),
    conditions: grantConditions(before.conditions, { ...findings.outcome, expired }, generation, now),
    ...userFields(kind, object, findings),
    ...placeFields(kind, { ...before, ...applied }, findings),
    ...observedFields(kind, before, findings, now),
    ...applied,
    ...end,
    ...toldFields(before, findings, end.expiresAt),
    ...recordFields(object, findings),
  };
}

function handledRequest(object: GrantObject, { keepsRequest }: GrantFindings): Partial<GrantStatus> {
  const handled = keepsRequest
    ? object.status?.lastHandledReconcileAt
    : (openRequest(object) ?? object.status?.lastHandledReconcileAt);
  return handled === undefined ? {} : { lastHandledReconcileAt: handled };
}

function userFields(kind: GrantKind, object: GrantObject, findings: GrantFindings): Partial<GrantStatus> {
  const user = foundUser(object.status ?? {}, findings);
  const declared = kind.user(object);
  const person = user?.email ?? declared.email ?? user?.gid ?? declared.gid;
  return { ...(person === null ? {} : { person }), ...(user ? { user } : {}) };
}

/** Returns `status.user`, which stays when the account is gone, for people to see. */
function foundUser(before: GrantStatus, { account, right, reading }: GrantFindings): GrantStatus['user'] {
  // An account that had left before this grant found it does not become the grant's identity.
  if (!account || (!before.user && reading && !isInUse(account, reading))) return before.user;
  const { gid, email, name } = account;
  const organization = before.user?.organization ?? foundIn(account, { right, reading });
  return {
    gid,
    ...(email === null ? {} : { email }),
    name,
    ...(organization === null ? {} : { organization }),
  };
}

/** Returns where an account was found; `null` if that place is not read or the account was never in it. */
function foundIn(
  account: Account,
  { right, reading }: Pick<GrantFindings, 'right' | 'reading'>,
): string | null {
  const place = right && reading && isPlaceRead(right, reading) ? placeOfRight(right, reading) : null;
  return place !== null && reading && isKnownIn(account, place, organizationOf(reading)) ? place : null;
}

/** Returns the team or workspace of the right; once found, that is where the right stays. */
function placeFields(kind: GrantKind, before: GrantStatus, findings: GrantFindings): Partial<GrantStatus> {
  const { right, reading } = findings;
  const kept = {
    ...(before.team ? { team: before.team } : {}),
    ...(before.workspace === undefined ? {} : { workspace: before.workspace }),
  };
  if (right?.type === 'Team') {
    const name = reading?.snapshot.teams.get(right.team)?.name ?? before.team?.name;
    return { team: { gid: right.team, ...(name === undefined ? {} : { name }) } };
  }
  if (right?.type === 'Workspace') return { workspace: right.workspace };
  return right?.type === 'Account' && kind.field === 'account' && isUsed(before, findings)
    ? { workspace: right.workspace }
    : kept;
}

/** Whether an account's place has been acted on. Until then, `defaultWorkspace` may be corrected. */
function isUsed(before: GrantStatus, { lastAction, removedGeneration }: GrantFindings): boolean {
  return Boolean(before.applied ?? lastAction ?? before.lastAction ?? removedGeneration);
}

function observedFields(
  kind: GrantKind,
  before: GrantStatus,
  { observed }: GrantFindings,
  now: number,
): Partial<GrantStatus> {
  if (observed === undefined) return before.observed ? { observed: before.observed } : {};
  const value = observed ?? kind.nothing;
  if (value === null) return {};
  if (before.observed?.[kind.field] === value) return { observed: before.observed };
  return { observed: { ...heldField(kind, value), since: formatTime(now) } };
}

/** Returns the applied right; a record of the same right is never rewritten. */
function appliedFields(
  kind: GrantKind,
  before: GrantStatus,
  { applied }: GrantFindings,
  now: number,
): Partial<GrantStatus> {
  if (applied === undefined) return before.applied ? { applied: before.applied } : {};
  if (applied === null) return {};
  if (applied.at !== '') return before.applied ? { applied: before.applied } : {};
  const { value, adopted } = applied;
  return { applied: { ...heldField(kind, value), at: formatTime(now), adopted } };
}

function heldField(kind: GrantKind, value: string): Held {
  return { [kind.field]: value };
}

/** Returns when the end was reported by an event. A report belongs to one end: an extension gets its own. */
function toldFields(
  before: GrantStatus,
  { expiresSoonToldAt }: GrantFindings,
  expiresAt: string | undefined,
): Partial<GrantStatus> {
  const kept = before.expiresAt === expiresAt ? before.expiresSoonToldAt : undefined;
  const told = expiresSoonToldAt ?? kept;
  return told === undefined ? {} : { expiresSoonToldAt: told };
}

/** Returns what was done, what is planned, and the drift that was corrected. */
function recordFields(object: GrantObject, findings: GrantFindings): Partial<GrantStatus> {
  const before = object.status ?? {};
  const { generation } = object.metadata;
  // The plan is that of the current decision; an earlier one is kept only if the caller passes it on.
  const { planned } = findings;
  // An edit or a request asks for another try, so the earlier drift count is dropped.
  const drift = findings.drift ?? (isAskedAnew(object) ? undefined : before.drift);
  const created = findings.created ?? before.created;
  const lastAction = findings.lastAction ?? before.lastAction;
  // A request that is answered without an absence drops the record, so that the absence is enforced again.
  const isAnswered = openRequest(object) !== null && !findings.keepsRequest;
  const removed = findings.removedGeneration ?? (isAnswered ? undefined : before.removedGeneration);
  const discarded = findings.discardedGeneration ?? before.discardedGeneration;
  return {
    ...(created ? { created } : {}),
    ...(planned ? { planned } : {}),
    ...(drift ? { drift } : {}),
    ...(lastAction ? { lastAction } : {}),
    ...(removed === generation ? { removedGeneration: removed } : {}),
    ...(discarded === generation ? { discardedGeneration: discarded } : {}),
  };
}
