import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, control, patchUser, sandboxFor, scimUser } from './asking.ts';

describe('the control endpoint', async () => {
  const sandbox = await sandboxFor({ accounts: 20 });

  it('shows the organization and everybody in it', async () => {
    const { json } = await control(sandbox, 'GET', '/state');
    assert.equal(json.at('workspace').value, sandbox.workspace);
    const people = json.at('people').list();
    assert.equal(people.length, 23, '20 accounts and 3 deprovisioned people');
    const summary = people
      .slice(0, 5)
      .map((p) => ['email', 'license', 'role', 'active'].map((key) => p.at(key).value));
    assert.deepEqual(summary, [
      ['root@acme.example', 'enterprise', 'admin', true],
      ['alice@acme.example', 'view only', 'member', true],
      ['bob@acme.example', 'enterprise', 'member', true],
      ['carol@acme.example', 'view only', 'member', true],
      ['dave@partner.example', null, 'guest', true],
    ]);
    assert.deepEqual(people.at(-1)?.at('license').value, null);
  });

  it('changes a license to any value, even to an unknown one', async () => {
    const changed = await control(sandbox, 'PATCH', '/users/alice@acme.example', { license: 'starter' });
    assert.equal(changed.json.at('license').value, 'starter');
    assert.equal((await scimUser(sandbox, 'alice@acme.example')).at('userType').value, 'starter');
    await control(sandbox, 'PATCH', '/users/alice%40acme.example', { license: 'view only' });
    assert.equal(
      (await control(sandbox, 'GET', '/users/alice@acme.example')).json.at('license').value,
      'view only',
    );
  });

  it('changes the email address, name and role of a person named by gid', async () => {
    const gid = (await control(sandbox, 'GET', '/users/bob@acme.example')).json.at('gid').text();
    await control(sandbox, 'PATCH', `/users/${gid}`, {
      email: 'Robert@acme.example',
      name: 'Robert',
      role: 'admin',
    });
    const shown = (await control(sandbox, 'GET', '/users/robert@acme.example')).json;
    assert.deepEqual(
      [shown.at('gid').value, shown.at('name').value, shown.at('role').value],
      [gid, 'Robert', 'admin'],
    );
    assert.equal((await control(sandbox, 'GET', '/users/bob@acme.example')).status, 404);
  });

  it('reactivates a deprovisioned person, which no Asana API can', async () => {
    await control(sandbox, 'PATCH', '/users/carol@acme.example', { active: false });
    assert.equal((await scimUser(sandbox, 'carol@acme.example')).value, undefined);
    await control(sandbox, 'PATCH', '/users/carol@acme.example', { active: true });
    assert.equal((await scimUser(sandbox, 'carol@acme.example')).at('active').value, true);
  });

  it('creates people by POST and by PUT, and erases them by DELETE', async () => {
    assert.equal(
      (await control(sandbox, 'POST', '/users', { email: 'p@acme.example', license: 'view only' })).status,
      201,
    );
    assert.equal((await control(sandbox, 'POST', '/users', { email: 'P@acme.example' })).status, 409);
    assert.equal(
      (await control(sandbox, 'PUT', '/users/q@partner.example', { name: 'Q' })).json.at('role').value,
      'guest',
    );
    assert.equal(
      (await control(sandbox, 'PUT', '/users/q@partner.example', { name: 'R' })).json.at('name').value,
      'R',
    );
    assert.equal((await control(sandbox, 'DELETE', '/users/p@acme.example')).status, 204);
    assert.equal((await ask(sandbox, 'GET', '/users/p@acme.example')).status, 404);
  });

  it('creates a team with its members, even if another team has the same name', async () => {
    const team = { name: 'Design', members: ['alice@acme.example'] };
    const gid = (await control(sandbox, 'POST', '/teams', team)).json.at('gid').text();
    assert.match((await ask(sandbox, 'GET', `/team_memberships?team=${gid}`)).text, /Alice/);
  });

  it('logs requests in order, with the operation and the kind of token but not the token', async () => {
    const { last } = sandbox.requests;
    await ask(sandbox, 'GET', '/workspaces?limit=10');
    await patchUser(sandbox, '123', { op: 'replace', path: 'title', value: 'x' });
    await ask(sandbox, 'GET', '/nothing', { token: 'wrong' });
    const log = await control(sandbox, 'GET', `/requests?since=${last}`);
    const entries = log.json
      .at('requests')
      .list()
      .map((entry) => ['method', 'path', 'operation', 'token', 'status'].map((key) => entry.at(key).value));
    assert.deepEqual(entries, [
      ['GET', '/workspaces?limit=10', 'getWorkspaces', 'serviceAccount', 200],
      ['PATCH', '/scim/Users/123', 'scimPatchUser', 'serviceAccount', 404],
      ['GET', '/nothing', 'unmatched', null, 401],
    ]);
    for (const token of Object.values(sandbox.tokens)) assert.equal(log.text.includes(token), false);
  });

  it('counts the requests of each token, and resets the counts on DELETE', async () => {
    const reset = () => control(sandbox, 'DELETE', '/statistics');
    const counts = async () => {
      const tokens = (await control(sandbox, 'GET', '/statistics')).json.at('tokens').list();
      const personal = tokens.find((token) => token.at('kind').value === 'personalAccessToken');
      return ['requests', 'mostReadsInFlight'].map((key) => personal?.at(key).value);
    };
    await reset();
    await ask(sandbox, 'GET', '/workspaces?limit=10', { token: 'personalAccessToken' });
    assert.deepEqual(await counts(), [{ getWorkspaces: 1 }, 1]);
    await reset();
    assert.deepEqual(await counts(), [{}, 0]);
  });

  it('schedules faults, lists how often they hit, and removes them', async () => {
    const added = await control(sandbox, 'POST', '/faults', [
      { match: { path: '/users/me', times: 0 }, effect: { status: 503 } },
      { match: { path: '/workspaces' }, effect: { status: 500 } },
    ]);
    assert.equal(added.status, 201);
    assert.equal((await ask(sandbox, 'GET', '/users/me')).status, 503);
    const faults = (await control(sandbox, 'GET', '/faults')).json.at('faults').list();
    assert.deepEqual(
      faults.map((fault) => fault.at('hits').value),
      [1, 0],
    );
    const first = String(added.json.at('ids', 0).value);
    assert.equal((await control(sandbox, 'DELETE', `/faults/${first}`)).status, 204);
    assert.equal((await control(sandbox, 'DELETE', `/faults/${first}`)).status, 404);
    assert.equal((await ask(sandbox, 'GET', '/users/me')).status, 200);
    await control(sandbox, 'DELETE', '/faults');
    assert.equal((await ask(sandbox, 'GET', '/workspaces')).status, 200);
  });

  it('changes settings, moves the clock, issues and revokes tokens', async () => {
    assert.equal(
      (await control(sandbox, 'POST', '/settings', { viewOnlyDomain: false })).json.at('viewOnlyDomain')
        .value,
      false,
    );
    assert.equal((await scimUser(sandbox, 'alice@acme.example')).at('userType').value, undefined);
    await control(sandbox, 'POST', '/settings', { viewOnlyDomain: true });
    await control(sandbox, 'POST', '/clock', { skewMs: 86_400_000 });
    assert.ok(sandbox.time.now() > Date.now() + 86_000_000);
    await control(sandbox, 'POST', '/clock', { skewMs: 0 });
    const issued = await control(sandbox, 'POST', '/tokens', {
      token: 'abc',
      kind: 'serviceAccount',
      owner: 'root@acme.example',
    });
    assert.equal(issued.status, 201);
    assert.equal((await control(sandbox, 'DELETE', '/tokens/abc')).status, 204);
    assert.equal((await control(sandbox, 'DELETE', '/tokens/abc')).status, 404);
  });

  const refused: {
    because: string;
    method: string;
    path: string;
    body?: unknown;
    message: RegExp;
    status?: number;
  }[] = [
    {
      because: 'a setting does not exist',
      method: 'POST',
      path: '/settings',
      body: { speed: 1 },
      message: /^speed: /,
    },
    {
      because: 'a setting is out of bounds',
      method: 'POST',
      path: '/settings',
      body: { latencyMs: -1 },
      message: /^latencyMs: /,
    },
    {
      because: 'a fault has an unknown effect',
      method: 'POST',
      path: '/faults',
      body: { match: {}, effect: { explode: true } },
      message: /^effect\.explode: /,
    },
    {
      because: 'a fault has an unknown match',
      method: 'POST',
      path: '/faults',
      body: { match: { url: 'x' }, effect: {} },
      message: /^match\.url: /,
    },
    {
      because: 'an attribute of a person is unknown',
      method: 'PATCH',
      path: '/users/alice@acme.example',
      body: { licence: 'x' },
      message: /^licence: /,
    },
    {
      because: 'a member would become a guest',
      method: 'PATCH',
      path: '/users/alice@acme.example',
      body: { role: 'guest' },
      message: /^role: /,
    },
    {
      because: 'an email address is invalid',
      method: 'POST',
      path: '/users',
      body: { email: 'x' },
      message: /^email: /,
    },
    { because: 'since is not a number', method: 'GET', path: '/requests?since=x', message: /^since: / },
    {
      because: 'the clock skew is out of range',
      method: 'POST',
      path: '/clock',
      body: { skewMs: 1e15 },
      message: /^skewMs: /,
    },
    {
      because: 'the path is unknown',
      method: 'GET',
      path: '/nothing',
      message: /no such address/,
      status: 404,
    },
  ];
  for (const { because, method, path, body, message, status = 400 } of refused) {
    it(`refuses with ${status} and names what is wrong when ${because}`, async () => {
      const reply = await control(sandbox, method, path, body);
      assert.equal(reply.status, status);
      assert.match(reply.json.at('error').text(), message);
    });
  }
});
