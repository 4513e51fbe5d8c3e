import { isOpen } from './attempt.ts';
import type { Decision, GrantContext } from './decision.ts';
import { decideEnding, handOver } from './ending-policies.ts';
import type { Grant } from './grant.ts';
import {
  blockCase,
  blockUnseen,
  describeNothingApplied,
  doubtIn,
  findAccount,
  type GrantCase,
  holdsRight,
  isAwaited,
  isGiving,
  openGrantCase,
  releaseUnseen,
  withWayOut,
  withWayOutOfExpiry,
} from './grant-case.ts';
import { decideLive } from './live-policies.ts';
import type { Policies } from './policies.ts';
import type { Reading } from './reading.ts';
import { refusals } from './refusal.ts';
import { isSameRight, type Right } from './right.ts';
import { resolveWish } from './rights.ts';
import { describeTooLong, isPostponed } from './time.ts';

/** The beginning of the message of an expired grant in mode Plan that would be released in mode Apply. */
export const EXPIRED_IN_PLAN = 'Expired. In mode Apply the grant would be released: ';

/**
 * Decides one grant of any kind (docs/architecture.md, Grants). In mode Plan the decision is the same, and the caller
 * stops before the action.
 */
export function decideGrant(grant: Grant, context: GrantContext): Decision {
  const decision = decideUnseen(grant, context) ?? decideSeen(grant, context);
  const lasts = grant.ending?.because === 'Expired' && context.policies.mode === 'Plan';
  if (!lasts || decision.kind !== 'Release') return decision;
  // In mode Plan nothing of an expired grant changes, not even its record, and nobody has to act.
  const { account, right, observed } = decision;
  const message = `${EXPIRED_IN_PLAN}${decision.message}`;
  return { kind: 'Settled', reason: 'Expired', applied: null, account, right, observed, message };
}

/** Decides what requires no look at Asana: suspension, permission, time, and whether there is anything to take back. */
function decideUnseen(grant: Grant, context: GrantContext): Decision | null {
  return (
    decideStopped(grant, context.policies) ??
    decideEmpty(grant, context) ??
    decideForbidden(grant) ??
    decideTime(grant, context)
  );
}

function decideStopped(grant: Grant, policies: Policies): Decision | null {
  const { ending, suspended, abandoned } = grant;
  const deleted = ending?.because === 'Deleted';
  if (ending && abandoned)
    return releaseUnseen(
      'Abandoned',
      'Released because of the annotation abandon. Nothing was changed in Asana.',
    );
  if (deleted && suspended)
    return releaseUnseen('Suspended', 'Deleted while suspended. Nothing was changed in Asana.');
  if (suspended) return blockUnseen('Suspended', 'spec.suspend is true: nothing is done until it is false.');
  if (policies.suspended) return waitForTheConnector(grant);
  if (deleted && policies.mode === 'Plan')
    return releaseUnseen('Planned', 'Deleted in mode Plan. Nothing was changed in Asana.');
  return null;
}

/** Blocks a grant while its connector is suspended, the emergency stop: nothing is done, and nothing is lost. */
function waitForTheConnector(grant: Grant): Decision {
  const message = grant.ending
    ? 'The connector is suspended. The access of this grant is revoked after the connector is resumed.'
    : 'The connector is suspended: nothing is done until it is resumed.';
  return blockUnseen('Suspended', withWayOut(grant, message));
}

function decideEmpty(grant: Grant, context: GrantContext): Decision | null {
  const { ending, applied, attempt, deletionPolicy, ensure } = grant;
  if (!ending) return null;
  if (ensure === 'Absent')
    return releaseUnseen(
      'NothingApplied',
      'The object ended. With ensure Absent there is nothing to revoke.',
    );
  if (!applied && !(isOpen(attempt) && attempt.to !== null)) {
    const { message, warning } = describeNothingApplied(grant);
    return releaseUnseen('NothingApplied', message, { warning });
  }
  if (deletionPolicy !== 'Retain') return null;
  const message = 'The grant ended with deletionPolicy Retain. Nothing was changed in Asana.';
  return handOverRetained(grant, context) ?? releaseUnseen('Retained', message);
}

/** Hands a retained right over to the grant that declares it now, with the record of whether it was given. */
function handOverRetained(grant: Grant, context: GrantContext): Decision | null {
  const { applied } = grant;
  const { reading, contest, obstacle } = context;
  if (!applied || contest.kind !== 'Succeeded') return null;
  const { namespace, name } = contest.successor.grant.object;
  const waits = `Grant ${namespace}/${name} now declares the same right. It takes over the right once Asana has been read.`;
  if (!reading)
    return blockUnseen('NotReady', withWayOut(grant, obstacle === null ? waits : `${waits} ${obstacle}`));
  const subject = openGrantCase(grant, context, reading, applied.right);
  const doubt = doubtIn(subject);
  return (
    handOver(subject) ??
    (doubt && blockCase(subject, doubt.code, withWayOut(grant, `${waits} ${doubt.message}`)))
  );
}

