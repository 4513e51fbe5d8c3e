import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { type ControlPlane, startControlPlane } from '../../test/controlplane/control-plane.ts';
import { helmPath, kubectlPath } from '../../test/controlplane/tools.ts';
import { people } from '../demo/cast.ts';
import { Kubectl, runProgram } from '../demo/kubectl.ts';
import { askControl, type SandboxAddress, userPath } from '../sandbox-control.ts';
import { type ChartContainer, chartContainer } from './chart-pod.ts';
import { whileRunning } from './container.ts';
import type { Engine } from './engine.ts';
import type { Trial } from './trial.ts';

const CHART = join(import.meta.dirname, '../../charts/asana-connector');
const NAMESPACE = 'asana-connector';
const NAME = 'asana-connector';
/** Where every client in a pod looks for its service account. */
const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
/** As OpenShift's restricted-v2 assigns it to a namespace: an id that no image knows, in the group root. */
const ANY_USER = '1000710000:0';

const OBJECTS = (token: string) => `apiVersion: v1
kind: Namespace
metadata: { name: iga }
---
apiVersion: v1
kind: Secret
metadata: { name: asana, namespace: iga }
stringData: { BATON_TOKEN: ${JSON.stringify(token)} }
---
apiVersion: asana-connector.dev/v1alpha1
kind: AsanaConnector
metadata: { name: acme, namespace: iga }
spec:
  credentials: { type: ServiceAccount, secretRef: { name: asana } }
  scim: { enabled: true }
  provisioning: { mode: Apply }
---
apiVersion: asana-connector.dev/v1alpha1
kind: AsanaLicenseGrant
metadata: { name: alice, namespace: iga }
spec:
  connectorRef: { name: acme }
  user: { email: ${people.alice} }
`;

/**
 * Runs the image as the operator, in place of the chart's pod: arguments, variables, restrictions and memory limit are
 * those of the Deployment in the API server, credentials those of the chart's service account. It must become ready,
 * carry out a grant, and exit cleanly.
 */
export async function tryOperator(engine: Engine, image: string, sandbox: SandboxAddress): Promise<Trial> {
  const plane = await startControlPlane();
  try {
    const kubectl = new Kubectl(await kubectlPath(), plane.kubeconfigPath);
    const healthPort = await freePort();
    const container = await installChart(plane, kubectl, {
      'health.port': healthPort,
      'metrics.port': await freePort(),
      'operator.asana.apiUrl': sandbox.asanaUrl,
      openshift: true,
    });
    const { hostname, port } = new URL(plane.url);
    let seen = '';
    let peak = 0;
    const options = {
      image,
      args: container.args,
      environment: {
        ...container.environment,
        KUBERNETES_SERVICE_HOST: hostname,
        KUBERNETES_SERVICE_PORT: port,
      },
      user: ANY_USER,
      memoryBytes: container.memoryBytes,
      files: { [ACCOUNT_FOLDER]: await accountFolder(plane, kubectl) },
    };
    await whileRunning(engine, options, async ({ startedAt, until, peakMemory }) => {
      await until('ready', () => isReady(healthPort));
      const ready = performance.now() - startedAt;
      await kubectl.run(['apply', '-f', '-'], OBJECTS(sandbox.tokens.serviceAccount));
      await until('the grant is carried out', async () => {
        const person = await askControl<{ license: string }>(sandbox, 'GET', userPath(people.alice));
        return person.license === 'enterprise';
      });
      await kubectl.run(['wait', 'alg/alice', '-n', 'iga', '--for=condition=Ready', '--timeout=60s']);
      seen = `ready after ${(ready / 1000).toFixed(2)} s, a license granted`;
      peak = await peakMemory();
    });
    return { what: `operator (user ${ANY_USER})`, seen, peakMemory: peak };
  } finally {
    await plane.stop();
  }
}

async function installChart(
  plane: ControlPlane,
  kubectl: Kubectl,
  values: Readonly<Record<string, string | number | boolean>>,
): Promise<ChartContainer> {
  const flags = Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  await runProgram(
    await helmPath(),
    ['install', NAME, CHART, '--namespace', NAMESPACE, '--create-namespace', '--wait=false', ...flags],
    { KUBECONFIG: plane.kubeconfigPath },
  );
  const deployment = await kubectl.run(['get', 'deployment', NAME, '-n', NAMESPACE, '-o', 'json']);
  return chartContainer(JSON.parse(deployment));
}

/** Writes the service account as the kubelet mounts it: token, CA, namespace. Deleted with the control plane. */
async function accountFolder(plane: ControlPlane, kubectl: Kubectl): Promise<string> {
  const folder = join(dirname(plane.kubeconfigPath), 'serviceaccount');
  await mkdir(folder);
  const token = await kubectl.run(['create', 'token', NAME, '-n', NAMESPACE]);
  await writeFile(join(folder, 'token'), token.trim());
  await writeFile(join(folder, 'namespace'), NAMESPACE);
  await copyFile(plane.caFile, join(folder, 'ca.crt'));
  for (const name of ['token', 'namespace', 'ca.crt']) await chmod(join(folder, name), 0o644);
  return folder;
}

async function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
