import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { OperatorRig } from './rig.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** One replica of the operator, as a process of its own. */
export class Replica {
  readonly #child: ChildProcess;
  /** As it names itself in its log, in leases and to ConductorOne. */
  readonly identity: Promise<string>;

  /** @param further flags that win over those that every replica gets */
  constructor(rig: OperatorRig, further: readonly string[] = []) {
    const { namespace, kubeconfigPath, sandbox } = rig;
    const flags = [
      ['--namespace', namespace],
      ['--asana-api-url', sandbox.asanaUrl],
      ['--asana-requests-per-minute', '0'],
      ['--allowed-conductorone-hosts', 'localhost'],
      ['--leader-election-namespace', namespace],
      ['--leader-election-lease-duration', '3s'],
      ['--leader-election-renew-deadline', '2s'],
      ['--leader-election-retry-period', '500ms'],
      ['--action-timeout', '5s'],
      ['--metrics-bind-address', '0'],
      ['--health-bind-address', '0'],
    ].flat();
    this.#child = spawn(process.execPath, [MAIN, 'operator', ...flags, ...further], {
      env: { ...process.env, KUBECONFIG: kubeconfigPath, SSL_CERT_FILE: sandbox.conductorOne.caFile },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const lines = createInterface({ input: this.#child.stderr as NodeJS.ReadableStream });
    this.identity = new Promise((resolve) => {
      lines.on('line', (line) => {
        rig.logs.push(line);
        const { message, identity } = JSON.parse(line) as { message: string; identity?: string };
        if (message === 'starting' && identity !== undefined) resolve(identity);
      });
    });
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }
}
