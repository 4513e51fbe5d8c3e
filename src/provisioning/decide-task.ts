import { isEmailAddress } from '../directory/email-address.ts';
import type { Subject } from '../directory/reader.ts';
import type { Account } from '../directory/snapshot.ts';
import { accountCreationPolicies, findTarget } from './account-creation-policies.ts';
import { licenseGrantPolicies, licenseRevocationPolicies } from './license-task-policies.ts';
import {
  joiningTeamPolicies,
  joiningWorkspacePolicies,
  leavingTeamPolicies,
  leavingWorkspacePolicies,
} from './membership-task-policies.ts';
import { refused, type TaskCase, type TaskDecision, type TaskPolicy, type TaskView } from './task-case.ts';
import type { TaskRequest } from './task-request.ts';

/**
 * Decides one ConductorOne task (DESIGN §4): what to do in Asana, that it is so already, or why it is not done.
 * @param account whom the request means, as the directory knows them; null for nobody
 */
export function decideTask(request: TaskRequest, account: Account | null, view: TaskView): TaskDecision {
  if (view.policies.suspended)
    return refused('Suspended', 'The connector is suspended: nothing is done until it is resumed.');
  const snapshot = view.directory.current();
  if (!snapshot)
    return refused('NotReady', 'The connector has not read the directory yet: see its conditions.');
  const organization = snapshot.organization?.gid ?? null;
  const decide = <Request>(policies: readonly TaskPolicy<Request>[], own: Request) =>
    firstOf(policies, { request: own, account, view, snapshot, organization });
  switch (request.type) {
    case 'GrantLicense':
      return decide(licenseGrantPolicies, request);
    case 'RevokeLicense':
      return decide(licenseRevocationPolicies, request);
    case 'AddToTeam':
      return decide(joiningTeamPolicies, request);
    case 'RemoveFromTeam':
      return decide(leavingTeamPolicies, request);
    case 'AddToWorkspace':
      return decide(joiningWorkspacePolicies, request);
    case 'RemoveFromWorkspace':
      return decide(leavingWorkspacePolicies, request);
    case 'CreateAccount':
      return decide(accountCreationPolicies, request);
  }
}

/**
 * Whom a request is about, for a look at Asana before it is answered without one; null when what it names is nothing
 * that could be looked up.
 */
export function subjectOfTask(request: TaskRequest, view: TaskView): Subject | null {
  const snapshot = view.directory.current();
  if (!snapshot || view.policies.suspended) return null;
  switch (request.type) {
    case 'GrantLicense':
    case 'RevokeLicense':
      return { gid: request.user, email: null };
    case 'AddToTeam':
    case 'RemoveFromTeam': {
      const team = snapshot.teams.get(request.team);
      return team ? { gid: request.user, email: null, workspace: team.organization, team: team.gid } : null;
    }
    case 'AddToWorkspace':
    case 'RemoveFromWorkspace': {
      const workspace = snapshot.workspaces.find(({ gid }) => gid === request.workspace)?.gid;
      return workspace === undefined ? null : { gid: request.user, email: null, workspace };
    }
    case 'CreateAccount': {
      const target = findTarget(request, view.policies, snapshot);
      const known = 'workspace' in target && isEmailAddress(request.email);
      return known ? { gid: null, email: request.email.toLowerCase(), workspace: target.workspace } : null;
    }
  }
}

/** The chains end with a policy that always decides. */
function firstOf<Request>(
  policies: readonly TaskPolicy<Request>[],
  subject: TaskCase<Request>,
): TaskDecision {
  for (const policy of policies) {
    const decision = policy(subject);
    if (decision) return decision;
  }
  throw new TypeError('a chain of policies left a task undecided');
}
