import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { isActive } from '../../src/directory/account.ts';
import { Directory } from '../../src/directory/directory.ts';
import { findAccount, type ReadOptions, readAccount, refresh } from '../../src/directory/reader.ts';
import { syncDirectory } from '../../src/directory/sync.ts';
import { fastClock } from '../asana/fake-clock.ts';
import { ORGANIZATION, type SmallWorld, startSmallAsana } from './small-asana.ts';

const userTypes = { enterprise: 'enterprise', viewOnly: 'view only' };
const options: ReadOptions = { membership: false, userTypes, priority: 'action' };
const withMembership: ReadOptions = { ...options, membership: true };

/** Reads a directory once from the world; a test may change the world afterwards. */
async function setUp(t: TestContext, world: SmallWorld, overrides: { scimEnabled?: boolean } = {}) {
  const asana = await startSmallAsana(t, world, overrides);
  const clock = fastClock(100);
  const directory = new Directory(clock);
  const { snapshot } = await syncDirectory(asana.session, {
    scim: { enabled: true, userTypes },
    teams: false,
    clock,
  });
  assert.ok(snapshot);
  directory.adopt(snapshot);
  asana.seen.length = 0;
  return { ...asana, directory };
}

const people = [
  { gid: '1', userType: 'view only' },
  { gid: '2', role: 'guest' as const },
];

suite('how sure an absence is', () => {
  for (const [scimEnabled, membership, certain, because] of [
    [true, true, true, 'SCIM and REST were asked'],
    [true, false, false, 'SCIM alone hides guests'],
    [false, false, true, 'without SCIM, REST shows everybody'],
  ] as const) {
    test(`by gid and by email, ${because}: ${certain ? 'certain' : 'not certain'}`, async (t) => {
      const { session, directory, world } = await setUp(t, { people }, { scimEnabled });
      world.people = [];
      const byGid = await readAccount(session, directory, '1', { ...options, membership });
      const byEmail = await findAccount(session, directory, 'p1@acme.example', { ...options, membership });
      assert.deepEqual([byGid.account, byGid.certain], [null, certain]);
      assert.deepEqual([byEmail.account, byEmail.certain], [null, certain]);
    });
  }

  test('without an organization and a workspace nothing is certain: REST could not be asked', async (t) => {
    const { session, directory } = await setUp(t, {
      people,
      workspaces: [{ gid: '500', organization: true }],
    });
    const nowhere = new Directory(fastClock(100));
    assert.ok(directory.current());
    const { account, certain } = await findAccount(session, nowhere, 'x@acme.example', withMembership);
    assert.deepEqual([account, certain], [null, false]);
  });
});

suite('one account, read afresh', () => {
  test('costs one SCIM request, and shows the license of now', async (t) => {
    const { session, directory, world, seen } = await setUp(t, { people });
    world.people = [{ gid: '1', userType: 'enterprise' }];
    const { account, asanaDate } = await readAccount(session, directory, '1', options);
    assert.equal(account?.license, 'Enterprise');
    assert.equal(account?.memberships.length, 1, 'what was not asked for comes from the directory');
    assert.equal(account?.email, 'p1@acme.example');
    assert.equal(seen.length, 1);
    assert.ok(Math.abs((asanaDate ?? 0) - Date.now()) < 60_000);
  });

  test('with the membership it costs one more, and shows the role of now', async (t) => {
    const { session, directory, world, seen } = await setUp(t, { people });
    world.people = [{ gid: '1', userType: 'enterprise', role: 'admin' }];
    const { account } = await readAccount(session, directory, '1', withMembership);
    assert.equal(account?.memberships[0]?.role, 'Admin');
    assert.equal(seen.length, 2);
  });

  test('an account that SCIM lists as inactive is not active', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.people = [{ gid: '1', userType: 'view only', scimActive: false }];
    const { account } = await readAccount(session, directory, '1', options);
    assert.ok(account && !isActive(account, ORGANIZATION));
  });

  test('one that SCIM knew and no longer knows is gone, with the time of the answer', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.people = [];
    const { account, asanaDate } = await readAccount(session, directory, '1', options);
    assert.equal(account, null);
    assert.ok(asanaDate !== null);
  });

  test('a guest, whom SCIM never shows, is not gone', async (t) => {
    const { session, directory } = await setUp(t, { people });
    const { account } = await readAccount(session, directory, '2', options);
    assert.equal(account?.memberships[0]?.role, 'Guest');
  });

  test('a guest whose membership has ended is gone when REST is asked', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.people = [];
    assert.equal((await readAccount(session, directory, '2', withMembership)).account, null);
  });

  test('a 404 that does not speak of the account is no proof that it is gone', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.intercept = () => ({ status: 404, body: '<html>' });
    await assert.rejects(readAccount(session, directory, '1', options), { code: 'RouteNotFound' });
  });

  test('a rename in SCIM moves the email, an email that only differs from it stays', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.people = [{ gid: '1', userType: 'view only', email: 'New@acme.example' }];
    assert.equal((await readAccount(session, directory, '1', options)).account?.email, 'new@acme.example');
    world.intercept = () => ({
      body: {
        id: '1',
        userName: 'p1@acme.example',
        emails: [{ value: 'alias@acme.example' }],
        userType: 'view only',
      },
    });
    assert.equal((await readAccount(session, directory, '1', options)).account?.email, 'p1@acme.example');
  });

  test('an unknown license is none of ours, and kept as Asana wrote it', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.people = [{ gid: '1', userType: 'starter' }];
    const { account } = await readAccount(session, directory, '1', options);
    assert.deepEqual([account?.license, account?.scim?.userType], [null, 'starter']);
  });

  test('with SCIM off REST alone is asked', async (t) => {
    const { session, directory, seen } = await setUp(t, { people }, { scimEnabled: false });
    const { account } = await readAccount(session, directory, '1', options);
    assert.deepEqual([account?.license, account?.memberships.length, seen.length], [null, 1, 1]);
  });
});

