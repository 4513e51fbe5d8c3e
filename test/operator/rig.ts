import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { KubeConfig } from '@kubernetes/client-node';
import { askControl, userPath } from '../../scripts/sandbox-control.ts';
import type { GrantObject } from '../../src/api/kinds.ts';
import { asanaConnectors } from '../../src/api/resources.ts';
import { BudgetRegistry } from '../../src/asana/budget-registry.ts';
import type { GrantStatus } from '../../src/controllers/grants/grant-status.ts';
import type { Leadership } from '../../src/controllers/leadership.ts';
import { AsanaOperator } from '../../src/controllers/operator.ts';
import { systemClock } from '../../src/core/clock.ts';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { ApiServerConnection } from '../../src/kubernetes/connection.ts';
import type { Resource } from '../../src/kubernetes/resource.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { checkConditions } from '../api/condition-rules.ts';
import { useControlPlane } from '../controlplane/control-plane.ts';
import { installKinds } from '../controlplane/installed-kinds.ts';
import { ClusterObjects, SERVICE_ACCOUNT } from './cluster-objects.ts';
import { StatusWatch } from './status-watch.ts';

/** Every secret of these tests contains this word, and no output may. */
const CANARY = 'canary';
export const PERSONAL = `${CANARY}-personal-token`;
export const SCIM_ONLY = `${CANARY}-scim-only-token`;

const NAMESPACES = '/api/v1/namespaces';

export { conditionOf, SERVICE_ACCOUNT } from './cluster-objects.ts';

/** The fields of an audit line that tests read. */
export interface AuditLine {
  readonly kind: string;
  readonly action: string;
  readonly requester: { readonly type: string; readonly name?: string };
  readonly account: { readonly gid: string | null; readonly email: string | null };
  readonly before: string | null;
  readonly after: string | null;
  readonly result: string;
}

/** A person in the state that the simulated Asana reports. */
interface PersonInAsana {
  readonly email: string;
  readonly license: string | null;
  readonly role: string;
  readonly active: boolean;
}

export interface RigOptions extends SandboxOptions {
  /** True for a second namespace that the operator watches. */
  readonly neighbour?: boolean;
}

/** The operator's client. Records patches outside of a status, since RBAC lets the operator change only finalizers. */
class RecordingClient extends KubernetesClient {
  readonly patches: unknown[] = [];

  override mergePatch<T>(
    resource: Resource,
    namespace: string,
    name: string,
    body: unknown,
    fieldManager: string,
  ): Promise<T> {
    if (resource.group === asanaConnectors.group) this.patches.push(body);
    return super.mergePatch(resource, namespace, name, body, fieldManager);
  }
}

/**
 * The operator in this process, with a real API server and the strict sandbox, in a namespace of its own. Records every
 * status that is ever written and everything that is ever logged; `close` checks them against the rules.
 */
export class OperatorRig extends ClusterObjects {
  readonly sandbox: Sandbox;
  /** The second namespace that the operator watches; empty without the option. */
  readonly neighbour: string;
  readonly kubeconfigPath: string;
  readonly metrics = new Metrics();
  readonly audit: string[] = [];
  readonly logs: string[] = [];
  /** The leadership that the operator sees; a test may change it. */
  readonly leadership: { -readonly [K in keyof Leadership]: Leadership[K] } = {
    leads: true,
    leadingForMs: Number.POSITIVE_INFINITY,
    takenOver: false,
    stoppedUntil: null,
  };
  /** The environment that service mode sees. */
  readonly environment: Record<string, string> = {};
  readonly #config: KubeConfig;
  readonly #connection: ApiServerConnection;
  readonly #running = new AbortController();
  readonly #statuses: StatusWatch;
  readonly #namespaces: readonly string[];
  readonly #stopControlPlane: () => Promise<void>;
  readonly #recording: RecordingClient;
  #operator: AsanaOperator | null = null;

  private constructor(parts: {
    sandbox: Sandbox;
    config: KubeConfig;
    connection: ApiServerConnection;
    namespaces: readonly [string, ...string[]];
    kubeconfigPath: string;
    stop: () => Promise<void>;
  }) {
    super(new KubernetesClient(parts.connection), parts.connection, parts.namespaces[0]);
    this.sandbox = parts.sandbox;
    this.#config = parts.config;
    this.#connection = parts.connection;
    this.#recording = new RecordingClient(parts.connection);
    this.#namespaces = parts.namespaces;
    this.neighbour = parts.namespaces[1] ?? '';
    this.#statuses = new StatusWatch(this.client, parts.namespaces);
    this.kubeconfigPath = parts.kubeconfigPath;
    this.#stopControlPlane = parts.stop;
  }

  /** @param purpose the prefix of its namespace, whose rest is unique among runs on the same control plane */
  static async start(purpose: string, { neighbour, ...options }: RigOptions = {}): Promise<OperatorRig> {
    const namespace = `${purpose}-${randomBytes(4).toString('hex')}`;
    const further = neighbour ? [`${namespace}-neighbour`] : [];
    const controlPlane = await useControlPlane();
    const config = new KubeConfig();
    config.loadFromFile(controlPlane.kubeconfigPath);
    const connection = new ApiServerConnection(config, systemClock);
    await installKinds(connection);
    for (const name of [namespace, ...further])
      await connection.send({ method: 'POST', path: NAMESPACES, body: { metadata: { name } } });
    const sandbox = await startSandbox({
      accounts: 40,
      teams: 3,
      requestsPerMinute: 0,
      tokens: { serviceAccount: SERVICE_ACCOUNT, personalAccessToken: PERSONAL, scimOnly: SCIM_ONLY },
      ...options,
    });
    const { kubeconfigPath, stop } = controlPlane;
    const namespaces = [namespace, ...further] as const;
    const rig = new OperatorRig({ sandbox, config, connection, namespaces, kubeconfigPath, stop });
    await rig.startOperator();
    return rig;
  }

