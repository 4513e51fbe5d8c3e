import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { askControl, userPath } from '../../scripts/sandbox-control.ts';
import type { AsanaConnector } from '../../src/api/asana-connector.ts';
import type { AsanaLicenseGrant } from '../../src/api/asana-license-grant.ts';
import { asanaConnectors, asanaLicenseGrants } from '../../src/api/resources.ts';
import { BudgetRegistry } from '../../src/asana/budget-registry.ts';
import type { Leadership } from '../../src/controllers/leadership.ts';
import { AsanaOperator } from '../../src/controllers/operator.ts';
import { systemClock } from '../../src/core/clock.ts';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { ApiServerConnection } from '../../src/kubernetes/connection.ts';
import { isNotFound, KubernetesError } from '../../src/kubernetes/errors.ts';
import type { Resource } from '../../src/kubernetes/resource.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { type CheckedObject, checkConditions } from '../api/condition-rules.ts';
import { useControlPlane } from '../controlplane/control-plane.ts';

/** Every secret of these tests carries this word: it must be found in no output. */
const CANARY = 'canary';
export const SERVICE_ACCOUNT = `${CANARY}-service-account-token`;
export const PERSONAL = `${CANARY}-personal-token`;
export const SCIM_ONLY = `${CANARY}-scim-only-token`;

const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' };
const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event' };
const NAMESPACES = '/api/v1/namespaces';

/** How long a test waits for what should happen within seconds, on a machine that may be busy with others. */
const PATIENCE_MS = 30_000;

export type ConnectorSpec = Record<string, unknown>;

/** The operator's client, which keeps what is patched outside of a status: RBAC lets it change finalizers, no more. */
class RecordingClient extends KubernetesClient {
  readonly patches: unknown[] = [];

  override mergePatch<T>(
    resource: Resource,
    namespace: string,
    name: string,
    body: unknown,
    fieldManager: string,
  ): Promise<T> {
    if (resource.group === asanaLicenseGrants.group) this.patches.push(body);
    return super.mergePatch(resource, namespace, name, body, fieldManager);
  }
}

/**
 * The operator in this process against a real API server and the strict sandbox, in a namespace of its own. It
 * watches every status that is ever written and everything that is ever logged; `close` holds them to the rules.
 */
export class OperatorRig {
  readonly sandbox: Sandbox;
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly kubeconfigPath: string;
  readonly metrics = new Metrics();
  readonly audit: string[] = [];
  readonly logs: string[] = [];
  /** What leads; a test may change it. */
  readonly leadership: { -readonly [K in keyof Leadership]: Leadership[K] } = {
    leads: true,
    leadingForMs: Number.POSITIVE_INFINITY,
    takenOver: false,
    stoppedUntil: null,
  };
  /** What service mode sees of the environment. */
  readonly environment: Record<string, string> = {};
  readonly #config: KubeConfig;
  readonly #connection: ApiServerConnection;
  readonly #watching = new AbortController();
  readonly #watches: Promise<void>[] = [];
  readonly #statuses: CheckedObject[] = [];
  readonly #stopControlPlane: () => Promise<void>;
  readonly #recording: RecordingClient;
  #operator: AsanaOperator | null = null;

  private constructor(parts: {
    sandbox: Sandbox;
    config: KubeConfig;
    connection: ApiServerConnection;
    namespace: string;
    kubeconfigPath: string;
    stop: () => Promise<void>;
  }) {
    this.sandbox = parts.sandbox;
    this.#config = parts.config;
    this.#connection = parts.connection;
    this.client = new KubernetesClient(parts.connection);
    this.#recording = new RecordingClient(parts.connection);
    this.namespace = parts.namespace;
    this.kubeconfigPath = parts.kubeconfigPath;
    this.#stopControlPlane = parts.stop;
  }

  /** @param purpose begins the name of its namespace, whose rest no other run on the same control plane has */
  static async start(purpose: string, options: SandboxOptions = {}): Promise<OperatorRig> {
    const namespace = `${purpose}-${randomBytes(4).toString('hex')}`;
    const controlPlane = await useControlPlane();
    const config = new KubeConfig();
    config.loadFromFile(controlPlane.kubeconfigPath);
    const connection = new ApiServerConnection(config, systemClock);
    await installKinds(connection);
    await connection.send({ method: 'POST', path: NAMESPACES, body: { metadata: { name: namespace } } });
    const sandbox = await startSandbox({
      accounts: 40,
      teams: 3,
      requestsPerMinute: 0,
      tokens: { serviceAccount: SERVICE_ACCOUNT, personalAccessToken: PERSONAL, scimOnly: SCIM_ONLY },
      ...options,
    });
    const { kubeconfigPath, stop } = controlPlane;
    const rig = new OperatorRig({ sandbox, config, connection, namespace, kubeconfigPath, stop });
    rig.#watchStatuses();
    await rig.startOperator();
    return rig;
  }

