import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { addressOf } from '../../src/directory/account.ts';
import type { Snapshot } from '../../src/directory/snapshot.ts';
import type { SyncProgress } from '../../src/directory/sync.ts';
import type { ScriptedReply, SeenRequest } from '../asana/scripted-server.ts';
import { makePeople, ORGANIZATION, type SmallAsana, startSmallAsana } from './small-asana.ts';
import { isScim, refusal, run, snapshotOf, userTypes } from './small-sync.ts';

/** Returns an interceptor that answers paths with this ending; the world answers all others. */
const failing = (end: string, reply: ScriptedReply) => (request: SeenRequest) =>
  request.path.endsWith(end) ? reply : null;

suite('a complete reading', () => {
  test('joins users, memberships, licenses and teams by gid', async (t) => {
    const asana = await startSmallAsana(t, {
      people: [
        { gid: '1', userType: 'enterprise', role: 'admin', email: 'Ann@Acme.example' },
        { gid: '2', userType: 'View Only' },
        { gid: '3', role: 'guest' },
        { gid: '4', userType: 'starter', active: false, scimActive: false },
      ],
      teams: { '70': ['1', '3'], '71': [] },
    });
    const { snapshot, rest, scim } = await run(asana);
    assert.ok(snapshot);
    assert.deepEqual([rest, scim, snapshot.scimIdsForeign], [{ ok: true }, { ok: true }, false]);
    assert.deepEqual(snapshot.accounts.get('1'), {
      gid: '1',
      email: 'ann@acme.example',
      address: 'Ann@Acme.example',
      name: 'Person 1',
      memberships: [{ gid: 'm1', workspace: ORGANIZATION, active: true, role: 'Admin', viewOnly: false }],
      scim: { id: '1', userName: 'Ann@Acme.example', active: true, userType: 'enterprise', attributes: {} },
      license: 'Enterprise',
    });
    assert.deepEqual(
      [...snapshot.accounts.values()].map(({ license }) => license),
      ['Enterprise', 'ViewOnly', null, null],
    );
    assert.equal(snapshot.gidsByEmail.get('ann@acme.example'), '1');
    assert.deepEqual(
      snapshot.teams.get('70')?.memberships.map(({ user }) => user),
      ['1', '3'],
    );
    assert.deepEqual(snapshot.teams.get('71')?.memberships, []);
    assert.equal(snapshot.self, '1');
    assert.equal(snapshot.organization?.gid, ORGANIZATION);
    for (const part of Object.values(snapshot.parts)) {
      assert.ok(part);
      assert.deepEqual([part.complete, part.incompleteBecause], [true, null]);
    }
  });

  test('sends 3⌈A/100⌉ + ⌈T/100⌉ + Σ⌈m/100⌉ + 3 requests', async (t) => {
    const people = makePeople(250);
    const members = people.map(({ gid }) => gid);
    const teams = Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`t${index}`, ['1']]));
    const asana = await startSmallAsana(t, { people, teams: { ...teams, big: members } });
    const snapshot = await snapshotOf(asana);
    const bound = 3 * 3 + 2 + 120 + 3 + 3;
    assert.equal(asana.seen.length, bound);
    assert.equal(snapshot.requests, bound);
    assert.equal(snapshot.teams.get('big')?.memberships.length, 250);
  });

  test('reports the accounts before the teams are read, and reports its progress', async (t) => {
    let letTeamsGo = () => {};
    const held = new Promise<void>((resolve) => (letTeamsGo = resolve));
    const asana = await startSmallAsana(t, {
      people: makePeople(5),
      teams: { '70': ['1'] },
      intercept: ({ path }) =>
        path.endsWith('/team_memberships')
          ? (response) => void held.then(() => response.end(JSON.stringify({ data: [], next_page: null })))
          : null,
    });
    const progress: SyncProgress[] = [];
    const early: Snapshot[] = [];
    const snapshot = await snapshotOf(asana, {
      onAccounts: (accounts) => {
        early.push(accounts);
        letTeamsGo();
      },
      onProgress: (step) => progress.push(step),
    });
    assert.equal(early.length, 1);
    assert.equal(early[0]?.parts.teams, null);
    assert.equal(early[0]?.accounts.size, 5);
    assert.equal(snapshot.teams.size, 1);
    assert.deepEqual(progress.at(-1), { phase: 'Teams', accounts: 5, teams: 1 });
    assert.equal(progress[0]?.phase, 'Accounts');
  });

  test('without teams, carries over the teams of the previous reading with their own time', async (t) => {
    const asana = await startSmallAsana(t, { people: makePeople(3), teams: { '70': ['1'] } });
    const previous = await snapshotOf(asana);
    asana.seen.length = 0;
    const next = await snapshotOf(asana, { teams: false, previous });
    assert.equal(next.teams, previous.teams);
    assert.equal(next.parts.teams, previous.parts.teams);
    assert.equal(asana.seen.length, 6);
  });

  test('with SCIM off, reads several organizations without licenses or SCIM requests', async (t) => {
    const asana = await startSmallAsana(
      t,
      {
        people: makePeople(3),
        workspaces: [
          { gid: '500', organization: true },
          { gid: '501', organization: true },
          { gid: '502', organization: false },
        ],
        teams: { '70': ['1'] },
      },
      { scimEnabled: false },
    );
    const { snapshot, scim } = await run(asana);
    assert.equal(scim, null);
    assert.equal(snapshot?.parts.licenses, null);
    assert.equal(snapshot?.organization, null);
    assert.equal(snapshot?.accounts.get('1')?.memberships.length, 3);
    assert.ok(!asana.seen.some(isScim));
    const teamListings = asana.seen.filter(({ path }) => path.endsWith('/teams')).map(({ path }) => path);
    assert.deepEqual(teamListings.toSorted(), [
      '/api/1.0/workspaces/500/teams',
      '/api/1.0/workspaces/501/teams',
    ]);
  });

  test('reduces an old inactive and a new active membership to the active one', async (t) => {
    const asana = await startSmallAsana(t, {
      people: [
        { gid: '1', userType: 'enterprise' },
        { gid: '2', userType: 'enterprise' },
      ],
      intercept: failing('/workspace_memberships', {
        body: {
          data: [false, true].map((active, index) => ({
            gid: `m${index}`,
            user: { gid: '1', name: 'Ann' },
            is_active: active,
            is_admin: false,
            is_guest: false,
          })),
          next_page: null,
        },
      }),
    });
    const snapshot = await snapshotOf(asana);
    assert.deepEqual(
      snapshot.accounts.get('1')?.memberships.map(({ gid }) => gid),
      ['m1'],
    );
    assert.deepEqual(
      snapshot.accounts.get('2')?.memberships,
      [],
      'an account without a listed membership has none',
    );
  });

  test('assigns an email that two accounts share to the active one', async (t) => {
    const asana = await startSmallAsana(t, {
      people: [
        { gid: '1', email: 'ann@acme.example', userType: 'enterprise' },
        { gid: '2', email: 'ann@acme.example', active: false },
      ],
    });
    assert.equal((await snapshotOf(asana)).gidsByEmail.get('ann@acme.example'), '1');
  });
});

