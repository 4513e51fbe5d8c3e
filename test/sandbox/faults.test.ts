import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fault } from '../../src/sandbox/faults.ts';
import { AsanaFaults } from '../../src/sandbox/faults.ts';
import { ask, gidOf, messageOf, patchUser, sandboxFor, scimUser } from './asking.ts';

describe('the schedule of faults', () => {
  const subject = { method: 'GET', path: '/users', operation: 'getUsers', token: 'serviceAccount' } as const;
  const cases: { because: string; match: Fault['match']; hits: boolean[] }[] = [
    { because: 'a fault hits once by default', match: {}, hits: [true, false, false, false] },
    { because: 'times limits it', match: { times: 2 }, hits: [true, true, false, false] },
    { because: 'times 0 never ends', match: { times: 0 }, hits: [true, true, true, true] },
    { because: 'nth hits that one alone', match: { nth: 3 }, hits: [false, false, true, false] },
    { because: 'after lets so many pass', match: { after: 2, times: 0 }, hits: [false, false, true, true] },
    {
      because: 'another method is not hit',
      match: { method: 'POST', times: 0 },
      hits: [false, false, false, false],
    },
    {
      because: 'a method is the same in lower case',
      match: { method: 'get' },
      hits: [true, false, false, false],
    },
    { because: 'a star stands for anything', match: { path: '/us*' }, hits: [true, false, false, false] },
    {
      because: 'a path is matched whole',
      match: { path: '/user', times: 0 },
      hits: [false, false, false, false],
    },
    {
      because: 'operations are matched by name',
      match: { operation: 'getUsers' },
      hits: [true, false, false, false],
    },
    {
      because: 'another token is not hit',
      match: { token: 'scimOnly', times: 0 },
      hits: [false, false, false, false],
    },
  ];
  for (const { because, match, hits } of cases) {
    it(`hits ${hits.filter(Boolean).length} of 4 with ${JSON.stringify(match)}: ${because}`, () => {
      const schedule = new AsanaFaults();
      schedule.add({ match, effect: { status: 500 } });
      assert.deepEqual(
        hits.map(() => schedule.strike(subject).status === 500),
        hits,
      );
    });
  }

  it('joins the effects of all faults that hit, and forgets what is removed', () => {
    const schedule = new AsanaFaults();
    schedule.add({ match: { times: 0 }, effect: { delayMs: 5 } });
    const id = schedule.add({ match: { times: 0 }, effect: { status: 503 } });
    assert.deepEqual(schedule.strike(subject), { delayMs: 5, status: 503 });
    assert.equal(schedule.remove(id), true);
    assert.equal(schedule.remove(id), false);
    assert.deepEqual(schedule.strike(subject), { delayMs: 5 });
  });
});

