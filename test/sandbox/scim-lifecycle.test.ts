import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, CORE_USER, patchUser, type Reply, sandboxFor } from './asking.ts';
import { assertScimError } from './scim-error.ts';

describe('creating and deprovisioning SCIM users', async () => {
  const sandbox = await sandboxFor({ accounts: 30 });
  const create = (userName: string, more: Record<string, unknown> = {}) =>
    ask(sandbox, 'POST', '/scim/Users', {
      body: { schemas: [CORE_USER], userName, name: { formatted: 'New Person' }, ...more },
    });

  it('POST creates a user with 201, a Location and the requested license', async () => {
    const reply = await create('first@acme.example', {
      userType: 'view only',
      active: true,
      emails: [{ value: 'first@acme.example', primary: true }],
    });
    assert.equal(reply.status, 201, reply.text);
    assert.equal(reply.json.at('userType').value, 'view only');
    assert.equal(
      reply.headers.get('location'),
      `${sandbox.asanaUrl}/scim/Users/${reply.json.at('id').text()}`,
    );
    assert.equal(
      (await ask(sandbox, 'GET', '/users/first@acme.example')).json.at('data', 'name').value,
      'New Person',
    );
  });

  it('POST without userType gives the license in the settings', async () => {
    sandbox.settings.newUserLicense = 'view only';
    assert.equal((await create('second@acme.example')).json.at('userType').value, 'view only');
    sandbox.settings.newUserLicense = 'enterprise';
    assert.equal((await create('third@acme.example')).json.at('userType').value, 'enterprise');
  });

  it('POST refuses an existing member, guest or deprovisioned person with 409 uniqueness', async () => {
    const leaver = sandbox.people.organization.people.find((p) => !p.profile.active)?.profile.email ?? '';
    sandbox.state.addPerson('guest', { email: 'odd.guest@acme.example', name: 'Odd' });
    for (const email of ['Bob@acme.example', 'odd.guest@acme.example', leaver]) {
      assertScimError(await create(email), 409, 'uniqueness');
    }
  });

  it('POST refuses a foreign, invalid or missing address, and a missing schema, with 400', async () => {
    assertScimError(await create('x@partner.example'), 400, 'invalidValue');
    assertScimError(await create('nobody'), 400, 'invalidValue');
    assertScimError(
      await ask(sandbox, 'POST', '/scim/Users', { body: { schemas: [CORE_USER] } }),
      400,
      'invalidValue',
    );
    assertScimError(
      await ask(sandbox, 'POST', '/scim/Users', { body: { userName: 'y@acme.example' } }),
      400,
      'invalidSyntax',
    );
  });

  const ways: { way: string; status: number; run: (id: string, email: string) => Promise<Reply> }[] = [
    {
      way: 'PATCH active false',
      status: 200,
      run: (id) => patchUser(sandbox, id, { op: 'replace', path: 'active', value: false }),
    },
    {
      way: 'PUT active false',
      status: 200,
      run: (id, userName) =>
        ask(sandbox, 'PUT', `/scim/Users/${id}`, { body: { schemas: [CORE_USER], userName, active: false } }),
    },
    { way: 'DELETE', status: 204, run: (id) => ask(sandbox, 'DELETE', `/scim/Users/${id}`) },
  ];
  for (const keep of [false, true]) {
    for (const { way, status, run } of ways) {
      it(`${way} deprovisions a user, after which SCIM ${keep ? 'keeps the user as inactive' : 'does not find the user'}`, async () => {
        sandbox.settings.keepDeprovisioned = keep;
        const email = `leaver.${keep}.${way.replaceAll(' ', '.').toLowerCase()}@acme.example`;
        const id = (await create(email)).json.at('id').text();
        const reply = await run(id, email);
        assert.equal(reply.status, status, reply.text);
        if (status === 200) assert.equal(reply.json.at('active').value, false);
        else assert.equal(reply.text, '');
        const after = await ask(sandbox, 'GET', `/scim/Users/${id}`);
        if (keep) assert.equal(after.json.at('active').value, false);
        else assertScimError(after, 404);
        assert.equal((await ask(sandbox, 'GET', '/scim/Users')).text.includes(id), keep);
        assert.equal(
          (await ask(sandbox, 'GET', `/users?workspace=${sandbox.workspace}&limit=100`)).text.includes(id),
          false,
        );
        if (keep)
          assertScimError(
            await patchUser(sandbox, id, { op: 'replace', path: 'active', value: true }),
            400,
            'mutability',
          );
        sandbox.settings.keepDeprovisioned = false;
      });
    }
  }
});