suite('an incomplete reading', () => {
  const part = (snapshot: Snapshot, name: 'accounts' | 'licenses' | 'teams') => snapshot.parts[name];

  test('a membership listing that fails midway makes the accounts incomplete and keeps what it read', async (t) => {
    const asana = await startSmallAsana(t, {
      people: makePeople(250),
      intercept: ({ path, query }) =>
        path.endsWith('/workspace_memberships') && query.get('offset') === '200' ? refusal(503) : null,
    });
    const snapshot = await snapshotOf(asana);
    assert.equal(part(snapshot, 'accounts')?.complete, false);
    assert.match(String(part(snapshot, 'accounts')?.incompleteBecause), /workspace_memberships\.list/);
    assert.equal(part(snapshot, 'licenses')?.complete, true);
    assert.equal(snapshot.accounts.size, 250);
    assert.equal(snapshot.accounts.get('200')?.memberships.length, 1);
    assert.equal(snapshot.accounts.get('201')?.memberships.length, 0);
  });

  test('accounts that an incomplete listing lacks are taken from the previous reading', async (t) => {
    const asana = await startSmallAsana(t, { people: makePeople(250) });
    const previous = await snapshotOf(asana);
    asana.world.intercept = ({ path, query }) =>
      /\/(users|workspace_memberships|Users)$/.test(path) &&
      (query.has('offset') || Number(query.get('startIndex')) > 1)
        ? refusal(503)
        : null;
    const next = await snapshotOf(asana, { previous });
    assert.equal(part(next, 'accounts')?.complete, false);
    assert.equal(part(next, 'licenses')?.complete, false);
    assert.deepEqual(next.accounts.get('250'), previous.accounts.get('250'));
  });

  test('a page without next_page makes the accounts incomplete', async (t) => {
    const asana = await startSmallAsana(t, {
      people: makePeople(5),
      intercept: failing('/workspace_memberships', { body: { data: [] } }),
    });
    assert.match(String(part(await snapshotOf(asana), 'accounts')?.incompleteBecause), /next_page/);
  });

  test('fewer SCIM users than totalResults make only the licenses incomplete', async (t) => {
    const asana = await startSmallAsana(t, {
      people: makePeople(3),
      intercept: failing('/scim/Users', {
        body: {
          totalResults: 3,
          Resources: [{ id: '1', userName: 'p1@acme.example', userType: 'enterprise' }],
        },
      }),
    });
    const { snapshot, scim } = await run(asana);
    assert.ok(snapshot && scim && !scim.ok);
    assert.equal(part(snapshot, 'accounts')?.complete, true);
    assert.match(String(part(snapshot, 'licenses')?.incompleteBecause), /announces 3 entries and returned 1/);
    assert.equal(snapshot.accounts.get('1')?.license, 'Enterprise');
  });

  test('a team that cannot be read makes the teams incomplete, and keeps its previous members', async (t) => {
    const asana = await startSmallAsana(t, { people: makePeople(3), teams: { '70': ['1'], '71': ['2'] } });
    const previous = await snapshotOf(asana);
    asana.world.intercept = ({ query }) =>
      query.get('team') === '71' ? refusal(403, 'You do not have access to this team.') : null;
    const next = await snapshotOf(asana, { previous });
    assert.equal(part(next, 'teams')?.complete, false);
    assert.match(String(part(next, 'teams')?.incompleteBecause), /no access to this team/);
    assert.deepEqual(
      next.teams.get('71')?.memberships.map(({ user }) => user),
      ['2'],
    );
    assert.equal(part(next, 'accounts')?.complete, true);
  });

  test('most teams are not tried if no team can be read', async (t) => {
    const teams = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`t${index}`, ['1']]));
    const asana = await startSmallAsana(t, {
      people: makePeople(3),
      teams,
      intercept: failing('/team_memberships', refusal(403)),
    });
    const snapshot = await snapshotOf(asana);
    assert.match(String(part(snapshot, 'teams')?.incompleteBecause), /were not tried/);
    const asked = asana.seen.filter(({ path }) => path.endsWith('/team_memberships')).length;
    assert.ok(asked < 120, `${asked} of 400 teams were tried`);
  });

  test('an outage of /users/me leaves the accounts incomplete, and a 403 does not', async (t) => {
    const asana = await startSmallAsana(t, {
      people: makePeople(3),
      intercept: failing('/users/me', refusal(503)),
    });
    const during = await snapshotOf(asana);
    assert.deepEqual([during.self, part(during, 'accounts')?.complete], [null, false]);
    asana.world.intercept = failing('/users/me', refusal(403));
    const refused = await snapshotOf(asana);
    assert.deepEqual([refused.self, part(refused, 'accounts')?.complete], [null, true]);
  });
});

