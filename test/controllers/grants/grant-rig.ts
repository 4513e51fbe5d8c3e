import type { KubeConfig } from '@kubernetes/client-node';
import { BudgetRegistry } from '../../../src/asana/budget-registry.ts';
import type { GrantStatus } from '../../../src/controllers/grants/grant-status.ts';
import { AsanaOperator } from '../../../src/controllers/operator.ts';
import type { Logger } from '../../../src/core/logger.ts';
import type { Person } from '../../../src/sandbox/records.ts';
import { checkConditions } from '../../api/condition-rules.ts';
import { RecordingMeter } from '../../asana/recording-meter.ts';
import { AsanaFront } from '../../simulation/asana/front.ts';
import { ASANA_URL, openSite, type Site, tokenOf } from '../../simulation/asana/site.ts';
import { SimulatedClock } from '../../simulation/clock.ts';
import { type Connection, SimulatedCluster } from '../../simulation/cluster/simulated-cluster.ts';
import { stream, uuids } from '../../simulation/random.ts';

export const ORGANIZATION = '1200000000000001';
const PLAN = { name: 'acme', organization: ORGANIZATION, domain: 'acme.example', people: 8, teams: 0 };
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

/** The parts of a written status that tests read. */
export interface Written {
  readonly reason: string | undefined;
  readonly message: string;
  readonly status: GrantStatus;
}

/**
 * One connector, its grants and the complete operator in this process, with an Asana and an API server in memory and a
 * clock that the test moves. Every status written is checked against the condition rules.
 */
export class GrantRig {
  readonly clock = new SimulatedClock();
  readonly cluster: SimulatedCluster;
  readonly site: Site;
  readonly meter = new RecordingMeter();
  readonly audit: Record<string, unknown>[] = [];
  /** Changes that reached Asana, by operation. */
  readonly changes: string[] = [];
  /** Called when a change reaches Asana. */
  onChange = (): void => {};
  /** The condition rules that a written status broke, as sentences. */
  readonly broken: string[] = [];
  /** The Ready reasons in the order written, by kind and name; consecutive duplicates are dropped. */
  readonly #told = new Map<string, string[]>();
  /** The number of status writes, by kind and name. */
  readonly writes = new Map<string, number>();
  readonly leadership = {
    leads: true,
    leadingForMs: 3_600_000,
    takenOver: false,
    stoppedUntil: null as number | null,
  };
  readonly #asana: AsanaFront;
  readonly #newId = uuids(stream(1, 'ids'));
  connection: Connection;
  #operator: AsanaOperator;

