import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** What a replica works on; an operator rig is one. */
export interface ReplicaPlace {
  readonly namespace: string;
  readonly kubeconfigPath: string;
  readonly sandbox: { readonly asanaUrl: string; readonly conductorOne: { readonly caFile: string } };
  /** Receives every line that the replica logs. */
  readonly logs: string[];
}

/** One replica of the operator, as a process of its own. */
export class Replica {
  readonly #child: ChildProcess;
  /** Its name in its log, in leases and in ConductorOne. */
  readonly identity: Promise<string>;
  #knownAs: string | null = null;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Lines it wrote besides its log: why it ended by itself. */
  readonly lastWords: string[] = [];

  /**
   * @param further flags that override those of every replica
   * @param environment additional variables
   */
  constructor(
    place: ReplicaPlace,
    further: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ) {
    const { namespace, kubeconfigPath, sandbox } = place;
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
      env: {
        ...process.env,
        KUBECONFIG: kubeconfigPath,
        SSL_CERT_FILE: sandbox.conductorOne.caFile,
        ...environment,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.ended = endOf(this.#child);
    const lines = createInterface({ input: this.#child.stderr as NodeJS.ReadableStream });
    this.identity = new Promise((resolve) => {
      lines.on('line', (line) => {
        if (!line.startsWith('{')) {
          this.lastWords.push(line);
          return;
        }
        place.logs.push(line);
        const { message, identity } = JSON.parse(line) as { message: string; identity?: string };
        if (message !== 'starting' || identity === undefined) return;
        this.#knownAs = identity;
        resolve(identity);
      });
    });
  }

  /** Its identity; `null` until it has logged it. */
  get knownAs(): string | null {
    return this.#knownAs;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** `null` until it has ended by itself, and if a signal ended it. */
  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sends a signal, if the process still runs. */
  signal(signal: NodeJS.Signals): void {
    if (!this.hasEnded) this.#child.kill(signal);
  }

  /** Sends a signal that ends the process, and waits until it has ended. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.signal(signal);
    await this.ended;
  }
}

async function endOf(child: ChildProcess): Promise<void> {
  await once(child, 'exit');
}
