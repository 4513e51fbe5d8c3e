import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, messageOf, sandboxFor, scimUser } from './asking.ts';
import { assertSchema } from './schemas.ts';

describe('adding people to a workspace and removing them', async () => {
  const sandbox = await sandboxFor({ accounts: 30, secondWorkspace: 'workspace' });
  const post = (
    action: string,
    user: string,
    token: 'serviceAccount' | 'personalAccessToken' = 'serviceAccount',
  ) =>
    ask(sandbox, 'POST', `/workspaces/${sandbox.workspace}/${action}`, { token, body: { data: { user } } });

  it('addUser invites an unknown email with 200 and the full user, who is active at once', async () => {
    const reply = await post('addUser', 'new.person@acme.example');
    assert.equal(reply.status, 200);
    assertSchema('UserResponse', reply.json.at('data').value);
    assert.equal(reply.json.at('data', 'email').value, 'new.person@acme.example');
    const path = `/workspaces/${sandbox.workspace}/workspace_memberships?user=new.person@acme.example&opt_fields=is_active`;
    assert.equal((await ask(sandbox, 'GET', path)).json.at('data', 0, 'is_active').value, true);
  });

  it("addUser makes an address outside the organization's domains a guest, whom SCIM does not show", async () => {
    await post('addUser', 'eve@elsewhere.example');
    assert.equal(sandbox.state.personByEmail('eve@elsewhere.example')?.kind, 'guest');
    assert.equal((await scimUser(sandbox, 'eve@elsewhere.example')).value, undefined);
  });

  it('addUser returns the same user when an address is invited twice', async () => {
    const first = await post('addUser', 'twice@acme.example');
    const second = await post('addUser', 'Twice@acme.example');
    assert.equal(second.status, 200);
    assert.equal(second.json.at('data', 'gid').value, first.json.at('data', 'gid').value);
  });

  it('addUser answers with the fields that options names', async () => {
    const body = { data: { user: 'fields@acme.example' }, options: { fields: ['email'] } };
    const reply = await ask(sandbox, 'POST', `/workspaces/${sandbox.workspace}/addUser`, { body });
    assert.deepEqual(reply.json.at('data').keys(), ['gid', 'email']);
  });

  it('addUser refuses an unknown gid with 400', async () => {
    const reply = await post('addUser', '999');
    assert.equal(reply.status, 400);
    assert.equal(messageOf(reply), 'user: Unknown object: 999');
  });

  it('removeUser takes a person out of listings, teams and SCIM, and addUser then refuses with 403', async () => {
    const person = sandbox.state.personByEmail('carol@acme.example');
    const [team] = sandbox.people.organization.teams;
    assert.ok(person && team);
    await ask(sandbox, 'POST', `/teams/${team.gid}/addUser`, { body: { data: { user: person.gid } } });
    const listings = [
      `/users?workspace=${sandbox.workspace}`,
      `/team_memberships?team=${team.gid}&opt_fields=user`,
    ];
    const listed = () =>
      Promise.all(listings.map(async (path) => (await ask(sandbox, 'GET', path)).text.includes(person.gid)));
    assert.deepEqual(await listed(), [true, true]);
    const removed = await post('removeUser', 'carol@acme.example');
    assert.equal(removed.status, 200);
    assert.deepEqual(removed.json.value, { data: {} });
    assert.equal(person.profile.active, false);
    assert.equal(person.teamMemberships.length, 0);
    assert.deepEqual(await listed(), [false, false]);
    assert.equal((await scimUser(sandbox, 'carol@acme.example')).value, undefined);
    for (const user of ['carol@acme.example', person.gid]) {
      assert.equal((await post('addUser', user)).status, 403);
    }
  });

  it('removeUser refuses a person who is not in the organization with 400', async () => {
    const reply = await post('removeUser', 'carol@acme.example');
    assert.equal(reply.status, 400);
    assert.equal(messageOf(reply), 'user: Not a user in Organization: carol@acme.example');
  });

  it('removeUser makes the owner of a personal token the heir, and nobody for a service account', async () => {
    await post('addUser', 'one@acme.example');
    await post('addUser', 'two@acme.example');
    await post('removeUser', 'one@acme.example', 'personalAccessToken');
    await post('removeUser', 'two@acme.example');
    assert.equal(sandbox.state.personByEmail('one@acme.example')?.heir, sandbox.people.root);
    assert.equal(sandbox.state.personByEmail('two@acme.example')?.heir, null);
  });

  it('removeUser refuses a caller who is not an admin with 403', async () => {
    const path = `/workspaces/${sandbox.workspace}/removeUser`;
    const answer = await postAs('bob@acme.example', path, 'dave@partner.example');
    assert.match(answer, /^403 .*You must be an admin of this workspace/);
  });

  it('addUser and removeUser, also of a team, refuse a caller with a view-only license', async () => {
    const [team] = sandbox.people.organization.teams;
    for (const place of [`/workspaces/${sandbox.workspace}`, `/teams/${team?.gid}`]) {
      for (const action of ['addUser', 'removeUser']) {
        const answer = await postAs('alice@acme.example', `${place}/${action}`, 'x@acme.example');
        assert.match(answer, /^403 .*You have a view-only license/, `${place}/${action}`);
      }
    }
    assert.equal(sandbox.state.personByEmail('x@acme.example'), undefined);
  });

  it('removeUser ends only the membership in a workspace that is not an organization', async () => {
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

  it('the token of a deprovisioned person is refused', async () => {
    const bob = sandbox.state.personByEmail('bob@acme.example');
    assert.ok(bob);
    sandbox.tokenRegister.issue('bobs', 'personalAccessToken', bob);
    const me = () => fetch(`${sandbox.asanaUrl}/users/me`, { headers: { authorization: 'Bearer bobs' } });
    assert.equal((await me()).status, 200);
    sandbox.state.deprovision(bob, null);
    assert.equal((await me()).status, 401);
  });

  /** Posts a change with the personal token of `owner`. Returns the status and the body. */
  async function postAs(owner: string, path: string, user: string): Promise<string> {
    const person = sandbox.state.personByEmail(owner);
    assert.ok(person);
    sandbox.tokenRegister.issue('borrowed', 'personalAccessToken', person);
    const reply = await fetch(`${sandbox.asanaUrl}${path}`, {
      method: 'POST',
      headers: { authorization: 'Bearer borrowed', 'content-type': 'application/json' },
      body: JSON.stringify({ data: { user } }),
    });
    return `${reply.status} ${await reply.text()}`;
  }
});

describe('adding people to a team and removing them', async () => {
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

  it('addUser answers 200 with the membership, and with the same one the second time', async () => {
    const added = await post(first?.gid, 'addUser', outsider?.gid);
    assert.equal(added.status, 200);
    assertSchema('TeamMembershipCompact', added.json.at('data').value);
    const again = await post(first?.gid, 'addUser', outsider?.profile.email);
    assert.equal(again.json.at('data', 'gid').value, added.json.at('data', 'gid').value);
  });

  it('addUser refuses a person who is not in the organization, and invites nobody', async () => {
    const reply = await post(first?.gid, 'addUser', 'stranger@acme.example');
    assert.equal(reply.status, 400);
    assert.equal(messageOf(reply), 'user: Not a user in Organization: stranger@acme.example');
    assert.equal(sandbox.state.personByEmail('stranger@acme.example'), undefined);
  });

  it('addUser requires the owner of a personal token to be in the team', async () => {
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

  it('addUser requires a service account to be in the team only if serviceAccountNeedsTeam is set', async () => {
    sandbox.settings.serviceAccountNeedsTeam = true;
    assert.equal((await post(second?.gid, 'addUser', outsider?.gid)).status, 403);
    sandbox.settings.serviceAccountNeedsTeam = false;
    assert.equal((await post(second?.gid, 'addUser', outsider?.gid)).status, 200);
  });

  it('removeUser answers 200 with an empty object, and 400 if the person is not in the team', async () => {
    const removed = await post(first?.gid, 'removeUser', outsider?.gid);
    assert.equal(removed.status, 200);
    assert.deepEqual(removed.json.value, { data: {} });
    assert.equal((await post(first?.gid, 'removeUser', outsider?.gid)).status, 400);
  });
});