suite('workspaces that are not read', () => {
  const workspaces = [
    { gid: '500', organization: true },
    { gid: '501', organization: true },
  ];
  const asked = ({ seen }: SmallAsana, gid: string) =>
    seen.filter(({ path, query }) => path.includes(`/workspaces/${gid}/`) || query.get('workspace') === gid)
      .length;

  test("an organization in which the token's account is a guest is not read", async (t) => {
    const asana = await startSmallAsana(t, { people: makePeople(3), workspaces, guestIn: ['501'] });
    const snapshot = await snapshotOf(asana);
    assert.equal(asked(asana, '501'), 0);
    assert.deepEqual(snapshot.leftOut, [{ gid: '501', name: 'W501', organization: true, leftOut: 'Guest' }]);
    assert.equal(snapshot.organization?.gid, '500', 'the other organization remains for SCIM');
  });

  test('with SCIM on, an organization that rejects the token is left out', async (t) => {
    const asana = await startSmallAsana(t, {
      people: makePeople(3),
      workspaces,
      intercept: failing('/501/workspace_memberships', refusal(403)),
    });
    const snapshot = await snapshotOf(asana);
    assert.deepEqual(
      snapshot.leftOut.map(({ gid, leftOut }) => [gid, leftOut]),
      [['501', 'Refused']],
    );
    assert.equal(snapshot.parts.accounts.complete, true);
  });

  test('an organization that rejects only requests for its teams and users is left out', async (t) => {
    const asana = await startSmallAsana(
      t,
      {
        people: makePeople(3),
        workspaces,
        teams: { '70': ['1'] },
        intercept: ({ path, query }) =>
          path.includes('/501/teams') || (path.endsWith('/users') && query.get('workspace') === '501')
            ? refusal(403)
            : null,
      },
      { scimEnabled: false },
    );
    const { parts, leftOut, accounts, teams } = await snapshotOf(asana);
    assert.deepEqual([parts.accounts.complete, parts.teams?.complete], [true, true]);
    assert.deepEqual(
      leftOut.map(({ gid }) => gid),
      ['501'],
    );
    assert.ok([...accounts.values()].every(({ memberships }) => memberships.length === 1));
    assert.equal(teams.get('70')?.organization, '500');
  });

  test('an outage of /users/me/workspace_memberships leaves the accounts incomplete', async (t) => {
    const intercept = failing('/me/workspace_memberships', refusal(503));
    const asana = await startSmallAsana(t, { people: makePeople(3), intercept });
    assert.equal((await snapshotOf(asana)).parts.accounts.complete, false);
  });

  test('teams of an organization that is no longer in scope are not carried over', async (t) => {
    const world = { people: makePeople(3), workspaces, teams: { '70': ['1'] } };
    const asana = await startSmallAsana(t, world, { scimEnabled: false });
    const previous = await snapshotOf(asana);
    const teamOf = (organization: string) =>
      [organization, { gid: organization, name: 'T', organization, memberships: [] }] as const;
    const both = { ...previous, teams: new Map([teamOf('500'), teamOf('501')]) };
    asana.world.guestIn = ['501'];
    const next = await snapshotOf(asana, {
      teams: false,
      previous: { ...both, organization: workspaceOf('500') },
    });
    assert.deepEqual([...next.teams.keys()], ['500']);
  });
});

