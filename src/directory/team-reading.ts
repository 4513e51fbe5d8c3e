import { SYNC_READS_IN_FLIGHT } from '../asana/budget.ts';
import type { AsanaRest } from '../asana/rest.ts';
import type { Call } from '../asana/transport.ts';
import { type Faults, outcomeOf } from './faults.ts';
import type { Team, TeamMembership } from './snapshot.ts';
import { WorkPool } from './work-pool.ts';

/** After this many teams that could not be read, the others are not tried: Asana is down, or the token may not. */
const MOST_FAILED_TEAMS = 10;

export interface TeamReadingOptions {
  readonly rest: AsanaRest;
  /** Gids. */
  readonly organizations: readonly string[];
  readonly call: Call;
  readonly faults: Faults;
  /** The teams of an earlier reading, for those that cannot be read now. */
  readonly previous: ReadonlyMap<string, Team> | null;
  /** Called after each team, with how many were read. */
  readonly onTeam: (count: number) => void;
}

interface ListedTeam {
  readonly gid: string;
  readonly name: string;
  readonly organization: string;
}

/**
 * Reads the teams of the organizations and who is in them: one request for each hundred teams, and one for
 * each hundred members of a team, which begin as soon as the page with their team is there.
 */
export async function readTeams(options: TeamReadingOptions): Promise<ReadonlyMap<string, Team>> {
  const { rest, organizations, call, faults, previous, onTeam } = options;
  const teams = new Map<string, Team>();
  const gids = new GidPool();
  let read = 0;
  let failed = 0;

  // As wide as what a sync may have in flight: the listing's next page then waits for a free place, not for
  // the end of a queue with every team in it.
  const pool = new WorkPool<ListedTeam>(SYNC_READS_IN_FLIGHT, async (team) => {
    const memberships: TeamMembership[] = [];
    const error = await outcomeOf(
      rest.teamMemberships(
        team.gid,
        (items) => memberships.push(...items.map((item) => ({ ...item, user: gids.share(item.user) }))),
        call,
      ),
    );
    if (error) {
      faults.add(error);
      failed += 1;
      if (failed >= MOST_FAILED_TEAMS || error.code === 'CredentialsRejected') faults.skip(pool.cancel());
    }
    const known = error ? previous?.get(team.gid)?.memberships : undefined;
    teams.set(team.gid, { ...team, memberships: known ?? memberships });
    read += 1;
    onTeam(read);
  });

  const listings = organizations.map((organization) =>
    outcomeOf(
      rest.teams(
        organization,
        (items) => {
          const listed = items.map(({ gid, name }) => ({ gid, name, organization }));
          if (failed < MOST_FAILED_TEAMS) pool.add(listed);
          else faults.skip(listed.length);
        },
        call,
      ),
    ),
  );
  for (const error of await Promise.all(listings)) if (error) faults.add(error);
  await pool.drain();
  if (!faults.isEmpty() && previous) keepMissing(teams, previous, organizations);
  return teams;
}

function keepMissing(
  teams: Map<string, Team>,
  previous: ReadonlyMap<string, Team>,
  organizations: readonly string[],
): void {
  for (const [gid, team] of previous) {
    if (!teams.has(gid) && organizations.includes(team.organization)) teams.set(gid, team);
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
