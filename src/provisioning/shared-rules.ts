import { isActive, isAdmin, isGuest, isMemberOf } from '../directory/account.ts';
import { foldAddress } from '../directory/email-address.ts';
import type { Account, PartName } from '../directory/snapshot.ts';
import { describeDeclaration, findAbsence, findDeclared, findDeclaredIn } from './declarations.ts';
import type { Policies } from './policies.ts';
import type { Right } from './right.ts';
import { nameOf, type RightCase, refused, type Step } from './right-rules.ts';

/** The rules that several rights share, each stated once, for declared grants and for tasks alike. */

/** Refuses a task that gives access where a live grant declares that the person is to have no account. */
export function makeSureNoAbsenceIsDeclared(subject: RightCase, place: string | null): Step | null {
  const absence = subject.asker === 'Task' ? findAbsence(subject.declared, place) : null;
  return absence && refused('StillDeclared', describeDeclaration(absence, whoOf(subject)));
}

/** Refuses a task that takes what a live grant declares. */
export function makeSureItIsNotDeclared(subject: RightCase): Step | null {
  if (subject.asker !== 'Task') return null;
  // A license belongs to the organization; every other right names its own place.
  const place = subject.right.type === 'License' ? subject.organization : null;
  const declared = findDeclared(subject.declared, subject.right, place);
  return declared && refused('StillDeclared', describeDeclaration(declared, whoOf(subject)));
}

/** Refuses to take an account out of a place where a right is declared: it would lose all its rights there. */
export function makeSureNothingIsDeclared(subject: RightCase, place: string | null): Step | null {
  const declared = findDeclaredIn(subject.declared, place);
  return declared && refused('StillDeclared', describeDeclaration(declared, whoOf(subject)));
}

/** Refuses a deprovision, which cannot be undone through the API, unless the connector allows it. */
export function makeSureDeprovisioningIsAllowed(subject: RightCase): Step | null {
  if (subject.policies.allowDeprovision) return null;
  const message = `This would deprovision ${whoOf(subject)}, which cannot be undone, and provisioning.allowDeprovision of the connector is false. Set it to true, or deprovision the account in the Admin Console.`;
  return refused('DeprovisionNotAllowed', message);
}

/**
 * Refuses every removal from the token's own account, from `protectedUsers` and, if `protectAdmins` is on, from admins
 * of the organization or of the workspace that the person would be removed from.
 */
export function makeSureItIsNotProtected(subject: RightCase): Step | null {
  const { account } = subject;
  if (!account) return null;
  const why = describeProtection({ ...subject, account });
  return why === null
    ? null
    : refused('ProtectedUser', `${whoOf(subject)} is protected (${why}). The access is not reduced.`);
}

/** What the check for protection needs to know of an account and a right of it. */
export type ProtectionCase = Pick<
  RightCase,
  'right' | 'aliases' | 'policies' | 'organization' | 'reading'
> & {
  readonly account: Account;
};

/** Returns the addresses of `protectedUsers` in the form in which they are compared. */
export function protectedNames({ protectedUsers }: Pick<Policies, 'protectedUsers'>): ReadonlySet<string> {
  return new Set(protectedUsers.map(foldAddress));
}

/**
 * Returns why the account is protected from losing the right, in a few words; `null` if it is not.
 * @param names `protectedNames` of the case's policies, which a caller with many accounts computes once
 */
export function describeProtection(
  subject: ProtectionCase,
  names: ReadonlySet<string> = protectedNames(subject.policies),
): string | null {
  const { account, policies } = subject;
  if (account.gid === subject.reading.snapshot.self) return 'the owner of the token';
  const addresses = [...subject.aliases, account.email, account.scim?.userName];
  if (addresses.some((address) => address && names.has(foldAddress(address)))) return 'protectedUsers';
  if (!policies.protectAdmins) return null;
  return isAdminWhereItCounts(subject) ? 'an Asana admin' : null;
}

/** Whether the account is an admin of the organization or the place of the right; without an organization, anywhere. */
function isAdminWhereItCounts({ right, organization, reading, account }: ProtectionCase): boolean {
  if (organization === null) return isAdmin(account, null);
  const home = right.type === 'Team' ? reading.snapshot.teams.get(right.team)?.organization : undefined;
  const places = [organization, home, 'workspace' in right ? right.workspace : undefined];
  return places.some((place) => place !== undefined && isAdmin(account, place));
}

/** Refuses a removal or a creation if the reading of these parts is incomplete or in doubt. */
export function makeSureTheReadingIsTrusted({ reading }: RightCase, parts: readonly PartName[]): Step | null {
  const doubt = reading.doubtAbout(parts);
  return (
    doubt &&
    refused(doubt.code, `Nothing is changed because the reading of Asana is in doubt: ${doubt.message}`)
  );
}

/**
 * Refuses a removal if the reading is in doubt, if it is held and a task asks, or if the owner of the token, who is
 * always protected, is not known.
 */
export function makeSureARemovalIsJustified(subject: RightCase, parts: readonly PartName[]): Step | null {
  const doubt = makeSureTheReadingIsTrusted(subject, parts) ?? makeSureNothingIsHeld(subject);
  if (doubt || subject.reading.snapshot.self !== null) return doubt;
  return refused(
    'ReadingIncomplete',
    'Nothing is removed: the owner of the token, who is always protected, could not be determined.',
  );
}

/** Refuses a task while a reading is held. Removals of grants wait at the removal desk instead, where they count. */
function makeSureNothingIsHeld({ asker, reading }: RightCase): Step | null {
  const held = asker === 'Task' ? reading.held() : null;
  if (held === null) return null;
  return refused('ReadingHeld', `Nothing is removed while a reading of Asana is held: ${held}`);
}

export function makeSureItIsNoGuest(subject: RightCase): Step | null {
  const { account, organization } = subject;
  if (!account || !isGuest(account, organization)) return null;
  return refused(
    'UserIsGuest',
    `${nameOf(account)} is a guest of the organization. Guests have no license. The person needs an account with an email address of the organization.`,
  );
}

/** Refuses a right other than the account itself if the account is not in use. */
export function makeSureTheyAreIn(subject: RightCase, home: string | null): Step | null {
  return areIn(subject, home) ? null : refuseUnknown(subject);
}

/** Whether the account is in use in the right's organization `home`; if that is not known, in use at all. */
export function areIn({ account, organization }: RightCase, home: string | null): boolean {
  if (account === null) return false;
  return home === null ? isActive(account, organization) : isMemberOf(account, home, organization);
}

export function refuseUnknown(subject: RightCase): Step {
  return refused(
    'AccountNotFound',
    `Asana has no active account for ${whoOf(subject)}. Invite the person first.`,
  );
}

/** Refuses a workspace that the connector does not read. */
export function makeSureTheWorkspaceIsInScope(
  subject: RightCase<Right & { workspace: string }>,
): Step | null {
  const { workspace } = subject.right;
  if (subject.reading.snapshot.workspaces.some(({ gid }) => gid === workspace)) return null;
  return refused(
    'WorkspaceNotFound',
    `The connector does not read workspace ${workspace}. See spec.workspaces, and status.workspaces for the workspaces that the token can read.`,
  );
}

/** Returns the name of the person of a case for messages. */
export function whoOf({ account, wanted }: Pick<RightCase, 'account' | 'wanted'>): string {
  return account ? nameOf(account) : (wanted.email ?? 'this user');
}
