import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { AsanaConnector, AsanaConnectorStatus } from '../../../src/api/asana-connector.ts';
import { ACKNOWLEDGE_ANNOTATION, REQUESTED_AT_ANNOTATION } from '../../../src/api/resources.ts';
import { ConnectorMetrics } from '../../../src/controllers/connectors/connector-metrics.ts';
import { ConnectorReconciler } from '../../../src/controllers/connectors/connector-reconciler.ts';
import { ConnectorRegistry } from '../../../src/controllers/connectors/connector-registry.ts';
import { ConnectorSession } from '../../../src/controllers/connectors/connector-session.ts';
import { SecretCache } from '../../../src/controllers/connectors/credentials.ts';
import { silentLogger } from '../../../src/core/logger.ts';
import { proxyFor } from '../../../src/core/proxy.ts';
import type { SecretReading } from '../../../src/kubernetes/client.ts';
import { KubernetesError } from '../../../src/kubernetes/errors.ts';
import { keyOf } from '../../../src/kubernetes/resource.ts';
import { Store } from '../../../src/kubernetes/store.ts';
import { Organizations } from '../../../src/provisioning/removals/organizations.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.ts';
import { checkConditions } from '../../api/condition-rules.ts';
import { RecordingMeter } from '../../asana/recording-meter.ts';
import { demandOf } from '../../provisioning/removals/desk-rig.ts';
import { connectorObject } from '../objects.ts';
import { MovableClock, openAsana } from '../sandbox-session.ts';

const never = new AbortController().signal;
const context = { signal: never, log: silentLogger };
const HOUR_MS = 3_600_000;
const KEY = 'iga/acme';

/** A reconciler with all its dependencies in memory, and a sandbox as Asana. */
class Bench {
  readonly clock = new MovableClock();
  readonly connectors = new Store<AsanaConnector>();
  readonly organizations = new Organizations(this.clock);
  readonly meter = new RecordingMeter();
  readonly registry: ConnectorRegistry;
  readonly reconciler: ConnectorReconciler;
  /** Every status written, in order. */
  readonly written: { readonly key: string; readonly status: AsanaConnectorStatus }[] = [];
  readonly events: string[] = [];
  readonly enqueued: string[] = [];
  /** Called before each status write. */
  beforeWrite: () => Promise<void> = () => Promise.resolve();
  secret: SecretReading | null = { resourceVersion: '1', data: new Map([['BATON_TOKEN', Buffer.from('t')]]) };
  /** Names of Secrets that the API server refuses to return. */
  readonly unreadable = new Set<string>();
  /** Called before clients are created, which fails if this throws. */
  beforeOpening: () => void = () => {};
  #ids = 0;

  constructor(sandbox: Sandbox) {
    const { clock, connectors, organizations } = this;
    this.registry = new ConnectorRegistry(
      (connector) =>
        new ConnectorSession(
          {
            clock,
            random: () => 0.5,
            log: silentLogger,
            newHoldId: () => `h${(this.#ids += 1)}`,
            organizations,
            onChange: () => {},
          },
          connector,
          [],
        ),
    );
    this.reconciler = new ConnectorReconciler({
      connectors,
      registry: this.registry,
      organizations,
      secrets: new SecretCache((_, name) => this.#readSecret(name), clock),
      writer: {
        writeStatus: async (object, status) => {
          await this.beforeWrite();
          return this.#write(object, status);
        },
      },
      events: { record: (_, __, type, reason) => void this.events.push(`${type} ${reason}`) },
      metrics: new ConnectorMetrics(this.meter),
      openAsana: () => {
        this.beforeOpening();
        return openAsana(sandbox, clock);
      },
      openConductorOne: () => Promise.reject(new TypeError('nobody asked for service mode')),
      grantsOf: () => [],
      enqueueGrants: (key, uids) => void this.enqueued.push(uids ? [...uids].join(' ') : key),
      clock,
    });
  }

  #readSecret(name: string): Promise<SecretReading | null> {
    if (!this.unreadable.has(name)) return Promise.resolve(this.secret);
    return Promise.reject(new KubernetesError('Forbidden', 403, 'transient', `GET secrets/${name}: 403 no`));
  }

