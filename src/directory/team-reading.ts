import { SYNC_READS_IN_FLIGHT } from '../asana/budget.ts';
import { type AsanaError, malformed } from '../asana/errors.ts';
import type { RestClient, ScimClient } from '../asana/session.ts';
import type { Call } from '../asana/transport.ts';
import { type Faults, outcomeOf } from './faults.ts';
import type { Team, TeamMembership } from './snapshot.ts';
import { WorkPool } from './work-pool.ts';

/** After this many unreadable teams the others are not tried: Asana is down, or the token lacks permission. */
const MOST_FAILED_TEAMS = 10;

interface ListedTeam {
  readonly gid: string;
  readonly name: string;
  /** Set if the listing already includes them. */
  readonly memberships?: readonly TeamMembership[] | undefined;
}

/** Source of one organization's teams: REST or SCIM. */
export interface TeamSource {
  /** Passes on the teams page by page. */
  list(onTeams: (teams: readonly ListedTeam[]) => void): Promise<void>;
  /** Passes on the members of a team. */
  members(team: string, onMembers: (memberships: readonly TeamMembership[]) => void): Promise<void>;
  /** Returns why the result as a whole is not credible, once everything was read; `null` if it is. */
  objection?(): AsanaError | null;
}

export interface TeamReadingOptions {
  readonly source: TeamSource;
  /** The organization's gid. */
  readonly organization: string;
  readonly faults: Faults;
  /** The teams of an earlier reading, in place of those that cannot be read now. */
  readonly previous: ReadonlyMap<string, Team> | null;
  /** Called after each team that was read. */
  readonly onTeam: () => void;
}

/** If this many teams have no members, they cannot all be empty. */
const SEVERAL = 3;

/** Reads teams and their members, with roles, over REST. */
export function teamsOverRest(rest: RestClient, organization: string, call: Call): TeamSource {
  return {
    list: (onTeams) => rest.teams(organization, onTeams, call),
    members: (team, onMembers) => rest.teamMemberships(team, onMembers, { ...call, priority: 'bulk' }),
  };
}

/**
 * Reads teams without roles: SCIM knows only members, and its memberships have no gid. A team without `members` may be
 * empty (RFC 7643 §2.5), but if none of several teams has any, SCIM hides them: the creator of a team is in it.
 */
export function teamsOverScim(scim: ScimClient, call: Call): TeamSource {
  let shown = false;
  let read = 0;
  const membershipsOf = (team: string, members: readonly string[]): TeamMembership[] =>
    members.map((user) => ({
      gid: `${team}-${user}`,
      user,
      admin: false,
      guest: false,
      limitedAccess: false,
    }));
  return {
    list: (onTeams) =>
      scim.groups((groups) => {
        const listed = ({ id, name, members }: (typeof groups)[number]): ListedTeam => {
          const memberships = members ? membershipsOf(id, members) : undefined;
          shown ||= memberships !== undefined;
          return { gid: id, name, memberships };
        };
        onTeams(groups.map(listed));
      }, call),
    members: async (team, onMembers) => {
      const { value } = await scim.group(team, { ...call, priority: 'bulk' });
      read += 1;
      shown ||= value.members !== null;
      onMembers(membershipsOf(team, value.members ?? []));
    },
    objection: () =>
      read >= SEVERAL && !shown ? malformed('scim', 'groups.get', 'no team shows its members') : null,
  };
}

/**
 * Reads the teams of an organization and their members: one request per hundred teams and one per hundred members of a
 * team (over SCIM, at most one per team). A team's members are requested as soon as the page with the team arrives.
 */
export function readTeams(options: TeamReadingOptions): Promise<ReadonlyMap<string, Team>> {
  return new TeamReading(options).run();
}

