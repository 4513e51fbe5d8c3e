import { KubernetesError } from '../../src/kubernetes/errors.ts';
import type { TaskRequest } from '../../src/provisioning/task-request.ts';
import { AsanaFront } from './asana/front.ts';
import { openSite, type Site, secretOf, TOKEN_HOLDERS, tokenInSecret, tokenOf } from './asana/site.ts';
import { SimulatedClock } from './clock.ts';
import { SimulatedCluster } from './cluster/simulated-cluster.ts';
import { Judge, type Violation } from './model/judge.ts';
import { Promptness } from './model/promptness.ts';
import type { Commit } from './model/records.ts';
import type { Release } from './model/releases.ts';
import type { NamedRule } from './model/rule.ts';
import type { WorldPlan } from './plan.ts';
import { between, stream } from './random.ts';
import { type Lease, Replica } from './replica.ts';
import { connectorsOf } from './steps/objects.ts';
import { Tally } from './tally.ts';
import { effectsOf, requestOf, type TaskWish } from './tasks.ts';

const API_VERSION = 'asana-connector.dev/v1alpha1';
/** How long a lease that is no longer renewed stays valid. */
const LEASE_MS = 15_000;
/** How long a leader that took over waits for the last action of its predecessor. */
const SETTLING_MS = 60_000;
/** Faults planned for the next calls to the API server are cleared after this time. */
const DISTURBED_MS = 20_000;

const FITS = {
  name: 'WritesFit',
  sentence: 'the API server rejects no write of the operator as invalid',
};
const WORKS = {
  name: 'SimulationWorks',
  sentence: 'neither the simulated Asana nor the judge throws an error',
};
/** Rules about the whole world. */
export const worldRules: readonly NamedRule[] = [FITS, WORKS];

/** An error line of the operator's log. */
export interface Complaint {
  readonly at: number;
  readonly replica: string;
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface WorldOptions {
  readonly tally?: Tally;
  /** Rules that are not judged, so that other faults are found while a known one is still there. */
  readonly ignored?: readonly string[];
}

/** One simulated world: a cluster, organizations, operator processes, and the judge, which sees all of it. */
export class World {
  readonly seed: number;
  readonly plan: WorldPlan;
  readonly clock = new SimulatedClock();
  readonly cluster: SimulatedCluster;
  readonly sites: readonly Site[];
  readonly asana: AsanaFront;
  readonly judge: Judge;
  readonly tally: Tally;
  readonly violations: Violation[] = [];
  /** Rules whose violations are dropped. */
  readonly #ignored: readonly string[];
  readonly complaints: Complaint[] = [];
  /** Requests that reached Asana to change something, and status writes of grants, since the world began. */
  asanaWrites = 0;
  grantWrites = 0;
  replicas: Replica[] = [];
  readonly lease: Lease = { holder: null, since: 0, takenOver: false, stoppedUntil: null };
  readonly #promptness: Promptness;
  /** Monotonic time at which the last disturbance between the leader and the API server is over. */
  #disturbedAt = Number.NEGATIVE_INFINITY;
  #born = 0;
  #tasks = 0;
  #closed = false;

  constructor(plan: WorldPlan, seed: number, { tally = new Tally(), ignored = [] }: WorldOptions = {}) {
    this.#ignored = ignored;
    this.plan = plan;
    this.seed = seed;
    this.tally = tally;
    const { clock } = this;
    this.cluster = new SimulatedCluster({ clock, random: stream(seed, 'cluster') });
    this.sites = plan.sites.map((site) => openSite(site, seed, clock));
    for (const { settings } of this.sites) {
      settings.inactiveMemberships = plan.inactiveMemberships;
      settings.keepDeprovisioned = plan.keepDeprovisioned;
    }
    this.asana = new AsanaFront({
      clock,
      random: stream(seed, 'asana'),
      sites: this.sites,
      readsScim: (token) => this.#readsScim(token),
      onBroken: (error) => this.judge.report(WORKS, String(error)),
    });
    this.judge = new Judge({
      witness: {
        time: () => clock.monotonic(),
        now: () => clock.now(),
        siteOf: (token) => this.asana.siteOf(token),
        tokenOfSecret: tokenInSecret,
      },
      leadership: () => this.#leadershipFacts(),
      isOperator: (name) => name.startsWith('operator-'),
      onViolation: (violation) => {
        if (!this.#ignored.includes(violation.rule)) this.violations.push(violation);
      },
    });
    this.#promptness = new Promptness({
      judge: this.judge,
      clock,
      events: () => this.cluster.events(),
      isCalm: (forMs) => this.#isCalm(forMs),
    });
    this.asana.watch(this.judge);
    this.asana.watch({
      writes: ({ operation }) => {
        this.asanaWrites += 1;
        this.tally.count('write', operation);
      },
    });
    this.cluster.onWrite((write) => this.#onWrite(write));
  }