  /** Writes a status as the API server does: it ignores a write that changes nothing. */
  #write(object: AsanaConnector, status: AsanaConnectorStatus): AsanaConnector {
    const next = JSON.parse(JSON.stringify(status)) as AsanaConnectorStatus;
    if (JSON.stringify(next) === JSON.stringify(object.status)) return object;
    const after = { ...object, status: next };
    assert.deepEqual(checkConditions(after), []);
    this.written.push({ key: keyOf(object), status: next });
    this.put(after);
    return after;
  }

  put(object: AsanaConnector): void {
    const version = Number(this.connectors.get(keyOf(object))?.metadata.resourceVersion ?? 0) + 1;
    this.connectors.put({ ...object, metadata: { ...object.metadata, resourceVersion: String(version) } });
  }

  annotate(annotations: Record<string, string>): void {
    const object = this.connectors.get(KEY);
    assert.ok(object);
    this.put({ ...object, metadata: { ...object.metadata, annotations } });
  }

  /** Reconciles, waits until the sync that was started ends, and reconciles again, as the queue would. */
  async settle(key = KEY): Promise<void> {
    await this.reconciler.reconcile(key, context);
    await this.registry.find(key)?.syncs.untilIdle(never);
    await this.reconciler.reconcile(key, context);
  }

  get status(): AsanaConnectorStatus {
    return this.connectors.get(KEY)?.status ?? {};
  }

  get ready(): string {
    return this.shows('Ready');
  }

  /** Returns the status and reason of a condition. */
  shows(type: string): string {
    const found = this.status.conditions?.find((condition) => condition.type === type);
    return `${found?.status} ${found?.reason}`;
  }
}

async function start(t: TestContext): Promise<{ readonly sandbox: Sandbox; readonly bench: Bench }> {
  const sandbox = await startSandbox({ accounts: 60, teams: 6, requestsPerMinute: 0 });
  const bench = new Bench(sandbox);
  t.after(async () => {
    await bench.registry.closeAll();
    await sandbox.close();
  });
  return { sandbox, bench };
}

function leave(sandbox: Sandbox, people: number): void {
  for (const person of [...sandbox.state.people].filter(({ profile }) => profile.active).slice(-people))
    sandbox.state.change(person, { active: false });
}

/** Starts a connector whose reading is in doubt, since 25 people left at once. */
async function startShrunk(t: TestContext) {
  const { sandbox, bench } = await start(t);
  bench.put(connectorObject());
  await bench.settle();
  leave(sandbox, 25);
  bench.clock.moveOn(HOUR_MS + 1);
  await bench.settle();
  const [hold] = bench.status.holds ?? [];
  assert.ok(hold);
  return { sandbox, bench, hold };
}

