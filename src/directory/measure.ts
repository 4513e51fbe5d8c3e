import { type PartName, partNames, partOf, type Snapshot } from './snapshot.ts';

/** The size of a part at its last good reading. */
export interface PartSize {
  /** Wall clock time at which that reading began, in epoch milliseconds. */
  readonly at: number;
  /** For `accounts`: those with a membership of a workspace. For `licenses`: those that SCIM lists. */
  readonly count: number;
}

/**
 * What the next reading of each part is compared with: the last complete one that was not in doubt. Kept in the
 * connector's status, so that it survives restarts. `null` for a part without a good reading yet.
 */
export interface Measure extends Readonly<Record<PartName, PartSize | null>> {
  /** Gids of the workspaces that were read. */
  readonly scope: readonly string[];
  /** How many items listings may lack, as accepted by a person; `null` for none. */
  readonly acceptedShortfall: number | null;
}

/** Number of items of each part. */
export type PartCounts = Readonly<Record<PartName, number>>;

export const noCounts: PartCounts = { accounts: 0, licenses: 0, teams: 0, teamMemberships: 0 };

/** The size of a part in one reading. */
export interface PartWeight extends PartSize {
  readonly whole: boolean;
  /** True if this sync read the part; false if it was carried over from an earlier one. */
  readonly fresh: boolean;
}

/** The sizes of a reading, to be compared with a measure and perhaps to become one. */
export interface ReadingSize {
  /** Gids of the workspaces that were read. */
  readonly scope: readonly string[];
  /** Those of `scope` that REST shows as organizations; `null` if only SCIM was read, which names none. */
  readonly organizations: readonly string[] | null;
  /** `null` for parts that were not read. */
  readonly parts: Readonly<Record<PartName, PartWeight | null>>;
}

/** Whether a part will be read sooner or later. Licenses that were not read are not requested; all else is. */
export function isAwaited(name: PartName, part: PartWeight | null): boolean {
  return part !== null || name !== 'licenses';
}

/** Measures the sizes of a reading. O(accounts + teams). */
export function weigh(snapshot: Snapshot): ReadingSize {
  const { workspaces, scimOnly } = snapshot;
  const counts = countParts(snapshot);
  const weightOf = (name: PartName): PartWeight | null => {
    const part = partOf(snapshot, name);
    if (!part) return null;
    const fresh = part.begunAt === snapshot.parts.accounts.begunAt;
    return { at: part.startedAt, count: counts[name], whole: part.complete, fresh };
  };
  return {
    scope: workspaces.map(({ gid }) => gid),
    organizations: scimOnly
      ? null
      : workspaces.flatMap(({ gid, organization }) => (organization ? [gid] : [])),
    parts: {
      accounts: weightOf('accounts'),
      licenses: weightOf('licenses'),
      teams: weightOf('teams'),
      teamMemberships: weightOf('teamMemberships'),
    },
  };
}

function countParts({ accounts, teams, scimIdsForeign, scimOnly }: Snapshot): PartCounts {
  // Only memberships show who is there and in which role. Accounts listed without one would hide that they shrank.
  let members = 0;
  for (const { memberships } of accounts.values()) if (memberships.length > 0) members += 1;
  let licenses = 0;
  // Users of another organization are not joined; their accounts keep the data of an earlier reading.
  if (!scimIdsForeign) for (const { scim } of accounts.values()) if (scim) licenses += 1;
  let teamMemberships = 0;
  for (const { memberships } of teams.values()) teamMemberships += memberships.length;
  return { accounts: scimOnly ? accounts.size : members, licenses, teams: teams.size, teamMemberships };
}

/** The measure before anything was measured. */
export const noMeasure: Measure = {
  scope: [],
  accounts: null,
  licenses: null,
  teams: null,
  teamMemberships: null,
  acceptedShortfall: null,
};

/** Whether no part has had a good reading yet, so there is nothing to compare with. */
export function isEmptyMeasure(measure: Measure): boolean {
  return partNames.every((name) => measure[name] === null);
}
