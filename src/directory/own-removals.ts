import { type Measure, noCounts, type PartCounts } from './measure.ts';
import { type PartName, partNames, type Team } from './snapshot.ts';

/** Something that an action of this process has taken away. */
export interface OwnRemoval {
  /** The gid of who lost it. */
  readonly user: string;
  /** The team's gid; null when the account itself left a workspace or the organization. */
  readonly team: string | null;
}

/** What our own actions have removed: a reading that lacks it is not suddenly smaller. */
export class OwnRemovals {
  #made: (OwnRemoval & { readonly at: number })[] = [];

  /** @param at wall clock, epoch milliseconds */
  note(removal: OwnRemoval, at: number): void {
    this.#made.push({ ...removal, at });
  }

  /**
   * How much of each part is gone since its measure was read. What was removed before every measure is forgotten.
   * @param teams of the last reading: whoever left the organization has left them too
   */
  since(measure: Measure | null, teams: ReadonlyMap<string, Team>): PartCounts {
    if (!measure || this.#made.length === 0) return noCounts;
    const from = (name: PartName) => measure[name]?.at ?? Number.POSITIVE_INFINITY;
    const oldest = Math.min(...partNames.map(from));
    this.#made = this.#made.filter(({ at }) => at >= oldest);
    const leavers = (since: number) =>
      new Set(this.#made.flatMap(({ user, team, at }) => (team === null && at >= since ? [user] : [])));
    const since = from('teamMemberships');
    const places = this.#made.filter(({ team, at }) => team !== null && at >= since).length;
    return {
      accounts: leavers(from('accounts')).size,
      licenses: leavers(from('licenses')).size,
      teams: 0,
      teamMemberships: places + countPlaces(teams, leavers(since)),
    };
  }
}

function countPlaces(teams: ReadonlyMap<string, Team>, users: ReadonlySet<string>): number {
  if (users.size === 0) return 0;
  let places = 0;
  for (const { memberships } of teams.values())
    for (const { user } of memberships) if (users.has(user)) places += 1;
  return places;
}
