import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { Call } from '../../src/asana/transport.ts';
import { type Script, startScriptedServer } from './scripted-server.ts';
import { openTestSession } from './sessions.ts';

const call: Call = { priority: 'sync' };
const membership = (gid: string) => ({
  gid: `m${gid}`,
  user: { gid, name: `Person ${gid}` },
  is_active: true,
  is_admin: false,
  is_guest: false,
  is_view_only: false,
});

async function setUp(t: TestContext, script: Script) {
  const { url, seen } = await startScriptedServer(t, script);
  return { rest: openTestSession(t, url).rest, seen };
}

/** Returns a request in one line. */
function lineOf(request: { method: string; path: string; query: URLSearchParams } | undefined): string {
  return request ? `${request.method} ${request.path}?${decodeURIComponent(String(request.query))}` : '';
}

suite('listings', () => {
  test('every page is requested with limit 100, since without a limit there is no next_page', async (t) => {
    const { rest, seen } = await setUp(t, (_, index) => ({
      body: {
        data: [{ gid: String(index), name: `P${index}`, email: `P${index}@Acme.example` }],
        next_page:
          index === 2
            ? null
            : { offset: `page+${index + 1}/=`, path: '/x', uri: 'https://elsewhere.example/' },
      },
    }));
    const users: string[] = [];
    await rest.users('5', (items) => users.push(...items.map(({ gid }) => gid)), call);
    assert.deepEqual(users, ['0', '1', '2']);
    assert.deepEqual(seen.map(lineOf), [
      'GET /api/1.0/users?workspace=5&opt_fields=email,name&limit=100',
      'GET /api/1.0/users?workspace=5&opt_fields=email,name&limit=100&offset=page+1/=',
      'GET /api/1.0/users?workspace=5&opt_fields=email,name&limit=100&offset=page+2/=',
    ]);
  });

  test('each listing requests the fields that it decodes', async (t) => {
    const { rest, seen } = await setUp(t, () => ({ body: { data: [], next_page: null } }));
    await rest.workspaces(() => {}, call);
    await rest.workspaceMemberships('5', () => {}, call);
    await rest.teams('5', () => {}, call);
    await rest.teamMemberships('7', () => {}, call);
    assert.deepEqual(seen.map(lineOf), [
      'GET /api/1.0/workspaces?opt_fields=name,is_organization&limit=100',
      'GET /api/1.0/workspaces/5/workspace_memberships?opt_fields=is_active,is_admin,is_guest,is_view_only,user.name,user.email&limit=100',
      'GET /api/1.0/workspaces/5/teams?opt_fields=name&limit=100',
      'GET /api/1.0/team_memberships?team=7&opt_fields=is_admin,is_guest,is_limited_access,user&limit=100',
    ]);
  });

  test('a listing whose pagination token expires restarts from the first page', async (t) => {
    let expired = false;
    const { rest, seen } = await setUp(t, ({ query }) => {
      if (query.has('offset') && !expired) {
        expired = true;
        return { status: 400, body: { errors: [{ message: 'offset: Your pagination token has expired.' }] } };
      }
      const last = query.has('offset');
      const data = [{ gid: last ? '2' : '1', name: 'x' }];
      return { body: { data, next_page: last ? null : { offset: 'o', path: '', uri: '' } } };
    });
    const users: string[] = [];
    await rest.users('5', (items) => users.push(...items.map(({ gid }) => gid)), call);
    assert.deepEqual(users, ['1', '2']);
    assert.equal(seen.length, 4);
  });

  test('a page without next_page fails the listing with MalformedResponse after four attempts', async (t) => {
    const { rest, seen } = await setUp(t, () => ({ body: { data: [] } }));
    await assert.rejects(
      rest.users('5', () => {}, call),
      { code: 'MalformedResponse', message: /next_page/ },
    );
    assert.equal(seen.length, 4);
  });
});

suite('requests about one person', () => {
  test('the memberships of a person are read in one request, by gid or by email', async (t) => {
    const { rest, seen } = await setUp(t, () => ({ body: { data: [membership('1')], next_page: null } }));
    const people = ['1', 'ann+x@acme.example'];
    for (const user of people) {
      const { value } = await rest.workspaceMembershipsOf('5', user, call);
      assert.equal(value[0]?.user.gid, '1', user);
    }
    assert.deepEqual(
      seen.map(({ query }) => query.get('user')),
      people,
    );
  });

  test('a gid with reserved characters is escaped in the path', async (t) => {
    const { rest, seen } = await setUp(t, () => ({ body: { data: {} } }));
    await rest.removeUserFromTeam('7/../8?x=#', '1', call);
    assert.equal(seen[0]?.path, '/api/1.0/teams/7%2F..%2F8%3Fx%3D%23/removeUser');
  });
});

