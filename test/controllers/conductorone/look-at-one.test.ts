import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import type { AsanaConnector } from '../../../src/api/asana-connector.ts';
import { ConnectorTaskHost } from '../../../src/controllers/conductorone/task-host.ts';
import type { ConnectorSession } from '../../../src/controllers/connectors/connector-session.ts';
import { silentMeter } from '../../../src/core/meter.ts';
import { AuditLog } from '../../../src/provisioning/audit.ts';
import { Executor } from '../../../src/provisioning/executor.ts';
import type { Wish } from '../../../src/provisioning/right.ts';
import { TaskProvisioner } from '../../../src/provisioning/task-provisioner.ts';
import type { TaskRequest } from '../../../src/provisioning/task-request.ts';
import type { Person } from '../../../src/sandbox/records.ts';
import { SECOND_WORKSPACE_GID } from '../../../src/sandbox/seed.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.ts';
import type { TokenKind } from '../../../src/sandbox/tokens.ts';
import { connectorObject } from '../objects.ts';
import { MovableClock, openSandboxSession } from '../sandbox-session.ts';

const ALICE = 'alice@acme.example';
const TEAMS = 6;
const never = new AbortController().signal;
const ENTERPRISE: Wish = { type: 'License', license: 'Enterprise' };

suite('a task directly after a start', () => {
  let sandbox: Sandbox;
  let session: ConnectorSession;
  let host: ConnectorTaskHost;

  /** Starts a connector that has not read anything yet. */
  async function start(
    connector: AsanaConnector = connectorObject(),
    { alone = true, token = 'serviceAccount' }: { readonly alone?: boolean; readonly token?: TokenKind } = {},
  ): Promise<void> {
    const clock = new MovableClock();
    session = await openSandboxSession(sandbox, clock, connector, { token });
    host = new ConnectorTaskHost({
      session: () => session,
      connector: () => connector,
      provisioner: new TaskProvisioner({
        executor: new Executor(new AuditLog(() => {}, clock), silentMeter, () => 'a1'),
        clock,
      }),
      guard: () => {},
      findDeclarations: () => [],
      saveRemovals: () => Promise.resolve(),
      alone,
      actionTimeoutMs: 60_000,
      clock,
    });
  }

  before(async () => {
    sandbox = await startSandbox({
      accounts: 40,
      teams: TEAMS,
      membersPerTeam: 5,
      requestsPerMinute: 0,
      secondWorkspace: 'workspace',
    });
  });
  after(() => sandbox.close());
  beforeEach(() => start());
  afterEach(async () => {
    sandbox.faults.clear();
    await session.close();
  });

  const personOf = (email: string): Person => {
    const person = sandbox.state.personByEmail(email);
    assert.ok(person);
    return person;
  };
  const request = (want: 'Give' | 'Take', wish: Wish, email: string): TaskRequest => ({
    wish,
    want,
    user: { gid: personOf(email).gid },
  });
  const carryOut = (asked: TaskRequest) => host.provision(asked, 'task', never);
  /** Returns the operations requested from Asana during `work`. */
  async function operationsOf(work: () => Promise<unknown>): Promise<string[]> {
    const first = sandbox.requests.last;
    await work();
    return sandbox.requests.since(first).map(({ operation }) => operation);
  }
  /** Listings whose number of requests grows with the directory. */
  const LISTINGS = ['getUsers', 'getTeamsForWorkspace', 'scimListUsers'];
  const viewOnlyMember = () => {
    const found = [...sandbox.state.people].find(
      ({ kind, profile }) => kind === 'member' && profile.license === 'view only' && profile.email !== ALICE,
    );
    assert.ok(found);
    return found.profile.email;
  };
  const teamWithout = (person: Person) => {
    const team = sandbox.people.organization.teams.find(
      ({ memberships }) => !memberships.some((membership) => membership.person === person),
    );
    assert.ok(team);
    return team;
  };

  test('that gives a license reads one account, and waits for no listing', async () => {
    const asked = await operationsOf(async () => {
      assert.equal((await carryOut(request('Give', ENTERPRISE, ALICE))).changed, true);
    });
    assert.equal(personOf(ALICE).profile.license, 'enterprise');
    assert.deepEqual(
      asked.filter((operation) => LISTINGS.includes(operation)),
      [],
    );
    assert.ok(asked.length <= 9, asked.join(', '));
    assert.equal(session.directory.current(), null, 'the directory has not been read');
  });

  test('that gives a license which the account already has changes nothing', async () => {
    await carryOut(request('Give', ENTERPRISE, ALICE));
    const asked = await operationsOf(async () => {
      assert.equal((await carryOut(request('Give', ENTERPRISE, ALICE))).changed, false);
    });
    assert.ok(!asked.includes('scimPatchUser') && !asked.some((operation) => LISTINGS.includes(operation)));
  });

  test('that adds somebody to a team reads that team, and no listing', async () => {
    const alice = personOf(ALICE);
    const team = teamWithout(alice);
    const asked = await operationsOf(async () => {
      const wish: Wish = { type: 'Team', team: { gid: team.gid } };
      assert.equal((await carryOut(request('Give', wish, ALICE))).changed, true);
    });
    assert.ok(team.memberships.some(({ person }) => person === alice));
    assert.ok(asked.includes('getTeam'));
    assert.ok(!asked.some((operation) => LISTINGS.includes(operation)), asked.join(', '));
  });

  test('that adds somebody to a plain workspace reads the person there and in the organization', async () => {
    await session.close();
    const { scim } = connectorObject().spec;
    await start(connectorObject({ spec: { scim: { ...scim, enabled: false } } }), {
      token: 'personalAccessToken',
    });
    const email = viewOnlyMember();
    const second = [...sandbox.state.workspaces].find(({ gid }) => gid !== sandbox.workspace);
    assert.ok(second);
    const wish: Wish = { type: 'Workspace', workspace: second.gid };
    const first = sandbox.requests.last;
    const asked = await operationsOf(async () => {
      assert.equal((await carryOut(request('Give', wish, email))).changed, true);
    });
    assert.ok(second.memberships.some(({ person }) => person.profile.email === email));
    assert.ok(!asked.some((operation) => LISTINGS.includes(operation)), asked.join(', '));
    const places = sandbox.requests
      .since(first)
      .filter(({ operation }) => operation === 'getWorkspaceMembershipsForWorkspace')
      .map(({ path }) => path.split('/')[2]);
    assert.deepEqual(new Set(places), new Set([sandbox.workspace, second.gid]));
  });

  test('does not wait for a running sync, and its change remains visible after that sync', async () => {
    const email = viewOnlyMember();
    const alice = personOf(ALICE);
    const team = teamWithout(alice);
    const first = sandbox.requests.last;
    const answered = (operation: string) =>
      sandbox.requests.since(first).filter((entry) => entry.operation === operation && entry.status === 200);
    sandbox.faults.add({ match: { operation: 'getUsers', times: 0 }, effect: { delayMs: 2_000 } });
    session.startUnaskedSync();
    // Waits until licenses and teams are read, so that the reading lacks the changes below; accounts are pending.
    while (answered('scimListUsers').length === 0 || answered('getTeamMemberships').length < TEAMS)
      await new Promise(setImmediate);
    await carryOut(request('Give', ENTERPRISE, email));
    await carryOut(request('Give', { type: 'Team', team: { gid: team.gid } }, ALICE));
    assert.ok(session.syncs.running, 'the sync is still running');
    await session.syncs.untilIdle(never);
    const snapshot = session.directory.effective();
    assert.equal(snapshot?.accounts.get(personOf(email).gid)?.license, 'Enterprise');
    assert.ok(snapshot?.teams.get(team.gid)?.memberships.some(({ user }) => user === alice.gid));
  });

  const waiting: readonly [what: string, connector: AsanaConnector, asked: () => TaskRequest][] = [
    [
      'gives a license under maxEnterpriseLicenses',
      connectorObject({ provisioning: { maxEnterpriseLicenses: 100 } }),
      () => request('Give', ENTERPRISE, viewOnlyMember()),
    ],
    ['removes a license', connectorObject(), () => request('Take', ENTERPRISE, 'bob@acme.example')],
    [
      'creates an account',
      connectorObject({ spec: { defaultWorkspace: '1200000000000001' } }),
      () => ({
        wish: { type: 'Account', workspace: null },
        want: 'Give',
        user: { email: 'new.person@acme.example', name: null },
      }),
    ],
  ];
  for (const [what, connector, asked] of waiting) {
    test(`waits for the directory if it ${what}`, async () => {
      await session.close();
      await start(connector);
      const operations = await operationsOf(() => carryOut(asked()));
      assert.ok(operations.includes('getUsers'), operations.join(', '));
      assert.ok(session.directory.current());
    });
  }

  test('waits for the directory if another connector may apply grants to the organization', async () => {
    await session.close();
    await start(connectorObject(), { alone: false });
    const asked = await operationsOf(() => carryOut(request('Give', ENTERPRISE, 'carol@acme.example')));
    assert.ok(asked.includes('getUsers'));
  });

  test('waits for the directory if its organization is not recorded, although another one of the token is', async () => {
    const { scim } = connectorObject().spec;
    await session.close();
    await start(
      connectorObject({
        spec: { scim: { ...scim, enabled: false }, workspaces: [SECOND_WORKSPACE_GID] },
        status: { organizations: [sandbox.workspace] },
      }),
      { alone: false, token: 'personalAccessToken' },
    );
    const wish: Wish = { type: 'Workspace', workspace: SECOND_WORKSPACE_GID };
    const asked = await operationsOf(() =>
      carryOut(request('Give', wish, 'bob@acme.example')).catch(() => null),
    );
    assert.ok(asked.includes('getUsers'), asked.join(', '));
  });

  test('for an unknown account is refused after the directory was read', async () => {
    const asked = await operationsOf(async () => {
      const stranger: TaskRequest = { wish: ENTERPRISE, want: 'Give', user: { gid: '999' } };
      await assert.rejects(carryOut(stranger), { code: 'AccountNotFound' });
    });
    assert.ok(asked.includes('getUsers'));
  });

  test('changes nothing in an organization other than the recorded one', async () => {
    await session.close();
    await start(connectorObject({ status: { organizations: ['1299'] } }), { alone: false });
    const before = sandbox.requests.last;
    await assert.rejects(carryOut(request('Give', ENTERPRISE, viewOnlyMember())), {
      code: 'NotReady',
      message: /OrganizationChanged/,
    });
    const writes = sandbox.requests.since(before).filter(({ method }) => method !== 'GET');
    assert.deepEqual(writes, []);
    assert.ok(session.isForeign);
  });
});
