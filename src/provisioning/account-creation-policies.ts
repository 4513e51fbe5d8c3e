import { isMemberOf, showsLicenses } from '../directory/account.ts';
import { isEmailAddress } from '../directory/email-address.ts';
import type { Snapshot } from '../directory/snapshot.ts';
import type { Policies } from './decision.ts';
import { nameOf } from './license-case.ts';
import { refuseWorkspace } from './membership-task-policies.ts';
import {
  alreadySo,
  makeSureTheReadingIsTrusted,
  refused,
  type TaskCase,
  type TaskDecision,
  type TaskPolicy,
} from './task-case.ts';
import type { TaskRequest } from './task-request.ts';

type Creation = Extract<TaskRequest, { type: 'CreateAccount' }>;
type Case = TaskCase<Creation>;

/** Where a new account goes, and how; or why nowhere. */
type Target =
  | { readonly workspace: string; readonly by: 'Scim' | 'Invitation' }
  | { readonly refusal: TaskDecision };

/** What is looked at, in this order, before an account is created; the last one acts. */
export const accountCreationPolicies: readonly TaskPolicy<Creation>[] = [
  makeSureTheEmailIsOne,
  makeSureItsPlaceIsKnown,
  stopWhereItExists,
  makeSureTheReadingIsTrusted,
  makeSureItIsCreatedViewOnly,
  create,
];

/**
 * SCIM creates in the one organization it speaks of, whether that is named or not; everywhere else people are
 * invited.
 */
export function findTarget(
  { workspace }: Creation,
  { scimEnabled, defaultWorkspace }: Policies,
  { organization, workspaces }: Snapshot,
): Target {
  if (scimEnabled && organization && (workspace ?? organization.gid) === organization.gid)
    return { workspace: organization.gid, by: 'Scim' };
  const wanted = workspace ?? defaultWorkspace;
  if (wanted === null) {
    const message =
      'Nothing says where the new account goes: name a workspace in the request, or set defaultWorkspace on the connector.';
    return { refusal: refused('WorkspaceNotSet', message) };
  }
  if (!workspaces.some(({ gid }) => gid === wanted)) return { refusal: refuseWorkspace(wanted) };
  return { workspace: wanted, by: 'Invitation' };
}

function targetOf({ request, view, snapshot }: Case): Target {
  return findTarget(request, view.policies, snapshot);
}

function makeSureTheEmailIsOne({ request }: Case): TaskDecision | null {
  if (isEmailAddress(request.email)) return null;
  return refused(
    'InvalidEmail',
    'The email of the new account is not an email address: correct the request.',
  );
}

function makeSureItsPlaceIsKnown(subject: Case): TaskDecision | null {
  const target = targetOf(subject);
  return 'refusal' in target ? target.refusal : null;
}

function stopWhereItExists(subject: Case): TaskDecision | null {
  const { account, organization } = subject;
  const target = targetOf(subject);
  if ('refusal' in target || !account || !isMemberOf(account, target.workspace, organization)) return null;
  return alreadySo(account, `${nameOf(account)} has an account already.`);
}

function makeSureItIsCreatedViewOnly(subject: Case): TaskDecision | null {
  const target = targetOf(subject);
  if (!('by' in target) || target.by !== 'Scim' || showsLicenses(subject.snapshot)) return null;
  const message =
    'The account is not created: Asana shows no license (userType) for anybody, so it might not be created view-only.';
  return refused('LicensesUnavailable', message);
}

function create(subject: Case): TaskDecision | null {
  const { request } = subject;
  const email = request.email.toLowerCase();
  const target = targetOf(subject);
  if ('refusal' in target) return target.refusal;
  if (target.by === 'Invitation') {
    const { workspace } = target;
    return { kind: 'Act', action: { type: 'InviteAccount', gid: null, email, workspace, removal: false } };
  }
  const { name } = request;
  return {
    kind: 'Act',
    action: { type: 'CreateAccount', gid: null, email, name, from: null, to: 'ViewOnly', removal: false },
  };
}
