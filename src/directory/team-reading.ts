import { SYNC_READS_IN_FLIGHT } from '../asana/budget.ts';
import { type AsanaError, malformed } from '../asana/errors.ts';
import type { RestClient, ScimClient } from '../asana/session.ts';
import type { Call } from '../asana/transport.ts';
import { type Faults, outcomeOf } from './faults.ts';
import type { Team, TeamMembership } from './snapshot.ts';
import { WorkPool } from './work-pool.ts';

/** After this many teams that could not be read, the others are not tried: Asana is down, or the token may not. */
const MOST_FAILED_TEAMS = 10;

interface ListedTeam {
  readonly gid: string;
  readonly name: string;
  /** Known already where the listing tells them. */
  readonly memberships?: readonly TeamMembership[] | undefined;
}

/** One organization's teams, over REST or over SCIM. */
export interface TeamSource {
  /** Hands over the teams page by page. */
  list(onTeams: (teams: readonly ListedTeam[]) => void): Promise<void>;
  /** Hands over who is in a team. */
  members(team: string, onMembers: (memberships: readonly TeamMembership[]) => void): Promise<void>;
  /** What speaks against all of it, once it was read; null for nothing. */
  objection?(): AsanaError | null;
}

export interface TeamReadingOptions {
  readonly source: TeamSource;
  /** The organization's gid. */
  readonly organization: string;
  readonly faults: Faults;
  /** The teams of an earlier reading, for those that cannot be read now. */
  readonly previous: ReadonlyMap<string, Team> | null;
  /** Called after each team that was read. */
  readonly onTeam: () => void;
}

/** So many teams without a member are not all empty. */
const SEVERAL = 3;

/** Teams and their members, with roles. */
export function teamsOverRest(rest: RestClient, organization: string, call: Call): TeamSource {
  return {
    list: (onTeams) => rest.teams(organization, onTeams, call),
    members: (team, onMembers) => rest.teamMemberships(team, onMembers, { ...call, priority: 'bulk' }),
  };
}

/**
 * The same without roles: SCIM knows members only, and no membership has a gid of its own. A team without `members` may be
 * empty (RFC 7643 §2.5); if not one of several has any, SCIM does not show them: whoever makes a team is in it.
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
 * Reads the teams of an organization and who is in them: one request for each hundred teams, and one for each
 * hundred members of a team, which begin as soon as the page with their team is there.
 */
export function readTeams(options: TeamReadingOptions): Promise<ReadonlyMap<string, Team>> {
  return new TeamReading(options).run();
}

class TeamReading {
  readonly #options: TeamReadingOptions;
  readonly #teams = new Map<string, Team>();
  readonly #gids = new GidPool();
  readonly #pool: WorkPool<ListedTeam>;
  /** Teams of the listing that Asana did not know when their members were asked for. */
  readonly #vanished = new Map<string, AsanaError>();
  #failed = 0;

  constructor(options: TeamReadingOptions) {
    this.#options = options;
    // As wide as what a sync may have in flight; listings go first, and wait for a free place at the most.
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
        // One by one: a call takes some 120,000 arguments, and SCIM gives all members at once.
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

  /** A team that was deleted while it was read is listed no more; one that is listed still has hidden its members. */
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

/** Somebody in twenty teams has one gid string, not twenty. */
class GidPool {
  readonly #known = new Map<string, string>();

  share(gid: string): string {
    const known = this.#known.get(gid);
    if (known !== undefined) return known;
    this.#known.set(gid, gid);
    return gid;
  }
}
