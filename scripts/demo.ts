import type { ChildProcess } from 'node:child_process';
import { createWriteStream, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startControlPlane } from '../test/controlplane/control-plane.ts';
import { serviceAccountKubeconfig } from '../test/controlplane/service-account.ts';
import { helmPath, kubectlPath } from '../test/controlplane/tools.ts';
import { Kubectl, runProgram } from './demo/kubectl.ts';
import { Program } from './demo/program.ts';
import { heading, paint, say, showCommand, showTable } from './demo/screen.ts';
import type { Happening } from './demo/stage.ts';
import { tellStory } from './demo/story.ts';
import type { SandboxAddress } from './sandbox-control.ts';
import { MAIN, sandboxAddress, startFromSource, stopProcess } from './sandbox-process.ts';

const NAMESPACE = 'asana-connector';
const CHART = join(import.meta.dirname, '../charts/asana-connector');

/** Functions that stop what was started. */
const stops: (() => Promise<void>)[] = [];

async function stopEverything(): Promise<void> {
  for (const stop of stops.splice(0).toReversed()) await stop();
}

async function demo(): Promise<boolean> {
  heading(
    0,
    'Set-up: a real control plane, a simulated Asana and ConductorOne, the chart, the operator under its own service account',
  );
  const folder = mkdtempSync(join(tmpdir(), 'asana-connector-demo-'));
  say('kube-apiserver and etcd start. The first time they are downloaded, or built in up to five minutes …');
  const controlPlane = await startControlPlane();
  stops.push(() => controlPlane.stop());
  const kubectl = new Kubectl(await kubectlPath(), controlPlane.kubeconfigPath);
  const sandbox = await startSandbox(join(folder, 'sandbox.log'));
  await installChart(controlPlane.kubeconfigPath);
  const kubeconfig = await serviceAccountKubeconfig({
    kubeconfigPath: controlPlane.kubeconfigPath,
    namespace: NAMESPACE,
    name: 'asana-connector',
  });
  const operatorLog = join(folder, 'operator.log');
  const auditLog = join(folder, 'audit.log');
  startOperator(kubeconfig, sandbox, { operatorLog, auditLog });
  say(`Asana is simulated at ${sandbox.asanaUrl}; the operator logs to ${operatorLog}.`);

  const program = new Program(MAIN, {
    KUBECONFIG: controlPlane.kubeconfigPath,
    ASANA_API_URL: sandbox.asanaUrl,
    ASANA_TOKEN: sandbox.tokens.serviceAccount,
  });
  const happenings = await tellStory({ kubectl, sandbox, program, folder, auditLog });
  heading(13, 'What happened');
  showTable(
    ['STEP', 'SEEN', 'RESULT'],
    happenings.map(({ what, saw, ok }) => [what, saw, ok ? 'ok' : 'FAILED']),
  );
  if (process.argv.includes('--keep')) await keep(controlPlane.kubeconfigPath, sandbox);
  return happenings.length > 0 && happenings.every(({ ok }: Happening) => ok);
}

async function startSandbox(logFile: string): Promise<SandboxAddress> {
  const flags = ['--accounts', '200', '--teams', '20', '--latency', '40'];
  return sandboxAddress(start(['sandbox', ...flags], {}, logFile), logFile);
}

async function installChart(kubeconfig: string): Promise<void> {
  const args = [
    'install',
    'asana-connector',
    CHART,
    '--namespace',
    NAMESPACE,
    '--create-namespace',
    '--wait=false',
  ];
  showCommand(`helm ${args.join(' ')}`);
  await runProgram(await helmPath(), args, { KUBECONFIG: kubeconfig });
}

/** Starts the operator as a process of its own, with exactly the permissions of the chart. */
function startOperator(
  kubeconfig: string,
  { asanaUrl, conductorOne }: SandboxAddress,
  { operatorLog, auditLog }: { readonly operatorLog: string; readonly auditLog: string },
): void {
  const flags = [
    '--asana-api-url',
    asanaUrl,
    '--allowed-conductorone-hosts',
    'localhost',
    '--leader-election-namespace',
    NAMESPACE,
    '--metrics-bind-address',
    '0',
    '--health-bind-address',
    '0',
  ];
  showCommand(`asana-connector operator ${flags.join(' ')}`);
  // The certificate of the simulated ConductorOne is signed by an authority of its own.
  const environment = { KUBECONFIG: kubeconfig, SSL_CERT_FILE: conductorOne.caFile };
  const child = start(['operator', ...flags], environment, operatorLog);
  child.stdout?.pipe(createWriteStream(auditLog));
}

function start(args: readonly string[], env: Record<string, string>, logFile: string): ChildProcess {
  const child = startFromSource(args, env, logFile);
  stops.push(() => stopProcess(child));
  return child;
}

/** Keeps everything running until a person stops it. */
async function keep(kubeconfig: string, { controlUrl }: SandboxAddress): Promise<void> {
  say('');
  say('Everything keeps running until Ctrl-C. In another terminal:');
  showCommand(`export KUBECONFIG=${kubeconfig}`);
  showCommand('kubectl get asana -n iga');
  say(`Asana's state is at ${controlUrl}/state`);
  const alive = setInterval(() => {}, 60_000);
  await new Promise((resolve) => process.once('SIGINT', resolve));
  clearInterval(alive);
}

// Unlike Ctrl-C in a terminal, it reaches this process alone.
process.once('SIGTERM', (signal) => {
  void stopEverything().finally(() => process.kill(process.pid, signal));
});
let ok = false;
try {
  ok = await demo();
} catch (error) {
  console.error(`\n   ${paint('red', error instanceof Error ? error.message : String(error))}`);
} finally {
  await stopEverything();
}
console.log(
  ok ? `\n   ${paint('green', 'All of it happened.')}` : `\n   ${paint('red', 'Not all of it happened.')}`,
);
process.exitCode = ok ? 0 : 1;
