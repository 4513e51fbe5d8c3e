import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { askControl, userPath } from '../../../scripts/sandbox-control.ts';
import { ConnectorTaskHost, type TaskHostOptions } from '../../../src/controllers/conductorone/task-host.ts';
import type { ConnectorSession } from '../../../src/controllers/connectors/connector-session.ts';
import { silentMeter } from '../../../src/core/meter.ts';
import type { License } from '../../../src/directory/snapshot.ts';
import { AuditLog } from '../../../src/provisioning/audit.ts';
import { Executor } from '../../../src/provisioning/executor.ts';
import { RefusedError } from '../../../src/provisioning/refusal.ts';
import { TaskProvisioner } from '../../../src/provisioning/task-provisioner.ts';
import type { TaskRequest } from '../../../src/provisioning/task-request.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.ts';
import { connectorObject } from '../objects.ts';
import { MovableClock, openAsana, openSandboxSession } from '../sandbox-session.ts';

const ALICE = 'alice@acme.example';
const never = new AbortController().signal;

suite('the task host of a connector', () => {
  let sandbox: Sandbox;
  let clock: MovableClock;
  let session: ConnectorSession;
  let host: ConnectorTaskHost;
  const connector = connectorObject({ provisioning: { allowDeprovision: true, maxDeprovisions: 1 } });
  const saved: string[] = [];

  const hostWith = (options: Partial<TaskHostOptions> = {}) =>
    new ConnectorTaskHost({
      session: () => session,
      connector: () => connector,
      provisioner: new TaskProvisioner({
        executor: new Executor(new AuditLog(() => {}, clock), silentMeter, () => 'a1'),
        clock,
      }),
      guard: () => {},
      findDeclarations: () => [],
      saveRemovals: async () => void saved.push('saved'),
      actionTimeoutMs: 60_000,
      clock,
      ...options,
    });

  before(async () => {
    sandbox = await startSandbox({ accounts: 40, teams: 3, requestsPerMinute: 0 });
  });
  afterEach(() => session.close());
  after(() => sandbox.close());
  beforeEach(async () => {
    sandbox.faults.clear();
    saved.length = 0;
    clock = new MovableClock();
    session = await openSandboxSession(sandbox, clock, connector);
    host = hostWith();
  });

  const requests = async (work: () => Promise<unknown>): Promise<number> => {
    const first = sandbox.requests.last;
    await work();
    return sandbox.requests.last - first;
  };
  /** Adds or removes people as an admin would in Asana's console. */
  const console = async (method: 'PUT' | 'DELETE', emails: readonly string[]) => {
    for (const email of emails)
      await askControl(sandbox, method, userPath(email), method === 'PUT' ? {} : undefined);
  };
  /** Adds twenty people, reads them, and removes them, so that the next reading is held. */
  const shrink = async (prefix: string) => {
    const people = Array.from({ length: 20 }, (_, index) => `${prefix}.person${index}@acme.example`);
    await console('PUT', people);
    await host.readDirectory(never);
    await console('DELETE', people);
    clock.moveOn(11 * 60_000);
    await assert.rejects(host.readDirectory(never), { code: 'NotReady', message: /DirectoryShrunk/ });
    return people;
  };
  const gidOf = (email: string) => sandbox.state.personByEmail(email)?.gid ?? '';
  const license = (want: 'Give' | 'Take', name: License, email: string): TaskRequest => ({
    wish: { type: 'License', license: name },
    want,
    user: { gid: gidOf(email) },
  });
  const enterprise = (want: 'Give' | 'Take', email: string) => license(want, 'Enterprise', email);

  test('reads the directory, including teams, if there is no reading yet', async () => {
    const snapshot = await host.readDirectory(never);
    assert.ok(snapshot.parts.teams?.complete);
    assert.ok(snapshot.accounts.size > 0);
  });

  test('reuses a recent reading, and reads again if it is older than ten minutes', async () => {
    await host.readDirectory(never);
    assert.equal(await requests(() => host.readDirectory(never)), 0);
    clock.moveOn(11 * 60_000);
    assert.ok((await requests(() => host.readDirectory(never))) > 0);
  });

  test('joins a running sync', async () => {
    const alone = await requests(() => host.readDirectory(never));
    clock.moveOn(11 * 60_000);
    const joined = await requests(async () => {
      session.startUnaskedSync({ readsTeams: true });
      await Promise.all([host.readDirectory(never), host.readDirectory(never)]);
    });
    assert.ok(joined <= alone, `${joined} requests instead of ${alone}`);
  });

  test('rejects with NotReady if the reading is incomplete', async () => {
    sandbox.faults.add({ match: { operation: 'getTeamMemberships' }, effect: { status: 403 } });
    await assert.rejects(host.readDirectory(never), { code: 'NotReady', message: /teams/ });
  });

  test('reports the error of Asana if nothing could be read', async () => {
    sandbox.faults.add({ match: { times: 100 }, effect: { status: 401 } });
    await assert.rejects(host.readDirectory(never), { code: 'CredentialsRejected' });
  });

  test('refuses a shrunken reading and removals based on it, but still gives access', async () => {
    const people = await shrink('new');
    assert.equal((await host.provision(enterprise('Give', ALICE), 'task', never)).changed, true);
    await assert.rejects(host.provision(enterprise('Take', ALICE), 'task', never), { code: 'ReadingHeld' });
    await console('PUT', people);
    assert.ok(await host.readDirectory(never), 'the directory is returned again once everybody shows');
  });

  test('reports the problem of its credentials if it has none', async () => {
    await session.dropCredentials({ reason: 'SecretNotFound', message: 'There is no Secret.' });
    await assert.rejects(host.readDirectory(never), { code: 'NotReady', message: 'There is no Secret.' });
  });

  test('rejects the call of a caller who aborts, while the sync continues', async () => {
    const abort = new AbortController();
    const reading = host.readDirectory(abort.signal);
    abort.abort(new Error('cancelled'));
    await assert.rejects(reading, /cancelled/);
    await session.syncs.untilIdle(never);
    assert.ok(session.directory.current());
  });

  test('saves a deprovision so that it counts after a restart, and refuses one above the limit', async () => {
    const revoke = (email: string) => host.provision(license('Take', 'ViewOnly', email), 'task', never);
    const viewOnly = [...sandbox.state.people].filter(
      ({ profile }) => profile.license === 'view only' && profile.email !== ALICE,
    );
    const [first, second] = viewOnly.map(({ profile }) => profile.email);
    assert.ok(first && second);
    assert.equal((await revoke(first)).changed, true);
    assert.deepEqual(saved, ['saved']);
    const { removals } = session.desk.toRecord();
    assert.equal(removals?.deprovisions, 1);
    await assert.rejects(revoke(second), { code: 'TooManyDeprovisions', message: /maxDeprovisions/ });
    // Restarts with what the status has saved.
    await session.close();
    session = await openSandboxSession(sandbox, clock, { ...connector, status: { removals } });
    await assert.rejects(revoke(second), { code: 'TooManyDeprovisions', message: /maxDeprovisions/ });
    assert.equal(sandbox.state.personByEmail(second)?.profile.license, 'view only');
  });

  test('does not send a booked deprovision that waits for Asana if maxDeprovisions is lowered meanwhile', async () => {
    let current = connector;
    clock.sleep = async () => {
      current = connectorObject({ provisioning: { allowDeprovision: true, maxDeprovisions: 0 } });
    };
    sandbox.faults.add({
      match: { operation: 'scimPatchUser', times: 1 },
      effect: { status: 429, retryAfter: 1 },
    });
    const [person] = [...sandbox.state.people].filter(
      ({ profile }) => profile.license === 'view only' && profile.active && profile.email !== ALICE,
    );
    assert.ok(person);
    const task = hostWith({ connector: () => current }).provision(
      license('Take', 'ViewOnly', person.profile.email),
      'task',
      never,
    );
    await assert.rejects(task, { code: 'TooManyDeprovisions', message: /allows 0 within/ });
    assert.ok(person.profile.active);
    assert.deepEqual(saved, ['saved'], 'it was booked once');
  });

  test('delays removals, but not grants, while the last action of another leader may be in progress', async () => {
    const waits: number[] = [];
    clock.sleep = async (ms) => void waits.push(ms);
    const settling = hostWith({ settlingMs: () => 40_000 });
    await settling.provision(enterprise('Give', ALICE), 'task', never);
    assert.deepEqual(waits, []);
    await settling.provision(enterprise('Take', ALICE), 'task', never);
    assert.deepEqual(waits.slice(0, 1), [40_000]);
  });

  test('reports no change for a repeated grant, and for a revoke of an account that is gone', async () => {
    const give = enterprise('Give', ALICE);
    await host.provision(give, 'task', never);
    assert.equal(
      (await host.provision(give, 'task', never)).changed,
      false,
      'for ConductorOne: GrantAlreadyExists',
    );
    const [leaver] = [...sandbox.state.people].filter(
      ({ profile }) => profile.license === 'view only' && profile.email !== ALICE,
    );
    assert.ok(leaver);
    const take = license('Take', 'ViewOnly', leaver.profile.email);
    await host.readDirectory(never);
    await console('DELETE', [leaver.profile.email]);
    assert.equal(
      (await host.provision(take, 'task', never)).changed,
      false,
      'for ConductorOne: GrantAlreadyRevoked',
    );
  });

  test('carries out tasks for one person in their order, although the first has to read before it acts', async () => {
    await host.provision(enterprise('Give', ALICE), 'before', never);
    const outcomes = await Promise.all([
      host.provision(enterprise('Take', ALICE), 'revoke', never),
      host.provision(enterprise('Give', ALICE), 'grant', never),
    ]);
    assert.deepEqual(
      outcomes.map(({ changed, account }) => [changed, account?.license]),
      [
        [true, 'ViewOnly'],
        [true, 'Enterprise'],
      ],
    );
  });

  for (const type of ['License', 'Team', 'Workspace'] as const) {
    test(`reports no change for a ${type} revoke of an account that no longer exists in Asana`, async () => {
      const [team] = sandbox.people.organization.teams;
      assert.ok(team);
      const email = `gone.from.${type.toLowerCase()}@acme.example`;
      await console('PUT', [email]);
      const wishes = {
        License: { type, license: 'ViewOnly' },
        Team: { type, team: { gid: team.gid } },
        Workspace: { type, workspace: sandbox.workspace },
      } as const;
      const take = { want: 'Take', wish: wishes[type], user: { gid: gidOf(email) } } as TaskRequest;
      await host.readDirectory(never);
      await console('DELETE', [email]);
      assert.equal(
        (await host.provision(take, 'task', never)).changed,
        false,
        'the account is still in the reading',
      );
      clock.moveOn(11 * 60_000);
      await host.readDirectory(never);
      assert.equal(
        (await host.provision(take, 'task', never)).changed,
        false,
        'the account is no longer in the reading',
      );
    });
  }

  test('refuses to revoke a license that a live grant declares, and names the grant', async () => {
    const declaring = hostWith({
      findDeclarations: () => [
        {
          ensure: 'Present',
          right: { type: 'License', license: 'Enterprise' },
          place: sandbox.workspace,
          object: 'AsanaLicenseGrant iga/alice',
        },
      ],
    });
    await host.provision(enterprise('Give', ALICE), 'task', never);
    await assert.rejects(declaring.provision(enterprise('Take', ALICE), 'task', never), {
      code: 'StillDeclared',
      message: /AsanaLicenseGrant iga\/alice/,
    });
  });

  /** Returns the listings requested during `work` whose number of requests grows with the directory. */
  const listings = async (work: () => Promise<unknown>): Promise<string[]> => {
    const first = sandbox.requests.last;
    await work();
    return sandbox.requests
      .since(first)
      .map(({ operation }) => operation)
      .filter((operation) => ['getUsers', 'getTeamsForWorkspace', 'scimListUsers'].includes(operation));
  };
  const inTeam = (want: 'Give' | 'Take'): TaskRequest => {
    const [team] = sandbox.people.organization.teams;
    assert.ok(team);
    return { wish: { type: 'Team', team: { gid: team.gid } }, want, user: { gid: gidOf(ALICE) } };
  };
  const leaveTeamsUnread = async () => {
    sandbox.faults.add({ match: { operation: 'getTeamMemberships' }, effect: { status: 403 } });
    await assert.rejects(host.readDirectory(never), { code: 'NotReady', message: /teams/ });
    sandbox.faults.clear();
  };

  test('gives access without a listing while the directory is incomplete and no sync is running', async () => {
    await leaveTeamsUnread();
    const asked = await listings(() => host.provision(inTeam('Give'), 'task', never));
    assert.deepEqual(asked, []);
  });

  test('reads an incomplete directory again for a task no sooner than the schedule allows', async () => {
    await leaveTeamsUnread();
    const take = () =>
      assert.rejects(host.provision(inTeam('Take'), 'task', never), { code: 'ReadingIncomplete' });
    assert.deepEqual(await listings(take), []);
    clock.moveOn(10_000);
    const asked = await listings(() => host.provision(inTeam('Take'), 'task', never));
    assert.ok(asked.includes('getTeamsForWorkspace'), asked.join(' '));
  });

  test('reads no directory for a task while a hold waits for an answer', async () => {
    await shrink('held');
    clock.moveOn(3 * 3_600_000);
    const asked = await listings(async () => {
      await host.provision(enterprise('Give', ALICE), 'task', never);
      await assert.rejects(host.provision(enterprise('Take', ALICE), 'task', never), { code: 'ReadingHeld' });
    });
    assert.deepEqual(asked, []);
  });

  test('reads teams again after ten minutes, although the interval of the connector is an hour', async () => {
    const first = (await host.readDirectory(never)).parts.teams?.begunAt ?? 0;
    clock.moveOn(11 * 60_000);
    const second = (await host.readDirectory(never)).parts.teams?.begunAt ?? 0;
    assert.ok(second >= first + 11 * 60_000, `${second - first} ms`);
  });

  test('reuses older teams if they are to be read more rarely than the rest', async () => {
    const sync = { ...connector.spec.sync, teamInterval: '6h' };
    const rarely = hostWith({ connector: () => ({ ...connector, spec: { ...connector.spec, sync } }) });
    await rarely.readDirectory(never);
    clock.moveOn(11 * 60_000);
    const asked = await listings(() => rarely.readDirectory(never));
    assert.ok(!asked.includes('getTeamsForWorkspace'), asked.join(' '));
    assert.ok(asked.length > 0);
  });

  test('sends no request for a task with a token that Asana rejected, and reports CredentialsRejected', async () => {
    await host.readDirectory(never);
    sandbox.faults.add({ match: { times: 0 }, effect: { status: 401 } });
    clock.moveOn(11 * 60_000);
    await assert.rejects(host.readDirectory(never), { code: 'CredentialsRejected' });
    for (const want of ['Give', 'Take'] as const) {
      const task = () =>
        assert.rejects(host.provision(enterprise(want, ALICE), 'task', never), {
          code: 'CredentialsRejected',
        });
      assert.equal(await requests(task), 0, want);
    }
    const again = () => assert.rejects(host.readDirectory(never), { code: 'CredentialsRejected' });
    assert.equal(await requests(again), 0, 'a sync task that is repeated');
  });

  test('gives nothing with new tokens before their first sync has ended', async () => {
    await host.readDirectory(never);
    await session.useCredentials('two', () => openAsana(sandbox, clock));
    sandbox.faults.add({ match: { operation: 'getUsers', times: 0 }, effect: { delayMs: 200 } });
    const first = sandbox.requests.last;
    session.startUnaskedSync();
    let ended = false;
    const sync = session.syncs.untilIdle(never).then(() => (ended = true));
    const looked = host.provision(enterprise('Give', ALICE), 'task', never).then(() => ended);
    assert.equal(await looked, true);
    await sync;
    const scopes = sandbox.requests.since(first).filter(({ operation }) => operation === 'getWorkspaces');
    assert.equal(scopes.length, 1, 'no read of a single account precedes it');
  });

  test('does not send a removal that waits for Asana if the tokens change meanwhile', async () => {
    await host.readDirectory(never);
    const [person] = [...sandbox.state.people].filter(
      ({ kind, profile }) => kind === 'member' && profile.license === 'enterprise' && !profile.admin,
    );
    assert.ok(person);
    clock.sleep = () => session.useCredentials('two', () => openAsana(sandbox, clock));
    sandbox.faults.add({
      match: { operation: 'scimPatchUser', times: 1 },
      effect: { status: 429, retryAfter: 1 },
    });
    const task = host.provision(enterprise('Take', person.profile.email), 'task', never);
    await assert.rejects(task, { code: 'NotReady' });
    assert.equal(person.profile.license, 'enterprise');
  });

  test('calls the guard before a change, and passes whether the change is a removal', async () => {
    const asked: boolean[] = [];
    const guarded = hostWith({ guard: (removal) => void asked.push(removal) });
    await guarded.provision(enterprise('Take', ALICE), 'task', never);
    await guarded.provision(enterprise('Give', ALICE), 'task', never);
    assert.deepEqual(new Set(asked), new Set([false, true]));
    const stopped = hostWith({ guard: () => Promise.reject(new RefusedError('Suspended', 'no')) });
    await assert.rejects(stopped.provision(enterprise('Take', ALICE), 'task', never), { code: 'Suspended' });
  });
});
