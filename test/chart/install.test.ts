import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { grantKinds, kinds } from '../../src/api/kinds.ts';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { serviceAccountKubeconfig } from '../controlplane/service-account.ts';
import { kubectlPath } from '../controlplane/tools.ts';
import { CHART, helm, NAMESPACE, RELEASE } from './helm.ts';
import { uninstall } from './uninstall.ts';

const ACCOUNT = `system:serviceaccount:${NAMESPACE}:acme-asana-connector`;

const CONNECTOR = {
  apiVersion: 'asana-connector.dev/v1alpha1',
  kind: 'AsanaConnector',
  metadata: { name: 'acme', namespace: NAMESPACE },
  spec: { credentials: { secretRef: { name: 'asana' } } },
};

interface Question {
  /** The arguments of `kubectl auth can-i`: verb, resource and flags. */
  ask: string;
  because: string;
}

const ALLOWED: Question[] = [
  { ask: 'list asanaconnectors.asana-connector.dev -A', because: 'it watches every namespace' },
  ...grantKinds.flatMap(({ names: { plural, group } }) => [
    { ask: `watch ${plural}.${group} -A`, because: 'it watches every namespace' },
    { ask: `patch ${plural}.${group} -n other`, because: 'finalizers are in the object' },
    { ask: `patch ${plural}.${group} --subresource=status -n other`, because: 'status is its report' },
  ]),
  {
    ask: 'patch asanaconnectors.asana-connector.dev --subresource=status -n other',
    because: 'status is its report',
  },
  { ask: 'get secrets -n other', because: 'connectors name Secrets beside them' },
  { ask: 'get namespaces/other', because: 'a terminating namespace takes nothing back' },
  { ask: 'create events.events.k8s.io -n other', because: 'it says what it does' },
  { ask: 'patch events.events.k8s.io -n other', because: 'it counts what it repeats' },
  { ask: `create leases.coordination.k8s.io -n ${NAMESPACE}`, because: 'the first leader creates the lease' },
  {
    ask: `update leases.coordination.k8s.io/asana-connector -n ${NAMESPACE}`,
    because: 'the leader renews it',
  },
];

const DENIED: Question[] = [
  { ask: 'list secrets -n other', because: 'one Secret at a time' },
  { ask: 'watch secrets -n other', because: 'one Secret at a time' },
  ...grantKinds.flatMap(({ names: { plural, group } }) => [
    { ask: `create ${plural}.${group} -n other`, because: 'it declares nothing itself' },
    { ask: `delete ${plural}.${group} -n other`, because: 'it deletes nothing' },
  ]),
  {
    ask: 'patch asanaconnectors.asana-connector.dev -n other',
    because: 'connectors carry no finalizer of ours',
  },
  {
    ask: 'update asanalicensegrants.asana-connector.dev --subresource=status -n other',
    because: 'status is applied',
  },
  { ask: 'get customresourcedefinitions', because: 'discovery tells whether a kind is going' },
  { ask: 'list namespaces', because: 'it asks for one it knows' },
  { ask: 'create events -n other', because: 'it writes events of one API only' },
  { ask: 'list events.events.k8s.io -n other', because: 'it reads no events' },
  { ask: 'create pods -n other', because: 'it starts nothing' },
  { ask: `update leases.coordination.k8s.io/another -n ${NAMESPACE}`, because: 'one lease is its own' },
  { ask: 'create leases.coordination.k8s.io -n other', because: 'only in its own namespace' },
  {
    ask: `create serviceaccounts --subresource=token -n ${NAMESPACE}`,
    because: 'no way to another identity',
  },
];

