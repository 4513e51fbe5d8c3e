import type { Answer } from './answer.ts';
import { UnexpectedShape } from './fields.ts';
import { PAGE_SIZE, readPages } from './pages.ts';
import {
  decodeData,
  decodeMembershipOfPerson,
  decodeOwnMembership,
  decodePage,
  decodePlacedTeam,
  decodeTeam,
  decodeTeamMembership,
  decodeUser,
  decodeWorkspace,
  decodeWorkspaceMembership,
  type OwnMembershipRecord,
  type PlacedTeamRecord,
  type TeamMembershipRecord,
  type TeamRecord,
  type UserRecord,
  type WorkspaceMembershipRecord,
  type WorkspaceRecord,
} from './rest-records.ts';
import type { Call, Exchange, Transport } from './transport.ts';

/** Receives the items of each page; every item once. */
export type OnItems<T> = (items: readonly T[]) => void;

/** `email` must be requested: listings are compact (OpenAPI, `UserCompact`). */
const USER_FIELDS = 'email,name';
const WORKSPACE_FIELDS = 'name,is_organization';
const MEMBERSHIP_FIELDS = 'is_active,is_admin,is_guest,is_view_only,user.name,user.email';
const OWN_MEMBERSHIP_FIELDS = 'is_active,is_guest,workspace';
const TEAM_MEMBERSHIP_FIELDS = 'is_admin,is_guest,is_limited_access,user';

/**
 * The part of Asana's REST API that a connector needs (Asana OpenAPI document, version 1.0). Wherever a request
 * names a user, Asana accepts a gid, an email or `me`.
 *
 * Listings hand over their items page by page and reject with an AsanaError if they end early; the items before
 * stay valid. `GET /workspaces/{w}/users` and `GET /teams/{t}/users` are not used: they stop silently at 2,000
 * users.
 */
export class AsanaRest {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Reads the account that the token belongs to. */
  me(call: Call): Promise<Answer<UserRecord>> {
    const read: Exchange = {
      operation: 'users.me',
      method: 'GET',
      path: '/users/me',
      query: { opt_fields: USER_FIELDS },
      repeatability: 'safe',
    };
    return this.#transport.send(read, (body) => decodeData(body, decodeUser), call);
  }