suite('the teams of one person', () => {
  const inTeam = (team: string, user = '1') => ({
    gid: `tm${team}`,
    user: { gid: user },
    team: { gid: team },
  });

  test('are read by user and workspace, in one request if they fit on one page', async (t) => {
    const { rest, seen } = await setUp(t, () => ({
      body: { data: [inTeam('6'), { ...inTeam('7'), is_admin: true }], next_page: null },
    }));
    const found = await rest.teamMembershipsOf({ user: '1', organization: '5' }, call);
    assert.deepEqual([...found.keys()], ['6', '7']);
    assert.deepEqual(found.get('7'), {
      gid: 'tm7',
      user: '1',
      admin: true,
      guest: false,
      limitedAccess: false,
    });
    assert.deepEqual(seen.map(lineOf), [
      'GET /api/1.0/team_memberships?user=1&workspace=5&opt_fields=is_admin,is_guest,is_limited_access,user,team&limit=100',
    ]);
  });

  test('are collected from every page', async (t) => {
    const { rest } = await setUp(t, ({ query }) => ({
      body: query.has('offset')
        ? { data: [inTeam('7')], next_page: null }
        : { data: [inTeam('6')], next_page: { offset: 'o', path: '', uri: '' } },
    }));
    const found = await rest.teamMembershipsOf({ user: '1', organization: '5' }, call);
    assert.deepEqual([...found.keys()], ['6', '7']);
  });

  test('exclude the teams of other people, even if the server ignores the filter', async (t) => {
    const { rest } = await setUp(t, () => ({
      body: { data: [inTeam('6'), inTeam('7', '2')], next_page: null },
    }));
    const found = await rest.teamMembershipsOf({ user: '1', organization: '5' }, call);
    assert.deepEqual([...found.keys()], ['6']);
  });
});

suite('a server that ignores the filter for one person', () => {
  for (const [because, user] of [
    ['it returns another person for a gid', '1'],
    ['it returns several people for an email', 'ann@acme.example'],
  ] as const) {
    test(`is rejected with MalformedResponse if ${because}`, async (t) => {
      const people = user === '1' ? [membership('2')] : [membership('1'), membership('2')];
      const { rest } = await setUp(t, () => ({ body: { data: people, next_page: null } }));
      await assert.rejects(rest.workspaceMembershipsOf('5', user, call), { code: 'MalformedResponse' });
    });
  }
});

suite('changes', () => {
  test('each change posts the user under the key data', async (t) => {
    const { rest, seen } = await setUp(t, ({ path }) => {
      if (path.endsWith('removeUser')) return { body: { data: {} } };
      const user = { gid: '1', name: 'Ann', email: 'ann@acme.example' };
      return { body: { data: path.includes('/teams/') ? { gid: 'tm', user } : user } };
    });
    const invited = await rest.addUserToWorkspace('5', 'ann@acme.example', call);
    const added = await rest.addUserToTeam('7', '1', call);
    await rest.removeUserFromTeam('7', '1', call);
    await rest.removeUserFromWorkspace('5', '1', call);
    assert.equal(invited.value.gid, '1');
    assert.equal(added.value.user, '1');
    assert.deepEqual(
      seen.map(({ method, path, body }) => [method, path, body]),
      [
        ['POST', '/api/1.0/workspaces/5/addUser', { data: { user: 'ann@acme.example' } }],
        ['POST', '/api/1.0/teams/7/addUser', { data: { user: '1' } }],
        ['POST', '/api/1.0/teams/7/removeUser', { data: { user: '1' } }],
        ['POST', '/api/1.0/workspaces/5/removeUser', { data: { user: '1' } }],
      ],
    );
  });

  test('an invitation refused with 403 fails with a hint that the person may have been removed before', async (t) => {
    const { rest } = await setUp(t, () => ({ status: 403, body: { errors: [{ message: 'Forbidden' }] } }));
    await assert.rejects(rest.addUserToWorkspace('5', 'ann@acme.example', call), {
      code: 'Forbidden',
      errorClass: 'stalling',
      message: /removed from a workspace before/,
    });
  });
});
