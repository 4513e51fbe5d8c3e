import type { Account, Snapshot, Team, TeamMembership, Workspace } from '../../src/directory/snapshot.ts';

const whole = { at: 1_800_000_000_000, startedAt: 0, begunAt: 0, complete: true, incompleteBecause: null };

export const acme: Workspace = { gid: '1200', name: 'Acme', organization: true };

/** Returns an active member with an enterprise license, unless overridden. */
export function account(gid: string, overrides: Partial<Account> = {}): Account {
  const email = `user${gid}@acme.com`;
  return {
    gid,
    email,
    name: `User ${gid}`,
    memberships: [{ gid: `m${gid}`, workspace: acme.gid, active: true, role: 'Member', viewOnly: false }],
    scim: { id: gid, userName: email, active: true, userType: 'enterprise', attributes: {} },
    license: 'Enterprise',
    ...overrides,
  };
}

export function member(user: string, flags: Partial<TeamMembership> = {}): TeamMembership {
  return { gid: `t${user}`, user, admin: false, guest: false, limitedAccess: false, ...flags };
}

export function team(gid: string, memberships: readonly TeamMembership[] = [], name = `Team ${gid}`): Team {
  return { gid, name, organization: acme.gid, memberships };
}

export function snapshotOf(
  accounts: readonly Account[],
  teams: readonly Team[] = [],
  overrides: Partial<Snapshot> = {},
): Snapshot {
  return {
    parts: { accounts: whole, licenses: whole, teams: whole },
    workspaces: [acme],
    organization: acme,
    leftOut: [],
    scimOnly: false,
    scimIdsForeign: false,
    self: null,
    accounts: new Map(accounts.map((one) => [one.gid, one])),
    gidsByEmail: new Map(),
    teams: new Map(teams.map((one) => [one.gid, one])),
    requests: 1,
    ...overrides,
  };
}

/** Returns a snapshot of so many accounts and teams of so many members, with names and attributes of usual length. */
export function largeSnapshot(accounts: number, teams: number, members: number): Snapshot {
  const gids = Array.from({ length: accounts }, (_, index) =>
    String(1_200_000_000_000_000 + ((index * 7919) % accounts) * 31),
  );
  const people = gids.map((gid, index) =>
    account(gid, {
      email: `person${index}@acme.com`,
      name: `Person Number${index}`,
      scim: {
        id: gid,
        userName: `person${index}@acme.com`,
        active: true,
        userType: 'enterprise',
        attributes: {
          title: 'Engineer',
          givenName: 'Person',
          familyName: `Number${index}`,
          department: 'Research',
        },
      },
    }),
  );
  const groups = Array.from({ length: teams }, (_, index) =>
    team(
      String(1_300_000_000_000_000 + index * 17),
      Array.from({ length: members }, (_unused, place) =>
        member(gids[(index * 7 + place * 547) % accounts] ?? '', { admin: place === 0 }),
      ),
      `Team of people ${index}`,
    ),
  );
  return snapshotOf(people, groups);
}
