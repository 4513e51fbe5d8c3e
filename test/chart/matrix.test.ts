import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { type ControlPlane, startControlPlane } from '../controlplane/control-plane.ts';
import { kubectlPath } from '../controlplane/tools.ts';
import { at, CHART, helm, NAMESPACE, objectsIn, only, RELEASE, type Rendered, type Values } from './helm.ts';
import { INSTALLATIONS, type Installation } from './matrix.ts';
import { OPENSHIFT, OPENSHIFT_NAMESPACE, PROMETHEUS_OPERATOR, RESTRICTED_V2_POLICY } from './stand-ins.ts';
import { uninstall } from './uninstall.ts';

/** The metadata of the release's namespace that makes it admit only such pods. */
const ADMISSION: Readonly<Record<Installation['pods'], object>> = {
  restricted: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  'restricted-v2': OPENSHIFT_NAMESPACE,
};

/** A pod that neither of the two standards admits. */
const ROOT_POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'root', namespace: NAMESPACE },
  spec: { securityContext: { runAsUser: 0 }, containers: [{ name: 'root', image: 'root' }] },
};

/** How long the API server may take to observe a new policy or CRD. */
const NOTICED_WITHIN_MS = 30_000;

describe('the chart on a real API server', () => {
  let plane: ControlPlane;

  before(async () => {
    // A control plane of its own: CRDs belong to one release, and one of these installations removes them.
    plane = await startControlPlane();
    for (const namespace of ['team-a', 'team-b']) await kubectl(['create', 'namespace', namespace]);
    await apply(...PROMETHEUS_OPERATOR, ...RESTRICTED_V2_POLICY);
  });
  after(() => plane.stop());

  async function kubectl(args: readonly string[], input?: string): Promise<string> {
    const running = promisify(execFile)(await kubectlPath(), args, {
      env: { ...process.env, KUBECONFIG: plane.kubeconfigPath },
      maxBuffer: 16 * 1024 * 1024,
    });
    running.child.stdin?.end(input);
    return (await running).stdout.trim();
  }

  function apply(...objects: readonly object[]): Promise<string> {
    return kubectl(['apply', '--server-side', '-f', '-'], documents(objects));
  }

  /** Validates objects on the API server, including every field. */
  function validate(...objects: readonly object[]): Promise<string> {
    const trial = ['--dry-run=server', '--validate=strict', '--field-manager=trial', '--force-conflicts'];
    return kubectl(['apply', '--server-side', ...trial, '-f', '-'], documents(objects));
  }

  /** Runs a helm command on the release with its values. */
  function release(command: string, values: Values, ...flags: string[]): Promise<string> {
    const env = { KUBECONFIG: plane.kubeconfigPath };
    return helm([command, RELEASE, CHART, '--namespace', NAMESPACE, ...flags], env, values);
  }

  async function installed(): Promise<Rendered[]> {
    const env = { KUBECONFIG: plane.kubeconfigPath };
    return objectsIn(await helm(['get', 'manifest', RELEASE, '--namespace', NAMESPACE], env));
  }

  async function live(object: Rendered): Promise<Rendered> {
    const { kind, apiVersion = '', metadata } = object;
    const [group, version] = String(apiVersion).includes('/') ? String(apiVersion).split('/') : ['', ''];
    const type = group ? `${kind}.${version}.${group}` : kind;
    const namespace = metadata.namespace ? ['--namespace', metadata.namespace] : [];
    return JSON.parse(await kubectl(['get', type, metadata.name, ...namespace, '-o', 'json'])) as Rendered;
  }

  async function untilRefused(object: object): Promise<void> {
    const giveUp = AbortSignal.timeout(NOTICED_WITHIN_MS);
    for (;;) {
      const admitted = await validate(object).catch(() => null);
      if (admitted === null) return;
      await sleep(100, undefined, { signal: giveUp });
    }
  }

  test('is not installed at all if it declares objects before the CRDs exist', async () => {
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
    const connectors = { acme: { spec: { credentials: { secretRef: { name: 'asana' } } } } };
    await assert.rejects(release('install', { connectors }), /ensure CRDs are installed first/);
    assert.equal(await kubectl(['get', 'deployments', '--all-namespaces', '-o', 'name']), '');
  });

  for (const { name, values, pods } of INSTALLATIONS) {
    describe(name, () => {
      before(async () => {
        const namespace = { apiVersion: 'v1', kind: 'Namespace' };
        await apply({ ...namespace, metadata: { name: NAMESPACE, ...ADMISSION[pods] } });
        if (pods === 'restricted-v2') await apply(OPENSHIFT);
        await untilRefused(ROOT_POD);
      });

      test('is valid for the API server in every object, including those of the hook', async () => {
        const rendered = objectsIn(await release('template', values, '--dry-run=server'));
        assert.ok(rendered.some(({ kind }) => kind === 'Deployment'));
        await validate(...rendered);
        for (const object of rendered.filter(hasPods)) await validate(podOf(object));
      });

      if (pods === 'restricted-v2')
        test('would be rejected with the user, group and fsGroup that it has on other clusters', async () => {
          const elsewhere = { ...values, openshift: false };
          const rendered = objectsIn(await release('template', elsewhere, '--dry-run=server'));
          for (const object of rendered.filter(hasPods))
            await assert.rejects(validate(podOf(object)), /outside the range of the namespace/);
        });

      test('is installed', async () => {
        await release('install', values, '--wait=false');
        for (const object of await installed()) assert.ok(at(await live(object), 'metadata', 'uid'));
      });

      test('is upgraded in place', async () => {
        const deployment = only(await installed(), 'Deployment');
        const before = await live(deployment);
        await release('upgrade', { ...values, nodeOptions: '--max-old-space-size=250' }, '--wait=false');
        const after = await live(deployment);
        assert.equal(at(after, 'metadata', 'uid'), at(before, 'metadata', 'uid'));
        assert.equal(at(after, 'metadata', 'generation'), 2);
        const env = at(after, 'spec', 'template', 'spec', 'containers', 0, 'env', 0, 'value');
        assert.equal(env, '--max-old-space-size=250');
      });

      test('leaves nothing when it is uninstalled, except for CRDs that are to be kept', async () => {
        const objects = await installed();
        const { kubeconfigPath } = plane;
        if (at(values, 'uninstall', 'releaseGrants') === false) {
          await helm(['uninstall', RELEASE, '--namespace', NAMESPACE], { KUBECONFIG: kubeconfigPath });
        } else {
          const { code, stderr } = await uninstall({
            kubeconfigPath,
            namespace: NAMESPACE,
            release: RELEASE,
          });
          assert.equal(code, 0, stderr);
        }
        for (const object of objects) {
          const kept = object.metadata.annotations?.['helm.sh/resource-policy'] === 'keep';
          await (kept ? live(object) : assert.rejects(live(object), /NotFound|doesn't have a resource type/));
        }
      });
    });
  }
});

function hasPods({ kind }: Rendered): boolean {
  return kind === 'Deployment' || kind === 'Job';
}

/** Returns the pod that a Deployment or a Job would create. */
function podOf(owner: Rendered): object {
  const { metadata, spec } = at(owner, 'spec', 'template') as { metadata: object; spec: object };
  const { name } = owner.metadata;
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name, namespace: NAMESPACE }, spec };
}

function documents(objects: readonly object[]): string {
  return objects.map((object) => stringify(object)).join('---\n');
}
