import type { Account, License, Snapshot, TeamMembership } from '../directory/snapshot.ts';
import type { PlannedAction, Policies } from './decision.ts';
import { nameOf } from './license-case.ts';
import { protectionOf } from './protection.ts';
import type { RefusalCode } from './task-request.ts';

/** What the decision about a task may read: the connector's rules, and what is known of Asana now. */
export interface TaskView {
  readonly policies: Policies;
  readonly directory: {
    /** Null before the first reading. */
    current(): Snapshot | null;
    teamMembership(team: string, user: string): TeamMembership | null;
  };
  /** Enterprise licenses in the organization, with those on their way to others; not the one held for this task. */
  enterpriseLicenses(): number;
  /** Why the reading justifies no removal and no creation; null when it does. */
  untrusted(): { readonly reason: string; readonly message: string } | null;
  /** The live grant in Apply mode that declares this account's license, and the object to name; null for none. */
  declaredFor(account: Account): { readonly license: License; readonly object: string } | null;
}

/** What is to be done about one task, or why nothing is. Messages are for the person who reads them in ConductorOne. */
export type TaskDecision =
  | { readonly kind: 'Act'; readonly action: PlannedAction }
  /** Asana is as wanted: there is nothing to send. */
  | { readonly kind: 'AlreadySo'; readonly account: Account | null; readonly message: string }
  | { readonly kind: 'Refused'; readonly code: RefusalCode; readonly message: string };

/** A task with what its policies look at. */
export interface TaskCase<Request> {
  readonly request: Request;
  /** As the directory knows it, in use or not; null for nobody. */
  readonly account: Account | null;
  readonly view: TaskView;
  readonly snapshot: Snapshot;
  /** The gid of the one organization; null when there is none. */
  readonly organization: string | null;
}

/** A policy has one thing to say: a decision, or null to leave it to the next. */
export type TaskPolicy<Request> = (this: void, subject: TaskCase<Request>) => TaskDecision | null;

export function refused(code: RefusalCode, message: string): TaskDecision {
  return { kind: 'Refused', code, message };
}

export function alreadySo(account: Account | null, message: string): TaskDecision {
  return { kind: 'AlreadySo', account, message };
}

export function refuseUnknown(user: string): TaskDecision {
  return refused('AccountNotFound', `Asana has no account ${user} (any more), or the token does not see it.`);
}

/** No removal ever touches the token's own account, protectedUsers and, unless that is off, admins. */
export function makeSureItIsNotProtected({
  account,
  view,
  snapshot,
}: TaskCase<unknown>): TaskDecision | null {
  const why = account && protectionOf(account, view.policies, snapshot);
  if (!why) return null;
  return refused('ProtectedUser', `${nameOf(account)} is protected (${why}): nothing is taken away.`);
}

export function makeSureDeprovisioningIsAllowed({ account, view }: TaskCase<unknown>): TaskDecision | null {
  if (view.policies.allowDeprovision) return null;
  const message = `This would deprovision ${nameOf(account)}, which no API undoes, and the connector does not allow it: set provisioning.allowDeprovision, or deprovision in the Admin Console.`;
  return refused('DeprovisionNotAllowed', message);
}

/** Whoever must never be touched has to be known first. */
export function makeSureTheReadingJustifiesARemoval(subject: TaskCase<unknown>): TaskDecision | null {
  const doubt = makeSureTheReadingIsTrusted(subject);
  if (doubt || subject.snapshot.self !== null) return doubt;
  return refused(
    'NotReady',
    "Nothing is taken away now: the token's own account, which is never touched, was not read.",
  );
}

export function makeSureTheReadingIsTrusted({ view }: TaskCase<unknown>): TaskDecision | null {
  const doubt = view.untrusted();
  return doubt && refused('NotReady', `Nothing is done on a doubtful reading of Asana: ${doubt.message}.`);
}
