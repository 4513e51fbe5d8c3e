import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, gidOf, messageOf, sandboxFor, scimUser } from './asking.ts';
import { assertSchema } from './schemas.ts';

describe('adding to and removing from a workspace', async () => {
  const sandbox = await sandboxFor({ accounts: 30, secondWorkspace: 'workspace' });
  const post = (
    action: string,
    user: string,
    token: 'serviceAccount' | 'personalAccessToken' = 'serviceAccount',
  ) =>
    ask(sandbox, 'POST', `/workspaces/${sandbox.workspace}/${action}`, { token, body: { data: { user } } });

  it('invites a stranger by email: 200, the full user, active at once', async () => {
    const reply = await post('addUser', 'new.person@acme.example');
    assert.equal(reply.status, 200);
    assertSchema('UserResponse', reply.json.at('data').value);
    assert.equal(reply.json.at('data', 'email').value, 'new.person@acme.example');
    const path = `/workspaces/${sandbox.workspace}/workspace_memberships?user=new.person@acme.example&opt_fields=is_active`;
    assert.equal((await ask(sandbox, 'GET', path)).json.at('data', 0, 'is_active').value, true);
  });

  it("makes a guest of somebody outside the organization's domains, whom SCIM does not show", async () => {
    await post('addUser', 'eve@elsewhere.example');
    assert.equal(sandbox.state.personByEmail('eve@elsewhere.example')?.kind, 'guest');
    assert.equal((await scimUser(sandbox, 'eve@elsewhere.example')).value, undefined);
  });

  it('invites nobody twice', async () => {
    const first = await post('addUser', 'twice@acme.example');
    const second = await post('addUser', 'Twice@acme.example');
    assert.equal(second.status, 200);
    assert.equal(second.json.at('data', 'gid').value, first.json.at('data', 'gid').value);
  });

  it('takes the fields to answer with from options too', async () => {
    const body = { data: { user: 'fields@acme.example' }, options: { fields: ['email'] } };
    const reply = await ask(sandbox, 'POST', `/workspaces/${sandbox.workspace}/addUser`, { body });
    assert.deepEqual(reply.json.at('data').keys(), ['gid', 'email']);
  });

  it('refuses with 400 a gid that nobody has', async () => {
    const reply = await post('addUser', '999');
    assert.equal(reply.status, 400);
    assert.equal(messageOf(reply), 'user: Unknown object: 999');
  });

  it('deprovisions who is removed: out of lists, teams and SCIM, and 403 when added again', async () => {
    const person = sandbox.state.personByEmail('carol@acme.example');
    const removed = await post('removeUser', 'carol@acme.example');
    assert.equal(removed.status, 200);
    assert.deepEqual(removed.json.value, { data: {} });
    assert.equal(person?.profile.active, false);
    assert.equal(person?.teamMemberships.length, 0);
    assert.equal((await scimUser(sandbox, 'carol@acme.example')).value, undefined);
    for (const user of ['carol@acme.example', gidOf(sandbox, 'carol@acme.example')]) {
      assert.equal((await post('addUser', user)).status, 403);
    }
  });

  it('refuses to remove somebody who is not there', async () => {
    const reply = await post('removeUser', 'carol@acme.example');
    assert.equal(reply.status, 400);
    assert.equal(messageOf(reply), 'user: Not a user in Organization: carol@acme.example');
  });

  it("passes the person's things to the owner of a personal token, to nobody named for a service account", async () => {
    await post('addUser', 'one@acme.example');
    await post('addUser', 'two@acme.example');
    await post('removeUser', 'one@acme.example', 'personalAccessToken');
    await post('removeUser', 'two@acme.example');
    assert.equal(sandbox.state.personByEmail('one@acme.example')?.heir, sandbox.people.root);
    assert.equal(sandbox.state.personByEmail('two@acme.example')?.heir, null);
  });

  it('refuses a removal by who is no admin, and every change by who may only view', async () => {
    const byBob = await asOwner('bob@acme.example', 'removeUser', 'dave@partner.example');
    assert.equal(byBob, 403);
    assert.equal(await asOwner('alice@acme.example', 'addUser', 'x@acme.example'), 403);
    assert.equal(sandbox.state.personByEmail('x@acme.example'), undefined);
  });

  it('ends only the membership in a workspace that is no organization', async () => {
    const [, second] = sandbox.state.workspaces;
    const body = { data: { user: 'bob@acme.example' } };
    const reply = await ask(sandbox, 'POST', `/workspaces/${second?.gid}/removeUser`, {
      body,
      token: 'personalAccessToken',
    });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(sandbox.state.personByEmail('bob@acme.example')?.profile.active, true);
    assert.equal(
      (
        await ask(sandbox, 'GET', `/users?workspace=${second?.gid}`, { token: 'personalAccessToken' })
      ).text.includes('Bob'),
      false,
    );
  });

  it('refuses the token of somebody who was removed', async () => {
    sandbox.tokenRegister.issue('of a leaver', 'personalAccessToken', sandbox.people.root);
    const bob = sandbox.state.personByEmail('bob@acme.example');
    assert.ok(bob);
    sandbox.tokenRegister.issue('bobs', 'personalAccessToken', bob);
    sandbox.state.deprovision(bob, null);
    const reply = await fetch(`${sandbox.asanaUrl}/users/me`, { headers: { authorization: 'Bearer bobs' } });
    assert.equal(reply.status, 401);
  });

  async function asOwner(owner: string, action: string, user: string): Promise<number> {
    const person = sandbox.state.personByEmail(owner);
    assert.ok(person);
    sandbox.tokenRegister.issue('borrowed', 'personalAccessToken', person);
    const reply = await fetch(`${sandbox.asanaUrl}/workspaces/${sandbox.workspace}/${action}`, {
      method: 'POST',
      headers: { authorization: 'Bearer borrowed', 'content-type': 'application/json' },
      body: JSON.stringify({ data: { user } }),
    });
    return reply.status;
  }
});

