import { isActive } from '../directory/account.ts';
import { isCreation } from './action.ts';
import { isRemoval, rulesOf } from './actions.ts';
import { isOpen } from './attempt.ts';
import type { Decision } from './decision.ts';
import type { Ending } from './grant.ts';
import {
  blockCase,
  describeNothingApplied,
  describeOtherHolder,
  describeOtherOrganization,
  doubtIn,
  firstDecision,
  type GrantCase,
  type GrantPolicy,
  holdsRight,
  isAwaited,
  isFoughtOver,
  isGiving,
  observedIn,
  releaseCase,
  whoIn,
  withWayOut,
  withWayOutOfExpiry,
} from './grant-case.ts';
import { refuseDiscarded } from './live-policies.ts';
import { isInUse, organizationOf } from './reading.ts';
import { type RefusalCode, refusals } from './refusal.ts';
import { isSameRight } from './right.ts';
import { rightRulesOf } from './rights.ts';

const WARNING = { warning: true };

/** Decides what becomes of the right of a grant that was deleted or has expired, on a reading. */
export function decideEnding(subject: GrantCase): Decision {
  return firstDecision(policies, subject) ?? takeBack(subject);
}

/**
 * The policies that come before the right is taken back, in this order. On a reading in doubt, a grant is released to a
 * successor only.
 */
const policies: readonly GrantPolicy[] = [
  makeSureADiscardedRemovalStaysDiscarded,
  handOver,
  makeSureTheReadingIsTrusted,
  makeSureTheOrganizationIsTheSame,
  makeSureTheEmailStillMeansTheSameAccount,
  waitForWhatIsOnItsWay,
  releaseWhatWasNeverApplied,
  lookUpWhoIsMissing,
  releaseWhatIsFoughtOver,
  releaseWhatIsGone,
  releaseWhatWasFound,
];

/** Leaves an expired grant whose removal was discarded alone until it is edited. A deletion is decided anew. */
function makeSureADiscardedRemovalStaysDiscarded(subject: GrantCase): Decision | null {
  const { discarded, ending } = subject.grant;
  return discarded && ending?.because === 'Expired' ? refuseDiscarded(subject) : null;
}

/** Releases the right to the grant that takes it over. A right that is not held (any more) cannot be taken over. */
export function handOver(subject: GrantCase): Decision | null {
  const { contest } = subject.context;
  if (contest.kind !== 'Succeeded' || !holdsRight(subject)) return null;
  const { successor, heldUpBy } = contest;
  if (successor.right === null || !isSameRight(successor.right, subject.right)) return null;
  const { namespace, name } = successor.grant.object;
  const message = `Grant ${namespace}/${name} now declares the same right.`;
  if (heldUpBy === null) return releaseCase(subject, 'Superseded', message);
  const why = `The older grant ${heldUpBy} takes precedence over it and cannot act. See the status of ${heldUpBy} and of its connector, or delete it.`;
  return releaseCase(subject, 'Superseded', `${message} ${why}`);
}

function makeSureTheReadingIsTrusted(subject: GrantCase): Decision | null {
  const doubt = doubtIn(subject);
  if (!doubt) return null;
  const message = `Nothing is removed because the reading of Asana is in doubt: ${doubt.message}`;
  return blockCase(subject, doubt.code, withWayOut(subject.grant, message));
}

function makeSureTheOrganizationIsTheSame(subject: GrantCase): Decision | null {
  const message = describeOtherOrganization(subject);
  return message === null ? null : refuseEnding(subject, 'OrganizationChanged', message);
}

function makeSureTheEmailStillMeansTheSameAccount(subject: GrantCase): Decision | null {
  const message = describeOtherHolder(subject);
  return message === null ? null : refuseEnding(subject, 'IdentityChanged', message);
}

/** Waits for a change under way: if the grant were released first, nothing would take the right back later. */
function waitForWhatIsOnItsWay(subject: GrantCase): Decision | null {
  const { grant, context, account, right } = subject;
  const { attempt } = grant;
  if (!isOpen(attempt) || attempt.to === null || isRemoval(attempt)) return null;
  if (holdsRight(subject) || hasCreated(subject)) return null;
  if (!isAwaited(grant, context.now)) {
    // A look that was made while the change could still show up does not count.
    const message = `${attempt.type} for ${whoIn(subject)} was sent before this grant ended. The person is looked up before the grant is released.`;
    return context.lookedUp ? null : { kind: 'LookUp', account, right, observed: null, message };
  }
  const message = `${attempt.type} for ${whoIn(subject)} was sent before this grant ended and may still take effect. The operator checks Asana until three minutes have passed.`;
  return blockCase(subject, 'UnderWay', withWayOut(grant, message));
}

/** Whether the account that the grant sent for exists, even if it does not hold (yet) what the grant declares. */
function hasCreated({ grant: { attempt }, account, reading }: GrantCase): boolean {
  return (
    attempt?.result === 'Pending' && isCreation(attempt) && account !== null && isInUse(account, reading)
  );
}

