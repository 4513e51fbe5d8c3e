import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaConnector } from '../../../src/api/asana-connector.ts';
import { grantKinds } from '../../../src/controllers/grants/grant-kinds.ts';
import { GrantReleases } from '../../../src/controllers/grants/grant-releases.ts';
import { Store } from '../../../src/kubernetes/store.ts';
import { AuditLog } from '../../../src/provisioning/audit.ts';
import { FakeClock } from '../../asana/fake-clock.ts';
import { RecordingMeter } from '../../asana/recording-meter.ts';
import { connectorObject, grantObject } from '../objects.ts';

/** Releases a grant of connector iga/acme that has the finalizer; returns the metric series that result. */
async function seriesOfRelease(connectors: Store<AsanaConnector>): Promise<string[]> {
  const meter = new RecordingMeter();
  const releases = new GrantReleases({
    connectors,
    writer: () => ({ removeFinalizer: () => Promise.resolve() }) as never,
    events: { record: () => {} },
    audit: new AuditLog(() => {}, new FakeClock()),
    meter,
  });
  const [kind] = grantKinds;
  assert.ok(kind);
  const object = grantObject({ metadata: { finalizers: ['asana-connector.dev/revoke'] } });
  await releases.release({ kind, object }, { reason: 'Abandoned', message: 'm', warning: true });
  return [...meter.values.keys()];
}

suite('the metric releases_total', () => {
  test('has the labels of an existing connector', async () => {
    const connectors = new Store<AsanaConnector>();
    connectors.put(connectorObject());
    assert.deepEqual(await seriesOfRelease(connectors), [
      'releases_total{namespace="iga",connector="acme",reason="Abandoned"}',
    ]);
  });

  test('has empty labels if the connector does not exist, so that names in grants create no series', async () => {
    assert.deepEqual(await seriesOfRelease(new Store()), [
      'releases_total{namespace="",connector="",reason="Abandoned"}',
    ]);
  });
});
