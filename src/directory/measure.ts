import { type PartName, partNames, partOf, type Snapshot } from './snapshot.ts';

/** How large a part was at its last good reading. */
export interface PartSize {
  /** Wall clock, epoch milliseconds, when that reading began. */
  readonly at: number;
  /** For `accounts`: those with a membership of a workspace. For `licenses`: those that SCIM lists. */
  readonly count: number;
}

/**
 * What the next reading of each part is compared with: the last complete one that nothing made doubtful. It is kept
 * in the connector's status, so that a restart changes nothing. Null for a part that was never read well.
 */
export interface Measure extends Readonly<Record<PartName, PartSize | null>> {
  /** Gids of the workspaces that were read. */
  readonly scope: readonly string[];
  /** Items that listings may lack, because a person said so; null for none. */
  readonly acceptedShortfall: number | null;
}

/** Items of each part. */
export type PartCounts = Readonly<Record<PartName, number>>;

export const noCounts: PartCounts = { accounts: 0, licenses: 0, teams: 0, teamMemberships: 0 };

/** A part of one reading, weighed. */
export interface PartWeight extends PartSize {
  readonly whole: boolean;
  /** Read by this sync; otherwise carried over from an earlier one. */
  readonly fresh: boolean;
}

/** What of a reading is compared with a measure, and may become one. */
export interface ReadingSize {
  /** Gids of the workspaces that were read. */
  readonly scope: readonly string[];
  /** Those of them that are organizations, as REST shows them; null when only SCIM was read, which names none. */
  readonly organizations: readonly string[] | null;
  /** Null for parts that were not read. */
  readonly parts: Readonly<Record<PartName, PartWeight | null>>;
}

/** Licenses that were not read are not asked for; everything else will be read sooner or later. */
export function isAwaited(name: PartName, part: PartWeight | null): boolean {
  return part !== null || name !== 'licenses';
}

/** Weighs a reading. O(accounts + teams). */
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
  // Memberships tell who is there, a guest or an admin. Who is listed without one would hide that they have shrunk.
  let members = 0;
  for (const { memberships } of accounts.values()) if (memberships.length > 0) members += 1;
  let licenses = 0;
  // Of another organization's users nothing is joined; what an account has then is of an earlier reading.
  if (!scimIdsForeign) for (const { scim } of accounts.values()) if (scim) licenses += 1;
  let teamMemberships = 0;
  for (const { memberships } of teams.values()) teamMemberships += memberships.length;
  return { accounts: scimOnly ? accounts.size : members, licenses, teams: teams.size, teamMemberships };
}

/** Nothing was measured yet. */
export const noMeasure: Measure = {
  scope: [],
  accounts: null,
  licenses: null,
  teams: null,
  teamMemberships: null,
  acceptedShortfall: null,
};

/** True when no part of it was ever read well: there is nothing to compare with. */
export function isEmptyMeasure(measure: Measure): boolean {
  return partNames.every((name) => measure[name] === null);
}
