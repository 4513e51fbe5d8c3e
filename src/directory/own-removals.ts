import { type Measure, noCounts, type PartCounts } from './measure.ts';
import { type PartName, partNames, type Snapshot } from './snapshot.ts';

/** Something that an action of this process has taken away; gids. */
export type OwnRemoval =
  | { readonly user: string; readonly team: string }
  | {
      readonly user: string;
      /** Null: the organization that SCIM speaks of. */
      readonly workspace: string | null;
      /** The account is in no workspace any more. */
      readonly isGone: boolean;
    };

/** What our own actions have removed: a reading that lacks it is not suddenly smaller. */
export class OwnRemovals {
  #made: (OwnRemoval & { readonly at: number })[] = [];

  /** @param at wall clock, epoch milliseconds */
  note(removal: OwnRemoval, at: number): void {
    this.#made.push({ ...removal, at });
  }

  /**
   * How much of each part is gone since its measure was read. What was removed before every measure is forgotten.
   * @param snapshot the last reading: whoever left an organization has left its teams too
   */
  since(measure: Measure | null, snapshot: Snapshot | null): PartCounts {
    if (!measure || this.#made.length === 0) return noCounts;
    const from = (name: PartName) => measure[name]?.at ?? Number.POSITIVE_INFINITY;
    const oldest = Math.min(...partNames.map(from));
    this.#made = this.#made.filter(({ at }) => at >= oldest);
    const home = snapshot?.organization?.gid ?? null;
    const madeSince = (name: PartName) => this.#made.filter(({ at }) => at >= from(name));
    const left = (removal: OwnRemoval) => ('workspace' in removal ? (removal.workspace ?? home) : null);
    const accounts = madeSince('accounts').filter((removal) => 'isGone' in removal && removal.isGone);
    const licenses = madeSince('licenses').filter(
      (removal) => 'workspace' in removal && left(removal) === home,
    );
    const inTeams = madeSince('teamMemberships');
    const leavers = new Set(
      inTeams
        .filter((removal) => 'workspace' in removal)
        .map((removal) => `${left(removal)} ${removal.user}`),
    );
    const fromTeams = inTeams.filter((removal) => 'team' in removal);
    return {
      accounts: countPeople(accounts),
      licenses: countPeople(licenses),
      teams: 0,
      teamMemberships: fromTeams.length + countPlaces(snapshot, leavers),
    };
  }
}

function countPeople(removals: readonly OwnRemoval[]): number {
  return new Set(removals.map(({ user }) => user)).size;
}

/** @param leavers the organization that they have left, and who */
function countPlaces(snapshot: Snapshot | null, leavers: ReadonlySet<string>): number {
  if (leavers.size === 0) return 0;
  let places = 0;
  for (const { organization, memberships } of snapshot?.teams.values() ?? [])
    for (const { user } of memberships) if (leavers.has(`${organization} ${user}`)) places += 1;
  return places;
}