  /**
   * Starts the operator; after `stopOperator`, as a new process would.
   * @param asana the Asana that it talks to
   */
  async startOperator(asana: Pick<Sandbox, 'asanaUrl'> = this.sandbox): Promise<void> {
    const { logs, audit } = this;
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        logs.push(chunk.toString());
        done();
      },
    });
    this.#operator = new AsanaOperator({
      config: this.#config,
      client: this.#recording,
      clock: systemClock,
      random: Math.random,
      log: createLogger({ level: 'debug', format: 'json', stream }),
      meter: this.metrics,
      namespaces: [...this.#namespaces],
      concurrency: 10,
      asanaApiUrl: asana.asanaUrl,
      budgets: new BudgetRegistry(
        { requestsPerMinute: 0, percent: 100 },
        { clock: systemClock, meter: this.metrics },
      ),
      actionTimeoutMs: 60_000,
      leadership: this.leadership,
      identity: 'test',
      audit: (line) => audit.push(line),
      conductorOne: { apiHost: undefined, allowedHosts: ['localhost'], environment: this.environment },
    });
    await this.#operator.start();
    await this.#operator.lead(this.#running.signal);
  }

  async stopOperator(): Promise<void> {
    await this.#operator?.drain();
    this.#operator = null;
  }

  /** Returns a person as Asana itself shows them to an admin. */
  personInAsana(email: string): Promise<{ license: string | null; active: boolean; teams: string[] }> {
    return askControl(this.sandbox, 'GET', userPath(email));
  }

  /** Returns everybody as Asana shows them to an admin. */
  async peopleInAsana(): Promise<readonly PersonInAsana[]> {
    return (await askControl<{ people: PersonInAsana[] }>(this.sandbox, 'GET', '/state')).people;
  }

  /** Returns the addresses of members who have an enterprise license and are no admins. */
  async enterpriseMembers(count: number): Promise<string[]> {
    const found = (await this.peopleInAsana())
      .filter(({ license, role, active }) => license === 'enterprise' && role === 'member' && active)
      .map(({ email }) => email.toLowerCase())
      .slice(0, count);
    assert.equal(found.length, count);
    return found;
  }

  /** Removes this many members in Asana, so that the next reading is suddenly smaller. */
  async removeMembers(count: number, { besides }: { besides: readonly string[] }): Promise<void> {
    const members = (await this.peopleInAsana()).filter(
      ({ email, role }) => role === 'member' && !besides.includes(email.toLowerCase()),
    );
    for (const { email } of members.slice(0, count))
      await askControl(this.sandbox, 'DELETE', userPath(email));
  }

  async licenseInAsana(email: string): Promise<string | null> {
    return (await this.personInAsana(email)).license;
  }

  /** Changes a person as somebody would in Asana's console. */
  async changeInConsole(email: string, change: Record<string, unknown>): Promise<void> {
    await askControl(this.sandbox, 'PATCH', userPath(email), change);
  }

  /** Changes the settings of the simulated Asana. */
  async setAsana(settings: Record<string, unknown>): Promise<void> {
    await askControl(this.sandbox, 'POST', '/settings', settings);
  }

  /** Returns the writes that Asana has received. */
  writesInAsana(): { method: string; path: string }[] {
    return this.sandbox.requests.since(0).filter(({ method }) => method !== 'GET');
  }

  /** Returns the records of the operator's audit log. */
  auditRecords(): AuditLine[] {
    return this.audit.map((line) => JSON.parse(line) as AuditLine);
  }

  /** The phases that the rig's connectors have shown, in order. */
  get phasesShown(): readonly string[] {
    const phases = this.#statuses.seen.map(({ status }) => (status as { phase?: string } | undefined)?.phase);
    return phases.flatMap((phase, at) => (phase === undefined || phase === phases[at - 1] ? [] : [phase]));
  }

  /** Returns the statuses that grants of this name have shown so far, in order. */
  statusesOf(name: string): readonly GrantStatus[] {
    const grants = this.#statuses.seen as unknown as readonly GrantObject[];
    return grants.flatMap(({ metadata, status }) => (metadata.name === name && status ? [status] : []));
  }

  /** Stops everything, then checks every status and patch against the rules, and every output for secrets. */
  async close(): Promise<void> {
    const events = JSON.stringify(await this.events());
    const metrics = await this.metrics.render();
    await this.stopOperator();
    this.#running.abort();
    const statuses = await this.#statuses.stop();
    await this.sandbox.close();
    await this.#connection.close();
    await this.#stopControlPlane();
    for (const object of statuses)
      assert.deepEqual(checkConditions(object), [], JSON.stringify(object.status));
    for (const patch of this.#recording.patches) {
      const { metadata, ...rest } = patch as { metadata: Record<string, unknown> };
      assert.deepEqual(rest, {}, 'nothing but metadata of a grant is patched');
      assert.deepEqual(Object.keys(metadata).toSorted(), ['finalizers', 'resourceVersion', 'uid']);
    }
    const outputs = {
      events,
      metrics,
      logs: this.logs.join(''),
      audit: this.audit.join('\n'),
      statuses: JSON.stringify(statuses),
    };
    const jwk = this.sandbox.conductorOne.clientSecret.split(':').at(-1) ?? '';
    for (const [name, text] of Object.entries(outputs))
      for (const secret of [CANARY, jwk])
        assert.equal(text.includes(secret), false, `a secret is in the ${name}`);
    assert.ok(outputs.logs.length > 0, 'nothing was logged, so nothing was searched');
  }
}
