import { isMemberOf } from '../directory/account.ts';
import type { Team } from '../directory/snapshot.ts';
import { nameOf } from './license-case.ts';
import { refuseDeclared } from './license-task-policies.ts';
import {
  alreadySo,
  makeSureDeprovisioningIsAllowed,
  makeSureItIsNotProtected,
  makeSureTheReadingIsTrusted,
  makeSureTheReadingJustifiesARemoval,
  refused,
  refuseUnknown,
  type TaskCase,
  type TaskDecision,
  type TaskPolicy,
} from './task-case.ts';

interface TeamRequest {
  readonly team: string;
  readonly user: string;
}
interface WorkspaceRequest {
  readonly workspace: string;
  readonly user: string;
}

/** What is looked at, in this order, before somebody joins a team; the last one acts. */
export const joiningTeamPolicies: readonly TaskPolicy<TeamRequest>[] = [
  makeSureTheTeamIsThere,
  makeSureTheAccountIsKnown,
  makeSureTheyAreInTheOrganization,
  stopWhereTheyAreInTheTeam,
  (subject) => changeTeam('AddToTeam', subject),
];

export const leavingTeamPolicies: readonly TaskPolicy<TeamRequest>[] = [
  makeSureTheTeamIsThere,
  makeSureTheAccountIsKnown,
  stopWhereTheyAreNotInTheTeam,
  makeSureItIsNotProtected,
  makeSureTheReadingJustifiesARemoval,
  (subject) => changeTeam('RemoveFromTeam', subject),
];

export const joiningWorkspacePolicies: readonly TaskPolicy<WorkspaceRequest>[] = [
  makeSureTheWorkspaceIsInScope,
  makeSureTheAccountIsKnown,
  stopWhereTheyAreInTheWorkspace,
  makeSureTheReadingIsTrusted,
  (subject) => changeWorkspace('AddToWorkspace', subject),
];

/** Leaving the organization is a deprovisioning, and what a plain workspace keeps of somebody is not documented. */
export const leavingWorkspacePolicies: readonly TaskPolicy<WorkspaceRequest>[] = [
  makeSureTheWorkspaceIsInScope,
  makeSureTheAccountIsKnown,
  stopWhereTheyAreNotInTheWorkspace,
  makeSureNoLicenseIsDeclared,
  makeSureItIsNotProtected,
  makeSureDeprovisioningIsAllowed,
  makeSureTheReadingJustifiesARemoval,
  (subject) => changeWorkspace('RemoveFromWorkspace', subject),
];

function makeSureTheAccountIsKnown({
  request,
  account,
}: TaskCase<{ readonly user: string }>): TaskDecision | null {
  return account ? null : refuseUnknown(request.user);
}

function teamOf({ request, snapshot }: TaskCase<TeamRequest>): Team | undefined {
  return snapshot.teams.get(request.team);
}

/** A team that only an incomplete reading lacks may well be there. */
function makeSureTheTeamIsThere(subject: TaskCase<TeamRequest>): TaskDecision | null {
  const { request, snapshot } = subject;
  if (teamOf(subject)) return null;
  if (snapshot.parts.teams?.complete)
    return refused(
      'TeamNotFound',
      `Asana has no team ${request.team} (any more), or the token does not see it.`,
    );
  return refused('NotReady', `Team ${request.team} is not known, and the teams have not all been read yet.`);
}

/** Adding to a team invites nobody (OpenAPI, `addUserForTeam`). */
function makeSureTheyAreInTheOrganization(subject: TaskCase<TeamRequest>): TaskDecision | null {
  const { account, organization } = subject;
  const home = teamOf(subject)?.organization;
  if (account && home !== undefined && isMemberOf(account, home, organization)) return null;
  const message = `${nameOf(account)} is not an active member of the team's organization: invite the person first.`;
  return refused('AccountNotFound', message);
}

function stopWhereTheyAreInTheTeam(subject: TaskCase<TeamRequest>): TaskDecision | null {
  if (!isInTeam(subject)) return null;
  return alreadySo(subject.account, `${nameOf(subject.account)} is in the team already.`);
}

function stopWhereTheyAreNotInTheTeam(subject: TaskCase<TeamRequest>): TaskDecision | null {
  if (isInTeam(subject)) return null;
  return alreadySo(subject.account, `${nameOf(subject.account)} is not in the team.`);
}

function isInTeam({ request, view }: TaskCase<TeamRequest>): boolean {
  return view.directory.teamMembership(request.team, request.user) !== null;
}

function changeTeam(
  type: 'AddToTeam' | 'RemoveFromTeam',
  subject: TaskCase<TeamRequest>,
): TaskDecision | null {
  const { request, account } = subject;
  const team = teamOf(subject);
  if (!team) return null;
  const { gid, organization } = team;
  const removal = type === 'RemoveFromTeam';
  const email = account?.email ?? null;
  return { kind: 'Act', action: { type, gid: request.user, email, team: gid, organization, removal } };
}

function makeSureTheWorkspaceIsInScope({
  request,
  snapshot,
}: TaskCase<WorkspaceRequest>): TaskDecision | null {
  if (snapshot.workspaces.some(({ gid }) => gid === request.workspace)) return null;
  return refuseWorkspace(request.workspace);
}

export function refuseWorkspace(workspace: string): TaskDecision {
  const message = `Workspace ${workspace} is not one of the connector's: see spec.workspaces, and what the token sees.`;
  return refused('WorkspaceNotFound', message);
}

function stopWhereTheyAreInTheWorkspace(subject: TaskCase<WorkspaceRequest>): TaskDecision | null {
  if (!isInWorkspace(subject)) return null;
  return alreadySo(subject.account, `${nameOf(subject.account)} is in the workspace already.`);
}

function stopWhereTheyAreNotInTheWorkspace(subject: TaskCase<WorkspaceRequest>): TaskDecision | null {
  if (isInWorkspace(subject)) return null;
  return alreadySo(subject.account, `${nameOf(subject.account)} is not in the workspace.`);
}

function isInWorkspace({ request, account, organization }: TaskCase<WorkspaceRequest>): boolean {
  return account !== null && isMemberOf(account, request.workspace, organization);
}

/** Out of the organization means without its license. */
function makeSureNoLicenseIsDeclared({
  request,
  account,
  view,
  organization,
}: TaskCase<WorkspaceRequest>): TaskDecision | null {
  const declared = request.workspace === organization && account ? view.declaredFor(account) : null;
  return account && declared ? refuseDeclared(account, declared) : null;
}

function changeWorkspace(
  type: 'AddToWorkspace' | 'RemoveFromWorkspace',
  { request, account }: TaskCase<WorkspaceRequest>,
): TaskDecision {
  const { workspace, user: gid } = request;
  const removal = type === 'RemoveFromWorkspace';
  return { kind: 'Act', action: { type, gid, email: account?.email ?? null, workspace, removal } };
}