suite('somebody in more than one workspace, read afresh', () => {
  const workspaces = [
    { gid: ORGANIZATION, organization: true },
    { gid: '600', organization: false },
  ];

  test('is looked up in the workspace that matters, and keeps the place in the other', async (t) => {
    const { session, directory, world, seen } = await setUp(t, { people, workspaces });
    world.intercept = ({ path }) =>
      path.endsWith('/600/workspace_memberships') ? { body: { data: [], next_page: null } } : null;
    const { account } = await readAccount(session, directory, '1', { ...withMembership, workspace: '600' });
    assert.deepEqual(
      account?.memberships.map(({ workspace }) => workspace),
      [ORGANIZATION],
    );
    assert.ok(seen.every(({ path }) => !path.includes(`/${ORGANIZATION}/`)));
  });

  test('is not gone while one of them has a place for them', async (t) => {
    const { session, directory, world } = await setUp(t, { people, workspaces });
    world.people = [];
    const { account } = await readAccount(session, directory, '2', { ...withMembership, workspace: '600' });
    assert.deepEqual(
      account?.memberships.map(({ workspace }) => workspace),
      [ORGANIZATION],
    );
  });
});

suite('a refresh', () => {
  test('lays the account and the place in the team over the snapshot', async (t) => {
    const { session, directory, world } = await setUp(t, { people, teams: { '7': ['1'] } });
    world.people = [{ gid: '1', userType: 'enterprise' }];
    const subject = { gid: '1', email: null, workspace: ORGANIZATION, team: '7' };
    const { teamMembership } = await refresh(session, directory, subject, withMembership);
    assert.equal(teamMembership?.user, '1');
    assert.equal(directory.account('1')?.license, 'Enterprise');
    assert.equal(directory.teamMembership('7', '1')?.user, '1');
  });

  test('of somebody whom Asana does not know (any more) finds neither account nor place', async (t) => {
    const { session, directory, world } = await setUp(t, { people, teams: { '7': ['1'] } });
    world.people = [];
    world.intercept = ({ path }) =>
      path.endsWith('/team_memberships')
        ? { status: 400, body: { errors: [{ message: 'user: Unknown object: 1' }] } }
        : null;
    const subject = { gid: '1', email: null, workspace: ORGANIZATION, team: '7' };
    const { account, teamMembership } = await refresh(session, directory, subject, withMembership);
    assert.deepEqual([account, teamMembership], [null, null]);
    assert.equal(directory.account('1'), undefined);
  });

  test('asks REST before it says that somebody whom SCIM does not show is gone: guests are hidden from SCIM', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.people = [{ gid: '1', role: 'guest' }];
    const { account, certain } = await refresh(session, directory, { gid: '1', email: null }, options);
    assert.deepEqual([account?.memberships[0]?.role, certain], ['Guest', true]);
    assert.equal(directory.account('1')?.license, null);
  });

  test('says nothing of anybody where Asana does not know the workspace', async (t) => {
    const { session, directory, world } = await setUp(t, { people, teams: { '7': ['1'] } });
    const subject = { gid: '1', email: null, workspace: ORGANIZATION, team: '7' };
    for (const [listing, status] of [
      ['/workspace_memberships', 404],
      ['/team_memberships', 400],
    ] as const) {
      world.intercept = ({ path }) =>
        path.endsWith(listing)
          ? { status, body: { errors: [{ message: `workspace: Unknown object: ${ORGANIZATION}` }] } }
          : null;
      await assert.rejects(refresh(session, directory, subject, withMembership), {
        code: 'WorkspaceNotFound',
      });
      assert.ok(directory.account('1'), listing);
    }
  });

  test('concludes nothing while REST calls a member active whom SCIM showed before and does not show now', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.intercept = ({ path }) =>
      path.endsWith('/scim/Users/1') ? { status: 404, body: { errors: [{ message: 'Not Found' }] } } : null;
    const subject = { gid: '1', email: null };
    for (const wish of [options, withMembership])
      await assert.rejects(refresh(session, directory, subject, wish), { code: 'Inconsistent' });
    assert.equal(directory.account('1')?.license, 'ViewOnly');
  });

  test('concludes nothing while SCIM calls somebody active whom REST does not show', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.intercept = ({ path }) =>
      path.endsWith('/workspace_memberships') ? { body: { data: [], next_page: null } } : null;
    const subject = { gid: '1', email: null };
    await assert.rejects(refresh(session, directory, subject, withMembership), { code: 'Inconsistent' });
    assert.equal(directory.account('1')?.memberships.length, 1);
  });
});

