import { type Measure, noCounts, type PartCounts } from './measure.ts';
import { type PartName, partNames, type Snapshot } from './snapshot.ts';

/** Something that an action of this process took away; all fields are gids. */
export type OwnRemoval =
  | { readonly user: string; readonly team: string; readonly organization: string }
  | { readonly user: string; readonly workspace: string };

/** Returns the gid of the organization or workspace of a removal. */
export function placeOfRemoval(removal: OwnRemoval): string {
  return 'team' in removal ? removal.organization : removal.workspace;
}

/** Details recorded with a removal. */
interface Noted {
  /** Wall clock, epoch milliseconds. */
  readonly at: number;
  /** True if the account is no longer in any workspace that is read here. */
  readonly isGone: boolean;
}

/** What our own actions have removed: a reading without it does not count as shrunk. */
export class OwnRemovals {
  #made: (OwnRemoval & Noted)[] = [];

  note(removal: OwnRemoval, noted: Noted): void {
    this.#made.push({ ...removal, ...noted });
  }

  /**
   * Counts what was removed of each part since its measure was read. Forgets removals older than every measure.
   * @param snapshot the last reading, to count the teams that leavers of an organization have left with it
   */
  since(measure: Measure | null, snapshot: Snapshot | null): PartCounts {
    if (!measure || this.#made.length === 0) return noCounts;
    const from = (name: PartName) => measure[name]?.at ?? Number.POSITIVE_INFINITY;
    const oldest = Math.min(...partNames.map(from));
    this.#made = this.#made.filter(({ at }) => at >= oldest);
    const home = snapshot?.organization?.gid ?? null;
    const madeSince = (name: PartName) => this.#made.filter(({ at }) => at >= from(name));
    const leftSince = (name: PartName) => madeSince(name).filter((removal) => 'workspace' in removal);
    const inTeams = madeSince('teamMemberships').filter((removal) => 'team' in removal);
    const leavers = new Set(
      leftSince('teamMemberships').map(({ workspace, user }) => `${workspace} ${user}`),
    );
    return {
      accounts: countPeople(leftSince('accounts').filter(({ isGone }) => isGone)),
      licenses: countPeople(leftSince('licenses').filter(({ workspace }) => workspace === home)),
      teams: 0,
      teamMemberships: inTeams.length + countPlaces(snapshot, leavers),
    };
  }
}

function countPeople(removals: readonly OwnRemoval[]): number {
  return new Set(removals.map(({ user }) => user)).size;
}

/** @param leavers pairs of organization and user, for users who left that organization */
function countPlaces(snapshot: Snapshot | null, leavers: ReadonlySet<string>): number {
  if (leavers.size === 0) return 0;
  let places = 0;
  for (const { organization, memberships } of snapshot?.teams.values() ?? [])
    for (const { user } of memberships) if (leavers.has(`${organization} ${user}`)) places += 1;
  return places;
}
