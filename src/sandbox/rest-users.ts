import type { Listing } from './paging.ts';
import { insertByGid, type Person, type Workspace } from './records.ts';
import { unknownObject } from './refusal.ts';
import { userResource } from './resources.ts';
import { answerCapped, answerOne, answerPage } from './rest-answer.ts';
import { findTeam, findUser, findWorkspace, pathParam, seesWorkspace } from './rest-lookup.ts';
import type { Answer, Ask, Route, World } from './world.ts';

/** Asana's operations on users. */
export function userRoutes(world: World): Route[] {
  const alphabet = new Alphabet(world);
  return [
    { method: 'GET', path: '/users', operation: 'getUsers', handler: (ask) => listUsers(world, ask) },
    { method: 'GET', path: '/users/:user', operation: 'getUser', handler: (ask) => readUser(world, ask) },
    {
      method: 'GET',
      path: '/workspaces/:workspace/users',
      operation: 'getUsersForWorkspace',
      handler: (ask) => {
        const workspace = findWorkspace(world, ask, pathParam(ask, 'workspace'), 'path');
        return answerCapped(world, ask, userResource, alphabet.of(workspace));
      },
    },
    {
      method: 'GET',
      path: '/workspaces/:workspace/users/:user',
      operation: 'getUserForWorkspace',
      handler: (ask) =>
        readUserOf(world, ask, findWorkspace(world, ask, pathParam(ask, 'workspace'), 'path')),
    },
    {
      method: 'GET',
      path: '/teams/:team/users',
      operation: 'getUsersForTeam',
      handler: (ask) => {
        const team = findTeam(world, ask, pathParam(ask, 'team'), 'path');
        const people = world.directory.reads.membersOf(team).map((membership) => membership.person);
        return answerCapped(world, ask, userResource, sortByName(world, people));
      },
    },
  ];
}

function listUsers(world: World, ask: Ask): Answer {
  const { team: teamId, workspace: workspaceId } = ask.query;
  const workspace = workspaceId === undefined ? null : findWorkspace(world, ask, workspaceId, 'field');
  if (teamId !== undefined) {
    const team = findTeam(world, ask, teamId, 'field');
    const records: Person[] = [];
    for (const { person } of world.directory.reads.membersOf(team)) insertByGid(records, person);
    return answerPage(world, ask, userResource, { key: `users of team ${team.gid}`, records });
  }
  return answerPage(
    world,
    ask,
    userResource,
    workspace === null ? everybody(world, ask) : peopleOf(world, workspace),
  );
}

function peopleOf(world: World, workspace: Workspace): Listing<Person> {
  return {
    key: `users of ${workspace.gid}`,
    records: workspace.people,
    visible: (person) => world.directory.activeMembership(person, workspace) !== undefined,
  };
}

/** Returns the people of every workspace that the caller sees, for a request that names no workspace. */
function everybody(world: World, ask: Ask): Listing<Person> {
  const seen = [...world.directory.workspaces].filter((workspace) => seesWorkspace(world, ask, workspace));
  return {
    key: 'users',
    // People are indexed in the order of their gids.
    records: [...world.directory.people],
    visible: (person) =>
      seen.some((workspace) => world.directory.activeMembership(person, workspace) !== undefined),
  };
}

function readUser(world: World, ask: Ask): Answer {
  const person = findUser(world, ask, pathParam(ask, 'user'), 'path');
  if (ask.query['workspace'] !== undefined) findWorkspace(world, ask, ask.query['workspace'], 'field');
  return answerOne(world, ask, userResource, person);
}

function readUserOf(world: World, ask: Ask, workspace: Workspace): Answer {
  const id = pathParam(ask, 'user');
  const person = findUser(world, ask, id, 'path');
  if (world.directory.activeMembership(person, workspace) === undefined) throw unknownObject('user', id);
  return answerOne(world, ask, userResource, person);
}

function sortByName(world: World, people: readonly Person[]): Person[] {
  const names = new Map(people.map((person) => [person, world.directory.reads.see(person).name]));
  return people.toSorted((a, b) => ((names.get(a) ?? '') < (names.get(b) ?? '') ? -1 : 1));
}

/** The people of a workspace by name, sorted again only after a change. */
class Alphabet {
  readonly #world: World;
  readonly #sorted = new Map<Workspace, { readonly revision: number; readonly people: readonly Person[] }>();

  constructor(world: World) {
    this.#world = world;
  }

  of(workspace: Workspace): readonly Person[] {
    const { directory } = this.#world;
    const kept = this.#sorted.get(workspace);
    if (kept?.revision === directory.revision && !directory.reads.areStale()) return kept.people;
    const present = workspace.people.filter(
      (person) => directory.activeMembership(person, workspace) !== undefined,
    );
    const people = sortByName(this.#world, present);
    if (!directory.reads.areStale()) this.#sorted.set(workspace, { revision: directory.revision, people });
    return people;
  }
}