  /** Creates everything in the plan and starts the operator. */
  async begin(): Promise<void> {
    for (const name of this.plan.namespaces) this.cluster.createNamespace(name);
    for (const namespace of this.plan.namespaces) this.restoreSecrets(namespace);
    for (const { namespace, name, spec } of this.plan.connectors)
      await this.apply('AsanaConnector', namespace, name, spec);
    for (let count = 0; count < this.plan.replicas; count += 1) await this.#bear();
    this.elect(false);
    await this.clock.advance(5_000);
  }

  /** Kills every process; work under way is dropped. */
  close(): void {
    this.#closed = true;
    for (const replica of this.replicas) replica.kill();
  }

  /** Whether every connector with this token has SCIM enabled. */
  #readsScim(token: string): boolean {
    return connectorsOf(this)
      .filter(({ spec }) => tokenInSecret(spec.credentials.secretRef.name) === token)
      .every(({ spec }) => spec.scim?.enabled === true);
  }

  restoreSecrets(namespace: string): void {
    for (const { plan } of this.sites)
      for (const holder of TOKEN_HOLDERS)
        this.cluster.putSecret(namespace, secretOf(plan, holder), {
          BATON_TOKEN: tokenOf(plan, holder),
          BATON_CLIENT_ID: 'client@tenant.conductor.one',
          BATON_CLIENT_SECRET: 'secret',
        });
  }

  async apply(kind: string, namespace: string, name: string, spec: object): Promise<void> {
    await this.cluster.apply({ apiVersion: API_VERSION, kind, metadata: { namespace, name }, spec });
  }

  get leader(): Replica | null {
    const { holder } = this.lease;
    return holder?.state === 'Running' ? holder : null;
  }

  /** Gives the lease to a running process, if there is no leader. */
  elect(takenOver: boolean): void {
    if (this.#closed || this.leader) return;
    const next = this.replicas.find(({ state }) => state === 'Running');
    if (!next) return;
    Object.assign(this.lease, { holder: next, since: this.clock.monotonic(), takenOver });
    next.lead();
  }

  /** Kills the leader as if its machine were lost, at once or at its n-th call from now. */
  killLeader(calls: number): void {
    const { leader } = this;
    if (!leader) return;
    if (calls > 0) return leader.killAfter(calls);
    leader.kill();
    this.#onDeath(leader);
  }

  /** Tells the leader to stop; the next one leads when it has stopped. */
  async restartLeader(): Promise<void> {
    const { leader } = this;
    if (!leader) return;
    void this.#stopAndHandOver(leader);
    await this.clock.settle();
  }

  async #stopAndHandOver(leader: Replica): Promise<void> {
    await leader.stop();
    this.#replace(leader);
    if (this.lease.holder !== leader) return;
    // An action of a dead leader may be under way. Then the lease is not released, and the next leader takes it over.
    const isSettling = this.lease.takenOver && this.clock.monotonic() - this.lease.since < SETTLING_MS;
    this.lease.holder = null;
    this.elect(isSettling);
  }

