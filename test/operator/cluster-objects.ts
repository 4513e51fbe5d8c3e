import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AsanaConnector } from '../../src/api/asana-connector.ts';
import type { ConnectorHold, HoldReason } from '../../src/api/asana-connector-status.ts';
import { type GrantObject, grantKinds } from '../../src/api/kinds.ts';
import {
  API_VERSION,
  asanaConnectors,
  asanaLicenseGrants,
  type ResourceNames,
} from '../../src/api/resources.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import type { ApiRequest, ApiServerConnection } from '../../src/kubernetes/connection.ts';
import { isNotFound } from '../../src/kubernetes/errors.ts';
import type { Resource } from '../../src/kubernetes/resource.ts';

const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' };
const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event' };

/** How long a test waits for what should happen within seconds, on a machine that may be busy. */
const PATIENCE_MS = 90_000;

const NAMESPACES = '/api/v1/namespaces';

/** The token in a Secret by default; every secret of these tests contains the word canary. */
export const SERVICE_ACCOUNT = 'canary-service-account-token';

export type ConnectorSpec = Record<string, unknown>;

/**
 * A grant as kubectl names it: `atg/design`, or `elsewhere/atg/design` in another namespace. A bare name is that of a
 * license grant.
 */
export type GrantRef = string;

/** The fields of an event that tests read. */
export interface SeenEvent {
  readonly reason: string;
  readonly type: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string };
}

/** Kind, namespace and name of a grant. */
interface GrantAddress {
  readonly kind: ResourceNames;
  readonly namespace: string;
  readonly name: string;
}

/** Does what users do with the objects of one namespace, and waits for what they expect to see. */
export class ClusterObjects {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly #connection: ApiServerConnection;

