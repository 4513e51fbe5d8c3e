import type { Person, Team, TeamMembership } from './records.ts';
import { badRequest, forbidden, unknownObject } from './refusal.ts';
import { teamMembershipResource, teamResource } from './resources.ts';
import { answerOne, answerPage } from './rest-answer.ts';
import {
  findTeam,
  findUser,
  findWorkspace,
  lookUpUser,
  pathParam,
  readChange,
  readUserField,
  requireGid,
  requireQuery,
  seesTeam,
} from './rest-lookup.ts';
import { requireWriter } from './rest-workspaces.ts';
import type { Answer, Ask, Route, World } from './world.ts';

/** Asana's operations on teams and team memberships. None deletes a team or sets a role. */
export function teamRoutes(world: World): Route[] {
  const inPath = (ask: Ask) => findTeam(world, ask, pathParam(ask, 'team'), 'path');
  const userInPath = (ask: Ask) => findUser(world, ask, pathParam(ask, 'user'), 'path');
  return [
    {
      method: 'GET',
      path: '/workspaces/:workspace/teams',
      operation: 'getTeamsForWorkspace',
      handler: (ask) => {
        const workspace = findWorkspace(world, ask, pathParam(ask, 'workspace'), 'path');
        const visible = (team: Team) => seesTeam(world, ask, team);
        return answerPage(world, ask, teamResource, {
          key: `teams of ${workspace.gid}`,
          records: workspace.teams,
          visible,
        });
      },
    },
    {
      method: 'GET',
      path: '/teams/:team',
      operation: 'getTeam',
      handler: (ask) => answerOne(world, ask, teamResource, inPath(ask)),
    },
    {
      method: 'GET',
      path: '/users/:user/teams',
      operation: 'getTeamsForUser',
      handler: (ask) => listTeamsOf(world, ask, userInPath(ask)),
    },
    {
      method: 'GET',
      path: '/team_memberships',
      operation: 'getTeamMemberships',
      handler: (ask) => listByQuery(world, ask),
    },
    {
      method: 'GET',
      path: '/team_memberships/:membership',
      operation: 'getTeamMembership',
      handler: (ask) => readMembership(world, ask, pathParam(ask, 'membership')),
    },
    {
      method: 'GET',
      path: '/teams/:team/team_memberships',
      operation: 'getTeamMembershipsForTeam',
      handler: (ask) => listMembers(world, ask, inPath(ask)),
    },
    {
      method: 'GET',
      path: '/users/:user/team_memberships',
      operation: 'getTeamMembershipsForUser',
      handler: (ask) => listMembershipsOf(world, ask, userInPath(ask), requireQuery(ask, 'workspace')),
    },
    {
      method: 'POST',
      path: '/teams/:team/addUser',
      operation: 'addUserForTeam',
      handler: (ask) => addUser(world, ask, inPath(ask)),
    },
    {
      method: 'POST',
      path: '/teams/:team/removeUser',
      operation: 'removeUserForTeam',
      handler: (ask) => removeUser(world, ask, inPath(ask)),
    },
  ];
}

function listTeamsOf(world: World, ask: Ask, person: Person): Answer {
  const organization = findWorkspace(world, ask, requireQuery(ask, 'organization'), 'field', 'organization');
  const theirs = new Set(world.directory.reads.teamsOf(person).map((membership) => membership.team));
  return answerPage(world, ask, teamResource, {
    key: `teams of user ${person.gid} in ${organization.gid}`,
    records: organization.teams.filter((team) => theirs.has(team)),
    visible: (team) => seesTeam(world, ask, team),
  });
}

/**
 * Lists memberships by team, or by user and workspace, which must be given together (OpenAPI, `getTeamMemberships`).
 * Both filters at once are refused: no source says that they combine, and a client must not mistake a whole team for
 * one person's membership.
 */
function listByQuery(world: World, ask: Ask): Answer {
  const { team, user, workspace } = ask.query;
  if (user === undefined && workspace === undefined) {
    return listMembers(world, ask, findTeam(world, ask, requireQuery(ask, 'team'), 'field'));
  }
  const person = findUser(world, ask, requireQuery(ask, 'user'), 'field');
  const place = requireQuery(ask, 'workspace');
  if (team !== undefined) throw badRequest('team: Cannot be combined with user and workspace');
  return listMembershipsOf(world, ask, person, place);
}

function listMembers(world: World, ask: Ask, team: Team): Answer {
  return answerPage(world, ask, teamMembershipResource, {
    key: `members of ${team.gid}`,
    records: world.directory.reads.membersOf(team),
  });
}

function listMembershipsOf(world: World, ask: Ask, person: Person, workspaceId: string): Answer {
  const workspace = findWorkspace(world, ask, workspaceId, 'field');
  return answerPage(world, ask, teamMembershipResource, {
    key: `teams of ${person.gid} in ${workspace.gid}`,
    records: world.directory.reads.teamsOf(person),
    visible: ({ team }) => team.organization === workspace && seesTeam(world, ask, team),
  });
}

function readMembership(world: World, ask: Ask, gid: string): Answer {
  requireGid('team_membership', gid);
  const membership = world.directory.teamMembership(gid);
  if (membership === undefined || !seesTeam(world, ask, membership.team))
    throw unknownObject('team_membership', gid);
  return answerOne(world, ask, teamMembershipResource, membership);
}

function addUser(world: World, ask: Ask, team: Team): Answer {
  requireTeamMember(world, ask, team);
  const { data, fields } = readChange(ask);
  const id = readUserField(data);
  const person = lookUpUser(world, ask, id);
  // Adding to a team does not invite: the person must already be in the organization.
  if (person === undefined || world.directory.activeMembership(person, team.organization) === undefined) {
    throw badRequest(`user: Not a user in Organization: ${id}`);
  }
  const existing = membershipIn(team, person);
  if (existing === undefined && ask.effect.ignoreWrite) {
    const seeming = {
      gid: '0',
      resource_type: 'team_membership',
      user: { gid: person.gid },
      team: { gid: team.gid },
    };
    return { status: 200, json: { data: seeming } };
  }
  const { staleForMs } = ask.effect;
  const membership = existing ?? world.directory.joinTeam(person, team, { staleForMs });
  return answerOne(world, ask, teamMembershipResource, membership, fields ?? ask.query['opt_fields']);
}

function removeUser(world: World, ask: Ask, team: Team): Answer {
  requireTeamMember(world, ask, team);
  const id = readUserField(readChange(ask).data);
  const membership = membershipIn(team, findUser(world, ask, id, 'field'));
  if (membership === undefined) throw badRequest(`user: Not a user in Team: ${id}`);
  if (!ask.effect.ignoreWrite) world.directory.leaveTeam(membership, ask.effect.staleForMs);
  return { status: 200, json: { data: {} } };
}

/** "The user making this call must be a member of the team" (OpenAPI, `addUserForTeam`). */
function requireTeamMember(world: World, ask: Ask, team: Team): void {
  requireWriter(world, ask);
  if (ask.token.kind === 'serviceAccount' && !world.settings.serviceAccountNeedsTeam) return;
  if (membershipIn(team, ask.token.owner) === undefined)
    throw forbidden('You do not have access to this team.');
}

function membershipIn(team: Team, person: Person): TeamMembership | undefined {
  return person.teamMemberships.find((membership) => membership.team === team);
}