const workspaceOf = (gid: string) => ({ gid, name: `W${gid}`, organization: true });

suite('a team that returns 404 while it is read', () => {
  const notFound = refusal(404, 'team: Unknown object: 71');

  test('is dropped without making the teams incomplete if it is no longer listed', async (t) => {
    const asana = await startSmallAsana(t, { people: makePeople(3), teams: { '70': ['1'], '71': ['2'] } });
    const previous = await snapshotOf(asana);
    asana.world.intercept = ({ query }) => {
      if (query.get('team') !== '71') return null;
      asana.world.teams = { '70': ['1'] };
      return notFound;
    };
    const { parts, teams } = await snapshotOf(asana, { previous });
    assert.equal(parts.teams?.complete, true);
    assert.deepEqual([...teams.keys()], ['70']);
  });

  test('is kept and makes the teams incomplete if it is still listed', async (t) => {
    const asana = await startSmallAsana(t, {
      people: makePeople(3),
      teams: { '70': ['1'], '71': ['2'] },
      intercept: ({ query }) => (query.get('team') === '71' ? notFound : null),
    });
    const { parts, teams } = await snapshotOf(asana);
    assert.equal(parts.teams?.complete, false);
    assert.deepEqual([...teams.keys()].toSorted(), ['70', '71']);
  });
});

suite('a short license listing', () => {
  const short = failing('/scim/Users', {
    body: { totalResults: 3, Resources: [{ id: '1', userName: 'p1@acme.example', userType: 'enterprise' }] },
  });

  for (const [acceptedShortfall, complete, because] of [
    [null, false, 'no shortfall was accepted'],
    [1, false, 'a shortfall of one was accepted'],
    [2, true, 'a shortfall of two was accepted'],
    [3, true, 'a shortfall of three was accepted'],
  ] as const) {
    test(`that lacks two users is ${complete ? 'complete' : 'incomplete'} if ${because}`, async (t) => {
      const asana = await startSmallAsana(t, { people: makePeople(3), intercept: short });
      const { snapshot, scim } = await run(asana, { acceptedShortfall });
      assert.deepEqual(snapshot?.parts.licenses?.shortfall, { announced: 3, received: 1 });
      assert.equal(snapshot?.parts.licenses?.complete, complete);
      assert.equal(scim?.ok, complete);
    });
  }

  test('that also fails is incomplete and reports no shortfall to accept', async (t) => {
    const asana = await startSmallAsana(t, {
      people: makePeople(150),
      intercept: ({ path, query }) =>
        path.endsWith('/scim/Users') && query.get('startIndex') === '101' ? refusal(503) : null,
    });
    const { parts } = await snapshotOf(asana, { acceptedShortfall: 100 });
    assert.deepEqual([parts.licenses?.complete, parts.licenses?.shortfall], [false, undefined]);
  });
});

