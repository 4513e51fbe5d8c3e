import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { BudgetRegistry } from '../../src/asana/budget-registry.ts';
import type { AsanaSession } from '../../src/asana/session.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { Redacted } from '../../src/core/redacted.ts';
import { addressOf, isActive } from '../../src/directory/account.ts';
import { Directory } from '../../src/directory/directory.ts';
import { findAccount, type ReadOptions, readAccount } from '../../src/directory/reader.ts';
import type { Account, Part, Snapshot } from '../../src/directory/snapshot.ts';
import { type SyncOptions, syncDirectory } from '../../src/directory/sync.ts';
import { parseFault } from '../../src/sandbox/faults.ts';
import { SECOND_WORKSPACE_GID, STRANGER } from '../../src/sandbox/seed.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts';
import type { TokenKind } from '../../src/sandbox/tokens.ts';
import { fastClock } from '../asana/fake-clock.ts';
import { openTestSession } from '../asana/sessions.ts';

const userTypes = { enterprise: 'enterprise', viewOnly: 'view only' };
const reading: ReadOptions = { membership: true, userTypes, priority: 'action' };
const clock = fastClock(100);

/** Starts a sandbox, by default without a limit of requests per minute, and a session for it. */
async function setUp(t: TestContext, options: SandboxOptions = {}, kind: TokenKind = 'serviceAccount') {
  const sandbox = await startSandbox({ requestsPerMinute: 0, clock, ...options });
  t.after(() => sandbox.close());
  const session = openTestSession(t, '', {
    baseUrl: sandbox.asanaUrl,
    token: new Redacted(sandbox.tokens[kind]),
    clock,
  });
  const run = (changes: Partial<SyncOptions> = {}) =>
    syncDirectory(session, { scim: { enabled: true, userTypes }, teams: true, clock, ...changes });
  return { sandbox, session, run };
}

function statisticsOf(sandbox: Sandbox, kind: TokenKind = 'serviceAccount') {
  const token = sandbox.tokenRegister.identify(`Bearer ${sandbox.tokens[kind]}`);
  assert.ok(token);
  return token.limits.statistics();
}

async function adopted(run: () => ReturnType<typeof syncDirectory>) {
  const { snapshot } = await run();
  assert.ok(snapshot);
  const directory = new Directory(clock);
  directory.adopt(snapshot);
  return { directory, snapshot };
}