  /** Starts the operator; again after `stopOperator`, as a new process would. */
  async startOperator(): Promise<void> {
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
      namespaces: [this.namespace],
      concurrency: 10,
      asanaApiUrl: this.sandbox.asanaUrl,
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
    await this.#operator.lead(this.#watching.signal);
  }

  async stopOperator(): Promise<void> {
    await this.#operator?.drain();
    this.#operator = null;
  }

  async createSecret(
    data: Record<string, string> = { BATON_TOKEN: SERVICE_ACCOUNT },
    name = 'token',
  ): Promise<void> {
    await this.client.create(SECRETS, this.namespace, { metadata: { name }, stringData: data });
  }

  async patchSecret(data: Record<string, string | null>, name = 'token'): Promise<void> {
    await this.client.mergePatch(
      SECRETS,
      this.namespace,
      name,
      {
        stringData: data,
        data: Object.fromEntries(Object.entries(data).filter(([, value]) => value === null)),
      },
      'test',
    );
  }

  /** Creates the connector `acme`; what is not given is as a careful person would set it for a test. */
  async createConnector(spec: ConnectorSpec = {}, name = 'acme'): Promise<void> {
    const provisioning = {
      mode: 'Apply',
      removalDelay: '0s',
      ...(spec['provisioning'] as object | undefined),
    };
    await this.client.create(asanaConnectors, this.namespace, {
      apiVersion: 'asana-connector.dev/v1alpha1',
      kind: 'AsanaConnector',
      metadata: { name },
      spec: {
        credentials: { type: 'ServiceAccount', secretRef: { name: 'token' } },
        scim: { enabled: true },
        ...spec,
        provisioning,
      },
    });
  }

  async createGrant(name: string, email: string, spec: Record<string, unknown> = {}): Promise<void> {
    await this.client.create(asanaLicenseGrants, this.namespace, {
      apiVersion: 'asana-connector.dev/v1alpha1',
      kind: 'AsanaLicenseGrant',
      metadata: { name },
      spec: { connectorRef: { name: 'acme' }, user: { email }, ...spec },
    });
  }

  connector(name = 'acme'): Promise<AsanaConnector | null> {
    return this.client.get<AsanaConnector>(asanaConnectors, this.namespace, name);
  }

  grant(name: string): Promise<AsanaLicenseGrant | null> {
    return this.client.get<AsanaLicenseGrant>(asanaLicenseGrants, this.namespace, name);
  }

  async patchConnector(patch: unknown, name = 'acme'): Promise<void> {
    await this.client.mergePatch(asanaConnectors, this.namespace, name, patch, 'test');
  }

  async patchGrant(name: string, patch: unknown): Promise<void> {
    await this.client.mergePatch(asanaLicenseGrants, this.namespace, name, patch, 'test');
  }

