import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SECOND_WORKSPACE_GID, STRANGER } from '../../src/sandbox/seed.ts';
import { ask, gidOf, messageOf, sandboxFor } from './asking.ts';
import { assertListing, assertSchema } from './schemas.ts';

describe('REST answers', async () => {
  const sandbox = await sandboxFor({ accounts: 60, teams: 4, secondWorkspace: 'workspace' });
  const { workspace } = sandbox;
  const alice = gidOf(sandbox, 'alice@acme.example');
  const team = sandbox.people.organization.teams[0]?.gid ?? '';
  const membershipOfAlice = sandbox.state.person(alice)?.memberships[0]?.gid ?? '';
  const teamMembership = sandbox.people.organization.teams[0]?.memberships[0]?.gid ?? '';

  const listings: { path: string; schema: string }[] = [
    { path: `/users?workspace=${workspace}&limit=100`, schema: 'UserCompact' },
    { path: `/users?team=${team}&limit=100`, schema: 'UserCompact' },
    { path: '/users?limit=100', schema: 'UserCompact' },
    { path: `/workspaces/${workspace}/users`, schema: 'UserCompact' },
    { path: `/teams/${team}/users`, schema: 'UserCompact' },
    { path: '/workspaces?limit=100', schema: 'WorkspaceCompact' },
    {
      path: `/workspaces/${workspace}/workspace_memberships?limit=100`,
      schema: 'WorkspaceMembershipCompact',
    },
    { path: `/users/${alice}/workspace_memberships?limit=100`, schema: 'WorkspaceMembershipCompact' },
    { path: `/workspaces/${workspace}/teams?limit=100`, schema: 'TeamCompact' },
    { path: `/users/${alice}/teams?organization=${workspace}&limit=100`, schema: 'TeamCompact' },
    { path: `/team_memberships?team=${team}&limit=100`, schema: 'TeamMembershipCompact' },
    {
      path: `/team_memberships?user=${alice}&workspace=${workspace}&limit=100`,
      schema: 'TeamMembershipCompact',
    },
    { path: `/teams/${team}/team_memberships?limit=100`, schema: 'TeamMembershipCompact' },
    {
      path: `/users/${alice}/team_memberships?workspace=${workspace}&limit=100`,
      schema: 'TeamMembershipCompact',
    },
  ];
  for (const { path, schema } of listings) {
    it(`list only valid ${schema} records from ${path.replaceAll(/\d{10,}/g, '…')}`, async () => {
      const reply = await ask(sandbox, 'GET', path);
      assert.equal(reply.status, 200, reply.text);
      assertListing(schema, reply.json.value);
    });
  }

  const records: { path: string; schema: string; fields: string }[] = [
    { path: `/users/${alice}`, schema: 'UserResponse', fields: 'custom_fields' },
    { path: '/users/alice@acme.example', schema: 'UserResponse', fields: 'email' },
    { path: `/workspaces/${workspace}/users/${alice}`, schema: 'UserResponse', fields: 'workspaces' },
    {
      path: `/workspaces/${workspace}`,
      schema: 'WorkspaceResponse',
      fields: 'email_domains,is_organization',
    },
    {
      path: `/workspace_memberships/${membershipOfAlice}`,
      schema: 'WorkspaceMembershipResponse',
      fields: 'vacation_dates',
    },
    {
      path: `/teams/${team}`,
      schema: 'TeamResponse',
      fields: 'description,html_description,endorsed,team_content_management_access_level',
    },
    {
      path: `/team_memberships/${teamMembership}`,
      schema: 'TeamMembershipCompact',
      fields: 'is_limited_access',
    },
  ];
  for (const { path, schema, fields } of records) {
    it(`contain a valid ${schema} for ${path.replaceAll(/\d{10,}/g, '…')}, with and without opt_fields`, async () => {
      const unasked = await ask(sandbox, 'GET', path);
      assert.equal(unasked.status, 200, unasked.text);
      assertSchema(schema, unasked.json.at('data').value);
      const asked = await ask(sandbox, 'GET', `${path}?opt_fields=${fields}`);
      assertSchema(schema, asked.json.at('data').value);
      assert.deepEqual(asked.json.at('data').keys().toSorted(), ['gid', ...fields.split(',')].toSorted());
    });
  }

  const fieldLists: { fields: string; because: string; keys: string[]; userKeys?: string[] }[] = [
    {
      fields: 'is_active',
      because: 'gid is always included, resource_type is not',
      keys: ['gid', 'is_active'],
    },
    {
      fields: 'is_active,nonsense,user_name',
      because: 'unknown fields are ignored',
      keys: ['gid', 'is_active'],
    },
    { fields: 'this.is_admin', because: 'this means the record itself', keys: ['gid', 'is_admin'] },
    {
      fields: 'user',
      because: 'a nested record without fields is a reference',
      keys: ['gid', 'user'],
      userKeys: ['gid', 'resource_type'],
    },
    {
      fields: 'user.name,user.email',
      because: 'paths select fields of nested records',
      keys: ['gid', 'user'],
      userKeys: ['gid', 'name', 'email'],
    },
    {
      fields: 'user.(name|email),(is_admin|is_guest)',
      because: 'a group selects each of its members',
      keys: ['gid', 'user', 'is_admin', 'is_guest'],
      userKeys: ['gid', 'name', 'email'],
    },
    {
      fields: '(user|workspace).name',
      because: 'a group may come first',
      keys: ['gid', 'user', 'workspace'],
      userKeys: ['gid', 'name'],
    },
    {
      fields: 'user.(name',
      because: 'a malformed field is ignored',
      keys: ['gid', 'user'],
      userKeys: ['gid'],
    },
  ];
  for (const { fields, because, keys, userKeys } of fieldLists) {
    it(`show ${keys.join(', ')} for opt_fields=${fields}: ${because}`, async () => {
      const path = `/workspaces/${workspace}/workspace_memberships?user=${alice}&opt_fields=${encodeURIComponent(fields)}`;
      const record = (await ask(sandbox, 'GET', path)).json.at('data', 0);
      assert.deepEqual(record.keys(), keys);
      if (userKeys) assert.deepEqual(record.at('user').keys(), userKeys);
    });
  }

  it('refuse field groups that expand to too many fields', async () => {
    const group = '(a|b|c|d|e|f|g|h)';
    const reply = await ask(
      sandbox,
      'GET',
      `/users/me?opt_fields=${encodeURIComponent([group, group, group].join('.'))}`,
    );
    assert.equal(reply.status, 400);
    assert.match(String(messageOf(reply)), /^opt_fields: /);
  });

  it('show emails in a listing only if opt_fields names them', async () => {
    assert.doesNotMatch((await ask(sandbox, 'GET', `/users?workspace=${workspace}&limit=100`)).text, /@/);
    assert.match(
      (await ask(sandbox, 'GET', `/users?workspace=${workspace}&limit=100&opt_fields=email`)).text,
      /@/,
    );
  });

  it('use gids that a JavaScript number cannot represent', async () => {
    assert.notEqual(String(Number(alice)), alice);
  });

  it('show two memberships of a person who left and came back, one of them active', async () => {
    const twice = sandbox.people.organization.people.find((person) => person.memberships[0]?.ended);
    const path = `/workspaces/${workspace}/workspace_memberships?user=${twice?.gid}&opt_fields=is_active,created_at`;
    const memberships = (await ask(sandbox, 'GET', path)).json.at('data').list();
    assert.deepEqual(
      memberships.map((m) => m.at('is_active').value),
      [false, true],
    );
  });

  it('show the role in separate flags, and is_view_only for a view-only license', async () => {
    const flagsOf = async (email: string) => {
      const fields = 'opt_fields=is_active,is_admin,is_guest,is_view_only';
      const path = `/workspaces/${workspace}/workspace_memberships?user=${email}&${fields}`;
      const membership = (await ask(sandbox, 'GET', path)).json.at('data', 0);
      return ['is_active', 'is_admin', 'is_guest', 'is_view_only'].map((flag) => membership.at(flag).value);
    };
    assert.deepEqual(await flagsOf('root@acme.example'), [true, true, false, false]);
    assert.deepEqual(await flagsOf('alice@acme.example'), [true, false, false, true]);
    assert.deepEqual(await flagsOf('bob@acme.example'), [true, false, false, false]);
    assert.deepEqual(await flagsOf('dave@partner.example'), [true, false, true, false]);
  });

  it('accept me, a gid, or an email in any case as a user', async () => {
    const path = (user: string) => `/users/${user}?opt_fields=gid`;
    assert.equal((await ask(sandbox, 'GET', path('ALICE@ACME.EXAMPLE'))).json.at('data', 'gid').value, alice);
    assert.equal((await ask(sandbox, 'GET', path(alice))).json.at('data', 'gid').value, alice);
    const me = await ask(sandbox, 'GET', path('me'), { token: 'personalAccessToken' });
    assert.equal(me.json.at('data', 'gid').value, sandbox.people.root.gid);
  });

  it('show a service account only its organization, and no memberships of its own', async () => {
    const gids = async (token: 'serviceAccount' | 'personalAccessToken') =>
      (await ask(sandbox, 'GET', '/workspaces?limit=10', { token })).json
        .at('data')
        .list()
        .map((w) => w.at('gid').value);
    assert.deepEqual(await gids('serviceAccount'), [workspace]);
    assert.equal((await gids('personalAccessToken')).length, 2);
    assert.deepEqual((await ask(sandbox, 'GET', '/users/me/workspace_memberships?limit=10')).json.value, {
      data: [],
      next_page: null,
    });
  });

  it('show only those workspaces of a user that the caller is in', async () => {
    const workspaces = async (token: 'serviceAccount' | 'personalAccessToken') =>
      (await ask(sandbox, 'GET', `/users/${alice}`, { token })).json.at('data', 'workspaces').list().length;
    assert.equal(await workspaces('serviceAccount'), 1);
    assert.equal(await workspaces('personalAccessToken'), 2);
  });

  it('show a team membership once among the memberships of its user', async () => {
    const { user, team: place } = Object(
      (await ask(sandbox, 'GET', `/team_memberships/${teamMembership}`)).json.at('data').value,
    );
    for (const path of [
      `/team_memberships?user=${user.gid}&workspace=${workspace}`,
      `/users/${user.gid}/team_memberships?workspace=${workspace}`,
    ]) {
      const shown = (await ask(sandbox, 'GET', path)).json.at('data').list();
      const [own, ...more] = shown.filter((one) => one.at('team', 'gid').value === place.gid);
      assert.deepEqual([own?.at('gid').value, more.length], [teamMembership, 0], path);
    }
  });

  it('hide people who share no workspace with the caller, until they are invited by email', async () => {
    const [, second] = sandbox.state.workspaces;
    assert.ok(second);
    const stranger = sandbox.state.addPerson('member', { email: 'far@away.example', name: 'Far Away' });
    sandbox.state.joinWorkspace(stranger, second);
    const statusOf = async (path: string, token: 'serviceAccount' | 'personalAccessToken') =>
      (await ask(sandbox, 'GET', path, { token })).status;
    for (const id of [stranger.gid, 'far@away.example']) {
      assert.equal(await statusOf(`/users/${id}`, 'serviceAccount'), 404, id);
      assert.equal(await statusOf(`/users/${id}`, 'personalAccessToken'), 200, id);
    }
    const filtered = `/workspaces/${workspace}/workspace_memberships?user=${stranger.gid}`;
    assert.equal(await statusOf(filtered, 'serviceAccount'), 400);
    const add = (user: string) =>
      ask(sandbox, 'POST', `/workspaces/${workspace}/addUser`, { body: { data: { user } } });
    assert.equal((await add(stranger.gid)).status, 400);
    const invited = await add('far@away.example');
    assert.equal(invited.json.at('data', 'gid').value, stranger.gid);
    assert.equal(await statusOf(`/users/${stranger.gid}`, 'serviceAccount'), 200);
    sandbox.state.erase(stranger);
  });

  it('hide secret teams from a personal token whose owner is not in them', async () => {
    const secret = sandbox.people.organization.teams.find(
      (t) => t.visibility === 'secret' && t.memberships.every((m) => m.person !== sandbox.people.root),
    );
    assert.ok(secret);
    const list = async (token: 'serviceAccount' | 'personalAccessToken') =>
      (await ask(sandbox, 'GET', `/workspaces/${workspace}/teams?limit=100`, { token })).text.includes(
        secret.gid,
      );
    assert.equal(await list('serviceAccount'), true);
    assert.equal(await list('personalAccessToken'), false);
    const refused = await ask(sandbox, 'GET', `/team_memberships?team=${secret.gid}`, {
      token: 'personalAccessToken',
    });
    assert.equal(refused.status, 403);
    assert.equal(messageOf(refused), 'You do not have access to this team.');
  });

  it('omit deprovisioned people from listings, and show their membership as inactive if the settings say so', async () => {
    const leaver = sandbox.people.organization.people.find((person) => !person.profile.active);
    assert.ok(leaver);
    const list = await ask(sandbox, 'GET', `/users?workspace=${workspace}&limit=100`);
    assert.equal(list.text.includes(leaver.gid), false);
    const path = `/workspaces/${workspace}/workspace_memberships?user=${leaver.gid}&opt_fields=is_active`;
    assert.equal((await ask(sandbox, 'GET', path)).json.at('data', 0, 'is_active').value, false);
    sandbox.settings.inactiveMemberships = false;
    assert.deepEqual((await ask(sandbox, 'GET', path)).json.at('data').value, []);
    sandbox.settings.inactiveMemberships = true;
  });
});

describe('a second organization', async () => {
  const sandbox = await sandboxFor({ secondWorkspace: 'organization' });

  it('has the owner of the personal token as a guest, and a person whom the service account does not see', async () => {
    const own = await ask(
      sandbox,
      'GET',
      '/users/me/workspace_memberships?limit=10&opt_fields=is_guest,workspace',
      {
        token: 'personalAccessToken',
      },
    );
    const guestIn = own.json
      .at('data')
      .list()
      .filter((membership) => membership.at('is_guest').value === true);
    assert.deepEqual(
      guestIn.map((membership) => membership.at('workspace', 'gid').value),
      [SECOND_WORKSPACE_GID],
    );
    const path = `/workspaces/${SECOND_WORKSPACE_GID}/users`;
    const shown = await ask(sandbox, 'GET', `${path}?opt_fields=email`, { token: 'personalAccessToken' });
    assert.ok(shown.text.includes(STRANGER));
    assert.equal((await ask(sandbox, 'GET', path)).status, 403);
    assert.ok(!(await ask(sandbox, 'GET', '/scim/Users')).text.includes(STRANGER));
  });
});
