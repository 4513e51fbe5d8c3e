import { isObject } from './checked.ts';
import type { Person, Team, Workspace } from './records.ts';
import { badRequest, forbidden, type Refusal, unknownObject } from './refusal.ts';
import type { Ask, World } from './world.ts';

/** Where a request names an object: an unknown id is a 404 in a path, and a 400 in a query or body. */
export type Place = 'path' | 'field';

/** Finds a user by gid, email or `me`, as Asana accepts wherever a user is named (OpenAPI, parameter `user_gid`). */
export function findUser(world: World, ask: Ask, id: string, place: Place): Person {
  const person = lookUpUser(world, ask, id);
  if (person === undefined || !seesPerson(world, ask, person)) throw unknown('user', id, place);
  return person;
}

/**
 * Like `findUser`, but returns undefined for an unknown user. By email it also finds users that the caller cannot see,
 * because anybody can be invited. @throws Refusal 400 for a malformed id
 */
export function lookUpUser(world: World, ask: Ask, id: string): Person | undefined {
  if (id === 'me') return ask.token.owner;
  if (id.includes('@')) return world.directory.personByEmail(id);
  requireGid('user', id);
  const person = world.directory.person(id);
  return person !== undefined && seesPerson(world, ask, person) ? person : undefined;
}

/** Whether the caller sees a person: itself, and everybody with a membership, ended or not, in a workspace it sees. */
function seesPerson(world: World, ask: Ask, person: Person): boolean {
  if (person === ask.token.owner) return true;
  return person.memberships.some(({ workspace }) => seesWorkspace(world, ask, workspace));
}

/** Finds a workspace that the caller sees. */
export function findWorkspace(
  world: World,
  ask: Ask,
  id: string,
  place: Place,
  field = 'workspace',
): Workspace {
  requireGid(field, id);
  const workspace = world.directory.workspace(id);
  if (workspace === undefined) throw unknown(field, id, place);
  if (!seesWorkspace(world, ask, workspace)) throw forbidden('You do not have access to this workspace.');
  return workspace;
}

/** Finds a team that the caller sees. */
export function findTeam(world: World, ask: Ask, id: string, place: Place): Team {
  requireGid('team', id);
  const team = world.directory.team(id);
  if (team === undefined) throw unknown('team', id, place);
  if (!seesTeam(world, ask, team)) throw forbidden('You do not have access to this team.');
  return team;
}

/** Whether the caller sees a workspace: a service account only the organization, a person those they are in. */
export function seesWorkspace(world: World, ask: Ask, workspace: Workspace): boolean {
  if (ask.token.kind === 'serviceAccount') return workspace === world.directory.organization;
  return world.directory.activeMembership(ask.token.owner, workspace) !== undefined;
}

/** Whether the caller sees a team: service accounts see all of their organization, people no secret teams of others. */
export function seesTeam(world: World, ask: Ask, team: Team): boolean {
  if (!seesWorkspace(world, ask, team.organization)) return false;
  if (ask.token.kind === 'serviceAccount' || team.visibility !== 'secret') return true;
  return team.memberships.some((membership) => membership.person === ask.token.owner);
}

/** @throws Refusal 400 unless the id consists of 1 to 20 digits */
export function requireGid(field: string, id: string): void {
  if (!/^\d{1,20}$/.test(id)) throw badRequest(`${field}: Not a recognized ID: ${id}`);
}

function unknown(resource: string, id: string, place: Place): Refusal {
  return place === 'path' ? unknownObject(resource, id) : badRequest(`${resource}: Unknown object: ${id}`);
}

/** Returns a query parameter. @throws Refusal 400 if it is missing */
export function requireQuery(ask: Ask, name: string): string {
  const given = ask.query[name];
  if (given === undefined || given === '') throw badRequest(`${name}: Missing input`);
  return given;
}

/** Returns a path parameter. The router sets every parameter that its route names. */
export function pathParam(ask: Ask, name: string): string {
  return ask.params[name] ?? '';
}

/** The body of a write: `{"data": {…}, "options": {…}}` and nothing else. */
export interface ChangeBody {
  readonly data: Readonly<Record<string, unknown>>;
  /** `options.fields`, the equivalent of `opt_fields` in a body. */
  readonly fields: string | undefined;
}

/** Reads the body of a write. @throws Refusal 400 for a body of another form */
export function readChange(ask: Ask): ChangeBody {
  const { body } = ask;
  if (body === undefined) throw badRequest('data: Missing input');
  if (!isObject(body)) throw badRequest('Could not parse request data, invalid JSON');
  for (const key of Object.keys(body)) {
    if (key === 'data' || key === 'options') continue;
    throw badRequest(
      `Unrecognized request field ${key} . The only allowed keys at the top level are: data, options. (Did you forget to put it into data?)`,
    );
  }
  const { data, options } = body;
  if (data === undefined) throw badRequest('data: Missing input');
  if (!isObject(data)) throw badRequest('data: Must be an object');
  const fields =
    isObject(options) && Array.isArray(options['fields']) ? options['fields'].join(',') : undefined;
  return { data, fields };
}

/** Returns the user that a write names. @throws Refusal 400 if it is missing or not a string */
export function readUserField(data: Readonly<Record<string, unknown>>): string {
  const { user } = data;
  if (user === undefined || user === null || user === '') throw badRequest('user: Missing input');
  // Gids are always strings: a number loses digits.
  if (typeof user !== 'string') throw badRequest(`user: Not a valid GID type: ${typeof user}`);
  return user;
}
