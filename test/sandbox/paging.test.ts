import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, messageOf, type Reply, sandboxFor } from './asking.ts';
import type { Json } from './json.ts';
import { assertListing } from './schemas.ts';

describe('a listing in pages', async () => {
  const sandbox = await sandboxFor({ accounts: 250, teams: 3 });
  const users = `/users?workspace=${sandbox.workspace}`;

  async function readAll(path: string, limit: number): Promise<Json[]> {
    const records: Json[] = [];
    let offset: string | null = null;
    do {
      const reply = await ask(
        sandbox,
        'GET',
        `${path}&limit=${limit}${offset === null ? '' : `&offset=${offset}`}`,
      );
      assert.equal(reply.status, 200, reply.text);
      assertListing('UserCompact', reply.json.value);
      records.push(...reply.json.at('data').list());
      const next = reply.json.at('next_page');
      offset = next.value === null ? null : next.at('offset').text();
    } while (offset !== null);
    return records;
  }

  for (const limit of [100, 99, 50, 83]) {
    it(`returns everybody once, ordered by gid, in pages of ${limit}`, async () => {
      const gids = (await readAll(users, limit)).map((user) => user.at('gid').text());
      assert.equal(gids.length, 250);
      assert.deepEqual(
        gids,
        [...new Set(gids)].toSorted((a, b) => Number(BigInt(a) - BigInt(b))),
      );
    });
  }

  it('has no next_page if the request has no limit', async () => {
    assert.deepEqual((await ask(sandbox, 'GET', users)).json.keys(), ['data']);
  });

  it('has next_page null on the last page, even when that page is full', async () => {
    const first = await ask(sandbox, 'GET', `${users}&limit=100`);
    const second = await ask(
      sandbox,
      'GET',
      `${users}&limit=100&offset=${first.json.at('next_page', 'offset').text()}`,
    );
    const third = await ask(
      sandbox,
      'GET',
      `${users}&limit=50&offset=${second.json.at('next_page', 'offset').text()}`,
    );
    assert.equal(third.json.at('data').list().length, 50);
    assert.equal(third.json.at('next_page').value, null);
  });

  it('links the next page by path and uri, with the fields of the request', async () => {
    const first = await ask(sandbox, 'GET', `${users}&limit=10&opt_fields=name`);
    const next = first.json.at('next_page');
    const path = next.at('path').text();
    assert.equal(next.at('uri').text(), `${sandbox.asanaUrl}${path}`);
    const second = await ask(sandbox, 'GET', path);
    assert.deepEqual(second.json.at('data', 0).keys(), ['gid', 'name']);
  });

  for (const limit of ['0', '101', '-1', '1.5', 'ten', '']) {
    it(`refuses the limit "${limit}"`, async () => {
      const reply = await ask(sandbox, 'GET', `${users}&limit=${limit}`);
      assert.equal(reply.status, 400);
      assert.match(String(messageOf(reply)), /^limit: /);
    });
  }

  it('refuses a pagination token that it did not issue, and one of another listing', async () => {
    const mine = await ask(sandbox, 'GET', `/workspaces/${sandbox.workspace}/teams?limit=1`);
    const foreign = mine.json.at('next_page', 'offset').text();
    const forged = `${foreign.slice(0, -2)}xx`;
    for (const offset of ['abc', '10', forged, foreign]) {
      const reply = await ask(sandbox, 'GET', `${users}&limit=10&offset=${offset}`);
      assert.equal(reply.status, 400, offset);
      assert.equal(messageOf(reply), 'offset: Your pagination token is invalid.');
    }
  });

  it('refuses its own pagination token after fifteen minutes, and no sooner', async () => {
    const first = await ask(sandbox, 'GET', `${users}&limit=10`);
    const path = `${users}&limit=10&offset=${first.json.at('next_page', 'offset').text()}`;
    sandbox.time.skewMs = 14 * 60_000;
    assert.equal((await ask(sandbox, 'GET', path)).status, 200);
    sandbox.time.skewMs = 15 * 60_000 + 1000;
    const late = await ask(sandbox, 'GET', path);
    sandbox.time.skewMs = 0;
    assert.equal(late.status, 400);
    assert.equal(messageOf(late), 'offset: Your pagination token has expired.');
  });

  it('skips and repeats nobody when a person leaves or returns between two pages', async () => {
    const gidsOn = (page: Reply) =>
      page.json
        .at('data')
        .list()
        .map((user) => user.at('gid').text());
    const pageAfter = (page: Reply) => {
      const offset = page.json.at('next_page', 'offset').text();
      return ask(sandbox, 'GET', `${users}&limit=100&offset=${offset}`);
    };
    const first = await ask(sandbox, 'GET', `${users}&limit=100`);
    const leaver = sandbox.state.person(gidsOn(first)[50] ?? '');
    assert.ok(leaver);
    sandbox.state.deprovision(leaver, null);
    const second = await pageAfter(first);
    sandbox.state.change(leaver, { active: true });
    const third = await pageAfter(second);
    const gids = sandbox.state.organization.people.filter((p) => p.profile.active).map((p) => p.gid);
    assert.deepEqual([first, second, third].map(gidsOn), [
      gids.slice(0, 100),
      gids.slice(100, 200),
      gids.slice(200),
    ]);
  });
});

describe('listings that are too large', async () => {
  const sandbox = await sandboxFor({ accounts: 2100, teams: 0 });

  it('are refused without a limit', async () => {
    for (const path of [
      `/users?workspace=${sandbox.workspace}`,
      `/workspaces/${sandbox.workspace}/workspace_memberships`,
    ]) {
      const reply = await ask(sandbox, 'GET', path);
      assert.equal(reply.status, 400, path);
      assert.equal(
        messageOf(reply),
        'The result is too large. You should use pagination (may require specifying a workspace)!',
      );
    }
  });

  it('are cut at 2,000 records, ordered by name, at an endpoint without paging, which ignores the limit', async () => {
    const reply = await ask(sandbox, 'GET', `/workspaces/${sandbox.workspace}/users?limit=10`);
    assert.deepEqual(reply.json.keys(), ['data']);
    const names = reply.json
      .at('data')
      .list()
      .map((user) => user.at('name').text());
    assert.equal(names.length, 2000);
    assert.deepEqual(names, names.toSorted());
  });
});
