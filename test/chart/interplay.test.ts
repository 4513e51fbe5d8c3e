import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at, only, renderValues, type Values } from './helm.ts';

const connectors = { acme: { spec: { credentials: { secretRef: { name: 'asana' } } } } };
const alice = { connectorRef: { name: 'acme' }, user: { email: 'alice@acme.example' } };

describe('the chart', () => {
  const refused: readonly { values: Values; says: RegExp; because: string }[] = [
    {
      values: { caBundle: { configMap: 'a', secret: 'b' } },
      says: /a ConfigMap or a Secret, not both/,
      because: 'the CA bundle is named in both a ConfigMap and a Secret',
    },
    {
      values: { proxy: { httpsProxy: 'http://proxy.example:3128', secretRef: { name: 'proxy' } } },
      says: /httpsProxy or secretRef\.name, not both/,
      because: 'the proxy is set both directly and in a Secret',
    },
    {
      values: { metrics: { serviceMonitor: { enabled: true }, podMonitor: { enabled: true } } },
      says: /enable one of the two/,
      because: 'both a ServiceMonitor and a PodMonitor are enabled',
    },
    {
      values: { scope: 'namespaced', watchNamespaces: ['team-a'], connectors },
      says: /AsanaConnector acme: nobody watches its namespace iga/,
      because: 'a declared object is in a namespace that is not watched',
    },
    {
      values: { uninstall: { releaseGrants: false }, grants: { licenses: { alice: { spec: alice } } } },
      says: /uninstall\.releaseGrants must be true/,
      because: 'grants are declared without being released at uninstall',
    },
  ];
  for (const { values, says, because } of refused)
    test(`is not rendered if ${because}`, async () => {
      await assert.rejects(renderValues(values), says);
    });

  test('selects its own pods in a topology spread constraint without a selector', async () => {
    const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' };
    const others = { matchLabels: { app: 'other' } };
    const topologySpreadConstraints = [constraint, { ...constraint, labelSelector: others }];
    const deployment = only(await renderValues({ topologySpreadConstraints }), 'Deployment');
    const spread = at(deployment, 'spec', 'template', 'spec', 'topologySpreadConstraints');
    assert.deepEqual(at(spread, 0, 'labelSelector'), at(deployment, 'spec', 'selector'));
    assert.deepEqual(at(spread, 1, 'labelSelector'), others);
  });

  test('gives the labels of an object precedence over commonLabels', async () => {
    const label = 'example.com/team';
    const own = { labels: { [label]: 'own' } };
    const objects = await renderValues({
      commonLabels: { [label]: 'all' },
      podLabels: own.labels,
      metrics: { serviceMonitor: { enabled: true, ...own } },
      connectors: { acme: { ...connectors.acme, ...own } },
    });
    for (const kind of ['ServiceMonitor', 'AsanaConnector'])
      assert.equal(only(objects, kind).metadata.labels?.[label], 'own', kind);
    const deployment = only(objects, 'Deployment');
    assert.equal(deployment.metadata.labels?.[label], 'all');
    assert.equal(at(deployment, 'spec', 'template', 'metadata', 'labels', label), 'own');
  });

  test('keeps the strategy Recreate without leader election, whatever the value of strategy', async () => {
    const values = { leaderElection: { enabled: false }, strategy: { type: 'RollingUpdate' } };
    const deployment = only(await renderValues(values), 'Deployment');
    assert.deepEqual(at(deployment, 'spec', 'strategy'), { type: 'Recreate' });
  });

  test('takes the URL of the proxy from a Secret, so that its password is in no manifest', async () => {
    const deployment = only(await renderValues({ proxy: { secretRef: { name: 'proxy' } } }), 'Deployment');
    const env = at(deployment, 'spec', 'template', 'spec', 'containers', 0, 'env') as { name: string }[];
    assert.deepEqual(
      env.find(({ name }) => name === 'HTTPS_PROXY'),
      { name: 'HTTPS_PROXY', valueFrom: { secretKeyRef: { name: 'proxy', key: 'HTTPS_PROXY' } } },
    );
  });

  test('puts connectors and grants into one sync wave of Argo CD, after the operator and the CRDs', async () => {
    const bob = { connectorRef: alice.connectorRef, email: 'bob@acme.example' };
    const grants = { licenses: { alice: { spec: alice } }, accounts: { bob: { spec: bob } } };
    for (const { apiVersion, metadata } of await renderValues({ connectors, grants })) {
      const wave = metadata.annotations?.['argocd.argoproj.io/sync-wave'];
      const declared = String(apiVersion).startsWith('asana-connector.dev/');
      assert.equal(wave, declared ? '1' : undefined, metadata.name);
    }
  });
});
