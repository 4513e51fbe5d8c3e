import { type Action, isCreation } from './action.ts';
import { isRemoval } from './actions.ts';
import { isOpen } from './attempt.ts';
import type { Decision } from './decision.ts';
import type { AppliedRight } from './grant.ts';
import {
  blockCase,
  describeOtherHolder,
  describeOtherOrganization,
  doubtIn,
  firstDecision,
  type GrantCase,
  type GrantPolicy,
  hadAnAccountThere,
  holdsRight,
  isAwaited,
  isFoughtOver,
  isGiving,
  isHoldingKnown,
  observedIn,
  whoIn,
} from './grant-case.ts';
import { isSameRight } from './right.ts';
import type { Step } from './right-rules.ts';
import { leadsTo, rightRulesOf } from './rights.ts';

/** Decides a grant in force on a reading. */
export function decideLive(subject: GrantCase): Decision {
  const stopped = firstDecision(policies, subject);
  if (stopped) return stopped;
  const rules = rightRulesOf(subject.right);
  if (subject.grant.ensure === 'Absent') return decideAbsence(subject, rules.take(subject.subject));
  const decision = decidePresence(subject, rules.give(subject.subject));
  return lookUpWhoIsAskedFor(subject, decision) ?? decision;
}

/** The policies that come before the rules of the right, in this order. */
const policies: readonly GrantPolicy[] = [
  makeSureTheOrganizationIsTheSame,
  makeSureTheEmailStillMeansTheSameAccount,
  makeSureTheOldestGrantWins,
  lookUpWhoHeldIt,
];

function makeSureTheOrganizationIsTheSame(subject: GrantCase): Decision | null {
  const message = describeOtherOrganization(subject);
  return message === null ? null : blockCase(subject, 'OrganizationChanged', message);
}

function makeSureTheEmailStillMeansTheSameAccount(subject: GrantCase): Decision | null {
  const message = describeOtherHolder(subject);
  return message === null ? null : blockCase(subject, 'IdentityChanged', message);
}

/** Looks up a person whom the status shows with the right and the listing lacks, before drift is reported. */
function lookUpWhoHeldIt(subject: GrantCase): Decision | null {
  const { grant, account, context } = subject;
  if (account || !grant.wasSeen || context.lookedUp || !drifted(subject)) return null;
  return lookUp(subject);
}

/**
 * Looks up a person who has no active account by the listing before that blocks the grant: the person may have joined
 * since. Once for each generation and each request, since a look on every reading would let the requests of a sync grow
 * with such grants.
 */
function lookUpWhoIsAskedFor(subject: GrantCase, decision: Decision): Decision | null {
  const { grant, context } = subject;
  const isUnknown = decision.kind === 'Blocked' && decision.code === 'AccountNotFound';
  if (!isUnknown || !grant.askedAnew || context.lookedUp) return null;
  return lookUp(subject);
}

function lookUp(subject: GrantCase): Decision {
  const { account, right } = subject;
  const message = `${whoIn(subject)} is not in the listing, or not active. The person is looked up before the status says so.`;
  return { kind: 'LookUp', account, right, observed: null, message };
}

/** Comes before any action: two grants must not both create the same account. */
function makeSureTheOldestGrantWins(subject: GrantCase): Decision | null {
  const { contest } = subject.context;
  if (contest.kind !== 'Lost') return null;
  const message = `The older grant ${contest.winner} takes precedence for ${whoIn(subject)}. Delete one of the two.`;
  return blockCase(subject, 'ConflictingGrant', message);
}

/** Refuses to create an account that an AsanaAccount creates, or that existed before: the person has left. */
function refuseCreation(subject: GrantCase): Decision | null {
  const { grant, right, context } = subject;
  if (right.type !== 'Account' && context.accountDeclaredBy !== null) {
    const message = `This grant waits until ${context.accountDeclaredBy} has created the account of ${whoIn(subject)}.`;
    return blockCase(subject, 'AccountNotFound', message);
  }
  // A creation that was already sent is looked for, or was given up and is reported as such.
  const isUnderWay = isOpen(grant.attempt) && leadsTo(right, grant.attempt);
  if (isUnderWay || !hadAnAccountThere(subject)) return null;
  const message = `${whoIn(subject)} no longer has an account. An account that existed before is not created again. Invite the person in Asana.`;
  return blockCase(subject, 'AccountNotFound', message, drifted(subject));
}

/** Decides `ensure: Present`, which every right but the account always has: gives the right, and restores it. */
function decidePresence(subject: GrantCase, step: Step): Decision {
  const { grant, right, account } = subject;
  const seen = { account, right, observed: observedIn(subject) };
  const drift = drifted(subject);
  switch (step.kind) {
    case 'AlreadySo':
      return {
        kind: 'Settled',
        reason: 'Granted',
        applied: appliedOf(subject),
        ...seen,
        message: step.message,
      };
    case 'Refused':
      return (
        refuseUnlisted(subject, step) ?? blockCase(subject, step.code, explainAbsence(subject, step), drift)
      );
    case 'Act': {
      const { action } = step;
      const refusal =
        (isCreation(action) ? refuseCreation(subject) : null) ??
        (drift && isFoughtOver(subject) ? refuseFighting(subject) : null) ??
        (isRemoval(action) ? refuseLowering(subject, action) : null);
      return refusal ?? { kind: 'Act', action, drift, ...seen, right, message: step.message };
    }
  }
  throw new TypeError(`grant ${grant.object.name}: a step of no known kind`);
}

