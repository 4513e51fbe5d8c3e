import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AsanaAnswer } from './asana/front.ts';
import { BadWorld, merge } from './bad-world.ts';
import { ANNOTATIONS, type Grant } from './model/objects.ts';

/** Returns the rules that a removal of p1's enterprise license breaks in a world that `spoil` has made wrong. */
async function removal(spoil: (world: BadWorld) => void | Promise<void>): Promise<string[]> {
  const world = new BadWorld();
  world.site.directory.change(world.person, { license: 'enterprise' });
  world.connector();
  world.grant();
  await world.read();
  await spoil(world);
  await world.clock.advance(5_000);
  world.send('userType', 'view only');
  return world.violations.map(({ rule }) => rule);
}

test('a removal that its grant declares, after a complete reading and a fresh read, is no violation', async () => {
  assert.deepEqual(await removal(() => {}), []);
});

const SHORT = { Resources: [{ userType: 'enterprise', active: true }], totalResults: 3 };
const HOLD = { planned: { action: 'RevokeEnterprise', hold: 'h1.2' } };
const cases: readonly {
  readonly what: string;
  readonly rule: string;
  readonly spoil: (w: BadWorld) => void | Promise<void>;
}[] = [
  {
    what: 'the connector is suspended',
    rule: 'NothingSuspended',
    spoil: (w) => void w.connector({ spec: { suspend: true } }),
  },
  {
    what: 'the grant is suspended',
    rule: 'NothingSuspended',
    spoil: (w) => void w.grant({ spec: { suspend: true } }),
  },
  {
    what: 'the connector is in mode Plan',
    rule: 'ApplyOnly',
    spoil: (w) => void w.connector({ spec: { provisioning: { mode: 'Plan' } } }),
  },
  {
    what: 'the grant declares Enterprise by now',
    rule: 'ObjectAsks',
    spoil: (w) => void w.grant({ spec: { license: 'Enterprise' } }),
  },
  {
    what: 'the person is protected',
    rule: 'Protected',
    spoil: (w) => void w.connector({ spec: { provisioning: { protectedUsers: ['p1@acme.example'] } } }),
  },
  {
    what: 'another process leads',
    rule: 'LeaderActs',
    spoil: (w) => void (w.leadership = { ...w.leadership, holder: 'operator-2' }),
  },
  {
    what: 'all actions are stopped',
    rule: 'LeaderActs',
    spoil: (w) => void (w.leadership = { ...w.leadership, stopped: true }),
  },
  {
    what: 'the leader took over a moment ago',
    rule: 'NewLeaderWaits',
    spoil: (w) => void (w.leadership = { ...w.leadership, takenOver: true, sinceMs: 5_000 }),
  },
  { what: 'it is in a hold', rule: 'HeldStaysHeld', spoil: (w) => void w.grant({ status: HOLD }) },
  {
    what: 'it left the hold without an answer',
    rule: 'HeldStaysHeld',
    spoil: (w) => {
      w.grant({ status: HOLD });
      w.grant();
    },
  },
  {
    what: 'the acknowledged token covers only removals that joined before it',
    rule: 'HeldStaysHeld',
    spoil: (w) => {
      w.grant({ status: HOLD });
      answer(w, 'acknowledge', 'h1.1', 'h1.2');
    },
  },
  {
    what: 'it was discarded',
    rule: 'HeldStaysHeld',
    spoil: (w) => {
      w.grant({ status: HOLD });
      answer(w, 'discard', 'h1.2', 'h1.2');
    },
  },
  {
    what: 'the directory has shrunk',
    rule: 'ReadingTrusted',
    spoil: (w) => void w.connector({ status: { holds: [{ reason: 'DirectoryShrunk', token: 'x.1' }] } }),
  },
  {
    what: 'the listing of licenses has been short for minutes',
    rule: 'ReadingWhole',
    spoil: async (w) => {
      w.hear('scimListUsers', SHORT);
      await w.clock.advance(180_000);
      w.look();
    },
  },
  {
    what: 'the listing of licenses has been short since before a pause, and for minutes after it',
    rule: 'ReadingWhole',
    spoil: async (w) => {
      await hearShortAndPause(w);
      await w.clock.advance(180_000);
      w.look();
    },
  },
  { what: 'the last fresh read was long ago', rule: 'FreshLook', spoil: (w) => w.clock.advance(400_000) },
  {
    what: 'the organization is another one',
    rule: 'OrganizationKnown',
    spoil: (w) => void w.connector({ status: { organizations: ['99'] } }),
  },
  {
    what: 'an older grant declares Enterprise',
    rule: 'OldestWins',
    spoil: async (w) => {
      w.grant({
        metadata: { name: 'older', uid: 'uid-older', creationTimestamp: '2026-01-01T00:00:00Z' },
        spec: { license: 'Enterprise' },
      });
      await w.clock.advance(10_000);
    },
  },
  {
    what: 'removals are limited to none',
    rule: 'RemovalLimit',
    spoil: (w) => void w.connector({ spec: { provisioning: { maxRemovals: { atLeast: 0, percent: 0 } } } }),
  },
  {
    what: 'the intent is not in status',
    rule: 'IntentFirst',
    spoil: (w) => void w.grant({ status: { lastAction: { result: 'Succeeded' } } }),
  },
  {
    what: 'removalDelay has not passed',
    rule: 'RemovalDelay',
    spoil: (w) => void w.connector({ spec: { provisioning: { removalDelay: '1h' } } }),
  },
];