describe('the installed chart', () => {
  let plane: ControlPlane;

  before(async () => {
    // A control plane of its own: CRDs belong to one release, and other tests use them on the shared one.
    plane = await startControlPlane();
    await kubectl(['create', 'namespace', 'other']);
    await install();
  });
  after(() => plane.stop());

  function install(...more: string[]): Promise<string> {
    return helm(
      ['install', RELEASE, CHART, '--namespace', NAMESPACE, '--create-namespace', '--wait=false', ...more],
      { KUBECONFIG: plane.kubeconfigPath },
    );
  }

  async function kubectl(args: readonly string[], input?: string): Promise<string> {
    const running = promisify(execFile)(await kubectlPath(), args, {
      env: { ...process.env, KUBECONFIG: plane.kubeconfigPath },
    });
    running.child.stdin?.end(input);
    return (await running).stdout.trim();
  }

  /** Runs `kubectl auth can-i`, which also exits with an error if the answer is no. */
  function canI(ask: string, account = ACCOUNT): Promise<string> {
    return kubectl(['auth', 'can-i', ...ask.split(' '), `--as=${account}`]).catch(
      (error: { stdout?: string }) => (error.stdout ?? '').trim(),
    );
  }

  test('gives the operator every permission that it needs', async () => {
    const answers = await Promise.all(ALLOWED.map(({ ask }) => canI(ask)));
    assert.deepEqual(
      ALLOWED.filter((_, index) => answers[index] !== 'yes'),
      [],
    );
  });

  test('denies the operator permissions that it does not need', async () => {
    const answers = await Promise.all(DENIED.map(({ ask }) => canI(ask)));
    assert.deepEqual(
      DENIED.filter((_, index) => answers[index] !== 'no'),
      [],
    );
  });

  test('has a pod template that a namespace with the restricted Pod Security Standard accepts', async () => {
    await kubectl([
      'label',
      'namespace',
      NAMESPACE,
      'pod-security.kubernetes.io/enforce=restricted',
      '--overwrite',
    ]);
    const deployment = JSON.parse(
      await kubectl(['get', 'deployment', 'acme-asana-connector', '-n', NAMESPACE, '-o', 'json']),
    ) as {
      spec: { template: { metadata: object; spec: object } };
    };
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...deployment.spec.template.metadata, name: 'trial', namespace: NAMESPACE },
      spec: deployment.spec.template.spec,
    };
    assert.match(
      await kubectl(['create', '--dry-run=server', '-f', '-'], stringify(pod)),
      /pod\/trial created/,
    );
    const privileged = structuredClone(pod) as typeof pod & { spec: { hostNetwork?: boolean } };
    privileged.spec.hostNetwork = true;
    await assert.rejects(
      kubectl(['create', '--dry-run=server', '-f', '-'], stringify(privileged)),
      /violates PodSecurity/,
    );
  });

  test('prints notes with the name of its Deployment and a valid manifest', async () => {
    const notes = await helm(['get', 'notes', RELEASE, '--namespace', NAMESPACE], {
      KUBECONFIG: plane.kubeconfigPath,
    });
    assert.match(notes, /rollout status deployment\/acme-asana-connector/);
    const manifest = /<<'YAML'\n([^]*?)\n {2}YAML/.exec(notes)?.[1];
    assert.ok(manifest, 'the notes contain a manifest');
    assert.match(
      await kubectl(['create', '--dry-run=server', '-f', '-'], manifest.replaceAll(/^ {2}/gm, '')),
      /created/,
    );
  });

  test('has an example of each kind for Artifact Hub, which its CRD accepts', async () => {
    const chart = parse(await readFile(join(CHART, 'Chart.yaml'), 'utf8')) as {
      annotations: Record<string, string>;
    };
    const examples = parse(chart.annotations['artifacthub.io/crdsExamples'] ?? '') as { kind: string }[];
    assert.deepEqual(
      examples.map(({ kind }) => kind),
      kinds.map(({ names }) => names.kind),
    );
    for (const example of examples) {
      const args = ['create', '--dry-run=server', '--validate=strict', '-f', '-'];
      assert.match(await kubectl(args, stringify(example)), /created/);
    }
  });

  test('cannot be installed a second time for every namespace, since both would act', async () => {
    const second = helm(
      [
        'install',
        'second',
        CHART,
        '--namespace',
        'second',
        '--create-namespace',
        '--set',
        'crds.enabled=false',
      ],
      { KUBECONFIG: plane.kubeconfigPath },
    );
    await assert.rejects(second, /release acme in namespace iga already watches every namespace/);
    assert.equal(await kubectl(['get', 'deployments', '-n', 'second', '-o', 'name']), '');
  });

  test('keeps the CRDs and the objects when it is uninstalled, and can be installed again', async () => {
    await kubectl(['apply', '-f', '-'], stringify(CONNECTOR));
    await uninstall({ kubeconfigPath: plane.kubeconfigPath, namespace: NAMESPACE, release: RELEASE });
    assert.equal(
      await kubectl([
        'get',
        'deployments,clusterroles',
        '-n',
        NAMESPACE,
        '-l',
        'app.kubernetes.io/instance=acme',
        '-o',
        'name',
      ]),
      '',
    );
    assert.equal(
      await kubectl(['get', 'asanaconnectors', '-n', NAMESPACE, '-o', 'name']),
      'asanaconnector.asana-connector.dev/acme',
    );
    await install();
    assert.equal(await canI('list asanaconnectors.asana-connector.dev -A'), 'yes');
  });

  test('gives the operator permissions in the watched namespace, and in no other, when it is namespaced', async () => {
    for (const namespace of ['team-a', 'scoped']) await kubectl(['create', 'namespace', namespace]);
    await helm(
      [
        'install',
        'asana-connector',
        CHART,
        '--namespace',
        'scoped',
        '--wait=false',
        '--set',
        'crds.enabled=false',
        '--set',
        'scope=namespaced',
        '--set',
        'watchNamespaces={team-a}',
      ],
      { KUBECONFIG: plane.kubeconfigPath },
    );
    const account = 'system:serviceaccount:scoped:asana-connector';
    assert.equal(await canI('watch asanalicensegrants.asana-connector.dev -n team-a', account), 'yes');
    assert.equal(await canI('watch asanalicensegrants.asana-connector.dev -A', account), 'no');
    assert.equal(await canI('get secrets -n other', account), 'no');
    const kubeconfig = await serviceAccountKubeconfig({
      kubeconfigPath: plane.kubeconfigPath,
      namespace: 'scoped',
      name: 'asana-connector',
    });
    assert.equal(
      await kubectl(['--kubeconfig', kubeconfig, 'get', 'namespace', 'team-a', '-o', 'name']),
      'namespace/team-a',
    );
    await assert.rejects(kubectl(['--kubeconfig', kubeconfig, 'get', 'namespace', 'other']), /Forbidden/);
  });
});
