import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { askControl, userPath } from '../../scripts/sandbox-control.ts';
import { BudgetRegistry } from '../../../src/asana/budget-registry.ts';
import { type AsanaSession, openSession } from '../../../src/asana/session.ts';
import { ConnectorSession } from '../../../src/controllers/connectors/connector-session.ts';
import { ConnectorTaskHost, type TaskHostOptions } from '../../../src/controllers/conductorone/task-host.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { silentLogger } from '../../../src/core/logger.ts';
import { silentMeter } from '../../../src/core/meter.ts';
import { Redacted } from '../../../src/core/redacted.ts';
import { AuditLog } from '../../../src/provisioning/audit.ts';
import { Executor } from '../../../src/provisioning/executor.ts';
import { TaskProvisioner } from '../../../src/provisioning/task-provisioner.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.ts';
import { fastClock } from '../../asana/fake-clock.ts';
import { connectorObject } from '../objects.ts';

const ALICE = 'alice@acme.example';
const never = new AbortController().signal;
const intervals = { intervalMs: 3_600_000, teamIntervalMs: 3_600_000 };

/** A clock that a test can move on by hand, beside the real one. */
class MovableClock implements Clock {
  #ahead = 0;
  readonly #clock = fastClock(1);
  now = () => this.#clock.now() + this.#ahead;
  monotonic = () => this.#clock.monotonic() + this.#ahead;
  sleep = (ms: number, signal?: AbortSignal) => this.#clock.sleep(ms, signal);
  schedule = (ms: number, callback: () => void) => this.#clock.schedule(ms, callback);
  moveOn(ms: number): void {
    this.#ahead += ms;
  }
}

function openAsana(sandbox: Sandbox, clock: Clock): AsanaSession {
  return openSession({
    baseUrl: sandbox.asanaUrl,
    token: new Redacted(sandbox.tokens.serviceAccount),
    scimEnabled: true,
    budgets: new BudgetRegistry({ requestsPerMinute: 0, percent: 100 }, { clock, meter: silentMeter }),
    log: silentLogger,
    meter: silentMeter,
    clock,
    random: () => 0.5,
  });
}

suite('the host of a connector’s tasks', () => {
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
        executor: new Executor(new AuditLog(() => {}, clock), silentMeter),
        clock,
      }),
      fence: () => {},
      declaredFor: () => null,
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
    const deps = { clock, random: () => 0, log: silentLogger, newToken: () => 't1', onChange: () => {} };
    session = new ConnectorSession(deps, undefined);
    await session.useCredentials('one', () => openAsana(sandbox, clock));
    host = hostWith();
  });

  const requests = async (work: () => Promise<unknown>): Promise<number> => {
    const first = sandbox.requests.last;
    await work();
    return sandbox.requests.last - first;
  };
  /** What an admin does in Asana's console. */
  const console = async (method: 'PUT' | 'DELETE', emails: readonly string[]) => {
    for (const email of emails)
      await askControl(sandbox, method, userPath(email), method === 'PUT' ? {} : undefined);
  };
  const gidOf = (email: string) => sandbox.state.personByEmail(email)?.gid ?? '';

  test('reads the directory when nobody has yet, teams and all', async () => {
    const snapshot = await host.readDirectory(never);
    assert.ok(snapshot.parts.teams?.complete);
    assert.ok(snapshot.accounts.size > 0);
  });

  test('takes a reading that is younger than ten minutes, and reads anew when it is older', async () => {
    await host.readDirectory(never);
    assert.equal(await requests(() => host.readDirectory(never)), 0);
    clock.moveOn(11 * 60_000);
    assert.ok((await requests(() => host.readDirectory(never))) > 0);
  });

  test('joins a sync that is running', async () => {
    const alone = await requests(() => host.readDirectory(never));
    clock.moveOn(11 * 60_000);
    const joined = await requests(async () => {
      session.startUnaskedSync(connector.spec, intervals);
      await Promise.all([host.readDirectory(never), host.readDirectory(never)]);
    });
    assert.ok(joined <= alone, `${joined} requests instead of ${alone}`);
  });

  test('never gives out a reading that is not whole', async () => {
    sandbox.faults.add({ match: { operation: 'getTeamMemberships' }, effect: { status: 403 } });
    await assert.rejects(host.readDirectory(never), { code: 'NotReady', message: /teams/ });
  });

  test('says what Asana said when nothing could be read', async () => {
    sandbox.faults.add({ match: { times: 100 }, effect: { status: 401 } });
    await assert.rejects(host.readDirectory(never), { code: 'CredentialsRejected' });
  });

  test('never uploads a directory that looks wrong, and removes nobody on it, while granting goes on', async () => {
    const people = Array.from({ length: 20 }, (_, index) => `new.person${index}@acme.example`);
    await console('PUT', people);
    await host.readDirectory(never);
    await console('DELETE', people);
    clock.moveOn(11 * 60_000);
    await assert.rejects(host.readDirectory(never), { code: 'NotReady', message: /DirectoryShrunk/ });
    const license = { license: 'Enterprise', user: gidOf(ALICE) } as const;
    assert.equal((await host.provision({ type: 'GrantLicense', ...license }, 'task', never)).changed, true);
    await assert.rejects(host.provision({ type: 'RevokeLicense', ...license }, 'task', never), {
      code: 'NotReady',
    });
    await console('PUT', people);
    assert.ok(await host.readDirectory(never), 'once everybody shows again, so does the directory');
  });

  test('without credentials says what is wrong with them', async () => {
    await session.dropCredentials();
    session.credentialsObstacle = { reason: 'SecretNotFound', message: 'There is no Secret.' };
    await assert.rejects(host.readDirectory(never), { code: 'NotReady', message: 'There is no Secret.' });
  });

  test('lets go of a caller who gave up, while the sync goes on', async () => {
    const abort = new AbortController();
    const reading = host.readDirectory(abort.signal);
    abort.abort(new Error('cancelled'));
    await assert.rejects(reading, /cancelled/);
    await session.untilIdle(never);
    assert.ok(session.directory.current());
  });

  test('books a deprovision where a restart finds it, and refuses the one above the limit', async () => {
    const revoke = (email: string) =>
      host.provision({ type: 'RevokeLicense', license: 'ViewOnly', user: gidOf(email) }, 'task', never);
    const viewOnly = [...sandbox.state.people].filter(
      ({ profile }) => profile.license === 'view only' && profile.email !== ALICE,
    );
    const [first, second] = viewOnly.map(({ profile }) => profile.email);
    assert.ok(first && second);
    assert.equal((await revoke(first)).changed, true);
    assert.deepEqual(saved, ['saved']);
    assert.equal(session.removals.ledger.window?.deprovisions, 1);
    await assert.rejects(revoke(second), { code: 'TooManyDeprovisions', message: /maxDeprovisions/ });
    assert.equal(sandbox.state.personByEmail(second)?.profile.license, 'view only');
  });

  test('waits before it takes anything away while another leader’s last action may be under way', async () => {
    const waits: number[] = [];
    clock.sleep = async (ms) => void waits.push(ms);
    const settling = hostWith({ settlingMs: () => 40_000 });
    const request = { license: 'Enterprise', user: gidOf(ALICE) } as const;
    await settling.provision({ type: 'GrantLicense', ...request }, 'task', never);
    assert.deepEqual(waits, []);
    await settling.provision({ type: 'RevokeLicense', ...request }, 'task', never);
    assert.deepEqual(waits.slice(0, 1), [40_000]);
  });
});
