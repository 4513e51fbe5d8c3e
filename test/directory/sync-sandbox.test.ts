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
  test('is complete, stays within the request bound, and has at most fifty reads in flight', async (t) => {
    const { sandbox, run } = await setUp(t, {
      accounts: 1230,
      teams: 260,
      membersPerTeam: 12,
      // 150 ms: long enough for a busy machine to send fifty requests before the first answer.
      latencyMs: 15_000,
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

  test('never exceeds the requests per minute that the sandbox allows', async (t) => {
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
    assert.ok(mostPerMinute <= 90, `${mostPerMinute} per minute, although a tenth is reserved for actions`);
    assert.ok(seconds >= 120, `${seconds} s for ${snapshot?.requests} requests`);
  });

  test('reads the same accounts whether SCIM returns pages or all users at once', async (t) => {
    const { sandbox, run } = await setUp(t, { accounts: 320, teams: 2 });
    const paged = await run();
    sandbox.settings.scimPaging = false;
    const whole = await run();
    assert.deepEqual(whole.snapshot?.accounts, paged.snapshot?.accounts);
    assert.ok((whole.snapshot?.requests ?? 0) < (paged.snapshot?.requests ?? 0));
  });

  test('people who rejoined have one active membership, and people who left are inactive', async (t) => {
    const { snapshot } = await adopted((await setUp(t, { accounts: 60, rejoined: 5, deprovisioned: 4 })).run);
    const organization = snapshot.organization?.gid ?? null;
    const accounts = [...snapshot.accounts.values()];
    assert.ok(accounts.every(({ memberships }) => memberships.length <= 1));
    const active = accounts.filter((account) => isActive(account, organization)).length;
    assert.equal(active, 60);
    assert.ok(accounts.length >= 64);
  });

  test('a domain without view-only licenses fails the SCIM check with LicensesUnavailable', async (t) => {
    const { scim } = await (await setUp(t, { viewOnlyDomain: false })).run();
    assert.ok(scim && !scim.ok);
    assert.equal(scim.error.code, 'LicensesUnavailable');
  });

  test('a personal token reads all accounts and the teams its owner sees, but no licenses', async (t) => {
    const { sandbox, run } = await setUp(t, {}, 'personalAccessToken');
    const { snapshot, rest, scim } = await run();
    assert.ok(snapshot && rest.ok && scim && !scim.ok);
    const { accounts, licenses, teams } = snapshot.parts;
    assert.deepEqual([accounts.complete, licenses?.complete, teams?.complete], [true, false, true]);
    assert.equal(snapshot.self, snapshot.gidsByEmail.get('root@acme.example'));
    for (const { gid, visibility, memberships } of sandbox.state.organization.teams) {
      const isMember = memberships.some(({ person }) => person === sandbox.people.root);
      const isSeen = visibility !== 'secret' || isMember;
      assert.equal(snapshot.teams.get(gid)?.memberships.length, isSeen ? memberships.length : undefined);
    }
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

  test('a token that REST no longer accepts returns PermissionDenied and no snapshot', async (t) => {
    const { sandbox, run } = await setUp(t, {}, 'scimOnly');
    const { snapshot, rest } = await run({ defaultWorkspace: sandbox.workspace, restKnown: true });
    assert.ok(!rest.ok);
    assert.deepEqual([snapshot, rest.error.code], [null, 'PermissionDenied']);
  });

  test('all accounts have their address as Asana writes it, also those that have left', async (t) => {
    const { sandbox, run } = await setUp(t, { accounts: 40, deprovisioned: 4 });
    const alice = sandbox.state.personByEmail('alice@acme.example') ?? assert.fail();
    sandbox.state.change(alice, { email: 'Alice@Acme.example' });
    const { snapshot } = await adopted(run);
    const left = [...snapshot.accounts.values()].filter(
      (account) => !isActive(account, snapshot.organization?.gid ?? null),
    );
    assert.ok(left.length >= 4);
    for (const account of snapshot.accounts.values())
      assert.equal(addressOf(account), sandbox.state.person(account.gid)?.profile.email);
  });

  test('a workspace that returns 403 is left out unless it is named', async (t) => {
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
    assert.equal(named.snapshot?.parts.accounts.complete, false, 'a named workspace is not left out');
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
    assert.ok(named.snapshot?.gidsByEmail.has(STRANGER), 'a named organization is read');
  });

  test('a second workspace is read beside the organization', async (t) => {
    const { run } = await setUp(t, { secondWorkspace: 'workspace' }, 'personalAccessToken');
    const { snapshot } = await run();
    assert.deepEqual(snapshot?.workspaces.map(({ organization }) => organization).toSorted(), [false, true]);
  });

  test('a revoked token fails with CredentialsRejected', async (t) => {
    const { sandbox, run } = await setUp(t);
    sandbox.tokenRegister.revoke(sandbox.tokens.serviceAccount);
    await assert.rejects(run(), { code: 'CredentialsRejected' });
  });
});

suite('a sync during a fault in Asana', () => {
  type PartName = keyof Snapshot['parts'];
  const rows: readonly [
    fault: { match: { operation: string; nth?: number; after?: number; times?: number }; effect: object },
    hurt: PartName | null,
    because: string,
  ][] = [
    [
      { match: { operation: 'getUsers', nth: 2 }, effect: { body: 'html' } },
      null,
      'an HTML response is retried',
    ],
    [
      { match: { operation: 'getUsers', nth: 2 }, effect: { body: 'truncated' } },
      null,
      'truncated JSON is retried',
    ],
    [
      { match: { operation: 'getUsers', nth: 2 }, effect: { body: 'error200' } },
      null,
      'an error with status 200 is retried',
    ],
    [
      { match: { operation: 'getUsers', nth: 2 }, effect: { body: 'empty' } },
      null,
      'an empty response is retried',
    ],
    [
      { match: { operation: 'getUsers', nth: 2 }, effect: { resetConnection: true } },
      null,
      'a connection reset is retried',
    ],
    [
      { match: { operation: 'getUsers', nth: 2 }, effect: { status: 429, retryAfter: 3 } },
      null,
      'a 429 is retried after Retry-After',
    ],
    [
      { match: { operation: 'getUsers', nth: 2 }, effect: { body: 'huge' } },
      'accounts',
      'a response of 64 MiB is rejected',
    ],
    [
      { match: { operation: 'getUsers', times: 0, after: 1 }, effect: { status: 503 } },
      'accounts',
      'an outage during the listing',
    ],
    [
      { match: { operation: 'getUsers', times: 0 }, effect: { dropNextPage: true } },
      'accounts',
      'a page without next_page',
    ],
    [
      { match: { operation: 'getUsers', times: 0 }, effect: { repeatOffset: true } },
      'accounts',
      'an offset that repeats',
    ],
    [
      {
        match: { operation: 'getWorkspaceMembershipsForWorkspace', times: 0 },
        effect: { endlessOffset: true },
      },
      'accounts',
      'a listing without a last page',
    ],
    [
      { match: { operation: 'scimListUsers', times: 0 }, effect: { totalResultsBy: 3 } },
      'licenses',
      'fewer users than totalResults',
    ],
    [
      { match: { operation: 'scimListUsers', times: 0, after: 1 }, effect: { status: 500 } },
      'licenses',
      'an outage of SCIM during the listing',
    ],
    [
      { match: { operation: 'getTeamMemberships', times: 0, after: 2 }, effect: { status: 503 } },
      'teams',
      'an outage while the teams are read',
    ],
    [
      {
        match: { operation: 'getTeamsForWorkspace' },
        effect: { status: 400, message: 'offset: Your pagination token has expired.' },
      },
      null,
      'an expired pagination token restarts the listing',
    ],
  ];
  for (const [fault, hurt, because] of rows) {
    const effect = JSON.stringify(fault.effect);
    test(`leaves ${hurt ?? 'nothing'} incomplete for ${fault.match.operation} with ${effect}: ${because}`, async (t) => {
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

  test('a changed license shows in the next fresh read and in the counts', async (t) => {
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

  test('a license change whose response is lost is repeated, and succeeds', async (t) => {
    const { sandbox, session, run } = await setUp(t);
    const { directory } = await adopted(run);
    const gid = gidOf(sandbox, directory, 'alice@acme.example');
    sandbox.faults.add({ match: { operation: 'scimPatchUser' }, effect: { loseResponse: true } });
    await scimOf(session).setUserType(gid, 'enterprise', reading);
    assert.equal(statisticsOf(sandbox).requests['scimPatchUser'], 2);
    assert.equal((await readAccount(session, directory, gid, reading)).account?.license, 'Enterprise');
  });

  test('a deprovision whose response is lost is not repeated and fails with outcomeUnknown', async (t) => {
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
    test(`a deprovisioned account is not active with keepDeprovisioned ${keepDeprovisioned}`, async (t) => {
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

  test('a new account is found with the requested license, and cannot be created again', async (t) => {
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

  test("asanaDate follows Asana's clock, not that of the machine", async (t) => {
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

  test('a user added to a team shows in the next sync, and no longer after the removal', async (t) => {
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

  test('a user invited over REST is found by email, and is not active after the removal', async (t) => {
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
