import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { systemClock } from '../../src/core/clock.ts';
import { ApiServerConnection } from '../../src/kubernetes/connection.ts';
import { isNotFound } from '../../src/kubernetes/errors.ts';
import { serviceAccountKubeconfig } from '../controlplane/service-account.ts';
import { helm } from './helm.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const LOOK_MS = 100;

/** A release of the chart on a control plane that runs no Jobs. */
export interface InstalledRelease {
  readonly kubeconfigPath: string;
  readonly namespace: string;
  readonly release: string;
}

/** The exit code and output of the hook's command. */
export interface HookRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Job {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly serviceAccountName: string;
        readonly containers: readonly [{ readonly args: readonly string[] }];
      };
    };
  };
}

/**
 * Runs `helm uninstall`; this process stands in for the Job controller and the node: it waits for the hook's Job, runs
 * its command under its service account, and writes the outcome to the Job's status.
 * @throws Error with helm's stderr if the hook failed
 */
export async function uninstall(
  installed: InstalledRelease,
  flags: readonly string[] = [],
): Promise<HookRun> {
  const { kubeconfigPath, namespace, release } = installed;
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath);
  const connection = new ApiServerConnection(config, systemClock);
  try {
    const ended = new AbortController();
    const helmRun = helm(['uninstall', release, '--namespace', namespace, '--timeout', '120s', ...flags], {
      KUBECONFIG: kubeconfigPath,
    }).finally(() => ended.abort());
    const hookRun = runHook(connection, installed, ended.signal);
    const [outcome, run] = await Promise.allSettled([helmRun, hookRun]);
    if (run.status === 'rejected') throw run.reason;
    if (outcome.status === 'rejected') throw outcome.reason;
    return run.value;
  } finally {
    await connection.close();
  }
}

async function runHook(
  connection: ApiServerConnection,
  { kubeconfigPath, namespace }: InstalledRelease,
  signal: AbortSignal,
): Promise<HookRun> {
  const job = await untilJob(connection, namespace, signal);
  const { serviceAccountName, containers } = job.spec.template.spec;
  const kubeconfig = await serviceAccountKubeconfig({ kubeconfigPath, namespace, name: serviceAccountName });
  const run = await runProgram(containers[0].args, kubeconfig);
  await markJob(connection, namespace, job.metadata.name, run.code === 0);
  return run;
}

async function untilJob(
  connection: ApiServerConnection,
  namespace: string,
  signal: AbortSignal,
): Promise<Job> {
  for (;;) {
    signal.throwIfAborted();
    const { items } = await connection.send<{ items: Job[] }>({
      method: 'GET',
      path: `/apis/batch/v1/namespaces/${namespace}/jobs`,
    });
    if (items[0]) return items[0];
    await sleep(LOOK_MS);
  }
}

/** Runs the program from source, with only a kubeconfig and PATH in its environment. */
export function runProgram(args: readonly string[], kubeconfig: string): Promise<HookRun> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, ...args],
      { env: { KUBECONFIG: kubeconfig, PATH: process.env['PATH'] ?? '' }, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
  });
}

/** Writes the status that the Job controller would write. */
async function markJob(
  connection: ApiServerConnection,
  namespace: string,
  name: string,
  succeeded: boolean,
): Promise<void> {
  const now = new Date().toISOString();
  const condition = (type: string) => ({
    type,
    status: 'True',
    lastTransitionTime: now,
    lastProbeTime: now,
    reason: 'Marked',
    message: '',
  });
  const status = succeeded
    ? {
        startTime: now,
        completionTime: now,
        succeeded: 1,
        conditions: [condition('SuccessCriteriaMet'), condition('Complete')],
      }
    : { startTime: now, failed: 1, conditions: [condition('FailureTarget'), condition('Failed')] };
  try {
    await connection.send({
      method: 'PATCH',
      path: `/apis/batch/v1/namespaces/${namespace}/jobs/${name}/status`,
      contentType: 'application/merge-patch+json',
      body: { status },
    });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
