import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { kinds } from '../../src/api/kinds.ts';
import { Cluster } from '../api/cluster.ts';
import type { Manifest } from '../api/manifests.ts';
import { helm, objectsIn, type Rendered, type Values } from '../chart/helm.ts';

const GITOPS = join(import.meta.dirname, '../../docs/gitops');
const TEAM_CHART = join(GITOPS, 'team-chart');

function teamGrants(values: Values = {}): Promise<Rendered[]> {
  return helm(['template', 'design', TEAM_CHART, '--namespace', 'design'], {}, values).then(objectsIn);
}

describe('the samples for a folder of grants', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.open();
    // Another test may have created it already.
    await cluster.try(['create', 'namespace', 'design']);
  });
  after(() => cluster.close());

  async function validate(objects: readonly object[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    await cluster.run(
      ['apply', '--namespace=design', '--dry-run=server', '--validate=strict', '-f', '-'],
      list,
    );
  }

  test('with kustomize are valid grants of the connector that the folder names once', async () => {
    const objects = objectsIn(await cluster.run(['kustomize', join(GITOPS, 'team-kustomize')]));
    await validate(objects);
    assert.equal(objects.length, 3);
    for (const { metadata, spec } of objects as (Rendered & Manifest)[]) {
      assert.deepEqual(spec['connectorRef'], { name: 'acme', namespace: 'iga' }, metadata.name);
      assert.equal(metadata.namespace, 'design');
    }
  });

  test('with Helm are a team grant for each member, and a license grant for members with a license', async () => {
    const objects = await teamGrants();
    await validate(objects);
    assert.deepEqual(
      new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)),
      new Set([
        'AsanaTeamGrant alice-at-acme.example',
        'AsanaLicenseGrant alice-at-acme.example',
        'AsanaTeamGrant bob-at-acme.example',
      ]),
    );
  });

  test('with Helm keep the objects of the other members when one is removed from the list', async () => {
    const members = ['alice', 'bob', 'carol'].map((name) => ({ email: `${name}@acme.example` }));
    const before = await teamGrants({ members });
    const after = await teamGrants({ members: members.slice(1) });
    assert.deepEqual(after, before.slice(1));
  });

  test('with Helm reject a member with a misspelled field', async () => {
    const members = [{ email: 'alice@acme.example', licence: 'Enterprise' }];
    await assert.rejects(teamGrants({ members }), /additional properties 'licence' not allowed/);
  });

  test('add the kinds to the settings of an existing Argo CD without changing its other settings', async () => {
    await cluster.try(['create', 'namespace', 'argocd']);
    const own = ['create', 'configmap', 'argocd-cm', '--from-literal=url=https://argocd.acme.example'];
    await cluster.run([...own, '--namespace=argocd']);
    const patch = join(GITOPS, 'argocd/argocd-cm.yaml');
    const configMap = ['configmap', 'argocd-cm', '--namespace=argocd'];
    await cluster.run(['patch', ...configMap, '--patch-file', patch]);
    const { data } = JSON.parse(await cluster.run(['get', ...configMap, '-o', 'json'])) as Rendered;
    assert.equal((data as Record<string, string>)['url'], 'https://argocd.acme.example');
    assert.equal(Object.keys(data as object).length, 1 + 2 * kinds.length);
  });
});