/** Blocks on the doubt instead: a person or license that a reading in doubt lacks may exist all the same. */
function refuseUnlisted(subject: GrantCase, { code }: Extract<Step, { kind: 'Refused' }>): Decision | null {
  if (code !== 'AccountNotFound' && code !== 'LicensesUnavailable') return null;
  const doubt = subject.context.lookedUp ? null : doubtIn(subject);
  if (!doubt) return null;
  const message = `The state of ${whoIn(subject)} is unknown because the reading of Asana is in doubt: ${doubt.message}`;
  return blockCase(subject, doubt.code, message);
}

/** Returns the message of a refusal. If a license waits for an account, it adds why the account is not created. */
function explainAbsence(subject: GrantCase, { code, message }: Extract<Step, { kind: 'Refused' }>): string {
  const { grant } = subject;
  if (code !== 'AccountNotFound' || grant.wish.type !== 'License') return message;
  // An account is created only for an email address, and only once.
  if (grant.user.email === null) return message;
  if (hadAnAccountThere(subject))
    return grant.mayCreate ? `${message} The account existed before, so it is not created again.` : message;
  return grant.mayCreate
    ? message
    : `${message} To have the account created, set onMissingAccount to Create.`;
}

/** Returns the right to record. A record of the same right is never rewritten, not even after drift was corrected. */
function appliedOf({ grant, right, subject }: GrantCase): AppliedRight {
  if (grant.applied && isSameRight(grant.applied.right, right)) return grant.applied;
  const value = rightRulesOf(right).observe(subject) ?? '';
  return { right, value, at: '', adopted: !isGiving(grant, right) };
}

/** Whether the right was applied as declared, and was changed outside of the operator since. */
export function drifted(subject: GrantCase): boolean {
  const { grant, right } = subject;
  return (
    grant.ensure === 'Present' &&
    grant.applied !== null &&
    isSameRight(grant.applied.right, right) &&
    !holdsRight(subject) &&
    isHoldingKnown(subject)
  );
}

function refuseFighting(subject: GrantCase): Decision {
  const message = `Something outside of this operator reverted the access of ${whoIn(subject)} ${subject.grant.setBacks} times in 24 hours. Stop it, then edit the grant or set the annotation requestedAt.`;
  return blockCase(subject, 'Contended', message, true);
}

/** Refuses a removal by a live grant if it was discarded, or if a grant of another namespace did not give the right. */
function refuseLowering(subject: GrantCase, action: Action): Decision | null {
  const { grant } = subject;
  if (grant.discarded) return refuseDiscarded(subject);
  const gave = grant.applied !== null && !grant.applied.adopted && grant.applied.value === action.from;
  if (grant.sameNamespace || gave) return null;
  const message = `${whoIn(subject)} has ${observedIn(subject) ?? 'more'}, which did not come from this grant. A grant from another namespace revokes only access that it granted. To change this access, declare it in the namespace of the connector.`;
  return blockCase(subject, 'NamespaceNotAllowed', message, drifted(subject));
}

export function refuseDiscarded(subject: GrantCase): Decision {
  const message = 'This removal was discarded. Edit the grant to have it evaluated again.';
  return blockCase(subject, 'RemovalDiscarded', message, drifted(subject));
}

/** Decides `ensure: Absent`: the account is removed once per generation, and again on request. */
function decideAbsence(subject: GrantCase, step: Step): Decision {
  const { grant, account, right, context } = subject;
  const seen = { account, right, observed: observedIn(subject) };
  switch (step.kind) {
    case 'AlreadySo':
      if (isAwaited(grant, context.now)) {
        const message = `The account of ${whoIn(subject)} was requested before this object was edited and may still appear. The operator checks Asana until three minutes have passed.`;
        return blockCase(subject, 'UnderWay', message);
      }
      // Absence from a listing alone justifies nothing.
      if (!grant.absenceSeen && !context.lookedUp) return { kind: 'LookUp', ...seen, message: step.message };
      return { kind: 'Settled', reason: 'Removed', applied: null, ...seen, message: step.message };
    case 'Refused':
      return blockCase(subject, step.code, step.message);
    case 'Act': {
      if (grant.discarded) return refuseDiscarded(subject);
      if (!grant.absenceSeen)
        return { kind: 'Act', action: step.action, drift: false, ...seen, right, message: step.message };
      const message = `${whoIn(subject)} has an account again, and had none when this object was last satisfied. To remove the account, edit this object or set the annotation requestedAt.`;
      return blockCase(subject, 'Contended', message);
    }
  }
  throw new TypeError(`grant ${grant.object.name}: a step of no known kind`);
}