function decideForbidden({
  object,
  ending,
  namespaceAllowed,
  ensure,
  sameNamespace,
}: Grant): Decision | null {
  if (!namespaceAllowed) {
    const message = `Namespace "${object.namespace}" is not allowed to use this connector. Add it to provisioning.allowedNamespaces of the connector.`;
    if (ending?.because === 'Deleted')
      return releaseUnseen('NamespaceNotAllowed', message, { warning: true });
    return blockUnseen('NamespaceNotAllowed', ending ? withWayOutOfExpiry(message) : message);
  }
  if (ensure === 'Present' || sameNamespace) return null;
  const message =
    'Only an AsanaAccount in the namespace of the connector can deprovision somebody. Declare ensure Absent there.';
  return blockUnseen('NamespaceNotAllowed', message);
}

/** Decides whether the grant may last as long as it declares, and whether it has begun. */
function decideTime(grant: Grant, { policies, obstacle, now }: GrantContext): Decision | null {
  if (grant.ending) return null;
  if (obstacle !== null) return blockUnseen('NotReady', obstacle);
  const tooLong = describeTooLong(grant, policies.maxDurationMs, now);
  if (tooLong !== null) return blockUnseen('DurationTooLong', tooLong);
  if (grant.startsAt === null || !isPostponed(grant, now)) return null;
  const message = `The grant begins at ${new Date(grant.startsAt).toISOString().slice(0, 19)}Z. Nothing is changed before that time.`;
  return {
    kind: 'Settled',
    reason: 'Scheduled',
    applied: null,
    account: undefined,
    right: null,
    observed: undefined,
    message,
  };
}

function decideSeen(grant: Grant, context: GrantContext): Decision {
  const { reading, obstacle } = context;
  if (!reading || obstacle !== null) {
    const why = obstacle ?? 'The connector has not read the directory yet: see its conditions.';
    return blockUnseen('NotReady', withWayOut(grant, why));
  }
  return grant.ending ? decideEnded(grant, context, reading) : decideWished(grant, context, reading);
}

/** Decides about the right that was applied, whatever the spec declares now, or about the one that is on its way. */
function decideEnded(grant: Grant, context: GrantContext, reading: Reading): Decision {
  const sent = openWhatWasSentFor(grant, context, reading);
  const first = sent && decideEnding(sent);
  // Nothing is left to do about the right that was sent for: go on with the applied one.
  if (first && !(first.kind === 'Release' && grant.applied)) return first;
  if (grant.applied) return decideEnding(openGrantCase(grant, context, reading, grant.applied.right));
  const wished = resolve(grant, context, reading);
  if (!('refusal' in wished)) return decideEnding(openGrantCase(grant, context, reading, wished.right));
  const { code, message } = wished.refusal;
  return refusals[code].ended === 'Wait'
    ? blockUnseen(code, withWayOut(grant, message))
    : releaseUnseen('NothingApplied', 'The grant ended, and what it declares no longer exists in Asana.');
}

/**
 * Opens the case of a right, other than the applied one, that was sent for before the grant ended, as declared now or
 * before an edit. It comes first if Asana shows it or may still show it, since no other grant would take it back.
 * Returns `null` if there is none.
 */
function openWhatWasSentFor(grant: Grant, context: GrantContext, reading: Reading): GrantCase | null {
  const right = findRightSentFor(grant, context, reading);
  if (!right || !isGiving(grant, right)) return null;
  if (grant.applied && isSameRight(right, grant.applied.right)) return null;
  const subject = openGrantCase({ ...grant, applied: null }, context, reading, right);
  // A look that was made while the change could still show up does not count.
  const isOpenYet = isAwaited(grant, context.now) || !context.lookedUp;
  return holdsRight(subject) || isOpenYet ? subject : null;
}

/** Returns the right that was sent for, which may be another license than the spec declares since an edit. */
function findRightSentFor(grant: Grant, context: GrantContext, reading: Reading): Right | null {
  if (grant.wish.type === 'License' && isOpen(grant.attempt) && grant.attempt.to === 'Enterprise')
    return { type: 'License', license: 'Enterprise' };
  const wished = resolve(grant, context, reading);
  return 'refusal' in wished ? null : wished.right;
}

function decideWished(grant: Grant, context: GrantContext, reading: Reading): Decision {
  const wished = resolve(grant, context, reading);
  if ('refusal' in wished) {
    const { code, message } = wished.refusal;
    const account = findAccount(grant, reading);
    return { kind: 'Blocked', code, drift: false, account, right: null, observed: undefined, message };
  }
  return decideLive(openGrantCase(grant, context, reading, wished.right));
}

function resolve(grant: Grant, { policies }: GrantContext, reading: Reading): ReturnType<typeof resolveWish> {
  return resolveWish(grant.wish, reading, policies);
}