suite('addresses', () => {
  test('of former members come from their memberships, and all keep the case that Asana uses', async (t) => {
    const asana = await startSmallAsana(t, {
      people: [{ gid: '1', email: 'Ann@Acme.example', userType: 'enterprise' }],
      intercept: failing('/500/workspace_memberships', {
        body: {
          data: [
            {
              gid: 'm9',
              user: { gid: '9', name: 'Gone', email: 'Gone@Acme.example' },
              is_active: false,
              is_admin: false,
              is_guest: false,
            },
          ],
          next_page: null,
        },
      }),
    });
    const withScim = await snapshotOf(asana);
    const without = await snapshotOf(asana, { scim: { enabled: false, userTypes } });
    for (const { accounts, gidsByEmail } of [withScim, without]) {
      assert.deepEqual(
        [...accounts.values()].map((account) => [account.email, addressOf(account)]),
        [
          ['ann@acme.example', 'Ann@Acme.example'],
          ['gone@acme.example', 'Gone@Acme.example'],
        ],
      );
      assert.equal(gidsByEmail.get('gone@acme.example'), '9');
    }
  });
});

suite('a sync that fails as a whole', () => {
  for (const [status, code] of [
    [401, 'CredentialsRejected'],
    [402, 'PlanRefused'],
    [503, 'AsanaUnavailable'],
  ] as const) {
    test(`throws ${code} for a ${status} from REST if SCIM is off`, async (t) => {
      const asana = await startSmallAsana(t, { intercept: () => refusal(status) }, { scimEnabled: false });
      await assert.rejects(run(asana), { code });
    });
  }

  test('throws CredentialsRejected if the token is revoked during the sync', async (t) => {
    const asana = await startSmallAsana(t, {
      people: makePeople(150),
      intercept: ({ path, query }) => (path.endsWith('/users') && query.has('offset') ? refusal(401) : null),
    });
    await assert.rejects(run(asana), { code: 'CredentialsRejected' });
  });

  test('throws AsanaUnavailable during an outage of REST, even if SCIM is available', async (t) => {
    const asana = await startSmallAsana(t, {
      people: makePeople(3),
      intercept: (request) => (isScim(request) ? null : refusal(503)),
    });
    await assert.rejects(run(asana), { code: 'AsanaUnavailable' });
  });

  test('throws WorkspaceNotFound for a workspace that the token does not see', async (t) => {
    const asana = await startSmallAsana(t, { people: makePeople(3) });
    await assert.rejects(run(asana, { workspaces: ['999'] }), { code: 'WorkspaceNotFound' });
  });

  test('throws AmbiguousOrganization for two organizations with SCIM on, unless one is named', async (t) => {
    const asana = await startSmallAsana(t, {
      people: makePeople(3),
      workspaces: [
        { gid: '500', organization: true },
        { gid: '501', organization: true },
      ],
    });
    await assert.rejects(run(asana), { code: 'AmbiguousOrganization' });
    await assert.doesNotReject(run(asana, { workspaces: ['501'] }));
  });

  test('throws the reason of an abort, and starts no further pages', async (t) => {
    const controller = new AbortController();
    const asana = await startSmallAsana(t, {
      people: makePeople(3000),
      teams: { '70': ['1'] },
      intercept: ({ path }) => {
        if (!path.endsWith('/workspace_memberships')) return null;
        controller.abort(new Error('lost the lease'));
        return () => {};
      },
    });
    await assert.rejects(run(asana, { signal: controller.signal }), /lost the lease/);
    const asked = asana.seen.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    // Each of the other three listings may have had a page in flight; ninety pages were left to read.
    assert.ok(asana.seen.length <= asked + 3, `${asana.seen.length - asked} requests after the end`);
  });
});