  private constructor() {
    const { clock } = this;
    this.cluster = new SimulatedCluster({ clock, random: stream(1, 'cluster') });
    this.site = openSite(PLAN, 1, clock);
    this.#asana = new AsanaFront({ clock, random: stream(1, 'asana'), sites: [this.site] });
    this.#asana.watch({
      writes: ({ operation }) => {
        this.changes.push(operation);
        this.onChange();
      },
    });
    this.cluster.onWrite((write) => this.#note(write as never));
    this.connection = this.cluster.connect('operator');
    this.#operator = this.#makeOperator();
  }

  #makeOperator(): AsanaOperator {
    const { clock } = this;
    const newId = this.#newId;
    return new AsanaOperator({
      config: {} as KubeConfig,
      client: this.connection.client,
      clock,
      random: stream(1, 'operator'),
      log: quiet,
      meter: this.meter,
      namespaces: null,
      concurrency: 4,
      asanaApiUrl: ASANA_URL,
      budgets: new BudgetRegistry({ requestsPerMinute: 1500, percent: 70 }, { clock, meter: this.meter }),
      actionTimeoutMs: 60_000,
      leadership: this.leadership,
      identity: 'operator',
      audit: (line) => this.audit.push(JSON.parse(line) as Record<string, unknown>),
      conductorOne: { apiHost: undefined, allowedHosts: [], environment: {} },
      means: {
        asanaAdapter: this.#asana.adapterFor({ name: 'operator', clock, dies: () => false }),
        newId,
        newHoldId: () => newId().slice(0, 8),
      },
    });
  }

  /** Opens a rig that has its first reading. `provisioning` overrides: Apply, no delay, allowDeprovision. */
  static async open(
    provisioning: Record<string, unknown> = {},
    spec: Record<string, unknown> = {},
  ): Promise<GrantRig> {
    const rig = new GrantRig();
    for (const name of ['iga', 'team-a']) rig.cluster.createNamespace(name);
    rig.cluster.putSecret('iga', 'asana', { BATON_TOKEN: tokenOf(PLAN, 'acme') });
    await rig.connector(provisioning, spec);
    await rig.#start();
    return rig;
  }

  /** Replaces the process; `meanwhile` runs in between, so the new process finds its result at start. */
  async restart(meanwhile: () => Promise<void>): Promise<void> {
    await this.close();
    await meanwhile();
    this.connection = this.cluster.connect('operator again');
    this.#operator = this.#makeOperator();
    await this.#start();
  }

  async #start(): Promise<void> {
    await this.#operator.start();
    const leading = this.#operator.lead(new AbortController().signal);
    await this.pass(10_000);
    await leading;
  }

  connector(
    provisioning: Record<string, unknown> = {},
    spec: Record<string, unknown> = {},
  ): Promise<unknown> {
    return this.apply('AsanaConnector', 'iga', 'acme', {
      credentials: { type: 'ServiceAccount', secretRef: { name: 'asana' } },
      defaultWorkspace: ORGANIZATION,
      scim: { enabled: true },
      sync: { interval: '10m' },
      provisioning: {
        mode: 'Apply',
        allowDeprovision: true,
        removalDelay: '0s',
        maxRemovals: { percent: 100, atLeast: 100, window: '1h' },
        maxDeprovisions: 100,
        ...provisioning,
      },
      ...spec,
    });
  }

  apply(kind: string, namespace: string, name: string, spec: object): Promise<unknown> {
    const apiVersion = 'asana-connector.dev/v1alpha1';
    return this.cluster.apply({ apiVersion, kind, metadata: { namespace, name }, spec });
  }

  /** Declares a grant of connector iga/acme, and gives the operator time. */
  async declare(kind: string, name: string, spec: object, ms = 3_000): Promise<void> {
    await this.apply(kind, 'iga', name, { connectorRef: { name: 'acme' }, ...spec });
    await this.pass(ms);
  }

  async edit(kind: string, name: string, patch: object, ms = 3_000): Promise<void> {
    await this.cluster.edit(kind, 'iga', name, patch as never);
    await this.pass(ms);
  }

  annotate(kind: string, name: string, key: string, value: string, ms = 3_000): Promise<void> {
    return this.edit(
      kind,
      name,
      { metadata: { annotations: { [`asana-connector.dev/${key}`]: value } } },
      ms,
    );
  }

  async remove(kind: string, name: string, ms = 3_000): Promise<void> {
    await this.cluster.remove(kind, 'iga', name);
    await this.pass(ms);
  }

  pass(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  now(afterMs = 0): string {
    return `${new Date(this.clock.now() + afterMs).toISOString().slice(0, 19)}Z`;
  }

  person(index: number): Person {
    const person = this.site.directory.personByEmail(`p${index}@${PLAN.domain}`);
    if (!person) throw new Error(`there is no person ${index}`);
    return person;
  }

  /** Sets the license of a member; returns the member's address. */
  member(index: number, license: 'enterprise' | 'view only'): string {
    const person = this.person(index);
    this.site.directory.change(person, { license, admin: false });
    return person.profile.email;
  }

  /** Changes the Secret to the token of another service account of the same organization. */
  rotateToken(): void {
    this.cluster.putSecret('iga', 'asana', { BATON_TOKEN: tokenOf(PLAN, 'second') });
  }

  exists(kind: string, name: string): boolean {
    return this.cluster.object(kind, 'iga', name) !== null;
  }

  see(kind: string, name: string): Written {
    const object = this.cluster.object(kind, 'iga', name);
    const status = ((object as { status?: unknown } | null)?.status ?? {}) as GrantStatus;
    const ready = status.conditions?.find(({ type }) => type === 'Ready');
    return { reason: ready?.reason, message: ready?.message ?? '', status };
  }

  /** Returns the Ready reasons in the order written. */
  told(kind: string, name: string): readonly string[] {
    return this.#told.get(`${kind} ${name}`) ?? [];
  }

  /** Returns `type reason` of each event about an object. */
  events(name: string): string[] {
    return this.cluster
      .events()
      .filter(({ regarding }) => regarding.name === name)
      .map(({ type, reason }) => `${type} ${reason}`);
  }

  /** Returns `kind action result` of each audit record. */
  audited(): string[] {
    return this.audit.map(
      ({ kind, action, result }) => `${String(kind)} ${String(action)} ${String(result)}`,
    );
  }

  /** Drains the operator. */
  async close(): Promise<void> {
    const drained = this.#operator.drain();
    await this.pass(40_000);
    await drained;
  }

  #note({ verb, kind, after }: { verb: string; kind: string; after: never }): void {
    if (verb !== 'status' || !kind.startsWith('Asana')) return;
    const object = after as { metadata: { name: string; generation: number }; status?: GrantStatus };
    this.broken.push(...checkConditions({ ...object, kind }).map((rule) => `${kind}: ${rule}`));
    const key = `${kind} ${object.metadata.name}`;
    this.writes.set(key, (this.writes.get(key) ?? 0) + 1);
    const { reason = '' } = this.see(kind, object.metadata.name);
    const told = this.#told.get(key) ?? [];
    if (told.at(-1) !== reason) this.#told.set(key, [...told, reason]);
  }
}
