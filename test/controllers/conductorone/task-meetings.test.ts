import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import type { AsanaConnector } from '../../../src/api/asana-connector.ts';
import { ConnectorTaskHost } from '../../../src/controllers/conductorone/task-host.ts';
import type { ConnectorSession } from '../../../src/controllers/connectors/connector-session.ts';
import { silentMeter } from '../../../src/core/meter.ts';
import { AuditLog } from '../../../src/provisioning/audit.ts';
import { Executor } from '../../../src/provisioning/executor.ts';
import { TaskProvisioner } from '../../../src/provisioning/task-provisioner.ts';
import type { TaskRequest } from '../../../src/provisioning/task-request.ts';
import type { Person } from '../../../src/sandbox/records.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.ts';
import { connectorObject } from '../objects.ts';
import { MovableClock, openAsana, openSandboxSession } from '../sandbox-session.ts';

const never = new AbortController().signal;

suite('tasks of one connector', () => {
  let sandbox: Sandbox;
  let clock: MovableClock;
  let session: ConnectorSession;
  let connector: AsanaConnector;
  let host: ConnectorTaskHost;
  /** The error of every write of a booking; `null` for no error. */
  let unsaved: Error | null = null;
  let saves = 0;

  before(async () => {
    sandbox = await startSandbox({ accounts: 40, teams: 3, requestsPerMinute: 0 });
  });
  after(() => sandbox.close());
  afterEach(() => session.close());
  beforeEach(async () => {
    sandbox.faults.clear();
    unsaved = null;
    saves = 0;
    clock = new MovableClock();
    connector = connectorObject({});
    session = await openSandboxSession(sandbox, clock, connector);
    const executor = new Executor(new AuditLog(() => {}, clock), silentMeter, () => 'a1');
    host = new ConnectorTaskHost({
      session: () => session,
      connector: () => connector,
      provisioner: new TaskProvisioner({ executor, clock }),
      guard: () => {},
      findDeclarations: () => [],
      saveRemovals: async () => {
        saves += 1;
        if (unsaved) throw unsaved;
      },
      actionTimeoutMs: 60_000,
      clock,
    });
    await host.readDirectory(never);
  });

  const viewers = () =>
    [...sandbox.state.people].filter(
      ({ kind, profile }) => kind === 'member' && profile.active && profile.license === 'view only',
    );
  const upgrade = ({ gid }: Person): TaskRequest => ({
    wish: { type: 'License', license: 'Enterprise' },
    want: 'Give',
    user: { gid },
  });
  const deprovision = ({ gid }: Person): TaskRequest => ({
    wish: { type: 'License', license: 'ViewOnly' },
    want: 'Take',
    user: { gid },
  });

  test('leave the last license to an upgrade without an answer until licenses are read again', async () => {
    const [one, other] = viewers();
    assert.ok(one && other);
    const provisioning = { maxEnterpriseLicenses: session.directory.counts().enterpriseLicenses + 1 };
    connector = connectorObject({ provisioning });
    const fail = (operation: string, after: number, times: number, effect: object) =>
      sandbox.faults.add({ match: { operation, after, times }, effect });
    fail('scimPatchUser', 0, 1, { loseResponse: true });
    fail('scimPatchUser', 1, 3, { status: 503 });
    fail('scimGetUser', 1, 4, { status: 503 });
    await assert.rejects(host.provision(upgrade(one), 'one', never), { code: 'AsanaUnavailable' });
    assert.equal(one.profile.license, 'enterprise', 'the license was given although the answer was lost');
    await assert.rejects(host.provision(upgrade(other), 'other', never), { code: 'LicenseLimitReached' });
    assert.equal(other.profile.license, 'view only');
    sandbox.faults.clear();
    sandbox.state.change(one, { license: 'view only' });
    clock.moveOn(11 * 60_000);
    await host.readDirectory(never);
    assert.equal((await host.provision(upgrade(other), 'again', never)).changed, true);
  });

  test('do not take a guest out of both teams without allowDeprovision, while one still shows', async () => {
    const guest = [...sandbox.state.people].find(({ kind, profile }) => kind === 'guest' && profile.active);
    const [one, other] = sandbox.people.organization.teams;
    assert.ok(guest && one && other);
    for (const membership of guest.teamMemberships.slice()) sandbox.state.leaveTeam(membership);
    for (const team of [one, other]) sandbox.state.joinTeam(guest, team);
    connector = connectorObject({ provisioning: { allowDeprovision: false } });
    clock.moveOn(11 * 60_000);
    await host.readDirectory(never);
    sandbox.faults.add({ match: { operation: 'removeUserForTeam' }, effect: { staleForMs: 800 } });
    const leave = ({ gid: team }: { readonly gid: string }) =>
      host.provision(
        { wish: { type: 'Team', team: { gid: team } }, want: 'Take', user: { gid: guest.gid } },
        `out of ${team}`,
        never,
      );
    const [first, second] = await Promise.allSettled([leave(one), leave(other)]);
    assert.deepEqual(
      [first.status, second.status === 'rejected' && second.reason.code],
      ['fulfilled', 'DeprovisionNotAllowed'],
    );
    assert.equal(guest.teamMemberships.length, 1);
  });

  test('save the booking of a deprovision again if that failed, before the request is sent', async () => {
    const [leaver] = viewers();
    assert.ok(leaver);
    connector = connectorObject({ provisioning: { allowDeprovision: true, maxDeprovisions: 1 } });
    unsaved = new Error('etcd is away');
    await assert.rejects(host.provision(deprovision(leaver), 'one', never), /etcd is away/);
    await assert.rejects(host.provision(deprovision(leaver), 'again', never), /etcd is away/);
    assert.deepEqual([leaver.profile.active, saves], [true, 2]);
    unsaved = null;
    await host.provision(deprovision(leaver), 'at last', never);
    assert.deepEqual([leaver.profile.active, saves], [false, 3]);
  });

  test('read the directory again if new credentials stopped the sync that they waited for', async () => {
    clock.moveOn(50 * 60_000);
    sandbox.faults.add({ match: { operation: 'scimListUsers' }, effect: { delayMs: 300 } });
    session.startUnaskedSync();
    const reading = host.readDirectory(never);
    await session.useCredentials('two', () => openAsana(sandbox, clock));
    const { parts } = await reading;
    assert.ok(parts.accounts && clock.monotonic() - parts.accounts.begunAt < 600_000);
  });

  test('use a reading that they waited for, although it took more than ten minutes', async () => {
    clock.moveOn(11 * 60_000);
    sandbox.faults.add({ match: { operation: 'scimListUsers' }, effect: { delayMs: 300 } });
    const first = sandbox.requests.last;
    const reading = host.readDirectory(never);
    const lists = () => sandbox.requests.since(first).some(({ operation }) => operation === 'scimListUsers');
    while (!lists()) await new Promise(setImmediate);
    clock.moveOn(11 * 60_000);
    const { parts } = await reading;
    assert.ok(parts.accounts?.complete && clock.monotonic() - parts.accounts.begunAt > 600_000);
  });
});