suite('the connector reconciler', () => {
  test('writes a Pending status before the first request, and the measure after the sync', async (t) => {
    const { sandbox, bench } = await start(t);
    bench.put(connectorObject());
    let atFirstWrite: unknown;
    bench.beforeWrite = async () => {
      atFirstWrite ??= [sandbox.requests.last, bench.registry.find(KEY)?.syncs.running];
    };
    await bench.settle();
    assert.equal(bench.written[0]?.status.phase, 'Pending');
    assert.deepEqual(atFirstWrite, [0, null], 'no request was sent, and no sync was running');
    assert.deepEqual([bench.status.phase, bench.ready], ['Connected', 'True Synced']);
    assert.ok((bench.status.measure?.accounts?.count ?? 0) >= 60);
    assert.equal(bench.status.organizations?.length, 1);
    assert.equal(bench.meter.values.get('removals_paused{namespace="iga",connector="acme"}'), 0);
  });

  test('exports one series for each condition, and the sync interval unless suspended', async (t) => {
    const { bench } = await start(t);
    bench.put(connectorObject());
    await bench.settle();
    const acme = 'namespace="iga",connector="acme"';
    const shown = () => [...bench.meter.values.keys()].filter((series) => series.startsWith('condition{'));
    assert.deepEqual(
      shown().toSorted(),
      (bench.status.conditions ?? [])
        .map(
          ({ type, status, reason }) =>
            `condition{${acme},condition="${type}",status="${status}",reason="${reason}"}`,
        )
        .toSorted(),
    );
    assert.equal(bench.meter.values.get(`sync_interval_seconds{${acme}}`), 3600);
    const object = bench.connectors.get(KEY);
    assert.ok(object);
    bench.put({ ...object, spec: { ...object.spec, suspend: true } });
    await bench.settle();
    assert.ok(shown().includes(`condition{${acme},condition="Ready",status="True",reason="Suspended"}`));
    assert.equal(bench.meter.values.get(`sync_interval_seconds{${acme}}`), undefined);
  });

  test('exports the recorded time of the last sync after a restart, although Asana is unavailable', async (t) => {
    const { sandbox, bench } = await start(t);
    await sandbox.close();
    const completedAt = '2026-01-01T00:00:00Z';
    bench.put(connectorObject({ status: { sync: { completedAt, complete: true } } }));
    await bench.settle();
    assert.equal(
      bench.meter.values.get('sync_last_success_timestamp_seconds{namespace="iga",connector="acme"}'),
      Date.parse(completedAt) / 1000,
    );
    assert.equal(bench.meter.values.get('sync_complete{namespace="iga",connector="acme"}'), 0);
  });

  test('exports recorded conditions and last success after a restart, also if the first sync fails', async (t) => {
    const { sandbox, bench } = await start(t);
    bench.put(connectorObject());
    await bench.settle();
    const series = [...bench.meter.values.keys()].filter((name) => name.startsWith('condition{'));
    const success = bench.meter.values.get(
      'sync_last_success_timestamp_seconds{namespace="iga",connector="acme"}',
    );
    assert.ok(series.length > 0 && success !== undefined);

    const again = new Bench(sandbox);
    t.after(() => again.registry.closeAll());
    const object = bench.connectors.get(KEY);
    assert.ok(object);
    again.put(object);
    await sandbox.close();
    await again.reconciler.reconcile(KEY, context);
    assert.ok(again.registry.find(KEY)?.syncs.running, 'nothing was read yet');
    assert.deepEqual(
      [...again.meter.values.keys()].filter((name) => name.startsWith('condition{')),
      series,
    );
    assert.equal(again.written.length, 0, 'no status was written');
    await again.registry.find(KEY)?.syncs.untilIdle(never);
    await again.reconciler.reconcile(KEY, context);
    assert.equal(
      again.meter.values.get('sync_last_success_timestamp_seconds{namespace="iga",connector="acme"}'),
      success,
    );

    const third = new Bench(sandbox);
    t.after(() => third.registry.closeAll());
    const failed = again.connectors.get(KEY);
    assert.equal(failed?.status?.sync?.complete, false);
    third.put(failed);
    await third.settle();
    const known = third.meter.values.get(
      'sync_last_success_timestamp_seconds{namespace="iga",connector="acme"}',
    );
    assert.ok(
      known !== undefined && known <= success,
      'the time when accounts and licenses were last read completely',
    );
  });

  test('exports accounts by license, and as unknown while no licenses are read', async (t) => {
    const { bench } = await start(t);
    const shown = () =>
      [...bench.meter.values.entries()].flatMap(([series, value]) =>
        series.startsWith('accounts{') ? [[/license="(\w+)"/.exec(series)?.[1] ?? '', value] as const] : [],
      );
    bench.put(connectorObject());
    await bench.settle();
    assert.deepEqual(
      shown().map(([license]) => license),
      ['Enterprise', 'ViewOnly', 'none'],
    );
    const object = bench.connectors.get(KEY);
    assert.ok(object);
    const metadata = { ...object.metadata, generation: 2 };
    const spec = { ...object.spec, scim: { ...object.spec.scim, enabled: false } };
    bench.put({ ...object, metadata, spec });
    await bench.settle();
    assert.equal(bench.status.counts?.enterpriseLicenses, undefined);
    assert.deepEqual(shown(), [['unknown', bench.status.counts?.accounts]]);
  });

  test('shortens the entry of a held grant with the longest possible name to fit into the status', async (t) => {
    const { bench } = await start(t);
    const maxRemovals = { percent: 0, atLeast: 0, window: '1h' };
    bench.put(connectorObject({ provisioning: { mode: 'Apply', maxRemovals } }));
    await bench.settle();
    const session = bench.registry.find(KEY);
    assert.ok(session);
    const what = `RevokeEnterprise (grant iga/${'n'.repeat(253)})`;
    session.desk.ask(demandOf('g', { what }), bench.clock.now());
    await bench.reconciler.publish(KEY);
    const [held] = bench.status.holds?.[0]?.pending ?? [];
    assert.equal(held?.what.length, 256);
  });

  test('leaves no series of a connector that is deleted during a status write', async (t) => {
    const { bench } = await start(t);
    bench.put(connectorObject());
    await bench.settle();
    // Deletes the connector while its last status write is in progress.
    bench.beforeWrite = async () => {
      bench.connectors.remove(KEY);
      await bench.reconciler.reconcile(KEY, context);
    };
    await bench.reconciler.publish(KEY);
    assert.deepEqual(
      [...bench.meter.values.keys()].filter((series) => series.includes('connector="acme"')),
      [],
    );
  });

  test('writes one status for an unchanged sync, and none between syncs', async (t) => {
    const { bench } = await start(t);
    bench.put(connectorObject());
    await bench.settle();
    const before = bench.written.length;
    await bench.reconciler.reconcile(KEY, context);
    assert.equal(bench.written.length, before);
    bench.clock.moveOn(HOUR_MS + 1);
    await bench.settle();
    await bench.reconciler.reconcile(KEY, context);
    assert.equal(bench.written.length, before + 1);
    assert.deepEqual(bench.enqueued, [], 'the start of a sync enqueues no grants');
  });

  test('holds a shrunken directory, says how to answer, and recovers once it is answered', async (t) => {
    const { bench, hold } = await startShrunk(t);
    assert.deepEqual([hold.reason, bench.status.phase], ['DirectoryShrunk', 'Degraded']);
    const message = bench.status.conditions?.find(({ type }) => type === 'RemovalsPaused')?.message ?? '';
    assert.ok(message.includes(`set the annotation ${ACKNOWLEDGE_ANNOTATION} to "${hold.token}"`), message);
    assert.equal(bench.meter.values.get('removals_paused{namespace="iga",connector="acme"}'), 1);
    bench.annotate({ [ACKNOWLEDGE_ANNOTATION]: hold.token });
    bench.enqueued.length = 0;
    await bench.settle();
    assert.deepEqual([bench.status.holds, bench.status.phase], [undefined, 'Connected']);
    assert.ok(bench.enqueued.includes(KEY), 'every grant is decided again');
    assert.ok(bench.events.includes('Normal HoldAnswered'));
  });

  test('warns once about an answer that names no hold', async (t) => {
    const { bench } = await start(t);
    bench.put(connectorObject());
    await bench.settle();
    bench.annotate({ [ACKNOWLEDGE_ANNOTATION]: 'nobody.1' });
    await bench.settle();
    await bench.settle();
    assert.deepEqual(
      bench.events.filter((event) => event === 'Warning UnknownHold'),
      ['Warning UnknownHold'],
    );
  });

  test('stalls the younger of two connectors that apply grants to one organization', async (t) => {
    const { bench } = await start(t);
    const older = connectorObject({
      metadata: { name: 'older', uid: 'c0', creationTimestamp: '2020-01-01T00:00:00Z' },
    });
    bench.put(older);
    await bench.settle('iga/older');
    bench.put(connectorObject());
    await bench.settle();
    assert.deepEqual([bench.status.phase, bench.ready], ['Failed', 'False OrganizationTaken']);
  });

  test('records a deprovision in the status of another connector of the organization', async (t) => {
    const { sandbox, bench } = await start(t);
    bench.put(connectorObject());
    bench.put(connectorObject({ metadata: { name: 'other', uid: 'c2' }, provisioning: { mode: 'Plan' } }));
    await bench.settle();
    await bench.settle('iga/other');
    const session = bench.registry.find('iga/other');
    session?.desk.reserveDeprovision(sandbox.workspace, `${sandbox.workspace}/7`, bench.clock.now());
    await bench.reconciler.publishWithPeers('iga/other');
    assert.equal(bench.status.removals?.deprovisions, 1);
  });

  test('reports a missing Secret, and sends no request to Asana', async (t) => {
    const { sandbox, bench } = await start(t);
    bench.secret = null;
    bench.put(connectorObject());
    await bench.settle();
    assert.deepEqual([bench.status.phase, bench.ready], ['Failed', 'False SecretNotFound']);
    assert.equal(sandbox.requests.since(0).length, 0);
  });

  test('reports an invalid proxy with the name of its variable, without its value', async (t) => {
    const { sandbox, bench } = await start(t);
    bench.beforeOpening = () =>
      void proxyFor(
        { origin: 'https://app.asana.com' },
        { HTTPS_PROXY: 'http://svc:pa/s3cretPW@proxy.corp:3128' },
      );
    bench.put(connectorObject());
    await bench.settle();
    const ready = bench.status.conditions?.find(({ type }) => type === 'Ready');
    assert.deepEqual(
      [bench.status.phase, ready?.status, bench.shows('Stalled').split(' ')[0]],
      ['Failed', 'False', 'True'],
    );
    assert.match(ready?.message ?? '', /^HTTPS_PROXY: must be the URL of an HTTP proxy/);
    assert.doesNotMatch(JSON.stringify([bench.status, bench.events]), /s3cret/);
    assert.equal(sandbox.requests.last, 0);
  });

  test('reports an unreadable Secret at the first start, and reads it again after ten seconds', async (t) => {
    const { sandbox, bench } = await start(t);
    bench.unreadable.add('asana');
    bench.put(connectorObject());
    const again = await bench.reconciler.reconcile(KEY, context);
    assert.deepEqual(
      [bench.ready, bench.shows('Reconciling'), bench.shows('Stalled'), bench.shows('CredentialsValid')],
      ['False SecretUnreadable', 'True SecretUnreadable', 'undefined undefined', 'Unknown SecretUnreadable'],
    );
    assert.deepEqual([again, sandbox.requests.last], [{ requeueAfterMs: 10_000 }, 0]);
    bench.unreadable.clear();
    bench.clock.moveOn(10_000);
    await bench.settle();
    assert.deepEqual([bench.ready, bench.shows('CredentialsValid')], ['True Synced', 'True Accepted']);
  });

  test('still takes answers, edits and syncs with its clients while the Secret is unreadable', async (t) => {
    const { sandbox, bench, hold } = await startShrunk(t);
    const object = bench.connectors.get(KEY);
    assert.ok(object);
    bench.unreadable.add('asana');
    const annotations = { [ACKNOWLEDGE_ANNOTATION]: hold.token };
    bench.put({ ...object, metadata: { ...object.metadata, generation: 2, annotations } });
    await bench.settle();
    assert.deepEqual(
      [bench.ready, bench.shows('CredentialsValid'), bench.status.holds, bench.status.observedGeneration],
      ['True Synced', 'Unknown SecretUnreadable', undefined, 2],
    );
    const asked = sandbox.requests.last;
    bench.clock.moveOn(HOUR_MS + 1);
    await bench.settle();
    assert.ok(sandbox.requests.last > asked, 'a sync starts after the interval');
  });

  test('starts no extra sync when an unreadable Secret is readable again and unchanged', async (t) => {
    const { sandbox, bench } = await start(t);
    bench.put(connectorObject());
    await bench.settle();
    const asked = sandbox.requests.last;
    bench.unreadable.add('asana');
    bench.clock.moveOn(60_000);
    await bench.settle();
    assert.equal(bench.shows('CredentialsValid'), 'Unknown SecretUnreadable');
    bench.unreadable.clear();
    bench.clock.moveOn(10_000);
    await bench.settle();
    assert.deepEqual([bench.shows('CredentialsValid'), sandbox.requests.last], ['True Accepted', asked]);
  });

  test('starts a sync with a new token, and returns no reading before that sync ends', async (t) => {
    const { bench } = await start(t);
    bench.put(connectorObject());
    await bench.settle();
    bench.secret = { resourceVersion: '2', data: new Map([['BATON_TOKEN', Buffer.from('another')]]) };
    bench.clock.moveOn(60_000);
    await bench.reconciler.reconcile(KEY, context);
    const session = bench.registry.find(KEY);
    assert.ok(session?.syncs.running);
    assert.equal(session.read('u1'), null);
    await session.syncs.untilIdle(never);
    assert.ok(session.read('u1'));
  });

  test('keeps returning a reading if only a changed setting requires new clients', async (t) => {
    const { bench } = await start(t);
    bench.put(connectorObject());
    await bench.settle();
    const object = bench.connectors.get(KEY);
    assert.ok(object);
    const spec = { ...object.spec, scim: { ...object.spec.scim, enabled: false } };
    bench.put({ ...object, metadata: { ...object.metadata, generation: 2 }, spec });
    await bench.reconciler.reconcile(KEY, context);
    const session = bench.registry.find(KEY);
    assert.ok(session?.syncs.running);
    assert.ok(session.read('u1'));
  });

  test('reads Asana although the Secret of service mode is unreadable', async (t) => {
    const { bench } = await start(t);
    bench.unreadable.add('c1');
    const secretRef = { name: 'c1', clientIdKey: 'BATON_CLIENT_ID', clientSecretKey: 'BATON_CLIENT_SECRET' };
    bench.put(connectorObject({ spec: { conductorOne: { secretRef, provision: false } } }));
    await bench.settle();
    assert.deepEqual(
      [bench.shows('Synced'), bench.shows('ConductorOneConnected')],
      ['True Synced', 'False SecretUnreadable'],
    );
  });

  test('answers requestedAt with a sync, and records it as handled only afterwards', async (t) => {
    const { bench } = await start(t);
    bench.put(connectorObject());
    await bench.settle();
    bench.annotate({ [REQUESTED_AT_ANNOTATION]: 'now' });
    await bench.reconciler.reconcile(KEY, context);
    assert.deepEqual([bench.ready, bench.status.lastHandledReconcileAt], ['Unknown Syncing', undefined]);
    await bench.settle();
    assert.deepEqual([bench.ready, bench.status.lastHandledReconcileAt], ['True Synced', 'now']);
  });

  test('forgets a connector that is being deleted, including its series', async (t) => {
    const { bench } = await start(t);
    const object = connectorObject();
    bench.put(object);
    await bench.settle();
    const now = bench.connectors.get(KEY);
    assert.ok(now);
    bench.put({ ...now, metadata: { ...now.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' } });
    await bench.reconciler.reconcile(KEY, context);
    assert.equal(bench.registry.find(KEY), null);
    const series = [...bench.meter.values.keys()].filter((name) => !name.startsWith('sync_duration'));
    assert.deepEqual(series, []);
  });
});