suite('an account, found by email', () => {
  test('has the role of its own gid, not of whom REST means by the same address', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.people = [
      { gid: '8', email: 'shared@acme.example', userType: 'enterprise' },
      { gid: '9', email: 'shared@acme.example', role: 'admin' },
    ];
    world.intercept = ({ path, query }) =>
      path.endsWith('/workspace_memberships') && query.get('user') === 'shared@acme.example'
        ? {
            body: {
              data: [
                {
                  gid: 'm9',
                  user: { gid: '9', name: 'Nina' },
                  is_active: true,
                  is_admin: true,
                  is_guest: false,
                },
              ],
              next_page: null,
            },
          }
        : null;
    const { account } = await findAccount(session, directory, 'shared@acme.example', withMembership);
    assert.equal(account?.gid, '8');
    assert.deepEqual(
      account?.memberships.map(({ role }) => role),
      ['Member'],
    );
    assert.notEqual(account?.name, 'Nina');
  });

  test('is found with the license where SCIM does not know the address, and REST does', async (t) => {
    const { session, directory, world, seen } = await setUp(t, { people });
    world.people = [{ gid: '1', userType: 'enterprise' }];
    world.intercept = ({ path, query }) =>
      path.endsWith('/scim/Users') && query.has('filter')
        ? { body: { totalResults: 0, Resources: [] } }
        : null;
    seen.length = 0;
    const { account } = await findAccount(session, directory, 'p1@acme.example', withMembership);
    assert.deepEqual([account?.license, account?.memberships.length], ['Enterprise', 1]);
    assert.equal(seen.filter(({ path }) => path.endsWith('/scim/Users/1')).length, 1);
  });

  test('is found with the membership where REST does not know the address, and SCIM does', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.intercept = ({ path, query }) =>
      path.endsWith('/workspace_memberships') && query.get('user') === 'p1@acme.example'
        ? { status: 400, body: { errors: [{ message: 'user: Unknown object: p1@acme.example' }] } }
        : null;
    const { account } = await findAccount(session, directory, 'p1@acme.example', withMembership);
    assert.deepEqual([account?.license, account?.memberships.length], ['ViewOnly', 1]);
  });

  test('one that the directory does not know yet', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.people = [{ gid: '9', userType: 'enterprise', email: 'new@acme.example' }];
    const { account } = await findAccount(session, directory, 'new@acme.example', withMembership);
    assert.deepEqual(
      [account?.gid, account?.email, account?.license],
      ['9', 'new@acme.example', 'Enterprise'],
    );
    assert.ok(account && isActive(account, ORGANIZATION));
  });

  test('a guest is found only where REST is asked: SCIM finding nobody does not mean the email is free', async (t) => {
    const { session, directory } = await setUp(t, { people });
    assert.equal((await findAccount(session, directory, 'p2@acme.example', options)).account, null);
    const { account } = await findAccount(session, directory, 'p2@acme.example', withMembership);
    assert.equal(account?.memberships[0]?.role, 'Guest');
  });

  test('nobody is nobody, whether REST says so by an empty list or by a refusal', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    assert.equal((await findAccount(session, directory, 'x@acme.example', withMembership)).account, null);
    world.intercept = ({ path }) =>
      path.includes('/scim/')
        ? null
        : { status: 400, body: { errors: [{ message: 'user: Unknown object: x' }] } };
    assert.equal((await findAccount(session, directory, 'x@acme.example', withMembership)).account, null);
  });
});
