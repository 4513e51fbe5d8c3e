import { isMemberOf, membershipIn } from '../../directory/account.ts';
import type { PartName } from '../../directory/snapshot.ts';
import { createAccount, createsOverScim } from '../account/rules.ts';
import type { WorkspaceAction } from '../action.ts';
import type { WorkspaceRight } from '../right.ts';
import {
  act,
  alreadySo,
  firstOf,
  nameOf,
  type RightCase,
  type RightRules,
  type Rule,
  type Step,
} from '../right-rules.ts';
import {
  makeSureARemovalIsJustified,
  makeSureDeprovisioningIsAllowed,
  makeSureItIsNotProtected,
  makeSureNoAbsenceIsDeclared,
  makeSureNothingIsDeclared,
  makeSureTheWorkspaceIsInScope,
  refuseUnknown,
  whoOf,
} from '../shared-rules.ts';

type Case = RightCase<WorkspaceRight>;

const PARTS = ['accounts'] as const satisfies readonly PartName[];

/** The rules of workspace membership. A removed member loses everything there, so a removal is a deprovision. */
export const workspaceRules: RightRules<WorkspaceRight> = {
  parts: () => PARTS,
  observe: (subject) =>
    isIn(subject) && subject.account
      ? (membershipIn(subject.account, subject.right.workspace)?.role ?? 'Member')
      : null,
  holds: (subject) => isIn(subject),
  give: (subject) => firstOf(giving, subject),
  take: (subject) => firstOf(taking, subject),
  keeps: ({ adopted }, who) =>
    adopted
      ? { message: `${who} was in the workspace before this grant. The membership is kept.`, warning: false }
      : null,
};

/** The rules for adding a person to a workspace, in this order; the last one acts. */
const giving: readonly Rule<WorkspaceRight>[] = [
  makeSureTheWorkspaceIsInScope,
  (subject) => makeSureNoAbsenceIsDeclared(subject, subject.right.workspace),
  stopWhereTheyAreIn,
  // A person without any account has to be declared as an account, or invited, first.
  (subject) => (subject.account ? null : refuseUnknown(subject)),
  createWhereScimDoes,
  (subject) => changeWorkspace('AddToWorkspace', subject),
];

/** The same for removing a person from a workspace. */
const taking: readonly Rule<WorkspaceRight>[] = [
  makeSureTheWorkspaceIsInScope,
  (subject) => (isIn(subject) ? null : alreadySo(`${whoOf(subject)} is not in the workspace.`)),
  makeSureItIsNotProtected,
  (subject) => makeSureNothingIsDeclared(subject, subject.right.workspace),
  makeSureDeprovisioningIsAllowed,
  (subject) => makeSureARemovalIsJustified(subject, PARTS),
  (subject) => changeWorkspace('RemoveFromWorkspace', subject),
];

function isIn({ account, right, organization }: Case): boolean {
  return account !== null && isMemberOf(account, right.workspace, organization);
}

function stopWhereTheyAreIn(subject: Case): Step | null {
  return isIn(subject) ? alreadySo(`${nameOf(subject.account)} is in the workspace.`) : null;
}

/** Creates the account if the workspace is the organization and SCIM is on: it starts with a view-only license. */
function createWhereScimDoes(subject: Case): Step | null {
  if (!createsOverScim(subject)) return null;
  const { account, wanted, right } = subject;
  const email = account?.email ?? wanted.email;
  const creation = {
    ...subject,
    wanted: { ...wanted, email },
    right: { type: 'Account', workspace: right.workspace },
  } as const;
  return createAccount(creation, account?.gid ?? null);
}

function changeWorkspace(type: WorkspaceAction['type'], subject: Case): Step {
  const { account, right } = subject;
  if (!account) throw new TypeError('a workspace was changed for nobody');
  const { gid, email } = account;
  const { workspace } = right;
  const joins = type === 'AddToWorkspace';
  const from = workspaceRules.observe(subject) ?? null;
  const message = joins
    ? `${nameOf(account)} will be added to workspace ${workspace}.`
    : `${nameOf(account)} will be removed from workspace ${workspace}.`;
  return act({ type, gid, email, workspace, from, to: joins ? 'Member' : null }, message);
}
