import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, gidOf, messageOf, sandboxFor } from './asking.ts';
import { assertSchema } from './schemas.ts';

describe('the REST API', async () => {
  const sandbox = await sandboxFor();
  const users = `/users?workspace=${sandbox.workspace}`;

  it('answers with UTF-8 JSON under the key data', async () => {
    const reply = await ask(sandbox, 'GET', '/users/me');
    assert.equal(reply.headers.get('content-type'), 'application/json; charset=UTF-8');
    assert.deepEqual(reply.json.keys(), ['data']);
  });

  const refusals: {
    because: string;
    method: string;
    path: string;
    token?: 'none' | 'wrong';
    raw?: string;
    contentType?: string;
    status: number;
    message: string | RegExp;
  }[] = [
    {
      because: 'there is no token',
      method: 'GET',
      path: users,
      token: 'none',
      status: 401,
      message: 'Not Authorized',
    },
    {
      because: 'the token was never issued',
      method: 'GET',
      path: users,
      token: 'wrong',
      status: 401,
      message: 'Not Authorized',
    },
    {
      because: 'the route is unknown',
      method: 'GET',
      path: '/nothing',
      status: 404,
      message: 'No matching route for request',
    },
    {
      because: 'the path is malformed',
      method: 'GET',
      path: '/users/%zz',
      status: 404,
      message: 'No matching route for request',
    },
    {
      because: 'the path is too long',
      method: 'GET',
      path: `/users/${'9'.repeat(400)}`,
      status: 404,
      message: 'No matching route for request',
    },
    {
      because: 'the method is wrong, for which Asana has no 405',
      method: 'DELETE',
      path: `/users/${gidOf(sandbox, 'bob@acme.example')}`,
      status: 404,
      message: 'No matching route for request',
    },
    {
      because: 'the request deletes a team',
      method: 'DELETE',
      path: '/teams/1',
      status: 404,
      message: 'No matching route for request',
    },
    { because: 'the method is HEAD', method: 'HEAD', path: '/users/me', status: 404, message: '' },
    {
      because: 'no user has the gid',
      method: 'GET',
      path: '/users/123',
      status: 404,
      message: 'user: Unknown object: 123',
    },
    {
      because: 'no user has the email',
      method: 'GET',
      path: '/users/no@acme.example',
      status: 404,
      message: 'user: Unknown object: no@acme.example',
    },
    {
      because: 'the id is malformed',
      method: 'GET',
      path: '/users/abc',
      status: 400,
      message: 'user: Not a recognized ID: abc',
    },
    {
      because: 'the team is unknown',
      method: 'GET',
      path: '/teams/123',
      status: 404,
      message: 'team: Unknown object: 123',
    },
    {
      because: 'the membership is unknown',
      method: 'GET',
      path: '/workspace_memberships/123',
      status: 404,
      message: 'workspace_membership: Unknown object: 123',
    },
    {
      because: 'a query names an unknown workspace',
      method: 'GET',
      path: '/users?workspace=123',
      status: 400,
      message: 'workspace: Unknown object: 123',
    },
    {
      because: 'organization is missing',
      method: 'GET',
      path: '/users/me/teams',
      status: 400,
      message: 'organization: Missing input',
    },
    {
      because: 'workspace is missing',
      method: 'GET',
      path: '/users/me/team_memberships',
      status: 400,
      message: 'workspace: Missing input',
    },
    {
      because: 'user is given without workspace',
      method: 'GET',
      path: '/team_memberships?user=me',
      status: 400,
      message: 'workspace: Missing input',
    },
    {
      because: 'user and team are given without workspace',
      method: 'GET',
      path: `/team_memberships?user=me&team=${sandbox.people.organization.teams[0]?.gid}`,
      status: 400,
      message: 'workspace: Missing input',
    },
    {
      because: 'workspace is given without user',
      method: 'GET',
      path: `/team_memberships?workspace=${sandbox.workspace}`,
      status: 400,
      message: 'user: Missing input',
    },
    {
      because: 'team is given together with user and workspace',
      method: 'GET',
      path: `/team_memberships?user=me&workspace=${sandbox.workspace}&team=1`,
      status: 400,
      message: 'team: Cannot be combined with user and workspace',
    },
    {
      because: 'team memberships are requested without a filter',
      method: 'GET',
      path: '/team_memberships',
      status: 400,
      message: 'team: Missing input',
    },
    {
      because: 'the body is not JSON',
      method: 'POST',
      path: `/workspaces/${sandbox.workspace}/addUser`,
      raw: '{"data":',
      status: 400,
      message: 'Could not parse request data, invalid JSON',
    },
    {
      because: 'the body has another media type',
      method: 'POST',
      path: `/workspaces/${sandbox.workspace}/addUser`,
      raw: 'data=1',
      contentType: 'text/plain',
      status: 400,
      message: 'Could not parse request data, invalid JSON',
    },
    {
      because: 'the body has a top-level key other than data and options',
      method: 'POST',
      path: `/workspaces/${sandbox.workspace}/addUser`,
      raw: '{"user":"me"}',
      status: 400,
      message:
        /^Unrecognized request field user \. The only allowed keys at the top level are: data, options\./,
    },
    {
      because: 'data is missing',
      method: 'POST',
      path: `/workspaces/${sandbox.workspace}/addUser`,
      raw: '{}',
      status: 400,
      message: 'data: Missing input',
    },
    {
      because: 'the user is missing',
      method: 'POST',
      path: `/workspaces/${sandbox.workspace}/addUser`,
      raw: '{"data":{}}',
      status: 400,
      message: 'user: Missing input',
    },
    {
      because: 'a gid is a number',
      method: 'POST',
      path: `/workspaces/${sandbox.workspace}/addUser`,
      raw: '{"data":{"user":12}}',
      status: 400,
      message: 'user: Not a valid GID type: number',
    },
    {
      because: 'the body is too large',
      method: 'POST',
      path: `/workspaces/${sandbox.workspace}/addUser`,
      raw: `{"data":{"user":"${'a'.repeat(2 ** 20)}"}}`,
      status: 413,
      message: 'The request is too large',
    },
  ];
  for (const { because, method, path, status, message, ...sending } of refusals) {
    it(`refuses with ${status} when ${because}`, async () => {
      const reply = await ask(sandbox, method, path, sending);
      assert.equal(reply.status, status, because);
      if (method === 'HEAD') return;
      assertSchema('ErrorResponse', reply.json.value);
      if (typeof message === 'string') assert.equal(messageOf(reply), message);
      else assert.match(String(messageOf(reply)), message);
    });
  }

  it('gives every answer a unique X-Request-Id, even a refused or truncated one, and logs it', async () => {
    sandbox.faults.add({ match: { operation: 'getWorkspaces' }, effect: { body: 'huge', status: 500 } });
    const reading = new AbortController();
    const cut = await fetch(`${sandbox.asanaUrl}/workspaces`, {
      headers: { authorization: `Bearer ${sandbox.tokens.serviceAccount}` },
      signal: reading.signal,
    });
    const replies = [
      cut,
      await ask(sandbox, 'GET', '/users/me'),
      await ask(sandbox, 'GET', '/users/me', { token: 'none' }),
      await ask(sandbox, 'GET', '/nothing'),
      await ask(sandbox, 'GET', '/users/%zz'),
      await ask(sandbox, 'GET', '/scim/Users/1'),
    ];
    reading.abort();
    const ids = replies.map(({ headers }) => headers.get('x-request-id') ?? '');
    for (const id of ids) assert.match(id, /^[\da-f-]{36}$/);
    assert.equal(new Set(ids).size, ids.length);
    const logged = sandbox.requests.since(0).map(({ id }) => id);
    assert.deepEqual(
      ids.filter((id) => !logged.includes(id)),
      [ids[4]],
      'all ids are logged except that of the malformed path',
    );
  });

  it('refuses a token as soon as it is revoked', async () => {
    sandbox.tokenRegister.issue('short-lived', 'serviceAccount', sandbox.people.serviceAccount);
    const asked = () =>
      fetch(`${sandbox.asanaUrl}/users/me`, { headers: { authorization: 'Bearer short-lived' } });
    assert.equal((await asked()).status, 200);
    sandbox.tokenRegister.revoke('short-lived');
    assert.equal((await asked()).status, 401);
  });

  it('sends the Date of its own clock, which tests can move', async () => {
    sandbox.time.skewMs = -3_600_000;
    const reply = await ask(sandbox, 'GET', '/users/me');
    sandbox.time.skewMs = 0;
    const behind = Date.now() - Date.parse(reply.headers.get('date') ?? '');
    assert.ok(behind >= 3_600_000 && behind < 3_660_000, `it was ${behind} ms behind`);
  });
});
