import { type Doubt, wordFor } from './doubt.ts';
import {
  isAwaited,
  isEmptyMeasure,
  type Measure,
  noMeasure,
  type PartCounts,
  type PartSize,
  type ReadingSize,
  weigh,
} from './measure.ts';
import { continueStreak, doubtListings, type ShortfallStreak, shortfallAccepted } from './shortfall.ts';
import { type LeftOutWorkspace, type PartName, partNames, type Snapshot } from './snapshot.ts';

/** A part is in doubt if it lacks more than this share of its measure and more than this many items. */
const SHRUNK_SHARE = 0.1;
const SHRUNK_ITEMS = 5;

export interface JudgementContext {
  /** Gids of the recorded organizations; empty before the first reading. */
  readonly organizations: readonly string[];
  /** The workspaces that the connector names; undefined or empty for all that the token sees. */
  readonly workspaces: readonly string[] | undefined;
  /** How many items of each part our own actions removed since the measure. */
  readonly removed: PartCounts;
  /** The doubts that stand. */
  readonly doubts: readonly Doubt[];
  /** The streak of the previous judgement; `null` if there is none. */
  readonly streak: ShortfallStreak | null;
}

/** What later readings are compared with. */
export interface Baseline {
  /** `null` if nothing has been measured yet. */
  readonly measure: Measure | null;
  readonly organizations: readonly string[];
}

export interface Judgement extends Baseline {
  /** All doubts after this reading. An earlier one stands until its parts are read completely and large enough. */
  readonly doubts: readonly Doubt[];
  readonly streak: ShortfallStreak | null;
  /** The sizes that were judged, for `accept`. */
  readonly reading: ReadingSize;
}

/**
 * Compares a reading with the measure. Parts that are complete and not in doubt become the measure; the others keep the
 * old one, so no reading is ever compared with one that is partial, in doubt or of another organization. The
 * organization is judged first, however much of the reading is missing.
 */
export function judgeReading(
  measure: Measure | null,
  snapshot: Snapshot,
  context: JudgementContext,
): Judgement {
  const reading = weigh(snapshot);
  const { organizations } = context;
  const foreign =
    doubtOrganization(measure, snapshot, reading, organizations) ?? keepForeign(reading, context.doubts);
  if (foreign) return { doubts: [foreign], measure, organizations, streak: null, reading };

  const base = rescope(measure ?? noMeasure, reading, context);
  const streak = continueStreak(snapshot, context.streak);
  const doubts = [
    doubtSize(base, snapshot, reading, context),
    doubtListings(snapshot, reading, streak, context.doubts),
  ].filter((doubt) => doubt !== null);
  const next = measureAnew(base, snapshot, reading, doubts);
  const seen = reading.parts.accounts?.whole && !isDoubted('accounts', doubts) ? reading.organizations : null;
  return {
    doubts,
    measure: isEmptyMeasure(next) ? measure : next,
    organizations: seen ?? organizations,
    streak,
    reading,
  };
}

/**
 * Accepts a doubt of this judgement on behalf of a person: exactly what was read becomes the measure. A later reading
 * that is worse is doubted anew.
 */
export function accept(
  { measure, organizations, reading, doubts, streak }: Judgement,
  reason: Doubt['reason'],
): Baseline {
  const base = measure ?? noMeasure;
  const doubt = doubts.find((candidate) => candidate.reason === reason);
  if (!doubt) return { measure, organizations };
  if (reason === 'ListingShort') {
    return {
      measure: { ...base, acceptedShortfall: streak?.missing ?? base.acceptedShortfall },
      organizations,
    };
  }
  const { scope, parts } = reading;
  const accepted = { organizations: reading.organizations ?? organizations };
  if (reason === 'OrganizationChanged') {
    const sizes = mapParts((name) => (parts[name]?.whole ? sizeOf(parts[name]) : null));
    return { ...accepted, measure: { ...noMeasure, ...sizes, scope } };
  }
  const sizes = mapParts((name) =>
    doubt.parts.includes(name) ? acceptPart(name, base, reading, doubt) : base[name],
  );
  return { ...accepted, measure: { ...base, ...sizes, scope } };
}

/** Returns the accepted size: as read now or, if this reading could not read the part, as it was when doubted. */
function acceptPart(
  name: PartName,
  base: Measure,
  { parts }: ReadingSize,
  { missing }: Doubt,
): PartSize | null {
  const part = parts[name];
  const size = base[name];
  if (part?.whole && part.fresh) return sizeOf(part);
  return size && { at: size.at, count: Math.max(0, size.count - (missing[name] ?? 0)) };
}

/**
 * Returns a doubt if the token is shown none of the recorded organizations, else `null`.
 * @param shown gids of all workspaces that the token is shown, readable or not
 */
export function doubtWorkspaces(recorded: readonly string[], shown: readonly string[]): Doubt | null {
  if (recorded.length === 0 || recorded.some((gid) => shown.includes(gid))) return null;
  return otherOrganization(recorded, shown);
}

function otherOrganization(recorded: readonly string[], read: readonly string[]): Doubt {
  const others = read.length > 0 ? read.toSorted().join(', ') : 'none';
  const message = `The token belongs to another organization: expected ${recorded.join(', ')}, found ${others}.`;
  return { reason: 'OrganizationChanged', parts: partNames, count: 0, missing: {}, places: read, message };
}

