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
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.ts';
import { connectorObject } from '../objects.ts';
import { MovableClock, openSandboxSession } from '../sandbox-session.ts';

const never = new AbortController().signal;
const conductorOne = {
  secretRef: { name: 's', clientIdKey: 'BATON_CLIENT_ID', clientSecretKey: 'BATON_CLIENT_SECRET' },
  provision: true,
};

suite('the host of the tasks of a connector object', () => {
  const object = connectorObject({ spec: { conductorOne } });
  let sandbox: Sandbox;
  let session: ConnectorSession;
  let connectors: Store<AsanaConnector>;
  /** The connector as the API server has it. */
  let real: AsanaConnector | null;
  const leadership: { leads: boolean; stoppedUntil: number | null } = { leads: true, stoppedUntil: null };
  let take: TaskRequest;
  /** Returns the license in Asana of the person whom the task is about. */
  let held: () => string | null | undefined;
  const clock = new MovableClock();
  /** The error with which the API server answers instead of the object; `null` for no error. */
  let refusal: Error | null = null;
  let asked = 0;

  before(async () => {
    // Retries at once whatever is not ready.
    clock.sleep = () => Promise.resolve();
    sandbox = await startSandbox({ accounts: 40, requestsPerMinute: 0 });
    session = await openSandboxSession(sandbox, clock, object);
    session.startUnaskedSync();
    await session.syncs.untilIdle(never);
    const holder = [...(session.directory.current()?.accounts.values() ?? [])].find(
      ({ license, memberships }) =>
        license === 'Enterprise' && memberships.every(({ role }) => role === 'Member'),
    );
    assert.ok(holder);
    held = () => sandbox.state.person(holder.gid)?.profile.license;
    take = { wish: { type: 'License', license: 'Enterprise' }, want: 'Take', user: { gid: holder.gid } };
  });
  beforeEach(() => {
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
      because: 'the release is being uninstalled',
      code: 'NotReady',
      arrange: () => void (leadership.stoppedUntil = 1),
    },
    {
      because: 'the connector is suspended',
      code: 'Suspended',
      arrange: () => void connectors.put(changed({ suspend: true })),
    },
    {
      because: 'provisioning is off',
      code: 'ProvisioningOff',
      arrange: () => void connectors.put(changed({ conductorOne: { ...conductorOne, provision: false } })),
    },
    {
      because: 'the object was made anew under its name',
      code: 'NotReady',
      arrange: () => {
        connectors = new Store<AsanaConnector>();
        connectors.put({ ...object, metadata: { ...object.metadata, uid: 'c2' } });
      },
    },
    {
      because: 'an older connector applies grants there',
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
      because: 'the API server has a newer spec than the cache, whatever it says',
      code: 'NotReady',
      arrange: () => void (real = changed({ suspend: true })),
    },
    {
      because: 'the API server has no such object any more',
      code: 'NotReady',
      arrange: () => void (real = null),
    },
  ]) {
    test(`takes nothing away when ${because}`, async () => {
      arrange();
      await assert.rejects(carryOut(take), { code });
      assert.equal(held(), 'enterprise');
    });
  }

  test('tells a tenant nothing of what the API server says, and not with the codes of Asana', async () => {
    refusal = new KubernetesError('Conflict', 409, 'transient', 'PATCH by system:serviceaccount:iga: 409');
    await assert.rejects(carryOut(take), {
      code: 'NotReady',
      message: /in Kubernetes\. Request the change again/,
    });
    assert.equal(held(), 'enterprise');
  });

  test('asks again where the API server has not answered once, and the cache was behind', async () => {
    refusal = new KubernetesError('Unreachable', 0, 'transient', 'no answer');
    real = changed({});
    const meanwhile = () => {
      refusal = null;
      if (asked > 1) real = object;
      return Promise.resolve();
    };
    clock.sleep = meanwhile;
    assert.equal((await carryOut(take)).changed, true);
    assert.ok(asked >= 4, 'not answered, behind, and then before the request and right before it left');
    clock.sleep = () => Promise.resolve();
    await carryOut({ ...take, want: 'Give' });
  });

  test('takes away what it is asked to when nothing stands against it', async () => {
    assert.equal((await carryOut(take)).changed, true);
  });

  test('gives by the cache, without asking the API server', async () => {
    real = null;
    assert.equal((await carryOut({ ...take, want: 'Give' })).changed, true);
  });
});