suite('a sync against the strict sandbox', () => {
  test('is complete, within the bound of requests, and never above fifty reads in flight', async (t) => {
    const { sandbox, run } = await setUp(t, {
      accounts: 1230,
      teams: 260,
      membersPerTeam: 12,
      latencyMs: 5000,
    });
    const { snapshot, rest, scim } = await run();
    assert.ok(snapshot);
    assert.deepEqual([rest, scim], [{ ok: true }, { ok: true }]);
    for (const part of Object.values(snapshot.parts))
      assert.equal(part?.complete, true, part?.incompleteBecause ?? '');
    const accounts = Math.ceil((snapshot.accounts.size + 10) / 100);
    const bound = 3 * accounts + Math.ceil(260 / 100) + 260 + 2;
    assert.ok(snapshot.requests <= bound, `${snapshot.requests} requests, allowed are ${bound}`);
    const { mostReadsInFlight, rejected } = statisticsOf(sandbox);
    assert.equal(rejected, 0);
    assert.ok(mostReadsInFlight > 40 && mostReadsInFlight <= 50, `${mostReadsInFlight} reads in flight`);
  });

  test('never makes the sandbox refuse a request for its limit a minute', async (t) => {
    const { sandbox } = await setUp(t, {
      accounts: 300,
      teams: 250,
      membersPerTeam: 3,
      requestsPerMinute: 100,
    });
    const budgets = new BudgetRegistry(
      { requestsPerMinute: 100, percent: 100 },
      { clock, meter: silentMeter },
    );
    const session = openTestSession(t, '', {
      baseUrl: sandbox.asanaUrl,
      token: new Redacted(sandbox.tokens.serviceAccount),
      clock,
      budgets,
    });
    const begun = clock.monotonic();
    const { snapshot } = await syncDirectory(session, {
      scim: { enabled: true, userTypes },
      teams: true,
      clock,
    });
    const seconds = (clock.monotonic() - begun) / 1000;
    const { rejected, mostPerMinute } = statisticsOf(sandbox);
    assert.deepEqual([rejected, snapshot?.parts.teams?.complete], [0, true]);
    assert.ok(mostPerMinute <= 90, `${mostPerMinute} a minute: a tenth is kept for actions`);
    assert.ok(seconds >= 120, `${seconds} s for ${snapshot?.requests} requests`);
  });

  test('the same directory comes out whether SCIM pages or gives everybody at once', async (t) => {
    const { sandbox, run } = await setUp(t, { accounts: 320, teams: 2 });
    const paged = await run();
    sandbox.settings.scimPaging = false;
    const whole = await run();
    assert.deepEqual(whole.snapshot?.accounts, paged.snapshot?.accounts);
    assert.ok((whole.snapshot?.requests ?? 0) < (paged.snapshot?.requests ?? 0));
  });

  test('people who came back have one active membership, people who left are not active', async (t) => {
    const { snapshot } = await adopted((await setUp(t, { accounts: 60, rejoined: 5, deprovisioned: 4 })).run);
    const organization = snapshot.organization?.gid ?? null;
    const accounts = [...snapshot.accounts.values()];
    assert.ok(accounts.every(({ memberships }) => memberships.length <= 1));
    const active = accounts.filter((account) => isActive(account, organization)).length;
    assert.equal(active, 60);
    assert.ok(accounts.length >= 64);
  });

  test('a domain without view-only licenses is LicensesUnavailable', async (t) => {
    const { scim } = await (await setUp(t, { viewOnlyDomain: false })).run();
    assert.ok(scim && !scim.ok);
    assert.equal(scim.error.code, 'LicensesUnavailable');
  });

  test('a personal token reads everything but licenses', async (t) => {
    const { snapshot, rest, scim } = await (await setUp(t, {}, 'personalAccessToken')).run();
    assert.ok(snapshot && rest.ok && scim && !scim.ok);
    assert.deepEqual([snapshot.parts.accounts.complete, snapshot.parts.licenses?.complete], [true, false]);
    assert.equal(snapshot.self, snapshot.gidsByEmail.get('root@acme.example'));
  });

  test('a service account with only Users: Read and Teams: Read reads accounts, licenses, teams and members over SCIM', async (t) => {
    const { sandbox, session, run } = await setUp(t, { accounts: 130, teams: 7 }, 'scimOnly');
    const full = openTestSession(t, '', {
      baseUrl: sandbox.asanaUrl,
      token: new Redacted(sandbox.tokens.serviceAccount),
      clock,
    });
    const over = await run({ defaultWorkspace: sandbox.workspace });
    const { snapshot: whole } = await syncDirectory(full, {
      scim: { enabled: true, userTypes },
      teams: true,
      clock,
    });
    const { snapshot } = over;
    assert.ok(snapshot && whole && !over.rest.ok && session.scim);
    assert.equal(over.rest.error.code, 'ScimOnly');
    for (const part of Object.values(snapshot.parts)) assert.equal(part?.complete, true);
    const shown = [...whole.accounts.values()].filter(({ scim }) => scim);
    assert.deepEqual([...snapshot.accounts.keys()].toSorted(), shown.map(({ gid }) => gid).toSorted());
    for (const account of shown) {
      const same: Account | undefined = snapshot.accounts.get(account.gid);
      assert.ok(same);
      assert.deepEqual(
        [same.license, same.email, same.address],
        [account.license, account.email, account.address],
      );
      assert.equal(isActive(same, sandbox.workspace), isActive(account, sandbox.workspace));
    }
    const members = ({ teams }: Snapshot) =>
      [...teams.values()].map(({ gid, name, memberships }) => [
        gid,
        name,
        memberships.map(({ user }) => user),
      ]);
    assert.deepEqual(members(snapshot), members(whole));
  });

  test('a token that REST refuses although it is recorded uploads nothing: its permissions are lost', async (t) => {
    const { sandbox, run } = await setUp(t, {}, 'scimOnly');
    const { snapshot, rest } = await run({ defaultWorkspace: sandbox.workspace, restKnown: true });
    assert.ok(!rest.ok);
    assert.deepEqual([snapshot, rest.error.code], [null, 'PermissionDenied']);
  });

  test('somebody who left has an address all the same, and everybody the one Asana writes', async (t) => {
    const { snapshot } = await adopted((await setUp(t, { accounts: 40, deprovisioned: 4 })).run);
    const left = [...snapshot.accounts.values()].filter(
      (account) => !isActive(account, snapshot.organization?.gid ?? null),
    );
    assert.ok(left.length >= 4);
    for (const account of left) assert.ok(addressOf(account), `${account.gid} has an address`);
  });

  test('a workspace that answers 403 is left out, and stops nothing', async (t) => {
    const { sandbox, run } = await setUp(t, { secondWorkspace: 'workspace' }, 'personalAccessToken');
    const { snapshot: before } = await run({ scim: { enabled: false, userTypes } });
    const second = before?.workspaces.find(({ organization }) => !organization);
    assert.ok(second);
    sandbox.faults.add(
      parseFault({
        match: { path: `/workspaces/${second.gid}/workspace_memberships`, times: 0 },
        effect: { status: 403 },
      }),
    );
    const { snapshot } = await run({ scim: { enabled: false, userTypes } });
    assert.deepEqual(snapshot?.leftOut, [{ ...second, leftOut: 'Refused' }]);
    assert.equal(snapshot?.parts.accounts.complete, true);
    assert.deepEqual(
      snapshot?.workspaces.map(({ gid }) => gid),
      [sandbox.workspace],
    );
    const named = await run({
      scim: { enabled: false, userTypes },
      workspaces: [sandbox.workspace, second.gid],
    });
    assert.equal(named.snapshot?.parts.accounts.complete, false, 'named, it is an error');
  });

  test('an organization in which the owner of a personal token is a guest is not read unless it is configured', async (t) => {
    const { run } = await setUp(t, { secondWorkspace: 'organization' }, 'personalAccessToken');
    const { snapshot } = await run();
    assert.deepEqual(
      snapshot?.leftOut.map(({ gid, leftOut }) => [gid, leftOut]),
      [[SECOND_WORKSPACE_GID, 'Guest']],
    );
    assert.ok(!snapshot?.gidsByEmail.has(STRANGER));
    const named = await run({ scim: { enabled: false, userTypes }, workspaces: [SECOND_WORKSPACE_GID] });
    assert.ok(named.snapshot?.gidsByEmail.has(STRANGER), 'named, it is read');
  });

  test('a second workspace is read beside the organization', async (t) => {
    const { run } = await setUp(t, { secondWorkspace: 'workspace' }, 'personalAccessToken');
    const { snapshot } = await run();
    assert.deepEqual(snapshot?.workspaces.map(({ organization }) => organization).toSorted(), [false, true]);
  });

  test('a revoked token is CredentialsRejected', async (t) => {
    const { sandbox, run } = await setUp(t);
    sandbox.tokenRegister.revoke(sandbox.tokens.serviceAccount);
    await assert.rejects(run(), { code: 'CredentialsRejected' });
  });
});