describe('faults over the wire', async () => {
  const sandbox = await sandboxFor({ accounts: 60 });
  const users = `/users?workspace=${sandbox.workspace}&limit=20`;
  const alice = gidOf(sandbox, 'alice@acme.example');
  const licenseOfAlice = () => sandbox.state.person(alice)?.profile.license;
  const grant = { op: 'replace', path: 'userType', value: 'enterprise' };
  const setBack = () => {
    sandbox.faults.clear();
    const person = sandbox.state.person(alice);
    if (person) sandbox.state.change(person, { license: 'view only' });
  };

  it('send a status with the error body of its surface, and Retry-After', async () => {
    sandbox.faults.add({ match: { times: 2 }, effect: { status: 503, retryAfter: 7 } });
    const rest = await ask(sandbox, 'GET', users);
    const scim = await ask(sandbox, 'GET', '/scim/Users');
    assert.deepEqual([rest.status, scim.status], [503, 503]);
    assert.equal(rest.headers.get('retry-after'), '7');
    assert.equal(messageOf(rest), 'Server Error');
    assert.equal(scim.json.at('detail').value, 'Server Error');
    assert.equal((await ask(sandbox, 'GET', users)).status, 200);
  });

  it('send a phrase with a 500 and only then', async () => {
    sandbox.faults.add({ match: {}, effect: { status: 500 } });
    assert.deepEqual((await ask(sandbox, 'GET', users)).json.at('errors', 0).keys(), ['message', 'phrase']);
  });

  it('send HTML, nothing, or an error with status 200', async () => {
    sandbox.faults.add({ match: { nth: 1 }, effect: { body: 'html' } });
    sandbox.faults.add({ match: { nth: 2 }, effect: { body: 'empty' } });
    sandbox.faults.add({ match: { nth: 3 }, effect: { body: 'error200' } });
    const html = await ask(sandbox, 'GET', users);
    assert.deepEqual([html.status, html.headers.get('content-type')], [502, 'text/html']);
    const empty = await ask(sandbox, 'GET', users);
    assert.deepEqual([empty.status, empty.text], [200, '']);
    const error = await ask(sandbox, 'GET', users);
    assert.deepEqual([error.status, messageOf(error)], [200, 'Server Error']);
    setBack();
  });

  it('cut a body half way', async () => {
    sandbox.faults.add({ match: {}, effect: { body: 'truncated' } });
    const response = await fetch(`${sandbox.asanaUrl}${users}`, {
      headers: { authorization: `Bearer ${sandbox.tokens.serviceAccount}` },
    });
    assert.equal(response.status, 200);
    await assert.rejects(response.text(), TypeError);
  });

  it('send a body of 64 MiB to who reads it', async () => {
    sandbox.faults.add({ match: {}, effect: { body: 'huge' } });
    const response = await fetch(`${sandbox.asanaUrl}${users}`, {
      headers: { authorization: `Bearer ${sandbox.tokens.serviceAccount}` },
    });
    let bytes = 0;
    for await (const chunk of response.body ?? []) bytes += chunk.length;
    assert.ok(bytes > 64 * 1024 * 1024);
  });

  it('reset the connection before anything is done', async () => {
    sandbox.faults.add({ match: { method: 'PATCH' }, effect: { resetConnection: true } });
    await assert.rejects(patchUser(sandbox, alice, grant), TypeError);
    assert.equal(licenseOfAlice(), 'view only');
    assert.equal(sandbox.requests.since(0).at(-1)?.status, 0);
  });

  it('lose the answer of what was done', async () => {
    sandbox.faults.add({ match: { method: 'PATCH' }, effect: { loseResponse: true } });
    await assert.rejects(patchUser(sandbox, alice, grant), TypeError);
    assert.equal(licenseOfAlice(), 'enterprise');
    setBack();
  });

  it('answer a write with success and leave everything as it was', async () => {
    sandbox.faults.add({ match: { method: 'PATCH' }, effect: { ignoreWrite: true } });
    assert.equal((await patchUser(sandbox, alice, grant)).status, 200);
    assert.equal(licenseOfAlice(), 'view only');
  });

  it('show the person as before for a while after a write, on both surfaces', async () => {
    sandbox.faults.add({ match: { method: 'PATCH' }, effect: { staleForMs: 60_000 } });
    const reply = await patchUser(sandbox, alice, grant);
    assert.equal(reply.json.at('userType').value, 'enterprise', 'the write itself tells the truth');
    const viewOnly = `/workspaces/${sandbox.workspace}/workspace_memberships?user=${alice}&opt_fields=is_view_only`;
    assert.equal((await scimUser(sandbox, 'alice@acme.example')).at('userType').value, 'view only');
    assert.equal((await ask(sandbox, 'GET', viewOnly)).json.at('data', 0, 'is_view_only').value, true);
    sandbox.time.skewMs += 60_001;
    assert.equal((await scimUser(sandbox, 'alice@acme.example')).at('userType').value, 'enterprise');
    assert.equal((await ask(sandbox, 'GET', viewOnly)).json.at('data', 0, 'is_view_only').value, false);
    setBack();
  });

  it('show a team as before for a while after somebody came or left, from both sides', async () => {
    const [team] = sandbox.people.organization.teams;
    assert.ok(team);
    const seen = async () => {
      const lists = [
        `/team_memberships?team=${team.gid}&opt_fields=user`,
        `/users?team=${team.gid}`,
        `/scim/Groups/${team.gid}`,
      ];
      const ofTeam = await Promise.all(lists.map(async (path) => (await ask(sandbox, 'GET', path)).text));
      const path = `/team_memberships?user=${alice}&workspace=${sandbox.workspace}&opt_fields=team`;
      const ofAlice = (await ask(sandbox, 'GET', path)).text;
      return [...ofTeam.map((text) => text.includes(alice)), ofAlice.includes(team.gid)];
    };
    const send = (action: string) =>
      ask(sandbox, 'POST', `/teams/${team.gid}/${action}`, { body: { data: { user: alice } } });
    await send('removeUser');
    for (const [action, before] of [
      ['addUser', false],
      ['removeUser', true],
    ] as const) {
      sandbox.faults.add({ match: { method: 'POST' }, effect: { staleForMs: 60_000 } });
      assert.equal((await send(action)).status, 200, action);
      assert.deepEqual(await seen(), [before, before, before, before], `${action} does not show yet`);
      sandbox.time.skewMs += 60_001;
      assert.deepEqual(await seen(), [!before, !before, !before, !before], `${action} shows`);
    }
    setBack();
  });

  it('hide somebody just created for a while', async () => {
    sandbox.faults.add({ match: { operation: 'addUserForWorkspace' }, effect: { staleForMs: 60_000 } });
    const body = { data: { user: 'slow@acme.example' } };
    assert.equal(
      (await ask(sandbox, 'POST', `/workspaces/${sandbox.workspace}/addUser`, { body })).status,
      200,
    );
    assert.equal((await scimUser(sandbox, 'slow@acme.example')).value, undefined);
    sandbox.time.skewMs += 60_001;
    assert.equal((await scimUser(sandbox, 'slow@acme.example')).at('active').value, true);
  });

  it('drop the key next_page', async () => {
    sandbox.faults.add({ match: {}, effect: { dropNextPage: true } });
    assert.deepEqual((await ask(sandbox, 'GET', users)).json.keys(), ['data']);
  });

  it('lead from a page back to itself', async () => {
    const first = (await ask(sandbox, 'GET', users)).json.at('next_page', 'offset').text();
    sandbox.faults.add({ match: {}, effect: { repeatOffset: true } });
    const second = await ask(sandbox, 'GET', `${users}&offset=${first}`);
    assert.equal(second.json.at('next_page', 'offset').value, first);
  });

  it('never end a listing: empty pages, each with a new offset', async () => {
    sandbox.faults.add({ match: { operation: 'getUsers', times: 0 }, effect: { endlessOffset: true } });
    const offsets = new Set<string>();
    let path = users.replace('limit=20', 'limit=100');
    for (let i = 0; i < 5; i += 1) {
      const page = await ask(sandbox, 'GET', path);
      offsets.add(page.json.at('next_page', 'offset').text());
      path = page.json.at('next_page', 'path').text();
    }
    assert.equal(offsets.size, 5);
    setBack();
  });

  it('miscount totalResults', async () => {
    const before = (await ask(sandbox, 'GET', '/scim/Users')).json;
    sandbox.faults.add({ match: {}, effect: { totalResultsBy: 3 } });
    const after = (await ask(sandbox, 'GET', '/scim/Users')).json;
    assert.equal(after.at('totalResults').value, Number(before.at('totalResults').value) + 3);
    assert.equal(after.at('Resources').list().length, before.at('Resources').list().length);
  });

  it('keep a request waiting', async () => {
    sandbox.faults.add({ match: {}, effect: { delayMs: 80 } });
    const started = performance.now();
    await ask(sandbox, 'GET', users);
    assert.ok(performance.now() - started >= 79);
  });
});
