import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, gidOf, messageOf, PATCH_OP, type Reply, sandboxFor } from './asking.ts';

const CORE_GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';

describe('SCIM groups', async () => {
  const sandbox = await sandboxFor({ accounts: 30, teams: 3 });
  const [team] = sandbox.people.organization.teams;
  assert.ok(team);
  const outsider = sandbox.people.organization.people.find(
    (p) => p.profile.active && !team.memberships.some((m) => m.person === p),
  );
  const isIn = (gid: string | undefined) => team.memberships.some((m) => m.person.gid === gid);
  const patch = (...operations: readonly unknown[]): Promise<Reply> =>
    ask(sandbox, 'PATCH', `/scim/Groups/${team.gid}`, {
      body: { schemas: [PATCH_OP], Operations: operations },
    });

  it('are listed for all teams, secret ones too, without members', async () => {
    const { json } = await ask(sandbox, 'GET', '/scim/Groups');
    assert.equal(json.at('totalResults').value, 3);
    assert.deepEqual(json.at('Resources', 0).value, {
      id: team.gid,
      displayName: 'Design',
      schemas: [CORE_GROUP],
      meta: { resourceType: 'Group' },
    });
  });

  it('are found by displayName', async () => {
    const found = await ask(
      sandbox,
      'GET',
      `/scim/Groups?filter=${encodeURIComponent('displayName eq "Data"')}`,
    );
    assert.equal(found.json.at('totalResults').value, 1);
    assert.equal(found.json.at('Resources', 0, 'displayName').value, 'Data');
  });

  it('show their members when they are read by id', async () => {
    const { json } = await ask(sandbox, 'GET', `/scim/Groups/${team.gid}`);
    assert.deepEqual(
      json
        .at('members')
        .list()
        .map((m) => m.at('value').value),
      team.memberships.map((m) => m.person.gid),
    );
  });

  it('are created with 201 and an id that is a number, but a string when it is read', async () => {
    const reply = await ask(sandbox, 'POST', '/scim/Groups', {
      body: { schemas: [CORE_GROUP], displayName: 'Brand new' },
    });
    assert.equal(reply.status, 201);
    const id = reply.json.at('id').value;
    assert.equal(typeof id, 'number');
    assert.equal((await ask(sandbox, 'GET', `/scim/Groups/${String(id)}`)).json.at('id').value, String(id));
  });

  it('are refused with 409 uniqueness if the name exists already', async () => {
    const reply = await ask(sandbox, 'POST', '/scim/Groups', {
      body: { schemas: [CORE_GROUP], displayName: 'Design' },
    });
    assert.equal(reply.status, 409);
    assert.equal(reply.json.at('scimType').value, 'uniqueness');
  });

  it('gain a member by PATCH, which answers 204 without a body', async () => {
    const reply = await patch({ op: 'add', path: 'members', value: [{ value: outsider?.gid }] });
    assert.equal(reply.status, 204);
    assert.equal(reply.text, '');
    assert.equal(isIn(outsider?.gid), true);
  });

  const removals: { because: string; operation: (gid: string | undefined) => unknown }[] = [
    {
      because: 'a filter in the path',
      operation: (gid) => ({ op: 'remove', path: `members[value eq "${gid}"]` }),
    },
    { because: 'a value', operation: (gid) => ({ op: 'remove', path: 'members', value: [{ value: gid }] }) },
  ];
  for (const { because, operation } of removals) {
    it(`lose one member by a PATCH that removes with ${because}`, async () => {
      await patch({ op: 'add', path: 'members', value: [{ value: outsider?.gid }] });
      assert.equal((await patch(operation(outsider?.gid))).status, 204);
      assert.equal(isIn(outsider?.gid), false);
      assert.ok(team.memberships.length > 0, 'the other members stay');
    });
  }

  it('apply all operations of a PATCH or none', async () => {
    const before = team.memberships.length;
    const reply = await patch(
      { op: 'remove', path: 'members' },
      { op: 'add', path: 'members', value: [{ value: '123' }] },
    );
    assert.equal(reply.status, 404);
    assert.equal(team.memberships.length, before);
  });

  it('are renamed by PATCH with or without a path', async () => {
    await patch({ op: 'replace', path: 'displayName', value: 'One' });
    assert.equal(team.name, 'One');
    await patch({ op: 'replace', value: { displayName: 'Design' } });
    assert.equal(team.name, 'Design');
  });

  it('lose every member that a PUT does not name', async () => {
    const alice = gidOf(sandbox, 'alice@acme.example');
    const body = { schemas: [CORE_GROUP], displayName: 'Design', members: [{ value: alice }] };
    assert.equal((await ask(sandbox, 'PUT', `/scim/Groups/${team.gid}`, { body })).status, 200);
    assert.deepEqual(
      team.memberships.map((m) => m.person.gid),
      [alice],
    );
  });

  it('cannot be deleted: there is no such route', async () => {
    const reply = await ask(sandbox, 'DELETE', `/scim/Groups/${team.gid}`);
    assert.equal(reply.status, 404);
    assert.equal(messageOf(reply), 'No matching route for request');
  });
});