function doubtOrganization(
  measure: Measure | null,
  { scimIdsForeign, leftOut }: Snapshot,
  { organizations }: ReadingSize,
  recorded: readonly string[],
): Doubt | null {
  // An organization that still exists but now rejects the token means a smaller directory, not another one.
  const seen = organizations && [...organizations, ...leftOut.map(({ gid }) => gid)];
  if (seen && recorded.length > 0 && !recorded.some((gid) => seen.includes(gid)))
    return otherOrganization(recorded, organizations);
  // Once foreign ids are accepted, the measure has 0 licenses, because SCIM users are not joined to accounts.
  if (!scimIdsForeign || measure?.licenses?.count === 0) return null;
  const message =
    'SCIM and the REST API return different organizations: no SCIM ID is the gid of a member. Check that both tokens belong to the same organization.';
  return {
    reason: 'OrganizationChanged',
    parts: partNames,
    count: 0,
    missing: {},
    places: ['scim'],
    message,
  };
}

/** Keeps a doubt about the organization: a partial reading is not enough to end it. */
function keepForeign({ parts }: ReadingSize, doubts: readonly Doubt[]): Doubt | null {
  const standing = doubts.find(({ reason }) => reason === 'OrganizationChanged');
  return standing && !(parts.accounts?.whole && (parts.licenses?.whole ?? true)) ? standing : null;
}

/**
 * Returns the measure without the workspaces that the connector's spec no longer includes: counts with them cannot be
 * compared with counts without them.
 */
function rescope(
  measure: Measure,
  { scope, organizations }: ReadingSize,
  { workspaces: named = [], organizations: recorded }: JudgementContext,
): Measure {
  const excluded = measure.scope.filter(
    (gid) => !scope.includes(gid) && (organizations === null || (named.length > 0 && !named.includes(gid))),
  );
  if (excluded.length === 0) return measure;
  const kept = { ...measure, accounts: null, scope: measure.scope.filter((gid) => !excluded.includes(gid)) };
  const organizationLeft = excluded.some((gid) => recorded.includes(gid));
  return organizationLeft ? { ...kept, licenses: null, teams: null, teamMemberships: null } : kept;
}

function doubtSize(
  measure: Measure,
  { leftOut }: Snapshot,
  { scope, parts }: ReadingSize,
  { removed, doubts }: JudgementContext,
): Doubt | null {
  const standing = doubts.find(({ reason }) => reason === 'DirectoryShrunk');
  const places = measure.scope.filter((gid) => !scope.includes(gid));
  const missing: Partial<Record<PartName, number>> = {};
  for (const name of partNames) {
    const part = parts[name];
    if (part?.whole && part.fresh) {
      const lost = countLost((measure[name]?.count ?? 0) - removed[name], part.count);
      if (lost > 0) missing[name] = lost;
    } else if (standing && isAwaited(name, part)) {
      const before = standing.missing[name];
      if (before !== undefined) missing[name] = before;
    }
  }
  const lacking = partNames.filter((name) => missing[name] !== undefined);
  if (lacking.length === 0 && places.length === 0) return null;
  return {
    reason: 'DirectoryShrunk',
    parts: places.length > 0 ? partNames : lacking,
    count: Math.max(...Object.values(missing), places.length),
    missing,
    places,
    message: describeLoss(measure, missing, places, leftOut) || (standing?.message ?? ''),
  };
}

/** Returns how many items are missing if that is suspiciously many, else 0. */
function countLost(before: number, after: number): number {
  const lost = before - after;
  return lost > SHRUNK_ITEMS && lost > before * SHRUNK_SHARE ? lost : 0;
}

function describeLoss(
  measure: Measure,
  missing: Doubt['missing'],
  places: readonly string[],
  leftOut: readonly LeftOutWorkspace[],
): string {
  const why = { Guest: 'now has the account of the token as a guest', Refused: 'now rejects the token' };
  const gone = places.map((gid) => {
    const known = leftOut.find((workspace) => workspace.gid === gid);
    return `Workspace ${gid}, which was read before, ${known ? why[known.leftOut] : 'is no longer visible to the token'}.`;
  });
  const lost = partNames.flatMap((name) => {
    const count = missing[name];
    return count === undefined ? [] : [`${count} of ${measure[name]?.count ?? count} ${wordFor(name)}`];
  });
  if (lost.length > 0)
    gone.push(`Asana suddenly no longer lists ${lost.join(', ')}. Check the permissions of the token.`);
  return gone.join(' ');
}

/** Returns the measure after this reading. */
function measureAnew(
  base: Measure,
  snapshot: Snapshot,
  { scope, parts }: ReadingSize,
  doubts: readonly Doubt[],
): Measure {
  const sizes = mapParts((name) => {
    const part = parts[name];
    const takes = part?.whole && (part.fresh || base[name] === null) && !isDoubted(name, doubts);
    return takes ? sizeOf(part) : base[name];
  });
  // The scope belongs to the accounts part: a workspace is read only together with its accounts.
  const moved = sizes.accounts !== base.accounts;
  return {
    ...sizes,
    scope: moved ? scope : base.scope,
    acceptedShortfall: shortfallAccepted(base, snapshot),
  };
}

function isDoubted(name: PartName, doubts: readonly Doubt[]): boolean {
  return doubts.some(({ parts }) => parts.includes(name));
}

function sizeOf({ at, count }: PartSize): PartSize {
  return { at, count };
}

function mapParts<T>(of: (name: PartName) => T): Record<PartName, T> {
  return {
    accounts: of('accounts'),
    licenses: of('licenses'),
    teams: of('teams'),
    teamMemberships: of('teamMemberships'),
  };
}
