import assert from 'node:assert/strict';
import { type JudgementContext, judgeReading } from '../../src/directory/judgement.ts';
import { type Measure, noCounts } from '../../src/directory/measure.ts';
import type { Account, LeftOutWorkspace, Part, Snapshot, Team } from '../../src/directory/snapshot.ts';

export const HOUR = 3_600_000;

/** How a snapshot looks; by default 100 accounts with licenses, and 50 teams of 4. */
export interface Shape {
  accounts?: number;
  /** The number of accounts that are members of the workspace; default all. */
  inWorkspace?: number;
  licenses?: number;
  teams?: number;
  /** Members per team. */
  members?: number;
  /** When the sync began; a later sync has a larger number. */
  begun?: number;
  incomplete?: readonly ('accounts' | 'licenses' | 'teams')[];
  /** When the sync of the teams began, if an earlier sync read them. */
  teamsBegun?: number;
  teamsRead?: boolean;
  scim?: boolean;
  workspaces?: readonly string[];
  organizations?: readonly string[];
  leftOut?: readonly LeftOutWorkspace[];
  scimOnly?: boolean;
  foreign?: boolean;
  /** The number of licenses that were announced but not received. */
  short?: number;
  shortAccepted?: boolean;
}

/** Returns a snapshot of this shape. */
export function snapshotOf(shape: Shape = {}): Snapshot {
  const { accounts = 100, licenses = accounts, teams = 50, members = 4, begun = 1, incomplete = [] } = shape;
  const { workspaces = ['500'], organizations = ['500'], short = 0 } = shape;
  const partOf = (name: 'accounts' | 'licenses' | 'teams', at = begun): Part => {
    const complete =
      !incomplete.includes(name) && !(name === 'licenses' && short > 0 && !shape.shortAccepted);
    const part = {
      at: at * HOUR,
      startedAt: at * HOUR,
      begunAt: at,
      complete,
      incompleteBecause: complete ? null : 'cut off',
    };
    const isShort = name === 'licenses' && short > 0 && !incomplete.includes('licenses');
    return isShort ? { ...part, shortfall: { announced: licenses + short, received: licenses } } : part;
  };
  const scim = { id: '1', userName: 'u', active: true, userType: null, attributes: {} };
  const inThere = { gid: 'w', workspace: '500', active: true, role: 'Member', viewOnly: null } as const;
  const { inWorkspace = accounts } = shape;
  const people = Array.from({ length: accounts }, (_, index): Account => {
    const gid = String(index);
    return {
      gid,
      email: null,
      name: gid,
      memberships: index < inWorkspace ? [inThere] : [],
      scim: index < licenses ? scim : null,
      license: null,
    };
  });
  const membership = { gid: 'm', user: '1', admin: false, guest: false, limitedAccess: false };
  const teamList = Array.from({ length: teams }, (_, index): Team => {
    const gid = `t${index}`;
    return {
      gid,
      name: gid,
      organization: '500',
      memberships: Array.from({ length: members }, () => membership),
    };
  });
  const workspaceList = workspaces.map((gid) => ({
    gid,
    name: gid,
    organization: organizations.includes(gid),
  }));
  return {
    parts: {
      accounts: partOf('accounts'),
      licenses: shape.scim === false ? null : partOf('licenses'),
      teams: shape.teamsRead === false ? null : partOf('teams', shape.teamsBegun),
    },
    workspaces: workspaceList,
    leftOut: shape.leftOut ?? [],
    organization: workspaceList.find(({ organization }) => organization) ?? null,
    scimOnly: shape.scimOnly ?? false,
    scimIdsForeign: shape.foreign ?? false,
    self: null,
    accounts: new Map(people.map((one) => [one.gid, one])),
    gidsByEmail: new Map(),
    teams: new Map(teamList.map((team) => [team.gid, team])),
    requests: 0,
  };
}

/** Returns what a judgement knows beside the reading: by default nothing in doubt, and nothing removed. */
export const context = (changes: Partial<JudgementContext> = {}): JudgementContext => ({
  organizations: ['500'],
  workspaces: undefined,
  removed: noCounts,
  doubts: [],
  streak: null,
  ...changes,
});

/** Returns the measure of a first good reading: 100 accounts and licenses, 50 teams of 4. */
export function measured(shape: Shape = {}): Measure {
  const { measure, doubts } = judgeReading(null, snapshotOf(shape), context({ organizations: [] }));
  assert.ok(measure && doubts.length === 0);
  return measure;
}

/** Judges a reading that follows the first good one. */
export const judge = (
  shape: Shape,
  changes: Partial<JudgementContext> = {},
  measure: Measure | null = measured(),
) => judgeReading(measure, snapshotOf({ begun: 2, ...shape }), context(changes));
