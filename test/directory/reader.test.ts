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

suite('the absence of an account', () => {
  for (const [scimEnabled, membership, certain, because] of [
    [true, true, true, 'SCIM and REST were both read'],
    [true, false, false, 'SCIM alone hides guests'],
    [false, false, true, 'without SCIM, REST shows everybody'],
  ] as const) {
    test(`is ${certain ? 'certain' : 'not certain'} by gid and by email: ${because}`, async (t) => {
      const { session, directory, world } = await setUp(t, { people }, { scimEnabled });
      world.people = [];
      const byGid = await readAccount(session, directory, '1', { ...options, membership });
      const byEmail = await findAccount(session, directory, 'p1@acme.example', { ...options, membership });
      assert.deepEqual([byGid.account, byGid.certain], [null, certain]);
      assert.deepEqual([byEmail.account, byEmail.certain], [null, certain]);
    });
  }

  test('is not certain without an organization and a workspace, because REST cannot be read', async (t) => {
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

suite('a fresh read of one account', () => {
  test('sends one SCIM request and returns the current license', async (t) => {
    const { session, directory, world, seen } = await setUp(t, { people });
    world.people = [{ gid: '1', userType: 'enterprise' }];
    const { account, asanaDate } = await readAccount(session, directory, '1', options);
    assert.equal(account?.license, 'Enterprise');
    assert.equal(account?.memberships.length, 1, 'the membership comes from the directory');
    assert.equal(account?.email, 'p1@acme.example');
    assert.equal(seen.length, 1);
    assert.ok(Math.abs((asanaDate ?? 0) - Date.now()) < 60_000);
  });

  test('with the membership, sends one more request and returns the current role', async (t) => {
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

  test('an account that SCIM no longer has is gone, with the date of the response', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.people = [];
    const { account, asanaDate } = await readAccount(session, directory, '1', options);
    assert.equal(account, null);
    assert.ok(asanaDate !== null);
  });

  test('a guest is not gone, although SCIM does not list guests', async (t) => {
    const { session, directory } = await setUp(t, { people });
    const { account } = await readAccount(session, directory, '2', options);
    assert.equal(account?.memberships[0]?.role, 'Guest');
  });

  test('a guest whose membership has ended is gone if the membership is read', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.people = [];
    assert.equal((await readAccount(session, directory, '2', withMembership)).account, null);
  });

  test('a 404 with an HTML body fails with RouteNotFound and is not taken for a missing account', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.intercept = () => ({ status: 404, body: '<html>' });
    await assert.rejects(readAccount(session, directory, '1', options), { code: 'RouteNotFound' });
  });

  test('the email follows the userName in SCIM and ignores other addresses in SCIM', async (t) => {
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

  test('an unknown userType maps to no license, and is kept as Asana shows it', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.people = [{ gid: '1', userType: 'starter' }];
    const { account } = await readAccount(session, directory, '1', options);
    assert.deepEqual([account?.license, account?.scim?.userType], [null, 'starter']);
  });

  test('with SCIM off, only REST is read', async (t) => {
    const { session, directory, seen } = await setUp(t, { people }, { scimEnabled: false });
    const { account } = await readAccount(session, directory, '1', options);
    assert.deepEqual([account?.license, account?.memberships.length, seen.length], [null, 1, 1]);
  });
});

suite('a fresh read of an account in two workspaces', () => {
  const workspaces = [
    { gid: ORGANIZATION, organization: true },
    { gid: '600', organization: false },
  ];

  test('reads only the given workspace, and keeps the membership of the other', async (t) => {
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

  test('keeps the account while the other workspace has a membership', async (t) => {
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
  test('lays the account and its team membership over the snapshot', async (t) => {
    const { session, directory, world } = await setUp(t, { people, teams: { '7': ['1'] } });
    world.people = [{ gid: '1', userType: 'enterprise' }];
    const subject = { gid: '1', email: null, workspace: ORGANIZATION, team: '7' };
    const { teamMembership } = await refresh(session, directory, subject, withMembership);
    assert.equal(teamMembership?.user, '1');
    assert.equal(directory.account('1')?.license, 'Enterprise');
    assert.equal(directory.teamMembership('7', '1')?.user, '1');
  });

  test('of an account that Asana no longer has finds no account and no team membership', async (t) => {
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

  test('reads REST before it reports an account as gone, because SCIM hides guests', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.people = [{ gid: '1', role: 'guest' }];
    const { account, certain } = await refresh(session, directory, { gid: '1', email: null }, options);
    assert.deepEqual([account?.memberships[0]?.role, certain], ['Guest', true]);
    assert.equal(directory.account('1')?.license, null);
  });

  test('keeps the account and fails with WorkspaceNotFound if Asana lacks the workspace', async (t) => {
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

  test('fails with Inconsistent if SCIM no longer shows a member that REST shows as active', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.intercept = ({ path }) =>
      path.endsWith('/scim/Users/1') ? { status: 404, body: { errors: [{ message: 'Not Found' }] } } : null;
    const subject = { gid: '1', email: null };
    for (const wish of [options, withMembership])
      await assert.rejects(refresh(session, directory, subject, wish), { code: 'Inconsistent' });
    assert.equal(directory.account('1')?.license, 'ViewOnly');
  });

  test('fails with Inconsistent if REST does not show an account that SCIM shows as active', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.intercept = ({ path }) =>
      path.endsWith('/workspace_memberships') ? { body: { data: [], next_page: null } } : null;
    const subject = { gid: '1', email: null };
    await assert.rejects(refresh(session, directory, subject, withMembership), { code: 'Inconsistent' });
    assert.equal(directory.account('1')?.memberships.length, 1);
  });
});

suite('a search for an account by email', () => {
  test('returns the role of its own gid, not that of another account with the address', async (t) => {
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

  test('returns the license if only REST knows the address', async (t) => {
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

  test('returns the membership if only SCIM knows the address', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.intercept = ({ path, query }) =>
      path.endsWith('/workspace_memberships') && query.get('user') === 'p1@acme.example'
        ? { status: 400, body: { errors: [{ message: 'user: Unknown object: p1@acme.example' }] } }
        : null;
    const { account } = await findAccount(session, directory, 'p1@acme.example', withMembership);
    assert.deepEqual([account?.license, account?.memberships.length], ['ViewOnly', 1]);
  });

  test('finds an account that the directory does not contain yet', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    world.people = [{ gid: '9', userType: 'enterprise', email: 'new@acme.example' }];
    const { account } = await findAccount(session, directory, 'new@acme.example', withMembership);
    assert.deepEqual(
      [account?.gid, account?.email, account?.license],
      ['9', 'new@acme.example', 'Enterprise'],
    );
    assert.ok(account && isActive(account, ORGANIZATION));
  });

  test('finds a guest only if the membership is read, because SCIM hides guests', async (t) => {
    const { session, directory } = await setUp(t, { people });
    assert.equal((await findAccount(session, directory, 'p2@acme.example', options)).account, null);
    const { account } = await findAccount(session, directory, 'p2@acme.example', withMembership);
    assert.equal(account?.memberships[0]?.role, 'Guest');
  });

  test('returns null for an unknown address if REST returns an empty list or an error', async (t) => {
    const { session, directory, world } = await setUp(t, { people });
    assert.equal((await findAccount(session, directory, 'x@acme.example', withMembership)).account, null);
    world.intercept = ({ path }) =>
      path.includes('/scim/')
        ? null
        : { status: 400, body: { errors: [{ message: 'user: Unknown object: x' }] } };
    assert.equal((await findAccount(session, directory, 'x@acme.example', withMembership)).account, null);
  });
});
