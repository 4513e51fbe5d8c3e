import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { REVOKE_FINALIZER, STOPPED_UNTIL_ANNOTATION } from '../../src/api/resources.ts';
import { runProgram } from '../chart/uninstall.ts';
import { linesOf } from '../commands/child.ts';
import { serviceAccountKubeconfig } from '../controlplane/service-account.ts';
import { OperatorRig } from '../operator/rig.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
/** How long the command stops the operator for. */
const STOP_MS = 10 * 60_000;

suite('release --all', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('release');
    await rig.createSecret();
    await rig.createConnector();
    await rig.untilPhase('Connected');
    await rig.declareSomebodyWhoStays();
    await rig.stopOperator();
  });
  after(() => rig.close());

  const flags = () => ['--namespace', rig.namespace, '--leader-election-namespace', rig.namespace];

  test('exits with 1 and releases nothing if the flag --all is missing', async () => {
    const { code, stderr } = await runProgram(['release', ...flags()], rig.kubeconfigPath);
    assert.equal(code, 1);
    assert.match(stderr, /--all/);
    assert.deepEqual((await rig.grant('stays'))?.metadata.finalizers, [REVOKE_FINALIZER]);
  });

  test('exits with 1 and names the grants that it is not allowed to release', async () => {
    const kubeconfig = await readerKubeconfig(rig);
    const { code, stdout, stderr } = await runProgram(['release', '--all', ...flags()], kubeconfig);
    assert.equal(code, 1);
    assert.match(stderr, /ReleaseIncomplete: 1 grants could not be released/);
    const last = linesOf(stdout).at(-1);
    assert.equal(last?.['release'], 'Incomplete');
    assert.match(JSON.stringify(last['left']), /"name":"stays".*cannot patch/);
    assert.deepEqual((await rig.grant('stays'))?.metadata.finalizers, [REVOKE_FINALIZER]);
  });

  test('releases the remaining grants with an audit line and an event, and stops the operator', async () => {
    const begun = Date.now();
    const { code, stdout, stderr } = await runProgram(['release', '--all', ...flags()], rig.kubeconfigPath);
    assert.equal(code, 0, stderr);
    const lines = linesOf(stdout);
    const audit = lines.find(({ kind }) => kind === 'Release');
    assert.equal(audit?.['action'], 'Uninstalling');
    assert.equal(audit['before'], 'Enterprise');
    const grant = await rig.grant('stays');
    assert.equal(grant?.metadata.finalizers, undefined);
    assert.equal(grant?.status?.applied, undefined);
    assert.ok(grant?.status?.user, 'the identity stays');
    await rig.untilEvent('stays', 'Released');
    const lease = await rig.ask<{ metadata: { annotations: Record<string, string> } }>({
      method: 'GET',
      path: `/apis/coordination.k8s.io/v1/namespaces/${rig.namespace}/leases/asana-connector`,
    });
    // The stop of an earlier test ends sooner. Its time has whole seconds.
    const stoppedUntil = Date.parse(lease.metadata.annotations[STOPPED_UNTIL_ANNOTATION] ?? '');
    assert.ok(stoppedUntil > begun + STOP_MS - 1_000);
  });

  test('releases nothing the second time', async () => {
    const release = () => runProgram(['release', '--all', ...flags()], rig.kubeconfigPath);
    await release();
    const { code, stdout } = await release();
    assert.equal(code, 0);
    const last = linesOf(stdout).at(-1);
    assert.deepEqual(
      { release: last?.['release'], released: last?.['released'], left: last?.['left'] },
      { release: 'Complete', released: 0, left: [] },
    );
  });
});

/** Returns the kubeconfig of an account that may list grants and write the lease, but may not patch grants. */
async function readerKubeconfig(rig: OperatorRig): Promise<string> {
  const { namespace, kubeconfigPath } = rig;
  const name = 'reader';
  const post = (path: string, body: unknown) => rig.ask({ method: 'POST', path, body });
  await post(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
  await post(`${RBAC}/namespaces/${namespace}/roles`, {
    metadata: { name },
    rules: [
      { apiGroups: ['asana-connector.dev'], resources: ['*'], verbs: ['get', 'list'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'get', 'patch'] },
    ],
  });
  await post(`${RBAC}/namespaces/${namespace}/rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  });
  return serviceAccountKubeconfig({ kubeconfigPath, namespace, name });
}