  /** Lists the workspaces and organizations that the token sees. */
  workspaces(onItems: OnItems<WorkspaceRecord>, call: Call): Promise<void> {
    return this.#list(
      'workspaces.list',
      '/workspaces',
      { opt_fields: WORKSPACE_FIELDS },
      decodeWorkspace,
      onItems,
      call,
    );
  }

  /** Lists the memberships of the token's account; a service account may have none although it sees workspaces. */
  ownMemberships(onItems: OnItems<OwnMembershipRecord>, call: Call): Promise<void> {
    return this.#list(
      'workspace_memberships.own',
      '/users/me/workspace_memberships',
      { opt_fields: OWN_MEMBERSHIP_FIELDS },
      decodeOwnMembership,
      onItems,
      call,
    );
  }

  /** Lists every user in a workspace, including guests, ordered by id. */
  users(workspace: string, onItems: OnItems<UserRecord>, call: Call): Promise<void> {
    return this.#list(
      'users.list',
      '/users',
      { workspace, opt_fields: USER_FIELDS },
      decodeUser,
      onItems,
      call,
    );
  }

  /** Lists roles and states in a workspace; a person may have several memberships, of which one is active. */
  workspaceMemberships(
    workspace: string,
    onItems: OnItems<WorkspaceMembershipRecord>,
    call: Call,
  ): Promise<void> {
    return this.#list(
      'workspace_memberships.list',
      membershipsPath(workspace),
      { opt_fields: MEMBERSHIP_FIELDS },
      decodeWorkspaceMembership,
      onItems,
      call,
    );
  }

  /** Reads the memberships of one person in a workspace, in one request; none for an unknown person. */
  workspaceMembershipsOf(
    workspace: string,
    user: string,
    call: Call,
  ): Promise<Answer<readonly WorkspaceMembershipRecord[]>> {
    const read: Exchange = {
      operation: 'workspace_memberships.get',
      method: 'GET',
      path: membershipsPath(workspace),
      query: { user, opt_fields: MEMBERSHIP_FIELDS, limit: String(PAGE_SIZE) },
      repeatability: 'safe',
    };
    const decode = (body: unknown) => ofOnePerson(decodePage(body, decodeWorkspaceMembership).items, user);
    return this.#transport.send(read, decode, call);
  }

  /** Lists the teams of an organization that the token sees. */
  teams(organization: string, onItems: OnItems<TeamRecord>, call: Call): Promise<void> {
    const path = `/workspaces/${encodeURIComponent(organization)}/teams`;
    return this.#list('teams.list', path, { opt_fields: 'name' }, decodeTeam, onItems, call);
  }

  /** Reads one team, with its organization. @throws AsanaError `NotFound` if the token does not see it */
  team(team: string, call: Call): Promise<Answer<PlacedTeamRecord>> {
    const read: Exchange = {
      operation: 'teams.get',
      method: 'GET',
      path: `/teams/${encodeURIComponent(team)}`,
      query: { opt_fields: 'name,organization' },
      repeatability: 'safe',
    };
    return this.#transport.send(read, (body) => decodeData(body, decodePlacedTeam), call);
  }

  teamMemberships(team: string, onItems: OnItems<TeamMembershipRecord>, call: Call): Promise<void> {
    return this.#list(
      'team_memberships.list',
      '/team_memberships',
      { team, opt_fields: TEAM_MEMBERSHIP_FIELDS },
      decodeTeamMembership,
      onItems,
      call,
    );
  }

  /**
   * Returns the team memberships of one person in an organization, by team gid. Listing by person takes one request per
   * hundred teams of the person; listing by team would take one per hundred members, for each team.
   * @throws AsanaError `NotFound` for an unknown person
   */
  async teamMembershipsOf(
    { user, organization }: { readonly user: string; readonly organization: string },
    call: Call,
  ): Promise<ReadonlyMap<string, TeamMembershipRecord>> {
    const found = new Map<string, TeamMembershipRecord>();
    await this.#list(
      'team_memberships.get',
      '/team_memberships',
      { user, workspace: organization, opt_fields: `${TEAM_MEMBERSHIP_FIELDS},team` },
      decodeMembershipOfPerson,
      (items) => {
        for (const { team, ...membership } of items)
          if (membership.user === user) found.set(team, membership);
      },
      call,
    );
    return found;
  }

  /** Adds a person to a workspace. Asana invites an unknown email, so the request is never retried automatically. */
  addUserToWorkspace(workspace: string, user: string, call: Call): Promise<Answer<UserRecord>> {
    const change = this.#change(
      'workspaces.add_user',
      `/workspaces/${encodeURIComponent(workspace)}/addUser`,
      user,
    );
    return this.#transport.send(
      { ...change, query: { opt_fields: USER_FIELDS } },
      (body) => decodeData(body, decodeUser),
      call,
    );
  }

  /**
   * Removes a person from a workspace. In an organization this is a full deprovision, which no API undoes;
   * with a personal access token, the person's work is assigned to the token's owner.
   */
  removeUserFromWorkspace(workspace: string, user: string, call: Call): Promise<Answer<void>> {
    const path = `/workspaces/${encodeURIComponent(workspace)}/removeUser`;
    return this.#transport.send(this.#change('workspaces.remove_user', path, user), decodeNothing, call);
  }

  /** Adds a member of the organization to a team; the token's account must be in the team. */
  addUserToTeam(team: string, user: string, call: Call): Promise<Answer<TeamMembershipRecord>> {
    const change = this.#change('teams.add_user', `/teams/${encodeURIComponent(team)}/addUser`, user);
    return this.#transport.send(
      { ...change, query: { opt_fields: TEAM_MEMBERSHIP_FIELDS } },
      (body) => decodeData(body, decodeTeamMembership),
      call,
    );
  }

  /** Removes a person from a team; the token's account must be in the team. */
  removeUserFromTeam(team: string, user: string, call: Call): Promise<Answer<void>> {
    const path = `/teams/${encodeURIComponent(team)}/removeUser`;
    return this.#transport.send(this.#change('teams.remove_user', path, user), decodeNothing, call);
  }

  #change(operation: string, path: string, user: string): Exchange {
    return { operation, method: 'POST', path, body: { data: { user } }, repeatability: 'never' };
  }

  async #list<T extends { readonly gid: string }>(
    operation: string,
    path: string,
    query: Readonly<Record<string, string>>,
    decode: (item: unknown) => T,
    onItems: OnItems<T>,
    call: Call,
  ): Promise<void> {
    const fetchPage = async (offset: string | null) => {
      const position = offset === null ? {} : { offset };
      const read: Exchange = {
        operation,
        method: 'GET',
        path,
        // Every page needs `limit`: without it there is no next_page, and the listing is capped.
        query: { ...query, limit: String(PAGE_SIZE), ...position },
        repeatability: 'safe',
      };
      return (await this.#transport.send(read, (body) => decodePage(body, decode), call)).value;
    };
    await readPages(fetchPage, { operation, idOf: (item: T) => item.gid, onItems });
  }
}

function membershipsPath(workspace: string): string {
  return `/workspaces/${encodeURIComponent(workspace)}/workspace_memberships`;
}

/**
 * Rejects memberships of several people, or of a person with another gid than requested. A server without support for
 * the filter returns all memberships, and the person would appear to have another one's role.
 */
function ofOnePerson(
  memberships: readonly WorkspaceMembershipRecord[],
  user: string,
): readonly WorkspaceMembershipRecord[] {
  const people = new Set(memberships.map((membership) => membership.user.gid));
  const byGid = /^\d+$/.test(user);
  if (people.size > 1 || (byGid && people.size === 1 && !people.has(user)))
    throw new UnexpectedShape('the membership asked for');
  return memberships;
}

/** Checks the response of removeUser, `{"data": {}}` (OpenAPI, `EmptyResponse`), and ignores the content of `data`. */
function decodeNothing(body: unknown): void {
  if (body !== undefined) decodeData(body, () => {});
}