  constructor(client: KubernetesClient, connection: ApiServerConnection, namespace: string) {
    this.client = client;
    this.#connection = connection;
    this.namespace = namespace;
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

  /** Creates the connector `acme`, with defaults that suit most tests. */
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

  /** Creates a license grant. */
  async createGrant(name: string, email: string, spec: Record<string, unknown> = {}): Promise<void> {
    await this.declare(name, { user: { email }, ...spec });
  }

  /**
   * Declares a license that the administrator holds already. Removals that would leave nobody with a right are held, so
   * somebody has to keep one in a test that takes rights back and is not about holds.
   */
  async declareSomebodyWhoStays(): Promise<void> {
    await this.createGrant('stays', 'root@acme.example');
    await this.untilReason('stays', 'Granted');
  }

  /** Creates a grant of any kind, by default for the connector `acme` in this object's namespace. */
  async declare(ref: GrantRef, spec: Record<string, unknown>): Promise<void> {
    const { kind, namespace, name } = this.#addressOf(ref);
    const home = namespace === this.namespace ? {} : { namespace: this.namespace };
    await this.client.create(kind, namespace, {
      apiVersion: API_VERSION,
      kind: kind.kind,
      metadata: { name },
      spec: { connectorRef: { name: 'acme', ...home }, ...spec },
    });
  }

  connector(name = 'acme'): Promise<AsanaConnector | null> {
    return this.client.get<AsanaConnector>(asanaConnectors, this.namespace, name);
  }

  grant(ref: GrantRef): Promise<GrantObject | null> {
    const { kind, namespace, name } = this.#addressOf(ref);
    return this.client.get<GrantObject>(kind, namespace, name);
  }

  async patchConnector(patch: unknown, name = 'acme'): Promise<void> {
    await this.client.mergePatch(asanaConnectors, this.namespace, name, patch, 'test');
  }

  async patchGrant(ref: GrantRef, patch: unknown): Promise<void> {
    const { kind, namespace, name } = this.#addressOf(ref);
    await this.client.mergePatch(kind, namespace, name, patch, 'test');
  }

  /** Deletes a grant and returns at once; its finalizer may keep it. */
  async deleteGrant(ref: GrantRef): Promise<void> {
    const { kind, namespace, name } = this.#addressOf(ref);
    await this.#delete(`/apis/${API_VERSION}/namespaces/${namespace}/${kind.plural}/${name}`);
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

  /** Waits until the namespace is gone, not just terminating. */
  async untilNamespaceGone(): Promise<void> {
    const path = `${NAMESPACES}/${this.namespace}`;
    await this.until('the namespace is gone', () =>
      this.ask({ method: 'GET', path }).then(
        () => false,
        (error: unknown) => isNotFound(error),
      ),
    );
  }

  /** Sends any request to the API server, as an administrator. */
  ask<T>(request: ApiRequest): Promise<T> {
    return this.#connection.send<T>(request);
  }

  /** Requests a sync from the connector, and waits until it is made. */
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

  /** Waits until a grant's Ready condition has this reason, at the current generation. */
  async untilReason(ref: GrantRef, reason: string): Promise<GrantObject> {
    let grant: GrantObject | null = null;
    await this.until(
      `grant ${ref} is ${reason}`,
      async () => {
        grant = await this.grant(ref);
        const ready = conditionOf(grant, 'Ready');
        return ready?.reason === reason && grant?.status?.observedGeneration === grant?.metadata.generation;
      },
      () => JSON.stringify(grant?.status),
    );
    return grant as unknown as GrantObject;
  }

  /** Waits until a grant is gone from the API server. */
  async untilGone(ref: GrantRef): Promise<void> {
    let grant: GrantObject | null = null;
    await this.until(
      `grant ${ref} is gone`,
      async () => {
        grant = await this.grant(ref);
        return grant === null;
      },
      () => JSON.stringify(grant?.status),
    );
  }

  /** Waits until the token of the hold over removals names all of these grants; it does once the hold is still. */
  async untilNamed(refs: readonly GrantRef[]): Promise<ConnectorHold> {
    let seen: { hold: ConnectorHold | undefined; joined: (string | undefined)[] } | undefined;
    await this.until(
      `a token that names ${refs.join(', ')}`,
      async () => {
        const hold = (await this.connector())?.status?.holds?.find(
          ({ reason }) => reason === 'TooManyRemovals',
        );
        const grants = await Promise.all(refs.map((ref) => this.grant(ref)));
        seen = { hold, joined: grants.map((grant) => grant?.status?.planned?.hold) };
        return seen.joined.every((joined) => names(hold?.token, joined));
      },
      () => JSON.stringify(seen),
    );
    return seen?.hold as ConnectorHold;
  }

  /** Waits until the connector has a hold of this reason over at least `count` removals or missing entries. */
  async untilHeld(reason: HoldReason, count = 1): Promise<ConnectorHold> {
    let holds: readonly ConnectorHold[] | undefined;
    await this.until(
      `a hold ${reason} over ${count}`,
      async () => {
        holds = (await this.connector())?.status?.holds;
        return (holds?.find((hold) => hold.reason === reason)?.count ?? 0) >= count;
      },
      () => JSON.stringify(holds),
    );
    return holds?.find((hold) => hold.reason === reason) as ConnectorHold;
  }

  /** Waits until the connector has no hold. */
  async untilNoHold(): Promise<void> {
    let holds: unknown;
    await this.until(
      'no hold is left',
      async () => {
        holds = (await this.connector())?.status?.holds;
        return holds === undefined;
      },
      () => JSON.stringify(holds),
    );
  }

  /** Answers a hold by annotation, as a person would. */
  async answer(word: 'acknowledge' | 'discard', token: string): Promise<void> {
    await this.patchConnector({ metadata: { annotations: { [`asana-connector.dev/${word}`]: token } } });
  }

  async until(
    what: string,
    seen: () => Promise<boolean>,
    detail: () => string | undefined = () => '',
  ): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await seen())) {
      if (performance.now() > deadline)
        assert.fail(`waited ${PATIENCE_MS / 1000} s for: ${what} ${detail() ?? ''}`);
      await sleep(50);
    }
  }

  async events(namespace = this.namespace): Promise<SeenEvent[]> {
    const page = await this.client.list<SeenEvent>(EVENTS, namespace, { limit: 500 });
    return [...page.items];
  }

  /** Waits for an event about a grant. */
  async untilEvent(ref: GrantRef, reason: string, type: 'Normal' | 'Warning' = 'Normal'): Promise<SeenEvent> {
    const { kind, namespace, name } = this.#addressOf(ref);
    let found: SeenEvent | undefined;
    await this.until(`an event ${reason} about ${ref}`, async () => {
      found = (await this.events(namespace)).find(
        ({ regarding, ...event }) =>
          regarding.kind === kind.kind &&
          regarding.name === name &&
          event.reason === reason &&
          event.type === type,
      );
      return found !== undefined;
    });
    return found as SeenEvent;
  }

  #addressOf(ref: GrantRef): GrantAddress {
    const parts = ref.split('/');
    const name = parts.at(-1) ?? '';
    const shortName = parts.at(-2) ?? asanaLicenseGrants.shortName;
    const kind = grantKinds.find(({ names }) => names.shortName === shortName)?.names;
    if (!kind) throw new TypeError(`${shortName} is the short name of no kind`);
    return { kind, namespace: parts.at(-3) ?? this.namespace, name };
  }

  async #delete(path: string): Promise<void> {
    try {
      await this.#connection.send({ method: 'DELETE', path });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/** Whether a token covers what joined its hold with this change. */
function names(token: string | undefined, joined: string | undefined): boolean {
  const [id, n] = token?.split('.') ?? [];
  const [hold, change] = joined?.split('.') ?? [];
  return id !== undefined && id === hold && Number(change) <= Number(n);
}

/** Returns a condition of an object. */
export function conditionOf(
  object: {
    status?: { conditions?: { type: string; status: string; reason: string; message: string }[] };
  } | null,
  type: string,
) {
  return object?.status?.conditions?.find((condition) => condition.type === type);
}
