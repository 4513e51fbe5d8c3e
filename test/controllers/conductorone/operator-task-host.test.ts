import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import type { AsanaConnector } from '../../../src/api/asana-connector.ts';
import { operatorTaskHost } from '../../../src/controllers/conductorone/operator-task-host.ts';
import { ConnectorRegistry } from '../../../src/controllers/connectors/connector-registry.ts';
import type { ConnectorSession } from '../../../src/controllers/connectors/connector-session.ts';
import { silentMeter } from '../../../src/core/meter.ts';
import { KubernetesError } from '../../../src/kubernetes/errors.ts';
import { keyOf } from '../../../src/kubernetes/resource.ts';
import { Store } from '../../../src/kubernetes/store.ts';
import { AuditLog } from '../../../src/provisioning/audit.ts';
import { Executor } from '../../../src/provisioning/executor.ts';
import { TaskProvisioner } from '../../../src/provisioning/task-provisioner.ts';
import type { TaskRequest } from '../../../src/provisioning/task-request.ts';
import type { Person } from '../../../src/sandbox/records.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.ts';
import { connectorObject } from '../objects.ts';
import { MovableClock, openSandboxSession } from '../sandbox-session.ts';

const never = new AbortController().signal;
/** Retries at once whatever is not ready. */
const atOnce = () => Promise.resolve();
const conductorOne = {
  secretRef: { name: 's', clientIdKey: 'BATON_CLIENT_ID', clientSecretKey: 'BATON_CLIENT_SECRET' },
  provision: true,
};

suite('the task host of a connector object', () => {
  const object = connectorObject({ spec: { conductorOne } });
  let sandbox: Sandbox;
  let session: ConnectorSession;
  let connectors: Store<AsanaConnector>;
  /** The connector as the API server has it. */
  let real: AsanaConnector | null;
  const leadership: { leads: boolean; stoppedUntil: number | null } = { leads: true, stoppedUntil: null };
  let take: TaskRequest;
  /** The person whom the task is about, with an enterprise license before each test. */
  let person: Person;
  /** Returns the person's license in Asana. */
  const held = () => person.profile.license;
  const clock = new MovableClock();
  /** The error with which the API server answers instead of the object; `null` for no error. */
  let refusal: Error | null = null;
  let asked = 0;

  before(async () => {
    clock.sleep = atOnce;
    sandbox = await startSandbox({ accounts: 40, requestsPerMinute: 0 });
    session = await openSandboxSession(sandbox, clock, object);
    session.startUnaskedSync();
    await session.syncs.untilIdle(never);
    const holder = [...(session.directory.current()?.accounts.values() ?? [])].find(
      ({ license, memberships }) =>
        license === 'Enterprise' && memberships.every(({ role }) => role === 'Member'),
    );
    const found = holder && sandbox.state.person(holder.gid);
    assert.ok(found);
    person = found;
    take = { wish: { type: 'License', license: 'Enterprise' }, want: 'Take', user: { gid: person.gid } };
  });
  beforeEach(() => {
    clock.sleep = atOnce;
    sandbox.state.change(person, { license: 'enterprise' });
    connectors = new Store<AsanaConnector>();
    connectors.put(object);
    real = object;
    leadership.leads = true;
    leadership.stoppedUntil = null;
    refusal = null;
    asked = 0;
  });
  after(async () => {
    await session.close();
    await sandbox.close();
  });

  async function carryOut(request: TaskRequest) {
    const registry = new ConnectorRegistry(() => session);
    await registry.of(keyOf(object), object);
    const executor = new Executor(new AuditLog(() => {}, clock), silentMeter, () => 'a1');
    const host = operatorTaskHost(object, {
      connectors,
      readConnector: () => {
        asked += 1;
        return refusal ? Promise.reject(refusal) : Promise.resolve(real);
      },
      registry,
      provisioner: new TaskProvisioner({ executor, clock }),
      leadership,
      findDeclarations: () => [],
      publishWithPeers: () => Promise.resolve(),
      onChanged: () => {},
      actionTimeoutMs: 60_000,
      clock,
    });
    return host.provision(request, 'task', never);
  }

  const changed = (spec: Partial<AsanaConnector['spec']>, generation = 2): AsanaConnector => {
    const { metadata } = object;
    return {
      ...object,
      metadata: { ...metadata, generation, resourceVersion: '2' },
      spec: { ...object.spec, ...spec },
    };
  };

  for (const { because, code, arrange } of [
    { because: 'the lease is lost', code: 'Stopped', arrange: () => void (leadership.leads = false) },
    {
      because: 'the operator is being uninstalled',
      code: 'NotReady',
      arrange: () => void (leadership.stoppedUntil = 1),
    },
    {
      because: 'the connector is suspended',
      code: 'Suspended',
      arrange: () => void connectors.put(changed({ suspend: true })),
    },
    {
      because: 'provisioning is disabled',
      code: 'ProvisioningOff',
      arrange: () => void connectors.put(changed({ conductorOne: { ...conductorOne, provision: false } })),
    },
    {
      because: 'the object was created again under its name',
      code: 'NotReady',
      arrange: () => {
        connectors = new Store<AsanaConnector>();
        connectors.put({ ...object, metadata: { ...object.metadata, uid: 'c2' } });
      },
    },
    {
      because: 'an older connector applies grants to the organization',
      code: 'NotReady',
      arrange: () =>
        void connectors.put(
          connectorObject({
            metadata: { name: 'older', uid: 'c0', creationTimestamp: '2020-01-01T00:00:00Z' },
            status: { organizations: [sandbox.workspace] },
          }),
        ),
    },
    {
      because: 'the API server has a newer spec than the cache',
      code: 'NotReady',
      arrange: () => void (real = changed({ suspend: true })),
    },
    {
      because: 'the API server no longer has the object',
      code: 'NotReady',
      arrange: () => void (real = null),
    },
  ]) {
    test(`removes no access when ${because}`, async () => {
      arrange();
      await assert.rejects(carryOut(take), { code });
      assert.equal(held(), 'enterprise');
    });
  }

  test('hides an error of the API server from the tenant, and reports NotReady', async () => {
    refusal = new KubernetesError('Conflict', 409, 'transient', 'PATCH by system:serviceaccount:iga: 409');
    await assert.rejects(carryOut(take), {
      code: 'NotReady',
      message: /in Kubernetes\. Request the change again/,
    });
    assert.equal(held(), 'enterprise');
  });

  test('reads the connector again after a failed read and while the cache is behind', async () => {
    refusal = new KubernetesError('Unreachable', 0, 'transient', 'no answer');
    real = changed({});
    const meanwhile = () => {
      refusal = null;
      if (asked > 1) real = object;
      return Promise.resolve();
    };
    clock.sleep = meanwhile;
    assert.equal((await carryOut(take)).changed, true);
    assert.ok(asked >= 4, 'one failed read, one newer than the cache, and two before the request was sent');
  });

  test('removes access if nothing prevents it', async () => {
    assert.equal((await carryOut(take)).changed, true);
    assert.equal(held(), 'view only');
  });

  test('gives access by the cached connector, without reading it from the API server', async () => {
    sandbox.state.change(person, { license: 'view only' });
    real = null;
    assert.equal((await carryOut({ ...take, want: 'Give' })).changed, true);
    assert.deepEqual([held(), asked], ['enterprise', 0]);
  });
});