describe('adding to and removing from a team', async () => {
  const sandbox = await sandboxFor({ accounts: 30, teams: 2, membersPerTeam: 5 });
  const [first, second] = sandbox.people.organization.teams;
  const outsider = sandbox.people.organization.people.find(
    (person) => person.profile.active && person.teamMemberships.length === 0 && person.kind === 'member',
  );
  const post = (
    team: string | undefined,
    action: string,
    user: string | undefined,
    token: 'serviceAccount' | 'personalAccessToken' = 'serviceAccount',
  ) => ask(sandbox, 'POST', `/teams/${team}/${action}`, { token, body: { data: { user } } });

  it('answers 200 with the membership, and the same one the second time', async () => {
    const added = await post(first?.gid, 'addUser', outsider?.gid);
    assert.equal(added.status, 200);
    assertSchema('TeamMembershipCompact', added.json.at('data').value);
    const again = await post(first?.gid, 'addUser', outsider?.profile.email);
    assert.equal(again.json.at('data', 'gid').value, added.json.at('data', 'gid').value);
  });

  it('adds nobody who is not in the organization, and invites nobody', async () => {
    const reply = await post(first?.gid, 'addUser', 'stranger@acme.example');
    assert.equal(reply.status, 400);
    assert.equal(messageOf(reply), 'user: Not a user in Organization: stranger@acme.example');
    assert.equal(sandbox.state.personByEmail('stranger@acme.example'), undefined);
  });

  it('asks the owner of a personal token to be in the team', async () => {
    const inSecond = second?.memberships.some((m) => m.person === sandbox.people.root);
    if (inSecond)
      sandbox.state.leaveTeam(
        second?.memberships.find((m) => m.person === sandbox.people.root) ?? assert.fail(),
      );
    assert.equal(
      (await post(first?.gid, 'addUser', 'dave@partner.example', 'personalAccessToken')).status,
      200,
    );
    const refused = await post(second?.gid, 'addUser', outsider?.gid, 'personalAccessToken');
    assert.equal(refused.status, 403);
    assert.equal(messageOf(refused), 'You do not have access to this team.');
  });

  it('asks it of a service account only if the settings say so', async () => {
    sandbox.settings.serviceAccountNeedsTeam = true;
    assert.equal((await post(second?.gid, 'addUser', outsider?.gid)).status, 403);
    sandbox.settings.serviceAccountNeedsTeam = false;
    assert.equal((await post(second?.gid, 'addUser', outsider?.gid)).status, 200);
  });

  it('removes with 200 and an empty object, and refuses who is not in the team', async () => {
    const removed = await post(first?.gid, 'removeUser', outsider?.gid);
    assert.equal(removed.status, 200);
    assert.deepEqual(removed.json.value, { data: {} });
    assert.equal((await post(first?.gid, 'removeUser', outsider?.gid)).status, 400);
  });
});
