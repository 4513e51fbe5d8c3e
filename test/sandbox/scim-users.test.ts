import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, CORE_USER, control, gidOf, PATCH_OP, sandboxFor, scimUser } from './asking.ts';
import { assertScimError } from './scim-error.ts';

const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

describe('reading SCIM users', async () => {
  const sandbox = await sandboxFor({ accounts: 130 });
  const members = sandbox.people.organization.people.filter((p) => p.kind === 'member' && p.profile.active);

  it('a listing without startIndex returns everybody but guests at once', async () => {
    const { json } = await ask(sandbox, 'GET', '/scim/Users');
    assert.equal(json.at('totalResults').value, members.length);
    assert.deepEqual(
      json
        .at('Resources')
        .list()
        .map((user) => user.at('id').value),
      members.map((p) => p.gid),
    );
    assert.deepEqual(json.at('schemas').value, [LIST]);
    assert.equal(json.at('startIndex').value, undefined);
  });

  it('a listing with startIndex and count returns pages of at most 100 users', async () => {
    const first = (await ask(sandbox, 'GET', '/scim/Users?startIndex=1&count=500')).json;
    assert.equal(first.at('Resources').list().length, 100);
    const last = (await ask(sandbox, 'GET', '/scim/Users?startIndex=101&count=100')).json;
    assert.equal(last.at('Resources').list().length, members.length - 100);
    assert.equal(last.at('itemsPerPage').value, members.length - 100);
    assert.equal(last.at('totalResults').value, members.length);
    assert.deepEqual(
      (await ask(sandbox, 'GET', '/scim/Users?startIndex=5000&count=10')).json.at('Resources').value,
      [],
    );
  });

  it('a listing ignores startIndex and count if scimPaging is off', async () => {
    sandbox.settings.scimPaging = false;
    const { json } = await ask(sandbox, 'GET', '/scim/Users?startIndex=51&count=10');
    sandbox.settings.scimPaging = true;
    assert.equal(json.at('Resources').list().length, members.length);
  });

  it('a filter finds a user by userName in any case, and any other filter is refused', async () => {
    assert.equal(
      (await scimUser(sandbox, 'ALICE@acme.example')).at('id').value,
      gidOf(sandbox, 'alice@acme.example'),
    );
    assert.equal((await scimUser(sandbox, 'dave@partner.example')).value, undefined, 'guests are hidden');
    assert.equal((await scimUser(sandbox, 'x" or userName pr and "a')).value, undefined);
    for (const filter of [
      'userName sw "a"',
      'displayName eq "a"',
      'userName eq a',
      'userName eq "a" or active eq true',
      '',
    ]) {
      assertScimError(
        await ask(sandbox, 'GET', `/scim/Users?filter=${encodeURIComponent(filter)}`),
        400,
        'invalidFilter',
      );
    }
  });

  it('a user is read by the REST gid, and a guest or an unknown id is not found', async () => {
    const user = await ask(sandbox, 'GET', `/scim/Users/${gidOf(sandbox, 'alice@acme.example')}`);
    assert.equal(user.headers.get('content-type'), 'application/scim+json; charset=UTF-8');
    assert.deepEqual(user.json.value, {
      schemas: [CORE_USER, ENTERPRISE],
      id: gidOf(sandbox, 'alice@acme.example'),
      userName: 'alice@acme.example',
      name: { formatted: 'Alice Adams', givenName: 'Alice', familyName: 'Adams' },
      emails: [{ value: 'alice@acme.example', primary: true, type: 'work' }],
      active: true,
      userType: 'view only',
      [ENTERPRISE]: { department: 'Design' },
    });
    assertScimError(await ask(sandbox, 'GET', `/scim/Users/${gidOf(sandbox, 'dave@partner.example')}`), 404);
    assertScimError(await ask(sandbox, 'GET', '/scim/Users/123'), 404);
  });

  it('userType is omitted outside a view-only domain', async () => {
    sandbox.settings.viewOnlyDomain = false;
    const user = await scimUser(sandbox, 'alice@acme.example');
    const list = await ask(sandbox, 'GET', '/scim/Users');
    sandbox.settings.viewOnlyDomain = true;
    assert.equal(user.keys().includes('userType'), false);
    assert.doesNotMatch(list.text, /userType/);
  });

  it('a personal token is refused with a SCIM error, and an unknown token with a REST error', async () => {
    assertScimError(await ask(sandbox, 'GET', '/scim/Users', { token: 'personalAccessToken' }), 403);
    const wrong = await ask(sandbox, 'GET', '/scim/Users', { token: 'wrong' });
    assert.equal(wrong.status, 401);
    assert.equal(wrong.json.at('errors', 0, 'message').value, 'Not Authorized');
  });

  it('a SCIM-only token is accepted by SCIM and refused by REST', async () => {
    assert.equal((await ask(sandbox, 'GET', '/scim/Users?count=1', { token: 'scimOnly' })).status, 200);
    assert.equal((await ask(sandbox, 'GET', '/users/me', { token: 'scimOnly' })).status, 403);
  });

  it('a read-only SCIM token reads users and groups, and its changes are refused with 403', async () => {
    await control(sandbox, 'POST', '/settings', { scimOnlyReads: true });
    const alice = gidOf(sandbox, 'alice@acme.example');
    for (const path of [`/scim/Users/${alice}`, '/scim/Groups'])
      assert.equal((await ask(sandbox, 'GET', path, { token: 'scimOnly' })).status, 200);
    const body = {
      schemas: [PATCH_OP],
      Operations: [{ op: 'replace', path: 'userType', value: 'enterprise' }],
    };
    const changed = await ask(sandbox, 'PATCH', `/scim/Users/${alice}`, { token: 'scimOnly', body });
    assert.equal(changed.status, 403);
    await control(sandbox, 'POST', '/settings', { scimOnlyReads: false });
    const again = await ask(sandbox, 'PATCH', `/scim/Users/${alice}`, { token: 'scimOnly', body });
    assert.equal(again.status, 200);
  });

  it('ServiceProviderConfig, ResourceTypes and Schemas describe the service', async () => {
    const config = (await ask(sandbox, 'GET', '/scim/ServiceProviderConfig')).json;
    assert.equal(config.at('patch', 'supported').value, true);
    assert.equal(config.at('bulk', 'supported').value, false);
    const types = (await ask(sandbox, 'GET', '/scim/ResourceTypes')).json.at('Resources').list();
    assert.deepEqual(
      types.map((type) => type.at('id').value),
      ['User', 'Group'],
    );
    assert.match((await ask(sandbox, 'GET', '/scim/Schemas')).text, /"userType"/);
  });
});