  /** Takes the lease from the leader, as if it could not renew; another process takes over after `gapMs`. */
  loseLease(gapMs: number): void {
    const { leader } = this;
    if (!leader) return;
    this.lease.holder = null;
    void leader.stop().then(() => this.#replace(leader));
    this.clock.schedule(gapMs, () => this.elect(true));
  }

  /** Gives a ConductorOne task to the process that serves the connector. @returns false if there is none */
  give(wish: TaskWish): boolean {
    const host = this.leader?.hosts.get(wish.connector);
    if (!host) return false;
    this.#tasks += 1;
    const id = `task-${this.#tasks}`;
    this.judge.given({
      id,
      number: this.#tasks,
      connector: wish.connector,
      effects: effectsOf(wish),
      team: wish.right.type === 'Team' ? wish.right.team : null,
      user: wish.user,
      givenAt: this.clock.monotonic(),
    });
    const end = (outcome: string) => {
      this.judge.ended(id);
      this.tally.count('task', outcome);
    };
    const request: TaskRequest = requestOf(wish);
    host.provision(request, id, new AbortController().signal).then(
      ({ changed }) => end(changed ? 'Done' : 'NothingToDo'),
      (error: unknown) => end((error as { code?: string }).code ?? 'Failed'),
    );
    return true;
  }

  /** Disturbs the connection between the leader and the API server. */
  disturb(work: (faults: Replica['faults']) => void): void {
    const { leader } = this;
    if (!leader) return;
    work(leader.faults);
    // Faults not used up by then are cleared; they would strike much later otherwise.
    this.#disturbedAt = this.clock.monotonic() + DISTURBED_MS;
    this.clock.schedule(DISTURBED_MS, () => leader.faults.clear());
  }

  /** Lets time pass. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  async #bear(): Promise<void> {
    this.#born += 1;
    const replica = new Replica({
      name: `operator-${this.#born}`,
      seed: this.seed,
      clock: this.clock,
      cluster: this.cluster,
      asana: this.asana,
      lease: this.lease,
      onLog: (name, level, message, fields) => this.#onLog(name, level, message, fields),
      onAudit: (_, line) => this.judge.audit(JSON.parse(line) as Release),
      onDeath: (dead) => this.#onDeath(dead),
    });
    this.replicas.push(replica);
    await replica.start();
  }

  #onDeath(dead: Replica): void {
    this.tally.count('death', 'killed');
    this.#replace(dead);
    if (this.lease.holder !== dead) return;
    const patience = between(stream(this.seed, dead.name), LEASE_MS, LEASE_MS + 5_000);
    this.clock.schedule(patience, () => {
      if (this.lease.holder === dead) {
        this.lease.holder = null;
        this.elect(true);
      }
    });
  }

  /** Starts a process in place of a dead one, as a Deployment does. */
  #replace(dead: Replica): void {
    this.replicas = this.replicas.filter((replica) => replica !== dead);
    this.clock.schedule(3_000, () => {
      if (!this.#closed) void this.#bearAndElect();
    });
  }

  async #bearAndElect(): Promise<void> {
    await this.#bear();
    if (this.lease.holder === null) this.elect(true);
  }

  #leadershipFacts() {
    const { holder, since, takenOver, stoppedUntil } = this.lease;
    return {
      holder: holder && holder.state !== 'Dead' ? holder.name : null,
      sinceMs: this.clock.monotonic() - since,
      takenOver,
      stopped: stoppedUntil !== null && stoppedUntil > this.clock.now(),
    };
  }

  /** Whether one process has led for `forMs`, not stopped and undisturbed. */
  #isCalm(forMs: number): boolean {
    const { sinceMs } = this.#leadershipFacts();
    const { stoppedUntil } = this.lease;
    // A process checks only now and then whether it is still stopped.
    const stopped = stoppedUntil !== null && this.clock.now() - stoppedUntil < forMs;
    const disturbed = this.clock.monotonic() - this.#disturbedAt < forMs;
    return this.leader !== null && !stopped && !disturbed && sinceMs > forMs;
  }

  #onLog(replica: string, level: string, message: string, fields: Readonly<Record<string, unknown>>): void {
    if (level !== 'error') return;
    this.complaints.push({ at: this.clock.monotonic(), replica, level, message, fields });
    const { error } = fields;
    if (error instanceof KubernetesError && error.status === 422) this.judge.report(FITS, error.message);
  }

  #onWrite(write: Commit): void {
    this.judge.commit(write);
    this.#promptness.commit(write);
    if (write.verb === 'status' && write.kind !== 'AsanaConnector') this.grantWrites += 1;
    this.tally.commit(write);
  }
}
