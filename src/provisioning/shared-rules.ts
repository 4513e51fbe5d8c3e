import { isActive, isAdmin, isGuest, isMemberOf } from '../directory/account.ts';
import { foldAddress } from '../directory/email-address.ts';
import type { Account, PartName } from '../directory/snapshot.ts';
import { describeDeclaration, findAbsence, findDeclared, findDeclaredIn } from './declarations.ts';
import type { Policies } from './policies.ts';
import type { Right } from './right.ts';
import { nameOf, type RightCase, refused, type Step } from './right-rules.ts';

/** The rules that several rights share, each stated once, for declared grants and for tasks alike. */

/** Nobody is given anything while a live grant declares that they are to have no account. */
export function makeSureNoAbsenceIsDeclared(subject: RightCase, place: string | null): Step | null {
  const absence = subject.asker === 'Task' ? findAbsence(subject.declared, place) : null;
  return absence && refused('StillDeclared', describeDeclaration(absence, whoOf(subject)));
}

/** A task does not take what Git declares. */
export function makeSureItIsNotDeclared(subject: RightCase): Step | null {
  if (subject.asker !== 'Task') return null;
  // A license is one of the organization; every other right names its place itself.
  const place = subject.right.type === 'License' ? subject.organization : null;
  const declared = findDeclared(subject.declared, subject.right, place);
  return declared && refused('StillDeclared', describeDeclaration(declared, whoOf(subject)));
}

/** Whoever is taken out of a place loses every right there, so nothing may be declared there. */
export function makeSureNothingIsDeclared(subject: RightCase, place: string | null): Step | null {
  const declared = findDeclaredIn(subject.declared, place);
  return declared && refused('StillDeclared', describeDeclaration(declared, whoOf(subject)));
}

/** Deprovisioning cannot be undone by API: it takes the connector's word. */
export function makeSureDeprovisioningIsAllowed(subject: RightCase): Step | null {
  if (subject.policies.allowDeprovision) return null;
  const message = `This would deprovision ${whoOf(subject)}, which cannot be undone, and provisioning.allowDeprovision of the connector is false. Set it to true, or deprovision the account in the Admin Console.`;
  return refused('DeprovisionNotAllowed', message);
}

/**
 * No removal touches the token's own account, `protectedUsers` and, unless that is off, Asana admins: of the organization,
 * and of the workspace somebody would be removed from.
 */
export function makeSureItIsNotProtected(subject: RightCase): Step | null {
  const { account } = subject;
  if (!account) return null;
  const why = describeProtection({ ...subject, account });
  return why === null
    ? null
    : refused('ProtectedUser', `${whoOf(subject)} is protected (${why}). The access is not reduced.`);
}

/** A right that an account has, as far as it matters for whether it may be taken away. */
export type ProtectionCase = Pick<
  RightCase,
  'right' | 'aliases' | 'policies' | 'organization' | 'reading'
> & {
  readonly account: Account;
};

/** The addresses of `protectedUsers`, as they are compared. */
export function protectedNames({ protectedUsers }: Pick<Policies, 'protectedUsers'>): ReadonlySet<string> {
  return new Set(protectedUsers.map(foldAddress));
}

/**
 * Why no removal touches the right, in a few words; null where it may be taken away.
 * @param names those of the case's policies, for whoever asks about many
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

/** In the organization, and where somebody would be removed from. Without an organization every workspace counts. */
function isAdminWhereItCounts({ right, organization, reading, account }: ProtectionCase): boolean {
  if (organization === null) return isAdmin(account, null);
  const home = right.type === 'Team' ? reading.snapshot.teams.get(right.team)?.organization : undefined;
  const places = [organization, home, 'workspace' in right ? right.workspace : undefined];
  return places.some((place) => place !== undefined && isAdmin(account, place));
}

/** A removal or a creation needs a reading of the parts that nobody doubts. */
export function makeSureTheReadingIsTrusted({ reading }: RightCase, parts: readonly PartName[]): Step | null {
  const doubt = reading.doubtAbout(parts);
  return (
    doubt &&
    refused(doubt.code, `Nothing is changed because the reading of Asana is in doubt: ${doubt.message}`)
  );
}

/**
 * Whoever must never be touched has to be known before anything is taken away; and while a reading is held for a person's
 * answer, no removal is carried out.
 */
export function makeSureARemovalIsJustified(subject: RightCase, parts: readonly PartName[]): Step | null {
  const doubt = makeSureTheReadingIsTrusted(subject, parts) ?? makeSureNothingIsHeld(subject);
  if (doubt || subject.reading.snapshot.self !== null) return doubt;
  return refused(
    'ReadingIncomplete',
    'Nothing is removed: the owner of the token, who is always protected, could not be determined.',
  );
}

/** What a grant wants waits at the desk, where it counts; a task has no place to wait in. */
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

/** A right beyond the account itself needs an account in use. */
export function makeSureTheyAreIn(subject: RightCase, home: string | null): Step | null {
  return areIn(subject, home) ? null : refuseUnknown(subject);
}

/** Whether the account is in use in the organization that a right is of; wherever it is, where none is known. */
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

/** A workspace that the connector does not read is none of its business. */
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

/** What messages call the person of a case. */
export function whoOf({ account, wanted }: Pick<RightCase, 'account' | 'wanted'>): string {
  return account ? nameOf(account) : (wanted.email ?? 'this user');
}
