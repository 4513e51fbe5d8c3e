import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, CORE_USER, gidOf, PATCH_OP, patchUser, sandboxFor, scimUser } from './asking.ts';
import { assertScimError } from './scim-error.ts';

describe('changing SCIM users', async () => {
  const sandbox = await sandboxFor({ accounts: 30 });
  const id = gidOf(sandbox, 'alice@acme.example');
  const license = () => sandbox.state.person(id)?.profile.license;

  const grants: { because: string; operation: unknown }[] = [
    { because: 'with a path', operation: { op: 'replace', path: 'userType', value: 'enterprise' } },
    {
      because: 'with a path that names its schema',
      operation: { op: 'replace', path: `${CORE_USER}:userType`, value: 'enterprise' },
    },
    { because: 'without a path', operation: { op: 'replace', value: { userType: 'enterprise' } } },
    {
      because: 'with the operation add',
      operation: { op: 'add', path: 'userType', value: 'enterprise' },
    },
    {
      because: 'with the operation Replace, as from Entra,',
      operation: { op: 'Replace', path: 'userType', value: 'enterprise' },
    },
  ];
  for (const { because, operation } of grants) {
    it(`PATCH ${because} changes the license and answers 200 with the user`, async () => {
      await patchUser(sandbox, id, { op: 'replace', path: 'userType', value: 'view only' });
      assert.equal(license(), 'view only');
      const reply = await patchUser(sandbox, id, operation);
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.json.at('userType').value, 'enterprise');
      assert.equal(license(), 'enterprise');
    });
  }

  it('PATCH ignores userType in a domain without view-only licenses', async () => {
    sandbox.settings.viewOnlyDomain = false;
    const before = license();
    const reply = await patchUser(sandbox, id, { op: 'replace', path: 'userType', value: 'view only' });
    sandbox.settings.viewOnlyDomain = true;
    assert.equal(reply.status, 200);
    assert.equal(license(), before);
  });

  const refused: { because: string; operation?: unknown; body?: unknown; scimType: string }[] = [
    {
      because: 'the license is spelled with a hyphen',
      operation: { op: 'replace', path: 'userType', value: 'view-only' },
      scimType: 'invalidValue',
    },
    {
      because: 'the license is spelled with capitals',
      operation: { op: 'replace', path: 'userType', value: 'Enterprise' },
      scimType: 'invalidValue',
    },
    {
      because: 'active is a string',
      operation: { op: 'replace', path: 'active', value: 'False' },
      scimType: 'invalidValue',
    },
    {
      because: 'the attribute is unknown',
      operation: { op: 'replace', path: 'license', value: 'enterprise' },
      scimType: 'invalidPath',
    },
    {
      because: 'the path is name.givenName',
      operation: { op: 'replace', path: 'name.givenName', value: 'A' },
      scimType: 'invalidPath',
    },
    { because: 'remove has no path', operation: { op: 'remove' }, scimType: 'noTarget' },
    {
      because: 'replace has no value',
      operation: { op: 'replace', path: 'title' },
      scimType: 'invalidValue',
    },
    {
      because: 'the operation is unknown',
      operation: { op: 'move', path: 'title', value: 'x' },
      scimType: 'invalidSyntax',
    },
    {
      because: 'userName is not an email address',
      operation: { op: 'replace', path: 'userName', value: 'alice' },
      scimType: 'invalidValue',
    },
    {
      because: 'two addresses are primary',
      operation: {
        op: 'replace',
        path: 'emails',
        value: [
          { value: 'a@acme.example', primary: true },
          { value: 'b@acme.example', primary: true },
        ],
      },
      scimType: 'invalidValue',
    },
    {
      because: 'there are no operations',
      body: { schemas: [PATCH_OP], Operations: [] },
      scimType: 'invalidSyntax',
    },
    {
      because: 'the PatchOp schema is missing',
      body: { Operations: [{ op: 'replace', path: 'title', value: 'x' }] },
      scimType: 'invalidSyntax',
    },
  ];
  for (const { because, operation, body, scimType } of refused) {
    it(`PATCH is refused with 400 ${scimType} and changes nothing when ${because}`, async () => {
      const before = sandbox.state.person(id)?.profile;
      const reply =
        body === undefined
          ? await patchUser(sandbox, id, { op: 'replace', path: 'title', value: 'new' }, operation)
          : await ask(sandbox, 'PATCH', `/scim/Users/${id}`, { body });
      assertScimError(reply, 400, scimType);
      assert.deepEqual(sandbox.state.person(id)?.profile, before);
    });
  }

  it('PATCH with invalid JSON is refused with a SCIM error', async () => {
    assertScimError(await ask(sandbox, 'PATCH', `/scim/Users/${id}`, { raw: '{' }), 400, 'invalidSyntax');
  });

  it('PATCH accepts application/scim+json', async () => {
    const raw = JSON.stringify({
      schemas: [PATCH_OP],
      Operations: [{ op: 'replace', path: 'title', value: 'Lead' }],
    });
    const reply = await ask(sandbox, 'PATCH', `/scim/Users/${id}`, {
      raw,
      contentType: 'application/scim+json',
    });
    assert.equal(reply.json.at('title').value, 'Lead');
  });

  it('PATCH changes the name by name.formatted and the address by userName, which must be unique', async () => {
    await patchUser(
      sandbox,
      id,
      { op: 'replace', path: 'name.formatted', value: 'Alice Baker' },
      { op: 'replace', path: 'userName', value: 'alice.baker@acme.example' },
    );
    assert.equal(
      (await scimUser(sandbox, 'alice.baker@acme.example')).at('name', 'formatted').value,
      'Alice Baker',
    );
    assert.equal((await ask(sandbox, 'GET', '/users/alice@acme.example')).status, 404);
    assertScimError(
      await patchUser(sandbox, id, { op: 'replace', path: 'userName', value: 'bob@acme.example' }),
      409,
      'uniqueness',
    );
    await patchUser(sandbox, id, { op: 'replace', path: 'userName', value: 'alice@acme.example' });
  });

  it('PUT removes an attribute that it does not name', async () => {
    await patchUser(sandbox, id, { op: 'replace', value: { title: 'Lead' } });
    const body = {
      schemas: [CORE_USER],
      userName: 'alice@acme.example',
      name: { formatted: 'Alice Adams' },
      active: true,
    };
    const reply = await ask(sandbox, 'PUT', `/scim/Users/${id}`, { body });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.json.at('title').value, undefined);
    assert.equal(reply.json.at('userType').value, license());
  });

  it('PATCH to enterprise is refused with 400 while all seats are taken', async () => {
    await patchUser(sandbox, id, { op: 'replace', path: 'userType', value: 'view only' });
    const taken = sandbox.people.organization.people.filter(
      (p) => p.kind === 'member' && p.profile.active && p.profile.license === 'enterprise',
    ).length;
    sandbox.settings.enterpriseSeats = taken;
    assertScimError(
      await patchUser(sandbox, id, { op: 'replace', path: 'userType', value: 'enterprise' }),
      400,
      'invalidValue',
    );
    sandbox.settings.enterpriseSeats = taken + 1;
    assert.equal(
      (await patchUser(sandbox, id, { op: 'replace', path: 'userType', value: 'enterprise' })).status,
      200,
    );
    sandbox.settings.enterpriseSeats = null;
  });
});
