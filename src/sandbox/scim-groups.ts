import { isObject } from './checked.ts';
import type { Person, Team } from './records.ts';
import { scimRefusal } from './refusal.ts';
import { requireSchema } from './scim-attributes.ts';
import { answerList, readFilter } from './scim-list.ts';
import { type PatchOperation, readOperations } from './scim-patch.ts';
import type { Answer, Ask, Route, World } from './world.ts';

const CORE_GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';

/** Teams as SCIM groups, private ones included. Asana has no DELETE for them (developers.asana.com/docs/scim). */
export function scimGroupRoutes(world: World): Route[] {
  const path = '/scim/Groups/:id';
  return [
    {
      method: 'GET',
      path: '/scim/Groups',
      operation: 'scimListGroups',
      handler: (ask) => listGroups(world, ask),
    },
    {
      method: 'POST',
      path: '/scim/Groups',
      operation: 'scimCreateGroup',
      handler: (ask) => createGroup(world, ask),
    },
    {
      method: 'GET',
      path,
      operation: 'scimGetGroup',
      handler: (ask) => ({ status: 200, json: renderWithMembers(world, findGroup(world, ask)) }),
    },
    { method: 'PUT', path, operation: 'scimReplaceGroup', handler: (ask) => replaceGroup(world, ask) },
    { method: 'PATCH', path, operation: 'scimPatchGroup', handler: (ask) => patchGroup(world, ask) },
  ];
}

function listGroups(world: World, ask: Ask): Answer {
  const displayName = readFilter(ask, 'displayName');
  const { teams } = world.directory.organization;
  return answerList(
    world,
    ask,
    displayName === null ? teams : teams.filter((t) => t.name === displayName),
    renderGroup,
  );
}

function createGroup(world: World, ask: Ask): Answer {
  const body = requireSchema(ask.body, CORE_GROUP);
  const name = readDisplayName(body['displayName']);
  const { organization } = world.directory;
  if (organization.teams.some((team) => team.name === name)) {
    throw scimRefusal(409, 'A group with this displayName exists already', 'uniqueness');
  }
  const members = body['members'] === undefined ? [] : readMembers(world, body['members']);
  const team = world.directory.addTeam(organization, {
    name,
    description: '',
    visibility: 'request_to_join',
  });
  for (const member of members) world.directory.joinTeam(member, team);
  // Only here the id is a JSON number, as in Asana's own example.
  return { status: 201, json: { ...renderGroup(team), id: Number(team.gid) } };
}

/** Replaces the name and all members (PUT). */
function replaceGroup(world: World, ask: Ask): Answer {
  const team = findGroup(world, ask);
  const body = requireSchema(ask.body, CORE_GROUP);
  const name = readDisplayName(body['displayName']);
  const members = body['members'] === undefined ? [] : readMembers(world, body['members']);
  if (!ask.effect.ignoreWrite) {
    team.name = name;
    setMembers(world, team, members);
  }
  return { status: 200, json: renderWithMembers(world, team) };
}

function patchGroup(world: World, ask: Ask): Answer {
  const team = findGroup(world, ask);
  const changes = readOperations(ask.body).map((operation) => readGroupChange(world, team, operation));
  if (!ask.effect.ignoreWrite) for (const apply of changes) apply();
  return { status: 204 };
}

/** Parses one operation before anything is changed, so that a PATCH is applied as a whole or not at all. */
function readGroupChange(world: World, team: Team, { op, path, value }: PatchOperation): () => void {
  if (path === null) {
    if (!isObject(value)) throw scimRefusal(400, 'without path the value must be an object', 'invalidValue');
    if (value['members'] !== undefined)
      return readGroupChange(world, team, { op, path: 'members', value: value['members'] });
    return rename(team, value['displayName']);
  }
  if (path.toLowerCase() === 'displayname') return rename(team, op === 'remove' ? null : value);
  const one = /^members\[value eq "(\d+)"\]$/i.exec(path)?.[1];
  if (one !== undefined && op === 'remove')
    return () => removeMembers(world, team, (person) => person.gid === one);
  if (path.toLowerCase() !== 'members')
    throw scimRefusal(400, 'path: not an attribute of a group', 'invalidPath');
  if (op === 'remove' && value === undefined) return () => removeMembers(world, team, () => true);
  const members = readMembers(world, value);
  if (op === 'remove') return () => removeMembers(world, team, (person) => members.includes(person));
  if (op === 'replace') return () => setMembers(world, team, members);
  return () => addMembers(world, team, members);
}

function rename(team: Team, given: unknown): () => void {
  const name = readDisplayName(given);
  return () => {
    team.name = name;
  };
}

function setMembers(world: World, team: Team, members: readonly Person[]): void {
  removeMembers(world, team, (person) => !members.includes(person));
  addMembers(world, team, members);
}

function addMembers(world: World, team: Team, members: readonly Person[]): void {
  for (const member of members) {
    if (!team.memberships.some(({ person }) => person === member)) world.directory.joinTeam(member, team);
  }
}

function removeMembers(world: World, team: Team, leaves: (person: Person) => boolean): void {
  for (const membership of team.memberships.filter(({ person }) => leaves(person)))
    world.directory.leaveTeam(membership);
}

/** Reads `[{"value": "<user id>"}]`. @throws Refusal for another form, or a user who is not in the organization */
function readMembers(world: World, given: unknown): Person[] {
  if (!Array.isArray(given)) throw scimRefusal(400, 'members: must be a list', 'invalidValue');
  return given.map((member) => {
    const id = isObject(member) ? member['value'] : undefined;
    if (typeof id !== 'string') throw scimRefusal(400, 'members.value: must be a string', 'invalidValue');
    const person = world.directory.person(id);
    if (
      person === undefined ||
      world.directory.activeMembership(person, world.directory.organization) === undefined
    ) {
      throw scimRefusal(404, 'members.value: no such user');
    }
    return person;
  });
}

function readDisplayName(given: unknown): string {
  if (typeof given !== 'string' || given === '' || given.length > 1024) {
    throw scimRefusal(400, 'displayName: is required', 'invalidValue');
  }
  return given;
}

function findGroup(world: World, ask: Ask): Team {
  const team = world.directory.team(ask.params['id'] ?? '');
  if (team === undefined || team.organization !== world.directory.organization)
    throw scimRefusal(404, 'Group not found');
  return team;
}

/** Renders a group without its members, as listings show it. */
function renderGroup(team: Team): Record<string, unknown> {
  return { id: team.gid, displayName: team.name, schemas: [CORE_GROUP], meta: { resourceType: 'Group' } };
}

function renderWithMembers(world: World, team: Team): Record<string, unknown> {
  const members = world.directory.reads.membersOf(team);
  return { ...renderGroup(team), members: members.map(({ person }) => ({ value: person.gid })) };
}
