import type { Account, Part, Snapshot, Team } from '../../../src/directory/snapshot.ts';

export interface SnapshotShape {
  readonly organization?: string;
  readonly teams?: number;
  readonly membersPerTeam?: number;
  readonly complete?: boolean;
  readonly scim?: boolean;
  /** The time of the reading, which distinguishes readings. */
  readonly at?: number;
  /** The number of items that the listing of accounts announced but did not return. */
  readonly short?: number;
  readonly enterprise?: number;
}

/** Returns a reading of an organization with so many members. */
export function snapshotOf(accounts: number, shape: SnapshotShape = {}): Snapshot {
  const {
    organization = '500',
    teams = 0,
    membersPerTeam = 0,
    complete = true,
    scim = true,
    at = 1,
    short,
  } = shape;
  const part: Part = {
    at,
    startedAt: at,
    begunAt: at,
    complete: complete && short === undefined,
    incompleteBecause: complete && short === undefined ? null : 'page 3 failed',
    ...(short === undefined ? {} : { shortfall: { announced: accounts + short, received: accounts } }),
  };
  const workspace = { gid: organization, name: 'Acme', organization: true };
  const people = Array.from({ length: accounts }, (_, index) =>
    memberOf(organization, String(index), index < (shape.enterprise ?? 0)),
  );
  return {
    parts: { accounts: part, licenses: scim ? part : null, teams: teams > 0 ? part : null },
    workspaces: [workspace],
    leftOut: [],
    organization: workspace,
    scimOnly: false,
    scimIdsForeign: false,
    self: '999',
    accounts: new Map(people.map((account) => [account.gid, account])),
    gidsByEmail: new Map(people.map(({ gid, email }) => [email ?? '', gid])),
    teams: new Map(teamsOf(organization, teams, membersPerTeam).map((team) => [team.gid, team])),
    requests: 4,
  };
}

function memberOf(workspace: string, gid: string, enterprise: boolean): Account {
  const email = `p${gid}@acme.com`;
  return {
    gid,
    email,
    name: `Person ${gid}`,
    memberships: [{ gid: `m${gid}`, workspace, active: true, role: 'Member', viewOnly: null }],
    scim: { id: gid, userName: email, active: true, userType: null, attributes: {} },
    license: enterprise ? 'Enterprise' : 'ViewOnly',
  };
}

function teamsOf(organization: string, teams: number, members: number): Team[] {
  return Array.from({ length: teams }, (_, team) => ({
    gid: `t${team}`,
    name: `Team ${team}`,
    organization,
    memberships: Array.from({ length: members }, (__, user) => ({
      gid: `t${team}-${user}`,
      user: String(user),
      admin: false,
      guest: false,
      limitedAccess: false,
    })),
  }));
}
