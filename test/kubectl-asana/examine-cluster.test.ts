import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Cluster } from '../../src/commands/kubectl-asana/cluster.ts';
import { namespacesToExamine } from '../../src/commands/kubectl-asana/examine.ts';
import { examineCluster, findLeader } from '../../src/commands/kubectl-asana/examine-cluster.ts';
import { connectorObject } from '../controllers/objects.ts';

const NOW = Date.UTC(2027, 0, 1);

interface Asked {
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name?: string;
}

/** Returns a cluster with one Deployment of the chart and no lease, where some permissions are denied. */
function clusterWith(args: readonly string[], isDenied: (right: Asked) => boolean = () => false) {
  const asked: Asked[] = [];
  const paths: string[] = [];
  const deployment = {
    metadata: { name: 'operator', namespace: 'release' },
    spec: { template: { spec: { serviceAccountName: 'operator', containers: [{ args }] } } },
  };
  const send = ({ path, query, body }: { path: string; query?: object; body?: never }) => {
    paths.push(`${path} ${JSON.stringify(query ?? {})}`);
    if (path.endsWith('/leases')) return Promise.resolve({ items: [] });
    if (path.endsWith('/deployments')) return Promise.resolve({ items: [deployment] });
    const { resourceAttributes } = (body as unknown as { spec: { resourceAttributes: Asked } }).spec;
    asked.push(resourceAttributes);
    return Promise.resolve({ status: { allowed: !isDenied(resourceAttributes) } });
  };
  return { cluster: { connection: { send }, namespace: 'iga' } as unknown as Cluster, asked, paths };
}

function lease(spec: { holderIdentity?: string; renewedAgoMs?: number }) {
  const { holderIdentity, renewedAgoMs } = spec;
  const renewTime = renewedAgoMs === undefined ? undefined : new Date(NOW - renewedAgoMs).toISOString();
  return {
    metadata: { namespace: 'asana-connector' },
    spec: {
      leaseDurationSeconds: 15,
      ...(holderIdentity === undefined ? {} : { holderIdentity }),
      ...(renewTime === undefined ? {} : { renewTime }),
    },
  };
}

suite('the operator examined by kubectl asana doctor', () => {
  test('is ok while its lease is renewed', () => {
    const found = findLeader([lease({ holderIdentity: 'pod-1', renewedAgoMs: 20_000 })], NOW);
    assert.deepEqual([found.state, found.what], ['ok', 'the operator']);
    assert.match(found.found, /pod-1 leads \(lease in namespace asana-connector\)/);
  });

  for (const [leases, because] of [
    [[], 'there is no lease'],
    [[lease({})], 'nobody holds the lease'],
    [[lease({ holderIdentity: 'pod-1', renewedAgoMs: 60_000 })], 'the holder has not renewed the lease'],
  ] as const) {
    test(`is bad, with a remedy, when ${because}`, () => {
      const found = findLeader(leases, NOW);
      assert.equal(found.state, 'bad');
      assert.match(found.remedy ?? '', /kubectl get pods/);
    });
  }

  for (const { denied, isDenied } of [
    {
      denied: 'update leases',
      isDenied: ({ verb, resource, namespace }: Asked) =>
        verb === 'update' && resource === 'leases' && namespace === 'release',
    },
    {
      denied: 'get asanaconnectors',
      isDenied: ({ verb, resource }: Asked) => verb === 'get' && resource === 'asanaconnectors',
    },
  ]) {
    test(`is reported to lack permission to ${denied}, whatever the name of its Deployment`, async () => {
      const { cluster, paths } = clusterWith(['--leader-elect'], isDenied);
      const rights = (await examineCluster(cluster, ['iga'])).find(({ what }) =>
        what.includes('operator in namespace iga'),
      );
      assert.deepEqual([rights?.state, rights?.found], ['bad', `lacks permission to ${denied}`]);
      assert.ok(paths.some((path) => path.includes('app.kubernetes.io/part-of=asana-connector')));
    });
  }

  test('is examined in every namespace that has a connector', async () => {
    const { cluster } = clusterWith(
      ['--leader-elect'],
      ({ namespace, resource }) => namespace === 'sales' && resource === 'secrets',
    );
    const found = await examineCluster(cluster, ['iga', 'sales']);
    const rights = found.filter(({ what }) => what.startsWith('rights of'));
    assert.deepEqual(
      rights.map(({ what, state }) => `${what.split(' ').at(-1)} ${state}`),
      ['iga ok', 'sales bad'],
    );
    assert.equal(found.filter(({ what }) => what.startsWith('your rights')).length, 2);
  });

  for (const { scope, connectors, expected, because } of [
    { scope: null, connectors: ['sales', 'iga', 'sales'], expected: ['iga', 'sales'], because: 'with -A' },
    { scope: null, connectors: [], expected: ['default'], because: 'with -A if there is no connector' },
    { scope: 'default', connectors: [], expected: ['default'], because: 'without -A' },
  ]) {
    test(`is examined in ${expected.join(' and ')} ${because}`, () => {
      const there = connectors.map((namespace) => connectorObject({ metadata: { namespace } }));
      assert.deepEqual(namespacesToExamine({ scope, namespace: 'default' }, there), expected);
    });
  }

  test('requires no permission for leases if it runs without leader election', async () => {
    const { cluster, asked } = clusterWith(['--no-leader-elect']);
    const found = await examineCluster(cluster, ['iga']);
    assert.deepEqual(
      found.map(({ state }) => state),
      ['ok', 'ok', 'ok'],
    );
    assert.ok(!asked.some(({ resource }) => resource === 'leases'));
  });
});
