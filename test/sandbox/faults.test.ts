import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fault } from '../../src/sandbox/faults.ts';
import { AsanaFaults } from '../../src/sandbox/faults.ts';
import { ask, gidOf, messageOf, patchUser, sandboxFor, scimUser } from './asking.ts';

describe('the fault schedule', () => {
  const subject = { method: 'GET', path: '/users', operation: 'getUsers', token: 'serviceAccount' } as const;
  const cases: { because: string; match: Fault['match']; hits: boolean[] }[] = [
    { because: 'a fault hits once by default', match: {}, hits: [true, false, false, false] },
    { because: 'times limits the hits', match: { times: 2 }, hits: [true, true, false, false] },
    { because: 'times 0 means always', match: { times: 0 }, hits: [true, true, true, true] },
    { because: 'nth hits only that request', match: { nth: 3 }, hits: [false, false, true, false] },
    {
      because: 'after skips that many requests',
      match: { after: 2, times: 0 },
      hits: [false, false, true, true],
    },
    {
      because: 'another method is not hit',
      match: { method: 'POST', times: 0 },
      hits: [false, false, false, false],
    },
    {
      because: 'a method matches in lower case too',
      match: { method: 'get' },
      hits: [true, false, false, false],
    },
    { because: 'a star is a wildcard', match: { path: '/us*' }, hits: [true, false, false, false] },
    {
      because: 'the whole path must match',
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
    it(`hits ${hits.filter(Boolean).length} of 4 requests with ${JSON.stringify(match)}: ${because}`, () => {
      const schedule = new AsanaFaults();
      schedule.add({ match, effect: { status: 500 } });
      assert.deepEqual(
        hits.map(() => schedule.strike(subject).status === 500),
        hits,
      );
    });
  }

  it('merges the effects of all faults that hit, and omits those of removed faults', () => {
    const schedule = new AsanaFaults();
    schedule.add({ match: { times: 0 }, effect: { delayMs: 5 } });
    const id = schedule.add({ match: { times: 0 }, effect: { status: 503 } });
    assert.deepEqual(schedule.strike(subject), { delayMs: 5, status: 503 });
    assert.equal(schedule.remove(id), true);
    assert.equal(schedule.remove(id), false);
    assert.deepEqual(schedule.strike(subject), { delayMs: 5 });
  });
});

describe('faults over HTTP', async () => {
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

  it('send a status with Retry-After and the error body of REST or SCIM', async () => {
    sandbox.faults.add({ match: { times: 2 }, effect: { status: 503, retryAfter: 7 } });
    const rest = await ask(sandbox, 'GET', users);
    const scim = await ask(sandbox, 'GET', '/scim/Users');
    assert.deepEqual([rest.status, scim.status], [503, 503]);
    assert.equal(rest.headers.get('retry-after'), '7');
    assert.equal(messageOf(rest), 'Server Error');
    assert.equal(scim.json.at('detail').value, 'Server Error');
    assert.equal((await ask(sandbox, 'GET', users)).status, 200);
  });

  it('send a phrase with a 500 and with no other status', async () => {
    for (const [status, member] of [
      [500, 'phrase'],
      [400, 'help'],
      [503, 'help'],
    ] as const) {
      sandbox.faults.add({ match: {}, effect: { status } });
      const reply = await ask(sandbox, 'GET', users);
      assert.equal(reply.status, status);
      assert.deepEqual(reply.json.at('errors', 0).keys(), ['message', member]);
    }
  });

  it('send HTML with 502, an empty body with 200, or an error body with 200', async () => {
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

  it('truncate a body', async () => {
    sandbox.faults.add({ match: {}, effect: { body: 'truncated' } });
    const response = await fetch(`${sandbox.asanaUrl}${users}`, {
      headers: { authorization: `Bearer ${sandbox.tokens.serviceAccount}` },
    });
    assert.equal(response.status, 200);
    await assert.rejects(response.text(), TypeError);
  });

  it('send a body of more than 64 MiB', async () => {
    sandbox.faults.add({ match: {}, effect: { body: 'huge' } });
    const response = await fetch(`${sandbox.asanaUrl}${users}`, {
      headers: { authorization: `Bearer ${sandbox.tokens.serviceAccount}` },
    });
    let bytes = 0;
    for await (const chunk of response.body ?? []) bytes += chunk.length;
    assert.ok(bytes > 64 * 1024 * 1024);
  });

  it('reset the connection before the request takes effect', async () => {
    sandbox.faults.add({ match: { method: 'PATCH' }, effect: { resetConnection: true } });
    await assert.rejects(patchUser(sandbox, alice, grant), TypeError);
    assert.equal(licenseOfAlice(), 'view only');
    assert.equal(sandbox.requests.since(0).at(-1)?.status, 0);
  });

  it('lose the answer of a request that took effect', async () => {
    sandbox.faults.add({ match: { method: 'PATCH' }, effect: { loseResponse: true } });
    await assert.rejects(patchUser(sandbox, alice, grant), TypeError);
    assert.equal(licenseOfAlice(), 'enterprise');
    setBack();
  });

  it('answer a write with success and change nothing', async () => {
    sandbox.faults.add({ match: { method: 'PATCH' }, effect: { ignoreWrite: true } });
    assert.equal((await patchUser(sandbox, alice, grant)).status, 200);
    assert.equal(licenseOfAlice(), 'view only');
  });

  it('show the previous state of a person for a while after a write, over REST and SCIM', async () => {
    sandbox.faults.add({ match: { method: 'PATCH' }, effect: { staleForMs: 60_000 } });
    const reply = await patchUser(sandbox, alice, grant);
    assert.equal(
      reply.json.at('userType').value,
      'enterprise',
      'the answer to the write shows the new license',
    );
    const viewOnly = `/workspaces/${sandbox.workspace}/workspace_memberships?user=${alice}&opt_fields=is_view_only`;
    assert.equal((await scimUser(sandbox, 'alice@acme.example')).at('userType').value, 'view only');
    assert.equal((await ask(sandbox, 'GET', viewOnly)).json.at('data', 0, 'is_view_only').value, true);
    sandbox.time.skewMs += 60_001;
    assert.equal((await scimUser(sandbox, 'alice@acme.example')).at('userType').value, 'enterprise');
    assert.equal((await ask(sandbox, 'GET', viewOnly)).json.at('data', 0, 'is_view_only').value, false);
    setBack();
  });

  it('show the previous members of a team for a while after a change, by team and by user', async () => {
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

  it('hide a new person for a while', async () => {
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

  it('repeat the offset of a page in its next_page', async () => {
    const first = (await ask(sandbox, 'GET', users)).json.at('next_page', 'offset').text();
    sandbox.faults.add({ match: {}, effect: { repeatOffset: true } });
    const second = await ask(sandbox, 'GET', `${users}&offset=${first}`);
    assert.equal(second.json.at('next_page', 'offset').value, first);
  });

  it('never end a listing: empty pages follow the last person, each with a new offset', async () => {
    sandbox.faults.add({ match: { operation: 'getUsers', times: 0 }, effect: { endlessOffset: true } });
    const offsets = new Set<string>();
    const sizes: number[] = [];
    let path = users.replace('limit=20', 'limit=100');
    for (let i = 0; i < 5; i += 1) {
      const page = await ask(sandbox, 'GET', path);
      offsets.add(page.json.at('next_page', 'offset').text());
      sizes.push(page.json.at('data').list().length);
      path = page.json.at('next_page', 'path').text();
    }
    assert.equal(offsets.size, 5);
    assert.ok(Number(sizes[0]) > 0);
    assert.deepEqual(sizes.slice(1), [0, 0, 0, 0]);
    setBack();
  });

  it('change totalResults without changing the results', async () => {
    const before = (await ask(sandbox, 'GET', '/scim/Users')).json;
    sandbox.faults.add({ match: {}, effect: { totalResultsBy: 3 } });
    const after = (await ask(sandbox, 'GET', '/scim/Users')).json;
    assert.equal(after.at('totalResults').value, Number(before.at('totalResults').value) + 3);
    assert.equal(after.at('Resources').list().length, before.at('Resources').list().length);
  });

  it('delay an answer', async () => {
    sandbox.faults.add({ match: {}, effect: { delayMs: 80 } });
    const started = performance.now();
    await ask(sandbox, 'GET', users);
    assert.ok(performance.now() - started >= 79);
  });
});
