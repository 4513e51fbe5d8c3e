import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { grantKinds } from '../../src/api/kinds.ts';
import { releaseCommand } from '../../src/commands/release/release-command.ts';
import { argsOf, at, NAMESPACE, only, renderHooks } from './helm.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

const NAME = 'acme-asana-connector-release';

describe("the chart's pre-delete hook", () => {
  test('creates the account, then its roles, then their bindings, then the Job', async () => {
    const hooks = await renderHooks();
    assert.deepEqual(
      hooks.map(({ kind }) => kind).filter((kind, index, all) => all.indexOf(kind) === index),
      ['ServiceAccount', 'ClusterRole', 'Role', 'ClusterRoleBinding', 'RoleBinding', 'Job'],
    );
    for (const { metadata } of hooks) {
      assert.equal(metadata.annotations?.['helm.sh/hook'], 'pre-delete', metadata.name);
      assert.equal(
        metadata.annotations['helm.sh/hook-delete-policy'],
        'before-hook-creation,hook-succeeded',
        'a failed hook remains for inspection',
      );
    }
  });

  test('may release grants and stop the operator, and nothing else', async () => {
    const hooks = await renderHooks();
    const role = (kind: string) => only(hooks, kind)['rules'] as Rule[];
    const plurals = grantKinds.map(({ names }) => names.plural);
    assert.deepEqual(role('ClusterRole'), [
      { apiGroups: ['asana-connector.dev'], resources: plurals, verbs: ['list', 'patch'] },
      {
        apiGroups: ['asana-connector.dev'],
        resources: plurals.map((plural) => `${plural}/status`),
        verbs: ['patch'],
      },
      { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
    ]);
    assert.deepEqual(role('Role'), [
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        resourceNames: ['asana-connector'],
        verbs: ['get', 'patch'],
      },
    ]);
  });

  test('runs a pod that the restricted Pod Security Standard admits, with flags the command knows', async () => {
    const pod = at(only(await renderHooks(), 'Job'), 'spec', 'template', 'spec');
    assert.equal(at(pod, 'serviceAccountName'), NAME);
    assert.equal(at(pod, 'securityContext', 'runAsNonRoot'), true);
    assert.deepEqual(at(pod, 'containers', 0, 'securityContext'), {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const [command, ...flags] = at(pod, 'containers', 0, 'args') as string[];
    assert.equal(command, 'release');
    const release = releaseCommand(AbortSignal.abort()).exitOverride();
    assert.deepEqual(release.parseOptions(flags), { operands: [], unknown: [] });
  });

  test("has no label that the operator's Service or Deployment selects by", async () => {
    const labels = at(only(await renderHooks(), 'Job'), 'spec', 'template', 'metadata', 'labels');
    assert.notEqual(at(labels, 'app.kubernetes.io/name'), 'asana-connector');
  });

  test('has only Roles, in the watched namespaces and its own, when it is namespaced', async () => {
    const hooks = await renderHooks('scope=namespaced', 'watchNamespaces={team-a,team-b}');
    assert.ok(!hooks.some(({ kind }) => kind.startsWith('Cluster')));
    assert.deepEqual(
      hooks.filter(({ kind }) => kind === 'Role').map(({ metadata }) => metadata.namespace),
      ['team-a', 'team-b', NAMESPACE],
    );
    const args = argsOf(hooks, 'Job');
    assert.deepEqual(
      args.filter((arg) => arg.startsWith('--namespace=')),
      ['--namespace=team-a', '--namespace=team-b'],
    );
  });

  test("uses the operator's account if the chart creates no roles", async () => {
    const hooks = await renderHooks('rbac.create=false');
    assert.deepEqual(
      hooks.map(({ kind }) => kind),
      ['Job'],
    );
    assert.equal(
      at(only(hooks, 'Job'), 'spec', 'template', 'spec', 'serviceAccountName'),
      'acme-asana-connector',
    );
  });

  test('is omitted with uninstall.releaseGrants=false', async () => {
    assert.deepEqual(await renderHooks('uninstall.releaseGrants=false'), []);
  });
});
