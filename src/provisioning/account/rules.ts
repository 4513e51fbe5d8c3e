import { isGuest, isMemberOf, showsLicenses } from '../../directory/account.ts';
import { isEmailAddress } from '../../directory/email-address.ts';
import type { PartName } from '../../directory/snapshot.ts';
import type { AccountRight, Right } from '../right.ts';
import {
  act,
  alreadySo,
  firstOf,
  nameOf,
  type RightCase,
  type RightRules,
  type Rule,
  refused,
  type Step,
} from '../right-rules.ts';
import {
  makeSureARemovalIsJustified,
  makeSureDeprovisioningIsAllowed,
  makeSureItIsNotProtected,
  makeSureNoAbsenceIsDeclared,
  makeSureNothingIsDeclared,
  makeSureTheReadingIsTrusted,
  makeSureTheWorkspaceIsInScope,
  whoOf,
} from '../shared-rules.ts';

type Case = RightCase<AccountRight>;

const PARTS = ['accounts', 'licenses'] as const satisfies readonly PartName[];
const PARTS_WITHOUT_SCIM = ['accounts'] as const satisfies readonly PartName[];

/** Returns the parts that accounts and licenses are read from. */
export function partsWithScim({ scimEnabled }: { readonly scimEnabled: boolean }): readonly PartName[] {
  return scimEnabled ? PARTS : PARTS_WITHOUT_SCIM;
}

/** The rules of the account itself. SCIM, if on, creates and deprovisions the accounts of the organization. */
export const accountRules: RightRules<AccountRight> = {
  parts: partsWithScim,
  observe: (subject) => (isIn(subject) ? 'Active' : null),
  holds: (subject) => isIn(subject) && !isGuestThere(subject),
  give: (subject) => firstOf(giving, subject),
  take: (subject) => firstOf(taking, subject),
  keeps: ({ adopted }, who) =>
    adopted
      ? { message: `${who} had the account before this grant. The account is kept.`, warning: false }
      : null,
};

/** The rules for creating an account, in this order; the last one acts. */
const giving: readonly Rule<AccountRight>[] = [
  (subject) => makeSureNoAbsenceIsDeclared(subject, subject.right.workspace),
  makeSureTheWorkspaceIsInScope,
  stopWhereItExists,
  createAccount,
];

/** The same for taking an account away. */
const taking: readonly Rule<AccountRight>[] = [
  makeSureTheWorkspaceIsInScope,
  stopWhereThereIsNone,
  makeSureItIsNotProtected,
  (subject) => makeSureNothingIsDeclared(subject, subject.right.workspace),
  makeSureDeprovisioningIsAllowed,
  (subject) => makeSureARemovalIsJustified(subject, partsWithScim(subject.policies)),
  takeTheAccount,
];

function isIn({ account, right, organization }: Case): boolean {
  return account !== null && isMemberOf(account, right.workspace, organization);
}

/** Whether the account is a guest of any organization. In plain workspaces, guests do not differ from members. */
function isGuestThere({ account, right, reading }: Case): boolean {
  const isOrganization = reading.snapshot.workspaces.some(
    ({ gid, organization }) => organization && gid === right.workspace,
  );
  return isOrganization && account !== null && isGuest(account, right.workspace);
}

/** Stops if there is an account. A guest's account is not what a grant declares, but a task accepts it. */
function stopWhereItExists(subject: Case): Step | null {
  if (!isIn(subject)) return null;
  const who = nameOf(subject.account);
  if (subject.asker === 'Task' || !isGuestThere(subject)) return alreadySo(`${who} has an account.`);
  return refused(
    'UserIsGuest',
    `${who} is a guest of the organization. The API cannot make a guest a member.`,
  );
}

/**
 * Creates an account: over SCIM, view-only, in the organization; otherwise by invitation. Exported for rights that need
 * an account first.
 * @param knownGid the gid of a person whose address is taken from the directory instead of declared
 */
export function createAccount(subject: RightCase<AccountRight>, knownGid: string | null = null): Step {
  return (
    makeSureTheEmailIsOne(subject) ??
    makeSureTheReadingIsTrusted(subject, partsWithScim(subject.policies)) ??
    makeSureItIsCreatedViewOnly(subject) ??
    create(subject, knownGid)
  );
}

/** Whether accounts are created over SCIM: only in its one organization. Everywhere else people are invited. */
export function createsOverScim({
  right,
  policies,
  organization,
}: Pick<RightCase<Right & { workspace: string }>, 'right' | 'policies' | 'organization'>): boolean {
  return policies.scimEnabled && right.workspace === organization;
}

function makeSureTheEmailIsOne({ wanted }: Case): Step | null {
  if (wanted.email !== null && isEmailAddress(wanted.email)) return null;
  const message =
    wanted.email === null
      ? 'The account cannot be created because the email address of the person is not known. Name the person by email.'
      : `The account cannot be created because Asana does not accept "${wanted.email}" as an email address. Correct the address.`;
  return refused('InvalidEmail', message);
}

/** Refuses a creation where Asana shows no licenses: it accepts none there, and the account may get a full one. */
function makeSureItIsCreatedViewOnly(subject: Case): Step | null {
  if (!createsOverScim(subject) || showsLicenses(subject.reading.snapshot)) return null;
  const message =
    'The account is not created because Asana shows no license (userType) for any user: it might not be view-only.';
  return refused('LicensesUnavailable', message);
}

function create(subject: Case, knownGid: string | null): Step {
  const email = (subject.wanted.email ?? '').toLowerCase();
  if (createsOverScim(subject)) {
    const { name } = subject.wanted;
    return act(
      { type: 'CreateAccount', gid: null, email, knownGid, name, from: null, to: 'ViewOnly' },
      `Asana has no account for ${email}. It will be created with a view-only license.`,
    );
  }
  const { workspace } = subject.right;
  return act(
    { type: 'InviteAccount', gid: null, email, workspace, from: null, to: 'Active' },
    `Asana has no account for ${email}. The person will be invited to workspace ${workspace}.`,
  );
}

function stopWhereThereIsNone(subject: Case): Step | null {
  if (!isIn(subject)) return alreadySo(`${whoOf(subject)} has no account there.`);
  if (!isGuestThere(subject)) return null;
  return refused(
    'UserIsGuest',
    `${nameOf(subject.account)} is a guest of the organization. Remove guests in the Admin Console.`,
  );
}

function takeTheAccount(subject: Case): Step {
  const { account, right } = subject;
  if (!account) throw new TypeError('an account was taken from nobody');
  const { gid, email, license } = account;
  const message = `${nameOf(account)} will be deprovisioned.`;
  if (createsOverScim(subject))
    return act({ type: 'Deprovision', gid, email, from: license ?? 'Active', to: null }, message);
  const { workspace } = right;
  return act({ type: 'RemoveFromWorkspace', gid, email, workspace, from: 'Active', to: null }, message);
}