  /** Deletes a grant and returns at once; its finalizer may keep it. */
  async deleteGrant(name: string): Promise<void> {
    await this.#delete(
      `/apis/asana-connector.dev/v1alpha1/namespaces/${this.namespace}/asanalicensegrants/${name}`,
    );
  }

  async deleteConnector(name = 'acme'): Promise<void> {
    await this.#delete(
      `/apis/asana-connector.dev/v1alpha1/namespaces/${this.namespace}/asanaconnectors/${name}`,
    );
  }

  async deleteSecret(name = 'token'): Promise<void> {
    await this.#delete(`/api/v1/namespaces/${this.namespace}/secrets/${name}`);
  }

  async deleteNamespace(): Promise<void> {
    await this.#delete(`${NAMESPACES}/${this.namespace}`);
  }

  /** Asks the connector for a sync, and waits until it was made. */
  async sync(): Promise<void> {
    const token = `request-${Math.random()}`;
    await this.patchConnector({ metadata: { annotations: { 'asana-connector.dev/requestedAt': token } } });
    await this.until(
      'the requested sync is made',
      async () => (await this.connector())?.status?.lastHandledReconcileAt === token,
    );
  }

  /** Waits until the connector has this phase. */
  async untilPhase(phase: string, name = 'acme'): Promise<AsanaConnector> {
    let connector: AsanaConnector | null = null;
    await this.until(
      `the connector is ${phase}`,
      async () => {
        connector = await this.connector(name);
        return connector?.status?.phase === phase;
      },
      () => JSON.stringify(connector?.status?.conditions),
    );
    return connector as unknown as AsanaConnector;
  }

  /** Waits until a grant's Ready condition has this reason. */
  async untilReason(name: string, reason: string): Promise<AsanaLicenseGrant> {
    let grant: AsanaLicenseGrant | null = null;
    await this.until(
      `grant ${name} is ${reason}`,
      async () => {
        grant = await this.grant(name);
        return conditionOf(grant, 'Ready')?.reason === reason;
      },
      () => JSON.stringify(grant?.status),
    );
    return grant as unknown as AsanaLicenseGrant;
  }

  async untilGone(name: string): Promise<void> {
    let grant: AsanaLicenseGrant | null = null;
    await this.until(
      `grant ${name} is gone`,
      async () => {
        grant = await this.grant(name);
        return grant === null;
      },
      () => JSON.stringify(grant?.status),
    );
  }

  async until(
    what: string,
    seen: () => Promise<boolean>,
    detail: () => string | undefined = () => '',
  ): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await seen())) {
      if (performance.now() > deadline)
        assert.fail(`waited ${PATIENCE_MS / 1000} s, but not: ${what} ${detail() ?? ''}`);
      await sleep(50);
    }
  }

  /** A person as Asana itself shows them to an admin. */
  personInAsana(email: string): Promise<{ license: string | null; active: boolean }> {
    return askControl(this.sandbox, 'GET', userPath(email));
  }

  async licenseInAsana(email: string): Promise<string | null> {
    return (await this.personInAsana(email)).license;
  }

  /** Somebody changes a license in Asana's console. */
  async changeInConsole(email: string, change: Record<string, unknown>): Promise<void> {
    await askControl(this.sandbox, 'PATCH', userPath(email), change);
  }

  /** Changes how Asana behaves. */
  async setAsana(settings: Record<string, unknown>): Promise<void> {
    await askControl(this.sandbox, 'POST', '/settings', settings);
  }

  /** Writes that Asana has had. */
  writesInAsana(): { method: string; path: string }[] {
    return this.sandbox.requests.since(0).filter(({ method }) => method !== 'GET');
  }

  async events(): Promise<{ reason: string; type: string; note: string; regarding: { name: string } }[]> {
    const page = await this.client.list<{
      reason: string;
      type: string;
      note: string;
      regarding: { name: string };
    }>(EVENTS, this.namespace, { limit: 500 });
    return [...page.items];
  }

  /** How often the status of any object was written, by the watch. */
  get statusesSeen(): number {
    return this.#statuses.length;
  }

  /** Stops everything, then holds every status that was ever written to the condition rules and every output to silence. */
  async close(): Promise<void> {
    const events = JSON.stringify(await this.events());
    const metrics = await this.metrics.render();
    await this.stopOperator();
    this.#watching.abort();
    await Promise.all(this.#watches);
    await this.sandbox.close();
    await this.#connection.close();
    await this.#stopControlPlane();
    for (const object of this.#statuses)
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
      statuses: JSON.stringify(this.#statuses),
    };
    const jwk = this.sandbox.conductorOne.clientSecret.split(':').at(-1) ?? '';
    for (const [name, text] of Object.entries(outputs))
      for (const secret of [CANARY, jwk])
        assert.equal(text.includes(secret), false, `a secret is in the ${name}`);
    assert.ok(outputs.logs.length > 0, 'nothing was logged, so nothing was searched');
  }

  #watchStatuses(): void {
    for (const resource of [asanaConnectors, asanaLicenseGrants])
      this.#watches.push(this.#watchStatusesOf(resource));
  }

  async #watchStatusesOf(resource: Resource): Promise<void> {
    const { signal } = this.#watching;
    const { resourceVersion } = await this.client.list(resource, this.namespace, { limit: 500 });
    while (!signal.aborted) {
      try {
        const options = { resourceVersion, timeoutSeconds: 3600 };
        for await (const { type, object } of this.client.watch(resource, this.namespace, options, signal)) {
          if (type === 'ADDED' || type === 'MODIFIED')
            this.#statuses.push(object as unknown as CheckedObject);
        }
      } catch (error) {
        // The kinds may be so new that the API server asks for patience (429).
        const early = error instanceof KubernetesError && error.status === 429;
        if (!signal.aborted && !early) throw error;
        await sleep(100);
      }
    }
  }

  async #delete(path: string): Promise<void> {
    try {
      await this.#connection.send({ method: 'DELETE', path });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/** A condition of an object. */
export function conditionOf(
  object: {
    status?: { conditions?: { type: string; status: string; reason: string; message: string }[] };
  } | null,
  type: string,
) {
  return object?.status?.conditions?.find((condition) => condition.type === type);
}

/** Our CRDs, once per control plane; another test file may be doing the same. */
async function installKinds(connection: ApiServerConnection): Promise<void> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const folder = join(import.meta.dirname, '../../crds');
  for (const file of readdirSync(folder)) {
    const crd: unknown = parse(readFileSync(join(folder, file), 'utf8'));
    try {
      await connection.send({ method: 'POST', path, body: crd });
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.code !== 'AlreadyExists') throw error;
    }
  }
  const client = new KubernetesClient(connection);
  for (const kind of [asanaConnectors, asanaLicenseGrants]) {
    while (!(await client.verbs(kind))?.includes('create')) await sleep(50);
  }
}
