import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Directory } from '../../src/sandbox/directory.ts';
import { seededRandom } from '../../src/sandbox/gids.ts';
import { ORGANIZATION_GID, type SeedSizes, seedDirectory } from '../../src/sandbox/seed.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { defaultSettings } from '../../src/sandbox/settings.ts';

const sizes: SeedSizes = {
  organization: ORGANIZATION_GID,
  accounts: 400,
  teams: 12,
  membersPerTeam: 9,
  deprovisioned: 5,
  rejoined: 4,
  secondWorkspace: 'none',
};

function seeded(seed: number, changes: Partial<SeedSizes> = {}): Directory {
  const random = seededRandom(seed);
  const directory = new Directory({ ...defaultSettings }, { now: () => 0 }, random);
  seedDirectory(directory, random, { ...sizes, ...changes });
  return directory;
}

/** Returns everything in a directory that a client could see. */
function picture(directory: Directory): unknown {
  return {
    people: [...directory.people].map(({ gid, kind, profile, memberships }) => ({
      gid,
      kind,
      profile,
      memberships: memberships.map((m) => [m.gid, m.createdAt, m.ended]),
    })),
    teams: directory.organization.teams.map(({ gid, name, visibility, memberships }) => ({
      gid,
      name,
      visibility,
      members: memberships.map((m) => [m.gid, m.person.gid, m.isAdmin, m.isLimitedAccess]),
    })),
  };
}

describe('the seeded directory', () => {
  it('is the same for the same seed, and differs for another seed', () => {
    assert.deepEqual(picture(seeded(7)), picture(seeded(7)));
    assert.notDeepEqual(picture(seeded(7)), picture(seeded(8)));
  });

  it('has the requested numbers of people, teams and members', () => {
    const { people, teams, memberships } = seeded(1).organization;
    assert.equal(people.filter((p) => p.profile.active).length, 400);
    assert.equal(people.filter((p) => !p.profile.active).length, 5);
    assert.equal(memberships.length, 400 + 5 + 4);
    assert.deepEqual(
      teams.map((t) => t.memberships.length),
      Array.from({ length: 12 }, () => 9),
    );
  });

  it('has admins, guests, both licenses, addresses with capitals, and names beyond ASCII', () => {
    const people = seeded(1).organization.people;
    const some = (what: string, test: (p: (typeof people)[number]) => boolean) =>
      assert.ok(people.some(test), what);
    some('a guest', (p) => p.kind === 'guest');
    some('an admin that is not root', (p) => p.profile.admin && p.profile.email !== 'root@acme.example');
    some('view only', (p) => p.profile.license === 'view only');
    some('enterprise', (p) => p.profile.license === 'enterprise');
    some('capitals', (p) => p.profile.email !== p.profile.email.toLowerCase());
    some('beyond ASCII', (p) => /[^ -~]/.test(p.profile.name));
    assert.ok(
      people.every((p) => /^[ -~]+$/.test(p.profile.email)),
      'addresses are ASCII',
    );
  });

  it('keeps every listing ordered by gid', () => {
    const { people, memberships, teams } = seeded(3).organization;
    for (const list of [people, memberships, teams, ...teams.map((t) => t.memberships)]) {
      const gids = list.map((record) => BigInt(record.gid));
      assert.deepEqual(
        gids,
        gids.toSorted((a, b) => Number(a - b)),
      );
    }
  });

  it('has nobody in a team twice, and everybody in a team whose size exceeds the number of accounts', () => {
    const [large] = seeded(1, { accounts: 6, teams: 1, membersPerTeam: 100 }).organization.teams;
    assert.ok(large);
    assert.equal(large.memberships.length, 6);
    for (const { memberships } of [large, ...seeded(1).organization.teams])
      assert.equal(new Set(memberships.map((m) => m.person)).size, memberships.length);
  });

  it('refuses an invalid number of accounts or teams', async () => {
    await assert.rejects(startSandbox({ accounts: 2 }), /accounts: /);
    await assert.rejects(startSandbox({ teams: -1 }), /teams: /);
  });

  it('renders a page of 100 out of 20,000 people in less than 1 ms of CPU time (median)', async () => {
    const sandbox = await startSandbox({ accounts: 20_000, teams: 10, requestsPerMinute: 0 });
    const { state: directory } = sandbox;
    const { people } = directory.organization;
    const { Pager } = await import('../../src/sandbox/paging.ts');
    const { FieldCompiler } = await import('../../src/sandbox/fields.ts');
    const { userResource } = await import('../../src/sandbox/resources.ts');
    await sandbox.close();
    const pager = new Pager('key', () => 0);
    const fields = new FieldCompiler();
    const viewer = { directory, seesWorkspace: () => true };
    const visible = (p: (typeof people)[number]) =>
      directory.activeMembership(p, directory.organization) !== undefined;
    const durations: number[] = [];
    let offset: string | undefined;
    for (let i = 0; i < 200; i += 1) {
      const started = process.cpuUsage();
      const page = pager.page({ key: 'users', records: people, visible }, { limit: '100', offset });
      const render = fields.render(userResource, 'email,name', 'compact');
      JSON.stringify(page.records.map((record) => render(record, viewer)));
      const { user, system } = process.cpuUsage(started);
      durations.push((user + system) / 1000);
      offset = page.next ?? undefined;
    }
    const median = durations.toSorted((a, b) => a - b)[100] ?? Number.NaN;
    assert.ok(median < 1, `the median page cost ${median} ms of CPU`);
  });
});
