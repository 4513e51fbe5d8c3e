import type { TestContext } from 'node:test';
import type { AsanaSession } from '../../src/asana/session.ts';
import { type ScriptedReply, type SeenRequest, startScriptedServer } from '../asana/scripted-server.ts';
import { openTestSession } from '../asana/sessions.ts';

export interface Person {
  readonly gid: string;
  readonly email?: string | null;
  readonly role?: 'guest' | 'admin';
  readonly active?: boolean;
  /** Undefined if SCIM does not list the person. */
  readonly userType?: string | null;
  readonly scimActive?: boolean;
}

export interface SmallWorld {
  people?: readonly Person[];
  workspaces?: readonly { gid: string; organization: boolean }[];
  /** Team gid to the gids of its members. */
  teams?: Readonly<Record<string, readonly string[]>>;
  /** Answers instead of the world unless it returns `null`. */
  intercept?: (request: SeenRequest) => ScriptedReply | null;
  /** Workspaces in which the token's account is a guest. */
  guestIn?: readonly string[];
  /** The id of a person in SCIM, if it is not the gid. */
  scimId?: (gid: string) => string;
}

export interface SmallAsana {
  readonly session: AsanaSession;
  readonly seen: SeenRequest[];
  /** A test may change it between two syncs. */
  readonly world: SmallWorld;
}

export const ORGANIZATION = '500';

/** Serves a directory small enough to read in a test over HTTP, for behavior that the strict sandbox never shows. */
export async function startSmallAsana(
  t: TestContext,
  world: SmallWorld,
  overrides: Parameters<typeof openTestSession>[2] = {},
): Promise<SmallAsana> {
  const { url, seen } = await startScriptedServer(
    t,
    (request) => world.intercept?.(request) ?? answer(world, request),
  );
  return { session: openTestSession(t, url, overrides), seen, world };
}

function answer(world: SmallWorld, { path, query }: SeenRequest): ScriptedReply {
  const { people = [], workspaces = [{ gid: ORGANIZATION, organization: true }], teams = {} } = world;
  const route = path.replace('/api/1.0', '');
  if (route === '/users/me')
    return { body: { data: { gid: people[0]?.gid ?? '1', name: 'Me', email: null } } };
  if (route === '/workspaces') {
    return page(
      query,
      workspaces.map(({ gid, organization }) => ({ gid, name: `W${gid}`, is_organization: organization })),
    );
  }
  if (route === '/users') {
    const users = people.map(({ gid, email }) => ({
      gid,
      name: `Person ${gid}`,
      email: emailOf(gid, email),
    }));
    return page(query, users);
  }
  if (route === '/users/me/workspace_memberships') {
    return page(
      query,
      (world.guestIn ?? []).map((gid) => ({
        gid: `own-${gid}`,
        workspace: { gid },
        is_active: true,
        is_guest: true,
      })),
    );
  }
  if (route.endsWith('/workspace_memberships')) {
    const wanted = query.get('user');
    const found = people.filter(
      ({ gid, email }) => !wanted || wanted === gid || wanted === emailOf(gid, email),
    );
    return page(query, found.map(membershipOf));
  }
  if (route.endsWith('/teams')) {
    return page(
      query,
      Object.keys(teams).map((gid) => ({ gid, name: `Team ${gid}` })),
    );
  }
  if (route === '/team_memberships') {
    const user = query.get('user');
    if (user !== null) {
      const theirs = Object.keys(teams).filter((team) => teams[team]?.includes(user));
      return page(
        query,
        theirs.map((team) => ({ gid: `tm-${team}-${user}`, user: { gid: user }, team: { gid: team } })),
      );
    }
    const members = teams[query.get('team') ?? ''] ?? [];
    return page(
      query,
      members.map((gid) => ({ gid: `tm-${query.get('team')}-${gid}`, user: { gid } })),
    );
  }
  if (route.startsWith('/scim/Groups')) return answerScimGroups(teams, route, query);
  if (route.startsWith('/scim/Users')) return answerScim(world, route, query);
  return { status: 404, body: { errors: [{ message: 'No matching route for request' }] } };
}

function answerScimGroups(
  teams: Readonly<Record<string, readonly string[]>>,
  route: string,
  query: URLSearchParams,
): ScriptedReply {
  const groups = Object.keys(teams).map((gid) => ({ id: gid, displayName: `Team ${gid}` }));
  const id = /^\/scim\/Groups\/(.+)$/.exec(route)?.[1];
  if (id !== undefined) {
    const group = groups.find((candidate) => candidate.id === id);
    const members = teams[id]?.map((gid) => ({ value: gid }));
    return group
      ? { body: { ...group, members } }
      : { status: 404, body: { detail: 'not found', status: '404' } };
  }
  const start = Number(query.get('startIndex') ?? 1) - 1;
  const Resources = groups.slice(start, start + Number(query.get('count') ?? 100));
  return { body: { totalResults: groups.length, Resources } };
}

function answerScim(
  { people = [], scimId = (gid) => gid }: SmallWorld,
  route: string,
  query: URLSearchParams,
): ScriptedReply {
  const listed = people.filter(({ userType }) => userType !== undefined);
  const users = listed.map(({ gid, email, userType, scimActive = true }) => ({
    id: scimId(gid),
    userName: emailOf(gid, email),
    active: scimActive,
    ...(userType === null ? {} : { userType }),
  }));
  const id = /^\/scim\/Users\/(.+)$/.exec(route)?.[1];
  if (id !== undefined) {
    const user = users.find((candidate) => candidate.id === id);
    return user ? { body: user } : { status: 404, body: { detail: 'not found', status: '404' } };
  }
  const name = /^userName eq "(.*)"$/.exec(query.get('filter') ?? '')?.[1];
  const found = name === undefined ? users : users.filter(({ userName }) => userName === name);
  const start = Number(query.get('startIndex') ?? 1) - 1;
  const Resources = found.slice(start, start + Number(query.get('count') ?? 100));
  return { body: { totalResults: found.length, Resources } };
}

function emailOf(gid: string, email: string | null | undefined): string | null {
  return email === undefined ? `p${gid}@acme.example` : email;
}

function membershipOf({ gid, role, active = true, userType }: Person) {
  return {
    gid: `m${gid}`,
    user: { gid, name: `Person ${gid}` },
    is_active: active,
    is_admin: role === 'admin',
    is_guest: role === 'guest',
    is_view_only: userType === 'view only',
  };
}

function page(query: URLSearchParams, all: readonly unknown[]): ScriptedReply {
  const start = Number(query.get('offset') ?? 0);
  const end = start + Number(query.get('limit') ?? 100);
  const next = end < all.length ? { offset: String(end), path: '/', uri: '' } : null;
  return { body: { data: all.slice(start, end), next_page: next } };
}

/** Makes `count` people with gids counting up from `from`, alternately enterprise and view-only. */
export function makePeople(count: number, from = 1): Person[] {
  return Array.from({ length: count }, (_, index) => ({
    gid: String(from + index),
    userType: index % 2 === 0 ? 'enterprise' : 'view only',
  }));
}
