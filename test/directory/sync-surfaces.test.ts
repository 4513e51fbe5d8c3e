import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Redacted } from '../../src/core/redacted.ts';
import { isActive } from '../../src/directory/account.ts';
import type { SeenRequest } from '../asana/scripted-server.ts';
import { makePeople, ORGANIZATION, startSmallAsana } from './small-asana.ts';
import { isScim, refusal, run, snapshotOf } from './small-sync.ts';

suite('the separate checks of REST and SCIM', () => {
  test('a token that SCIM rejects leaves the accounts from REST complete', async (t) => {
    const asana = await startSmallAsana(t, {
      people: makePeople(3),
      intercept: (request) => (isScim(request) ? refusal(401) : null),
    });
    const { snapshot, rest, scim } = await run(asana);
    assert.deepEqual(rest, { ok: true });
    assert.ok(scim && !scim.ok && scim.error.code === 'CredentialsRejected');
    assert.equal(snapshot?.parts.accounts.complete, true);
    assert.equal(snapshot?.parts.licenses?.complete, false);
  });

  for (const status of [401, 403]) {
    const overScim = (request: SeenRequest) => (isScim(request) ? null : refusal(status));

    test(`a token with only SCIM permissions (${status} from REST) reads what SCIM shows`, async (t) => {
      const asana = await startSmallAsana(t, {
        people: [...makePeople(3), { gid: '4', userType: 'view only', scimActive: false }],
        teams: { '70': ['1', '2'], '71': [] },
        intercept: overScim,
      });
      const { snapshot, rest, scim } = await run(asana, { defaultWorkspace: ORGANIZATION });
      assert.deepEqual(scim, { ok: true });
      assert.ok(snapshot && !rest.ok);
      assert.equal(rest.error.code, 'ScimOnly');
      assert.match(rest.error.message, /Guests, roles and other workspaces are missing/);
      assert.deepEqual(
        [snapshot.scimOnly, snapshot.self, snapshot.organization?.gid],
        [true, null, ORGANIZATION],
      );
      assert.equal(snapshot.accounts.get('1')?.license, 'Enterprise');
      const active = [...snapshot.accounts.values()].filter((account) => isActive(account, ORGANIZATION));
      assert.deepEqual(
        active.map(({ gid }) => gid),
        ['1', '2', '3'],
      );
      assert.deepEqual(
        snapshot.teams.get('70')?.memberships.map(({ user }) => user),
        ['1', '2'],
      );
      assert.deepEqual(snapshot.teams.get('71')?.memberships, []);
      for (const part of Object.values(snapshot.parts)) assert.equal(part?.complete, true);
      assert.equal(
        asana.seen.length,
        3 + 1 + 1 + 2,
        'three rejected requests, a page of users, a page of groups, two groups',
      );
    });

    test(`the teams are incomplete over SCIM alone (${status} from REST) if no team shows its members`, async (t) => {
      const asana = await startSmallAsana(t, {
        people: makePeople(3),
        teams: { '70': ['1', '2'], '71': [], '72': ['3'] },
        intercept: (request) =>
          /\/Groups\/\d+$/.test(request.path)
            ? { body: { id: request.path.split('/').at(-1), displayName: 'Team' } }
            : overScim(request),
      });
      const { snapshot } = await run(asana, { defaultWorkspace: ORGANIZATION });
      assert.equal(snapshot?.parts.teams?.complete, false);
      assert.match(snapshot?.parts.teams?.incompleteBecause ?? '', /no team shows its members/);
    });

    for (const [options, because] of [
      [{ restKnown: true }, 'the acceptance is recorded'],
      [{ previous: 'read' }, 'REST was read earlier in this process'],
    ] as const) {
      test(`a token that REST accepted before does not fall back to SCIM (${status}): ${because}`, async (t) => {
        const asana = await startSmallAsana(t, { people: makePeople(3) });
        const previous = 'previous' in options ? await snapshotOf(asana) : null;
        asana.world.intercept = overScim;
        const known = { restKnown: 'restKnown' in options, previous, defaultWorkspace: ORGANIZATION };
        const { snapshot, rest } = await run(asana, known);
        assert.equal(snapshot, null);
        assert.ok(!rest.ok);
        assert.equal(rest.error.code, 'PermissionDenied');
        assert.match(rest.error.message, /full permissions/);
      });
    }
  }

  test('over SCIM alone, the connector must name the organization', async (t) => {
    const intercept = (request: SeenRequest) => (isScim(request) ? null : refusal(403));
    const asana = await startSmallAsana(t, { people: makePeople(3), intercept });
    await assert.rejects(run(asana), { code: 'WorkspaceNotSet', message: /defaultWorkspace.*workspaces/ });
    await assert.rejects(run(asana, { workspaces: ['500', '501'] }), { code: 'WorkspaceNotSet' });
    const { organization } = await snapshotOf(asana, { workspaces: [ORGANIZATION] });
    assert.equal(organization?.gid, ORGANIZATION);
  });

  test('over SCIM alone, a listing that fails midway makes the sync fail', async (t) => {
    const asana = await startSmallAsana(t, {
      people: makePeople(150),
      intercept: ({ path, query }) =>
        path.includes('/scim/') ? (query.get('startIndex') === '101' ? refusal(503) : null) : refusal(403),
    });
    await assert.rejects(run(asana, { defaultWorkspace: ORGANIZATION }), { code: 'Forbidden' });
  });

  test('with two tokens, the error for a rejected REST token does not ask for full permissions', async (t) => {
    const asana = await startSmallAsana(
      t,
      { people: makePeople(3), intercept: (request) => (isScim(request) ? null : refusal(401)) },
      { scimToken: new Redacted('another-token') },
    );
    const { rest } = await run(asana);
    assert.ok(!rest.ok);
    assert.doesNotMatch(rest.error.message, /full permissions/);
  });

  test('a domain whose users have no userType fails the SCIM check with LicensesUnavailable', async (t) => {
    const asana = await startSmallAsana(t, {
      people: [
        { gid: '1', userType: null },
        { gid: '2', userType: null },
      ],
    });
    const { snapshot, scim } = await run(asana);
    assert.ok(scim && !scim.ok);
    assert.equal(scim.error.code, 'LicensesUnavailable');
    assert.equal(snapshot?.parts.licenses?.complete, true);
  });

  test('SCIM IDs that match no gid are marked as foreign and joined to no account', async (t) => {
    const asana = await startSmallAsana(t, { people: makePeople(4), scimId: (gid) => `other-${gid}` });
    const { snapshot } = await run(asana);
    assert.equal(snapshot?.scimIdsForeign, true);
    assert.equal(snapshot?.accounts.size, 4);
    assert.ok([...(snapshot?.accounts.values() ?? [])].every(({ scim, license }) => !scim && !license));
  });

  test('SCIM IDs are not foreign if at least one of them matches the gid of a member', async (t) => {
    const asana = await startSmallAsana(t, {
      people: makePeople(4),
      scimId: (gid) => (gid === '3' ? gid : `other-${gid}`),
    });
    assert.equal((await snapshotOf(asana)).scimIdsForeign, false);
  });

  test('SCIM IDs are foreign if only a guest matches, because SCIM hides guests', async (t) => {
    const people = [...makePeople(4), { gid: '9', role: 'guest' as const }];
    const asana = await startSmallAsana(t, {
      people,
      intercept: ({ path }) =>
        path.endsWith('/scim/Users')
          ? {
              body: {
                totalResults: 1,
                Resources: [{ id: '9', userName: 'p9@partner.example', userType: 'enterprise' }],
              },
            }
          : null,
    });
    const snapshot = await snapshotOf(asana);
    assert.equal(snapshot.scimIdsForeign, true);
    assert.equal(snapshot.accounts.get('9')?.license, null);
  });

  for (const [members, foreign, because] of [
    [19, false, 'SCIM may omit so few'],
    [20, true, 'a complete SCIM listing would not omit so many'],
  ] as const) {
    test(`SCIM IDs are ${foreign ? '' : 'not '}foreign if none of ${members} partly listed members matches: ${because}`, async (t) => {
      const asana = await startSmallAsana(t, {
        people: makePeople(members),
        scimId: (gid) => `other-${gid}`,
        intercept: ({ path }) => (path.endsWith('/users') ? refusal(503) : null),
      });
      const snapshot = await snapshotOf(asana);
      assert.deepEqual([snapshot.parts.accounts.complete, snapshot.scimIdsForeign], [false, foreign]);
    });
  }

  test('SCIM IDs are not foreign if partial listings share no account, and licenses are kept', async (t) => {
    const asana = await startSmallAsana(t, { people: makePeople(4) });
    const { snapshot: before } = await run(asana);
    // SCIM returns only the last two people, and REST fails after the first two.
    asana.world.intercept = ({ path, query }) => {
      if (path.endsWith('/scim/Users')) {
        const people = makePeople(2, 3).map(({ gid, userType }) => ({
          id: gid,
          userName: `p${gid}`,
          userType,
        }));
        return { body: { totalResults: 2, Resources: people } };
      }
      const listing = path.endsWith('/users') || path.endsWith('/workspace_memberships');
      if (!listing) return null;
      if (query.has('offset')) return { status: 403, body: { errors: [{ message: 'no' }] } };
      const person = (gid: string) => ({ gid, name: `Person ${gid}`, email: `p${gid}@acme.example` });
      const flags = { is_active: true, is_admin: false, is_guest: false };
      const data = ['1', '2'].map((gid) =>
        path.endsWith('/users') ? person(gid) : { gid: `m${gid}`, user: person(gid), ...flags },
      );
      return { body: { data, next_page: { offset: 'more', path: '/', uri: '' } } };
    };
    const { snapshot } = await run(asana, { previous: before });
    assert.equal(snapshot?.scimIdsForeign, false);
    assert.equal(snapshot?.parts.accounts.complete, false);
    assert.equal(snapshot?.accounts.get('1')?.license, before?.accounts.get('1')?.license);
  });
});
