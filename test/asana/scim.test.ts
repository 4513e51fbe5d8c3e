import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { ScimClient } from '../../src/asana/session.ts';
import type { Call } from '../../src/asana/transport.ts';
import { type Script, startScriptedServer } from './scripted-server.ts';
import { openTestSession } from './sessions.ts';

const call: Call = { priority: 'action' };
const user = (id: string, userName: string) => ({ id, userName, active: true, userType: 'enterprise' });

async function setUp(t: TestContext, script: Script) {
  const { url, seen } = await startScriptedServer(t, script);
  const { scim } = openTestSession(t, url);
  assert.ok(scim);
  return { scim, seen };
}

suite('the lookup of a user by userName', () => {
  const names: readonly [email: string, filter: string][] = [
    ['ann@acme.example', 'userName eq "ann@acme.example"'],
    ['o"x" or active eq "true', 'userName eq "o\\"x\\" or active eq \\"true"'],
    ['back\\slash@acme.example', 'userName eq "back\\\\slash@acme.example"'],
    ['tab\tnew\nline', 'userName eq "tab\\tnew\\nline"'],
    ['ann+tag&count=0#x@acme.example', 'userName eq "ann+tag&count=0#x@acme.example"'],
    ['änn@bücher.example', 'userName eq "änn@bücher.example"'],
  ];
  for (const [email, filter] of names) {
    test(`${JSON.stringify(email)} stays one quoted string in the filter`, async (t) => {
      const { scim, seen } = await setUp(t, () => ({ body: { totalResults: 0, Resources: [] } }));
      assert.equal((await scim.findByUserName(email, call)).value, null);
      assert.deepEqual([...(seen[0]?.query ?? [])], [['filter', filter]]);
    });
  }

  test('only an equal name, in any case, is found if the server ignores the filter', async (t) => {
    const Resources = [user('1', 'bob@acme.example'), user('2', 'Ann@Acme.example')];
    const { scim } = await setUp(t, () => ({ body: { totalResults: 2, Resources } }));
    assert.equal((await scim.findByUserName('ann@acme.example', call)).value?.id, '2');
    assert.equal((await scim.findByUserName('eve@acme.example', call)).value, null);
  });
});

suite('a read of one user', () => {
  test('an answer about another user is rejected as MalformedResponse', async (t) => {
    const { scim } = await setUp(t, () => ({ body: user('2', 'bob@acme.example') }));
    await assert.rejects(scim.user('1', call), { code: 'MalformedResponse' });
  });

  test('a numeric id in the answer equals the requested id', async (t) => {
    const { scim } = await setUp(t, () => ({ body: { ...user('1', 'bob@acme.example'), id: 1 } }));
    assert.equal((await scim.user('1', call)).value.id, '1');
  });

  test('a 404 with a SCIM error body is NotFound, and a 404 with HTML is RouteNotFound', async (t) => {
    const { scim } = await setUp(t, ({ path }) => ({
      status: 404,
      body: path.endsWith('/1') ? { detail: 'User not found', status: '404' } : '<html></html>',
    }));
    await assert.rejects(scim.user('1', call), { code: 'NotFound' });
    await assert.rejects(scim.user('2', call), { code: 'RouteNotFound' });
  });
});

suite('changes', () => {
  const change = async (
    t: TestContext,
    run: (scim: ScimClient) => Promise<{ value: unknown }>,
    status = 200,
  ) => {
    const body = status === 204 ? undefined : user('1', 'ann@acme.example');
    const { scim, seen } = await setUp(t, () => ({ status, body }));
    const { value } = await run(scim);
    const [request] = seen;
    return { value, line: `${request?.method} ${request?.path}`, body: request?.body };
  };

  test('a license is set by a PATCH that replaces the path userType', async (t) => {
    const { line, body, value } = await change(t, (scim) => scim.setUserType('1', 'view only', call));
    assert.equal(line, 'PATCH /api/1.0/scim/Users/1');
    assert.deepEqual(body, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'userType', value: 'view only' }],
    });
    assert.ok(value);
  });

  test('a deactivation sends active as the boolean false', async (t) => {
    const { body } = await change(t, (scim) => scim.deactivate('1', call));
    assert.deepEqual(body, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'active', value: false }],
    });
  });

  test('a 204 without a body is a success without a user', async (t) => {
    assert.equal((await change(t, (scim) => scim.deactivate('1', call), 204)).value, null);
  });

  test('a new user is sent with a formatted name, one primary email and an explicit license', async (t) => {
    const { line, body } = await change(
      t,
      (scim) => scim.createUser({ email: 'ann@acme.example', name: 'Ann A', userType: 'view only' }, call),
      201,
    );
    assert.equal(line, 'POST /api/1.0/scim/Users');
    assert.deepEqual(body, {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'ann@acme.example',
      name: { formatted: 'Ann A' },
      emails: [{ value: 'ann@acme.example', primary: true, type: 'work' }],
      active: true,
      userType: 'view only',
    });
  });

  test('a new user without a license is sent without userType, which some domains do not accept', async (t) => {
    const { body } = await change(
      t,
      (scim) => scim.createUser({ email: 'a@acme.example', name: 'A', userType: null }, call),
      201,
    );
    assert.ok(!JSON.stringify(body).includes('userType'));
  });

  test('the creation of an existing user fails with Conflict', async (t) => {
    const { scim } = await setUp(t, () => ({
      status: 409,
      body: { detail: 'x', status: '409', scimType: 'uniqueness' },
    }));
    const create = scim.createUser({ email: 'a@acme.example', name: 'A', userType: 'view only' }, call);
    await assert.rejects(create, { code: 'Conflict', outcomeUnknown: false });
  });
});

suite('the SCIM service', () => {
  test('a probe reads ServiceProviderConfig', async (t) => {
    const { scim, seen } = await setUp(t, () => ({ body: { patch: { supported: true } } }));
    await scim.probe(call);
    assert.equal(seen[0]?.path, '/api/1.0/scim/ServiceProviderConfig');
    assert.match(String(seen[0]?.headers.accept), /application\/scim\+json/);
  });

  test('users are listed in pages by startIndex and count', async (t) => {
    const { scim, seen } = await setUp(t, ({ query }) => {
      const start = Number(query.get('startIndex'));
      const Resources = Array.from({ length: Math.min(100, 251 - start) }, (_, index) =>
        user(String(start + index), `u${start + index}@acme.example`),
      );
      return { body: { totalResults: 250, Resources } };
    });
    let count = 0;
    await scim.users((items) => (count += items.length), call);
    assert.equal(count, 250);
    assert.deepEqual(
      seen.map(({ query }) => String(query)),
      ['startIndex=1&count=100', 'startIndex=101&count=100', 'startIndex=201&count=50'],
    );
  });
});