class TeamReading {
  readonly #options: TeamReadingOptions;
  readonly #teams = new Map<string, Team>();
  readonly #gids = new GidPool();
  readonly #pool: WorkPool<ListedTeam>;
  /** Teams of the listing for which Asana returned 404 when asked for their members. */
  readonly #vanished = new Map<string, AsanaError>();
  #failed = 0;

  constructor(options: TeamReadingOptions) {
    this.#options = options;
    // As wide as what a sync may have in flight. Listings have priority; they wait at most for a free place.
    this.#pool = new WorkPool<ListedTeam>(SYNC_READS_IN_FLIGHT, (team) => this.#readMembers(team));
  }

  async run(): Promise<ReadonlyMap<string, Team>> {
    const { source, faults } = this.#options;
    const error = await outcomeOf(source.list((teams) => this.#take(teams)));
    if (error) faults.add(error);
    await this.#pool.drain();
    const objection = source.objection?.();
    if (objection) {
      this.#keepMembers();
      faults.add(objection);
    }
    if (this.#vanished.size > 0) await this.#askForVanished();
    if (!faults.isEmpty()) this.#keepMissing();
    return this.#teams;
  }

  #take(teams: readonly ListedTeam[]): void {
    const { faults } = this.#options;
    for (const team of teams) if (team.memberships) this.#put(team, team.memberships);
    const others = teams.filter(({ memberships }) => !memberships);
    if (this.#failed < MOST_FAILED_TEAMS) this.#pool.add(others);
    else faults.skip(others.length);
  }

  async #readMembers(team: ListedTeam): Promise<void> {
    const { source, faults, previous } = this.#options;
    const memberships: TeamMembership[] = [];
    const error = await outcomeOf(
      source.members(team.gid, (items) => {
        // One by one: push(...items) takes only about 120,000 arguments, and SCIM returns all members at once.
        for (const item of items) memberships.push(item);
      }),
    );
    if (error?.code === 'NotFound') this.#vanished.set(team.gid, error);
    else if (error) faults.add(error);
    if (error) {
      this.#failed += 1;
      if (this.#failed >= MOST_FAILED_TEAMS || error.code === 'CredentialsRejected')
        faults.skip(this.#pool.cancel());
    }
    const known = error ? previous?.get(team.gid)?.memberships : undefined;
    this.#put(team, known ?? memberships);
  }

  #put({ gid, name }: ListedTeam, memberships: readonly TeamMembership[]): void {
    const { organization, onTeam } = this.#options;
    const shared = memberships.map((membership) => ({
      ...membership,
      user: this.#gids.share(membership.user),
    }));
    this.#teams.set(gid, { gid, name, organization, memberships: shared });
    onTeam();
  }

  /** Lists the teams again. One that is no longer listed was deleted meanwhile; one that still is hid its members. */
  async #askForVanished(): Promise<void> {
    const { source, faults } = this.#options;
    const listed = new Set<string>();
    const error = await outcomeOf(source.list((teams) => teams.forEach(({ gid }) => listed.add(gid))));
    if (error) faults.add(error);
    for (const [gid, notFound] of this.#vanished) {
      if (!error && !listed.has(gid)) this.#teams.delete(gid);
      else faults.add(notFound);
    }
  }

  #keepMembers(): void {
    const { previous } = this.#options;
    for (const [gid, team] of this.#teams) {
      const memberships = previous?.get(gid)?.memberships;
      if (memberships) this.#teams.set(gid, { ...team, memberships });
    }
  }

  #keepMissing(): void {
    const { previous, organization } = this.#options;
    for (const [gid, team] of previous ?? [])
      if (!this.#teams.has(gid) && !this.#vanished.has(gid) && team.organization === organization)
        this.#teams.set(gid, team);
  }
}

/** Deduplicates gids: a user in twenty teams has one gid string, not twenty. */
class GidPool {
  readonly #known = new Map<string, string>();

  share(gid: string): string {
    const known = this.#known.get(gid);
    if (known !== undefined) return known;
    this.#known.set(gid, gid);
    return gid;
  }
}
