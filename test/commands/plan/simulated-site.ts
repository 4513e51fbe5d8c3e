import { Readable } from 'node:stream';
import { type ExportFlags, runExport } from '../../../src/commands/export/run-export.ts';
import { listObjects } from '../../../src/commands/plan/cluster-reading.ts';
import type { PlanReport } from '../../../src/commands/plan/plan-report.ts';
import { makePlan, type PlanFlags } from '../../../src/commands/plan/run-plan.ts';
import { silentLogger } from '../../../src/core/logger.ts';
import type { AuditRecord } from '../../../src/provisioning/audit.ts';
import type { Person } from '../../../src/sandbox/records.ts';
import { AsanaFront } from '../../simulation/asana/front.ts';
import {
  ASANA_URL,
  addressOf,
  openSite,
  type Site,
  type SitePlan,
  tokenOf,
} from '../../simulation/asana/site.ts';
import { SimulatedClock } from '../../simulation/clock.ts';
import { SimulatedCluster } from '../../simulation/cluster/simulated-cluster.ts';
import { stream } from '../../simulation/random.ts';
import { type Lease, Replica } from '../../simulation/replica.ts';

/** The parts of a manifest, which is printed as JSON and so is valid YAML. */
export interface TestManifest {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const ORGANIZATION = '1200000000000001';
/** A workspace beside the organization; the first people of the organization are also members of it. */
export const PLAIN = '1100000000000001';
export const NAMESPACES = ['iga', 'team-a'];

/** The owner of the token: the organization's service account, or its first person. */
export type TokenHolder = 'acme' | 'personal';

export interface SimulatedSizes extends Pick<SitePlan, 'people' | 'teams'> {
  readonly holder?: TokenHolder;
}

/** An organization in the sandbox, a cluster and a clock in this process: no sockets, reproducible by seed. */
export class SimulatedSite {
  readonly clock = new SimulatedClock();
  readonly site: Site;
  readonly cluster: SimulatedCluster;
  readonly front: AsanaFront;
  readonly audit: AuditRecord[] = [];
  /** Requests sent by plans, as method and operation. */
  readonly planned: string[] = [];
  readonly #seed: number;
  readonly #holder: TokenHolder;
  #replica: Replica | null = null;

  constructor(seed: number, { holder = 'acme', ...sizes }: SimulatedSizes) {
    this.#seed = seed;
    const plan = {
      name: 'acme',
      organization: ORGANIZATION,
      workspace: PLAIN,
      domain: 'acme.example',
      ...sizes,
    };
    this.site = openSite(plan, seed, this.clock);
    this.#holder = holder;
    if (holder === 'personal') this.#equipOwner();
    this.cluster = new SimulatedCluster({ clock: this.clock, random: stream(seed, 'cluster') });
    this.front = new AsanaFront({ clock: this.clock, random: stream(seed, 'asana'), sites: [this.site] });
    this.front.watch({
      leaves: ({ by, method, operation }) =>
        void (by === 'plan' && this.planned.push(`${method} ${operation}`)),
    });
    for (const name of NAMESPACES) this.cluster.createNamespace(name);
    for (const name of NAMESPACES)
      this.cluster.putSecret(name, 'asana-acme', { BATON_TOKEN: tokenOf(plan, holder) });
  }

  /** Whether every connector with this token reads the person, whichever workspaces it names. */
  isReadByAll(person: Person): boolean {
    return this.#holder === 'acme' || person.memberships.some(({ workspace }) => workspace.gid === PLAIN);
  }

  /** Gives the token's owner what Asana requires for changes and no plan can know: a full license, and every team. */
  #equipOwner(): void {
    const { directory, plan, teams } = this.site;
    const owner = directory.personByEmail(addressOf(plan, 0));
    if (!owner) throw new TypeError('nobody owns the token');
    directory.change(owner, { license: 'enterprise' });
    for (const team of teams)
      if (!owner.teamMemberships.some((membership) => membership.team === team))
        directory.joinTeam(owner, team);
  }

  /** Starts the operator; apply the first manifests before. */
  async startOperator(): Promise<void> {
    const lease: Lease = { holder: null, since: 0, takenOver: false, stoppedUntil: null };
    const replica = new Replica({
      name: 'operator-1',
      seed: this.#seed,
      clock: this.clock,
      cluster: this.cluster,
      asana: this.front,
      lease,
      onLog: () => {},
      onAudit: (_, line) => void this.audit.push(JSON.parse(line) as AuditRecord),
      onDeath: () => {},
    });
    await replica.start();
    lease.holder = replica;
    this.#replica = replica;
    replica.lead();
  }

  /** Kills the operator, and starts another one that knows only what the cluster contains. */
  async restartOperator(): Promise<void> {
    this.#replica?.kill();
    await this.startOperator();
  }

  stop(): void {
    this.#replica?.kill();
  }

  /** Applies all manifests within one second, like kubectl. */
  async apply(manifests: readonly TestManifest[]): Promise<void> {
    for (const { kind, namespace, name, spec, annotations } of manifests)
      await this.cluster.apply({
        apiVersion: 'asana-connector.dev/v1alpha1',
        kind,
        metadata: { namespace, name, ...(annotations ? { annotations } : {}) },
        spec,
      });
  }

  /** Plans manifests; simulated time advances while the plan reads. */
  async plan(manifests: readonly TestManifest[], flags: Partial<PlanFlags> = {}): Promise<PlanReport> {
    const text = manifests.map(printManifest).join('---\n');
    return this.#inTime(
      makePlan({ ...this.#flags(), ...flags }, this.#means(text), new AbortController().signal),
    );
  }

  /** Exports the directory; returns the output. */
  async export(connector: TestManifest, flags: Partial<ExportFlags> = {}): Promise<string> {
    let output = '';
    const means = this.#means(printManifest(connector));
    const all = { ...this.#flags(), connector: '-', ...flags };
    const write = (text: string) => void (output += text);
    await this.#inTime(
      runExport(
        all,
        { ...means, output: { write }, errors: { write: () => {} } },
        new AbortController().signal,
      ),
    );
    return output;
  }

  async planText(text: string, flags: Partial<PlanFlags> = {}): Promise<PlanReport> {
    return this.#inTime(
      makePlan({ ...this.#flags(), ...flags }, this.#means(text), new AbortController().signal),
    );
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    const over = new AbortController();
    const done = work.finally(() => over.abort());
    // Prevents an unhandled rejection: the caller handles the error below.
    done.catch(() => {});
    while (!over.signal.aborted) await this.clock.advance(100);
    return done;
  }

  #flags(): PlanFlags {
    return {
      file: ['-'],
      prune: true,
      namespace: 'iga',
      output: 'json',
      asanaApiUrl: ASANA_URL,
      asanaRequestsPerMinute: 0,
      asanaBudgetPercent: 100,
    };
  }

  #means(text: string) {
    const { client } = this.cluster.connect('plan');
    return {
      input: Readable.from([text]),
      output: { write: () => {} },
      environment: { ASANA_TOKEN: tokenOf(this.site.plan, this.#holder) },
      readCluster: (_: unknown, signal: AbortSignal) => listObjects(client, signal),
      log: silentLogger,
      clock: this.clock,
      carrier: this.front.adapterFor({ name: 'plan', clock: this.clock, dies: () => false }),
    };
  }
}

export function printManifest({ kind, namespace, name, spec, annotations }: TestManifest): string {
  const metadata = { namespace, name, annotations };
  const manifest = { apiVersion: 'asana-connector.dev/v1alpha1', kind, metadata, spec };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