function answer(world: BadWorld, verb: 'acknowledge' | 'discard', token: string, published: string): void {
  const status = { holds: [{ reason: 'TooManyRemovals', id: 'h1', token: published }] };
  const before = world.connector({ status });
  world.put(
    'AsanaConnector',
    merge(before, { metadata: { annotations: { [ANNOTATIONS[verb]]: token } } }) as object,
    before,
  );
}

/** Gives the process a listing with two accounts fewer than announced, then has Asana ask it to wait for 400 s. */
async function hearShortAndPause(world: BadWorld): Promise<void> {
  world.hear('scimListUsers', SHORT);
  world.hear('getWorkspaces', {}, { status: 429, retryAfterMs: 400_000 });
  await world.clock.advance(400_000);
}

for (const { what, rule, spoil } of cases)
  test(`a removal violates ${rule} if ${what}`, async () => {
    const found = await removal(spoil);
    assert.deepEqual(found, [rule]);
  });

test('a removal is no violation while a listing that seemed short has only waited for Asana', async () => {
  const found = await removal(async (world) => {
    await hearShortAndPause(world);
    world.look();
  });
  assert.deepEqual(found, []);
});

test('a removal that was held is no violation after an acknowledgement that covers it', async () => {
  const found = await removal((world) => {
    world.grant({ status: HOLD });
    answer(world, 'acknowledge', 'h1.2', 'h1.2');
  });
  assert.deepEqual(found, []);
});

test('a deprovision of an account that the operator did not create violates OnlyWhoWeMade', async () => {
  const world = new BadWorld();
  world.site.directory.change(world.person, { license: 'view only' });
  world.connector({ spec: { provisioning: { allowDeprovision: true } } });
  world.grant({
    metadata: { deletionTimestamp: '2026-06-01T00:00:00Z' },
    status: {
      applied: { license: 'ViewOnly', at: '2026-05-01T00:00:00Z', adopted: false },
      lastAction: { type: 'Deprovision' },
    },
  });
  await world.read();
  await world.clock.advance(5_000);
  world.send('active', false);
  assert.deepEqual(
    world.violations.map(({ rule }) => rule),
    ['OnlyWhoWeMade'],
  );
});

test('a write that no object declares violates Unasked', async () => {
  const world = new BadWorld();
  world.connector();
  await world.read();
  world.send('userType', 'enterprise');
  assert.deepEqual(
    world.violations.map(({ rule }) => rule),
    ['Unasked'],
  );
});

test('an upgrade above maxEnterpriseLicenses violates SeatLimit', async () => {
  const world = new BadWorld();
  world.site.directory.change(world.person, { license: 'view only' });
  world.connector({ spec: { provisioning: { maxEnterpriseLicenses: 1 } } });
  world.grant({ spec: { license: 'Enterprise' }, status: { lastAction: { type: 'GrantEnterprise' } } });
  await world.read();
  await world.clock.advance(10_000);
  world.send('userType', 'enterprise');
  assert.deepEqual(
    world.violations.map(({ rule }) => rule),
    ['SeatLimit'],
  );
});

test('a status that changes an adopted right to a given one violates AppliedStays', () => {
  const world = new BadWorld();
  world.connector();
  const before = world.grant({
    status: { applied: { license: 'ViewOnly', at: '2026-05-01T00:00:00Z', adopted: true } },
  });
  const after = merge(before, { status: { applied: { adopted: false } } }) as Grant;
  world.judge.commit({ by: 'operator-1', verb: 'status', kind: 'AsanaLicenseGrant', before, after });
  assert.ok(world.violations.some(({ rule }) => rule === 'AppliedStays'));
});

/** Returns the rules broken by a team grant that shows Granted although p1 has left and all listings were read. */
async function grantedAfterLeaving(members: Partial<AsanaAnswer>): Promise<string[]> {
  const world = new BadWorld();
  const [team] = world.site.teams;
  assert.ok(team);
  for (const membership of world.person.teamMemberships.slice()) world.site.directory.leaveTeam(membership);
  world.judge.facts.touch(world.site, world.person.gid);
  world.connector();
  await world.read();
  world.hear('getTeamsForWorkspace', { data: [{ gid: team.gid }], next_page: null });
  const query = { team: team.gid };
  world.hear('getTeamMemberships', { data: [], next_page: null }, { query, ...members });
  await world.clock.advance(60_000);
  const conditions = [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Granted',
      message: 'p1@acme.example is in the team.',
      observedGeneration: 1,
      lastTransitionTime: '2026-06-01T00:00:00Z',
    },
  ];
  const before = world.grant({ kind: 'AsanaTeamGrant', spec: { team } });
  const after = merge(before, {
    status: { conditions, lastAction: { type: 'AddToTeam', result: 'Succeeded' } },
  }) as Grant;
  world.judge.commit({ by: 'operator-1', verb: 'status', kind: 'AsanaTeamGrant', before, after });
  return world.violations.map(({ rule }) => rule);
}

test('a status Granted for a team without the person violates GrantedIsSo', async () => {
  assert.deepEqual(await grantedAfterLeaving({}), ['GrantedIsSo']);
});

test('a status Granted is no violation while the members of the team cannot be read', async () => {
  assert.deepEqual(await grantedAfterLeaving({ status: 503 }), []);
});