/** Releases a grant without a right. One that sent for it waits while Asana does not show whether the account has it. */
function releaseWhatWasNeverApplied(subject: GrantCase): Decision | null {
  const { grant, right } = subject;
  const mayHold = holdsRight(subject) || observedIn(subject) === undefined;
  if (grant.applied || (isGiving(grant, right) && mayHold)) return null;
  const { message, warning } = describeNothingApplied({
    ...grant,
    created: grant.created || hasCreated(subject),
  });
  return releaseCase(subject, 'NothingApplied', message, { warning });
}

/** Looks up a person who seems to hold nothing: absence from a listing alone justifies nothing. */
function lookUpWhoIsMissing(subject: GrantCase): Decision | null {
  const { account, right, context } = subject;
  if (!isMissing(subject) || context.lookedUp) return null;
  const message = `${whoIn(subject)} is not in the listing. The person is looked up before the grant is released.`;
  return { kind: 'LookUp', account, right, observed: null, message };
}

/** Whether the account is known to hold nothing. If the place was not read, the rules of the right decide instead. */
function isMissing(subject: GrantCase): boolean {
  return observedIn(subject) === null;
}

function releaseWhatIsGone(subject: GrantCase): Decision | null {
  const { account, right, reading } = subject;
  if (!isMissing(subject)) return null;
  // An active account that is known to have no license is a guest: the rules of the license explain that.
  if (account && right.type === 'License' && isActive(account, organizationOf(reading))) return null;
  return releaseCase(
    subject,
    'NoLongerHeld',
    `${whoIn(subject)} no longer has this access. There is nothing to revoke.`,
  );
}

function releaseWhatIsFoughtOver(subject: GrantCase): Decision | null {
  if (!isFoughtOver(subject) || holdsRight(subject) || !subject.account) return null;
  const message = `Something outside of this operator reverted the access of ${whoIn(subject)} ${subject.grant.setBacks} times in 24 hours. The access is left unchanged.`;
  return releaseCase(subject, 'Contended', message, WARNING);
}

/** Releases what the rules of the right keep. A grant of another namespace takes back only what it gave. */
function releaseWhatWasFound(subject: GrantCase): Decision | null {
  const { grant, right } = subject;
  if (!holdsRight(subject)) return null;
  const adopted = grant.applied?.adopted ?? false;
  const value = grant.applied?.value ?? observedIn(subject) ?? '';
  const created = grant.created || (grant.attempt?.type === 'CreateAccount' && isGiving(grant, right));
  const kept = rightRulesOf(right).keeps({ adopted, value, created }, whoIn(subject));
  if (kept) return releaseCase(subject, 'Adopted', kept.message, kept);
  if (grant.sameNamespace || !adopted) return null;
  const message = `${whoIn(subject)} had this access before the grant. A grant from another namespace revokes only access that it granted.`;
  return releaseCase(subject, 'Adopted', message);
}

/** Takes the right back, unless a rule refuses that or the right is not held any more. */
function takeBack(subject: GrantCase): Decision {
  const { grant, account, right } = subject;
  const step = rightRulesOf(right).take(subject.subject);
  switch (step.kind) {
    case 'AlreadySo':
      return releaseCase(subject, 'ChangedElsewhere', `${step.message} Nothing was changed in Asana.`);
    case 'Refused':
      return refuseEnding(subject, step.code, step.message);
    case 'Act': {
      const { action } = step;
      if (!grant.sameNamespace && rulesOf(action).deprovisions(action)) {
        const message = `A grant from a namespace other than that of the connector never deprovisions. ${whoIn(subject)} keeps the account.`;
        return refuseEnding(subject, 'NamespaceNotAllowed', message);
      }
      const observed = observedIn(subject);
      const message = `${describeEnding(grant.ending)}: ${step.message}`;
      return { kind: 'Act', action, drift: false, account, right, observed, message };
    }
  }
  throw new TypeError(`grant ${grant.object.name}: a step of no known kind`);
}

/** Releases a grant that is refused by rule or for good, with a Warning; any other stays and says that it waits. */
function refuseEnding(subject: GrantCase, code: RefusalCode, message: string): Decision {
  const { grant } = subject;
  const { ended } = refusals[code];
  const isReleased =
    ended === 'Release' ||
    (ended === 'ReleaseDeleted' &&
      (grant.ending?.because === 'Deleted' || concernsTheAccountOnly(subject, code)));
  if (isReleased) return releaseCase(subject, code, message, WARNING);
  const stays = ended === 'ReleaseDeleted' ? withWayOutOfExpiry(message) : message;
  return blockCase(subject, code, withWayOut(grant, stays));
}

/**
 * Whether what is refused is the end of an account that a license grant created. Such a grant declares a license and
 * not the account, so once it has expired it does not wait until the account may go.
 */
function concernsTheAccountOnly({ right }: GrantCase, code: RefusalCode): boolean {
  if (right.type !== 'License' || right.license !== 'ViewOnly') return false;
  return code === 'DeprovisionNotAllowed' || code === 'NamespaceNotAllowed';
}

function describeEnding(ending: Ending | null): string {
  return ending?.because === 'Expired' ? 'The grant has expired' : 'The grant was deleted';
}