suite('faults of Asana', () => {
  type PartName = keyof Snapshot['parts'];
  const rows: readonly [
    fault: { match: { operation: string; nth?: number; after?: number; times?: number }; effect: object },
    hurt: PartName | null,
    because: string,
  ][] = [
    [
      { match: { operation: 'getUsers', nth: 2 }, effect: { body: 'html' } },
      null,
      'one HTML page is asked for again',
    ],
    [{ match: { operation: 'getUsers', nth: 2 }, effect: { body: 'truncated' } }, null, 'so is cut JSON'],
    [
      { match: { operation: 'getUsers', nth: 2 }, effect: { body: 'error200' } },
      null,
      'so is an error under 200',
    ],
    [{ match: { operation: 'getUsers', nth: 2 }, effect: { body: 'empty' } }, null, 'so is nothing'],
    [{ match: { operation: 'getUsers', nth: 2 }, effect: { resetConnection: true } }, null, 'so is a reset'],
    [
      { match: { operation: 'getUsers', nth: 2 }, effect: { status: 429, retryAfter: 3 } },
      null,
      'a 429 is waited out',
    ],
    [
      { match: { operation: 'getUsers', nth: 2 }, effect: { body: 'huge' } },
      'accounts',
      '64 MiB are not swallowed',
    ],
    [
      { match: { operation: 'getUsers', times: 0, after: 1 }, effect: { status: 503 } },
      'accounts',
      'an outage in the middle',
    ],
    [
      { match: { operation: 'getUsers', times: 0 }, effect: { dropNextPage: true } },
      'accounts',
      'no next_page',
    ],
    [
      { match: { operation: 'getUsers', times: 0 }, effect: { repeatOffset: true } },
      'accounts',
      'a page that leads to itself',
    ],
    [
      {
        match: { operation: 'getWorkspaceMembershipsForWorkspace', times: 0 },
        effect: { endlessOffset: true },
      },
      'accounts',
      'no last page',
    ],
    [
      { match: { operation: 'scimListUsers', times: 0 }, effect: { totalResultsBy: 3 } },
      'licenses',
      'fewer than totalResults',
    ],
    [
      { match: { operation: 'scimListUsers', times: 0, after: 1 }, effect: { status: 500 } },
      'licenses',
      'SCIM down in the middle',
    ],
    [
      { match: { operation: 'getTeamMemberships', times: 0, after: 2 }, effect: { status: 503 } },
      'teams',
      'teams down in the middle',
    ],
    [
      {
        match: { operation: 'getTeamsForWorkspace' },
        effect: { status: 400, message: 'offset: Your pagination token has expired.' },
      },
      null,
      'an expired token starts the listing again',
    ],
  ];
  for (const [fault, hurt, because] of rows) {
    const effect = JSON.stringify(fault.effect);
    test(`${fault.match.operation} with ${effect} hurts ${hurt ?? 'nothing'}: ${because}`, async (t) => {
      const { sandbox, run } = await setUp(t, { accounts: 320, teams: 6 });
      sandbox.faults.add(parseFault(fault));
      const { snapshot } = await run();
      assert.ok(snapshot);
      for (const [name, part] of Object.entries<Part | null>(snapshot.parts)) {
        assert.equal(part?.complete, name !== hurt, `${name}: ${part?.incompleteBecause}`);
      }
    });
  }
});

