import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { REVOKE_FINALIZER } from '../../src/api/resources.ts';
import { sweepGrants } from '../../src/commands/release/grant-sweep.ts';
import { GrantReleases } from '../../src/controllers/grants/grant-releases.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { ObjectWriter } from '../../src/kubernetes/object-writer.ts';
import { Store } from '../../src/kubernetes/store.ts';
import { AuditLog } from '../../src/provisioning/audit.ts';
import { grantObject } from '../controllers/objects.ts';
import { SimulatedCluster } from '../simulation/cluster/simulated-cluster.ts';

const { signal } = new AbortController();
const KIND = 'AsanaLicenseGrant';
const THEIRS = 'example.com/theirs';

/** Returns a cluster with one grant that was applied, and a function that sweeps the grants of the cluster. */
async function start(finalizers: readonly string[]) {
  const cluster = new SimulatedCluster({ clock: systemClock, random: () => 0.5 });
  cluster.createNamespace('iga');
  const { client } = cluster.connect('release');
  const released: string[] = [];
  const { apiVersion, kind, spec } = grantObject();
  await cluster.apply({ apiVersion, kind, metadata: { namespace: 'iga', name: 'bob', finalizers }, spec });
  const resource = { group: 'asana-connector.dev', version: 'v1alpha1', plural: 'asanalicensegrants', kind };
  const applied = { license: 'Enterprise', at: '2026-01-01T00:00:00Z', adopted: false };
  await client.patchStatus(resource, 'iga', 'bob', { status: { applied } }, 'test', signal);
  const releases = new GrantReleases({
    connectors: new Store(),
    writer: (known) => new ObjectWriter(client, known.resource, new Store(), 'test'),
    events: { record: () => {} },
    audit: new AuditLog((line) => released.push(line), systemClock),
    meter: silentMeter,
  });
  const sweep = () =>
    sweepGrants(
      {
        client,
        releases,
        patchStatus: async (known, { metadata }, patch) => {
          await client.patchStatus(known.resource, metadata.namespace, metadata.name, patch, 'test', signal);
        },
        flush: () => Promise.resolve(),
        namespaces: null,
        quietAt: 0,
        actionTimeoutMs: 60_000,
        clock: systemClock,
        onProgress: () => {},
      },
      signal,
    );
  return { cluster, sweep, released };
}

suite('a grant that is released while it is being deleted', () => {
  test('loses its finalizer and status.applied if a foreign finalizer keeps it, and is released only once', async () => {
    const { cluster, sweep, released } = await start([REVOKE_FINALIZER, THEIRS]);
    await cluster.remove(KIND, 'iga', 'bob');
    assert.deepEqual(await sweep(), { seen: 1, released: 1, left: [], waiting: 0 });
    const { metadata, status } =
      cluster.object(KIND, 'iga', 'bob') ?? assert.fail('the grant no longer exists');
    assert.deepEqual(metadata.finalizers, [THEIRS]);
    assert.equal((status as { applied?: unknown } | undefined)?.applied, undefined);
    assert.deepEqual(await sweep(), { seen: 1, released: 0, left: [], waiting: 0 });
    assert.equal(released.length, 1);
  });

  test('counts as released if it disappears with our finalizer', async () => {
    const { cluster, sweep } = await start([REVOKE_FINALIZER]);
    await cluster.remove(KIND, 'iga', 'bob');
    assert.deepEqual(await sweep(), { seen: 1, released: 1, left: [], waiting: 0 });
    assert.equal(cluster.object(KIND, 'iga', 'bob'), null);
  });
});
