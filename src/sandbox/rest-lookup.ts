import { isObject } from './checked.ts';
import type { Person, Team, Workspace } from './records.ts';
import { badRequest, forbidden, type Refusal, unknownObject } from './refusal.ts';
import type { Ask, World } from './world.ts';

/** Where an id stood: an unknown one is 404 in a path, and 400 in a query or body. */
export type Place = 'path' | 'field';

/** A user by gid, email or `me`, as Asana takes it wherever a user is named (OpenAPI, parameter `user_gid`). */
export function findUser(world: World, ask: Ask, id: string, place: Place): Person {
  const person = lookUpUser(world, ask, id);
  if (person === undefined || !seesPerson(world, ask, person)) throw unknown('user', id, place);
  return person;
}

/**
 * The same, undefined for somebody unknown; by email also somebody the caller does not see, since whoever is
 * invited may be anybody. @throws Refusal 400 for what no id looks like
 */
export function lookUpUser(world: World, ask: Ask, id: string): Person | undefined {
  if (id === 'me') return ask.token.owner;
  if (id.includes('@')) return world.directory.personByEmail(id);
  requireGid('user', id);
  const person = world.directory.person(id);
  return person !== undefined && seesPerson(world, ask, person) ? person : undefined;
}

/** People are seen by who shares a workspace with them, or did. */
function seesPerson(world: World, ask: Ask, person: Person): boolean {
  if (person === ask.token.owner) return true;
  return person.memberships.some(({ workspace }) => seesWorkspace(world, ask, workspace));
}

/** A workspace the caller may see. */
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

/** A team the caller may see. */
export function findTeam(world: World, ask: Ask, id: string, place: Place): Team {
  requireGid('team', id);
  const team = world.directory.team(id);
  if (team === undefined) throw unknown('team', id, place);
  if (!seesTeam(world, ask, team)) throw forbidden('You do not have access to this team.');
  return team;
}

/** A service account sees its organization; a person sees where they are. */
export function seesWorkspace(world: World, ask: Ask, workspace: Workspace): boolean {
  if (ask.token.kind === 'serviceAccount') return workspace === world.directory.organization;
  return world.directory.activeMembership(ask.token.owner, workspace) !== undefined;
}

/** A service account sees every team of its organization; a person does not see secret teams of others. */
export function seesTeam(world: World, ask: Ask, team: Team): boolean {
  if (!seesWorkspace(world, ask, team.organization)) return false;
  if (ask.token.kind === 'serviceAccount' || team.visibility !== 'secret') return true;
  return team.memberships.some((membership) => membership.person === ask.token.owner);
}

/** @throws Refusal 400 unless it is a string of digits */
export function requireGid(field: string, id: string): void {
  if (!/^\d{1,20}$/.test(id)) throw badRequest(`${field}: Not a recognized ID: ${id}`);
}

function unknown(resource: string, id: string, place: Place): Refusal {
  return place === 'path' ? unknownObject(resource, id) : badRequest(`${resource}: Unknown object: ${id}`);
}

/** A query parameter. @throws Refusal 400 when it is missing */
export function requireQuery(ask: Ask, name: string): string {
  const given = ask.query[name];
  if (given === undefined || given === '') throw badRequest(`${name}: Missing input`);
  return given;
}

/** A path parameter; the router gives every one its route names. */
export function pathParam(ask: Ask, name: string): string {
  return ask.params[name] ?? '';
}

/** The body of a change: `{"data": {…}, "options": {…}}` and nothing else. */
export interface ChangeBody {
  readonly data: Readonly<Record<string, unknown>>;
  /** `options.fields`, the body's way to say `opt_fields`. */
  readonly fields: string | undefined;
}

/** @throws Refusal 400 for a body of another form */
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

/** The user a change names. @throws Refusal 400 when it is missing or no string */
export function readUserField(data: Readonly<Record<string, unknown>>): string {
  const { user } = data;
  if (user === undefined || user === null || user === '') throw badRequest('user: Missing input');
  // gids are strings, always: a number loses digits on its way.
  if (typeof user !== 'string') throw badRequest(`user: Not a valid GID type: ${typeof user}`);
  return user;
}