suite('fresh reads and changes', () => {
  const gidOf = (sandbox: Sandbox, directory: Directory, email: string) => {
    const account = directory.accountByEmail(email);
    assert.ok(account, `${email} is in ${sandbox.asanaUrl}`);
    return account.gid;
  };
  const scimOf = ({ scim }: AsanaSession) => {
    assert.ok(scim);
    return scim;
  };

  test('a license that was set is seen by the next fresh read', async (t) => {
    const { sandbox, session, run } = await setUp(t);
    const { directory } = await adopted(run);
    const gid = gidOf(sandbox, directory, 'alice@acme.example');
    assert.equal((await readAccount(session, directory, gid, reading)).account?.license, 'ViewOnly');
    await scimOf(session).setUserType(gid, 'enterprise', reading);
    const { account } = await readAccount(session, directory, gid, reading);
    assert.ok(account);
    assert.equal(account.license, 'Enterprise');
    const before = directory.counts();
    directory.lay(account);
    assert.equal(directory.counts().enterpriseLicenses, before.enterpriseLicenses + 1);
  });

  test('a change whose answer was lost is repeated and holds', async (t) => {
    const { sandbox, session, run } = await setUp(t);
    const { directory } = await adopted(run);
    const gid = gidOf(sandbox, directory, 'alice@acme.example');
    sandbox.faults.add({ match: { operation: 'scimPatchUser' }, effect: { loseResponse: true } });
    await scimOf(session).setUserType(gid, 'enterprise', reading);
    assert.equal((await readAccount(session, directory, gid, reading)).account?.license, 'Enterprise');
  });

  test('a deprovisioning whose answer was lost is not repeated, and its outcome is called unknown', async (t) => {
    const { sandbox, session, run } = await setUp(t);
    const { directory } = await adopted(run);
    const gid = gidOf(sandbox, directory, 'alice@acme.example');
    sandbox.faults.add({ match: { operation: 'scimPatchUser' }, effect: { loseResponse: true } });
    const lost = scimOf(session).deactivate(gid, reading);
    await assert.rejects(lost, { code: 'AsanaUnavailable', outcomeUnknown: true });
    assert.equal(statisticsOf(sandbox).requests['scimPatchUser'], 1);
    const { account } = await readAccount(session, directory, gid, reading);
    assert.ok(!account || !isActive(account, sandbox.workspace));
  });

  for (const keepDeprovisioned of [true, false]) {
    test(`after a deprovisioning nobody is active, whether SCIM keeps the user or not (${keepDeprovisioned})`, async (t) => {
      const { sandbox, session, run } = await setUp(t, { keepDeprovisioned });
      const { directory } = await adopted(run);
      const gid = gidOf(sandbox, directory, 'carol@acme.example');
      await scimOf(session).deactivate(gid, reading);
      for (const membership of [true, false]) {
        const { account } = await readAccount(session, directory, gid, { ...reading, membership });
        assert.ok(!account || !isActive(account, sandbox.workspace));
      }
    });
  }

  test('a new account is found by email, active, with the license that was asked for', async (t) => {
    const { sandbox, session, run } = await setUp(t);
    const { directory } = await adopted(run);
    const email = 'new+tag@acme.example';
    assert.equal((await findAccount(session, directory, email, reading)).account, null);
    await scimOf(session).createUser({ email, name: 'New Person', userType: 'view only' }, reading);
    const { account } = await findAccount(session, directory, email, reading);
    assert.ok(account && isActive(account, sandbox.workspace));
    assert.equal(account.license, 'ViewOnly');
    const again = scimOf(session).createUser({ email, name: 'New Person', userType: 'view only' }, reading);
    await assert.rejects(again, { code: 'Conflict' });
  });

  test('a guest is found by REST, and not by SCIM alone', async (t) => {
    const { session, run } = await setUp(t);
    const { directory, snapshot } = await adopted(run);
    const email = 'dave@partner.example';
    assert.equal(
      (await findAccount(session, directory, email, { ...reading, membership: false })).account,
      null,
    );
    const { account } = await findAccount(session, directory, email, reading);
    assert.equal(account?.gid, snapshot.gidsByEmail.get(email));
    assert.equal(account?.memberships[0]?.role, 'Guest');
  });

  test("the date is Asana's, not the machine's", async (t) => {
    const { sandbox, session, run } = await setUp(t);
    const { directory } = await adopted(run);
    sandbox.time.skewMs = 3600_000;
    const { asanaDate } = await readAccount(
      session,
      directory,
      gidOf(sandbox, directory, 'bob@acme.example'),
      reading,
    );
    assert.ok(Math.abs((asanaDate ?? 0) - Date.now() - 3600_000) < 5000);
  });

  test('somebody is put into a team, seen there, and taken out', async (t) => {
    const { sandbox, session, run } = await setUp(t);
    const { directory, snapshot } = await adopted(run);
    const gid = gidOf(sandbox, directory, 'bob@acme.example');
    const team = [...snapshot.teams.values()].find(({ memberships }) =>
      memberships.every(({ user }) => user !== gid),
    );
    assert.ok(team);
    const isIn = async () =>
      (await run()).snapshot?.teams.get(team.gid)?.memberships.some(({ user }) => user === gid);
    await session.rest.addUserToTeam(team.gid, gid, reading);
    assert.equal(await isIn(), true);
    await session.rest.removeUserFromTeam(team.gid, gid, reading);
    assert.equal(await isIn(), false);
  });

  test('somebody is invited to the organization by REST, and removed', async (t) => {
    const { sandbox, session, run } = await setUp(t);
    const { directory } = await adopted(run);
    const { value } = await session.rest.addUserToWorkspace(
      sandbox.workspace,
      'invited@acme.example',
      reading,
    );
    const found = await findAccount(session, directory, 'invited@acme.example', reading);
    assert.equal(found.account?.gid, value.gid);
    await session.rest.removeUserFromWorkspace(sandbox.workspace, value.gid, reading);
    const { account } = await readAccount(session, directory, value.gid, reading);
    assert.ok(!account || !isActive(account, sandbox.workspace));
  });
});
