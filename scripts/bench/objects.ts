import { API_VERSION, asanaConnectors, asanaLicenseGrants } from '../../src/api/resources.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import type { Resource } from '../../src/kubernetes/resource.ts';
import { askControl, type SandboxAddress } from '../sandbox-control.ts';
import { until } from './rig.ts';

export const NAMESPACE = 'bench';
const secrets: Resource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' };

/** The namespace of a connector and its grants, and the connector's name. */
export interface Place {
  readonly namespace?: string;
  readonly connector?: string;
}

/** Creates a connector with its Secret, in mode Apply by default. */
export async function createConnector(
  client: KubernetesClient,
  sandbox: SandboxAddress,
  { namespace = NAMESPACE, connector = 'acme', mode = 'Apply' }: Place & { readonly mode?: string } = {},
): Promise<void> {
  await client.create(secrets, namespace, {
    metadata: { name: connector },
    stringData: { BATON_TOKEN: sandbox.tokens.serviceAccount },
  });
  await client.create(asanaConnectors, namespace, {
    apiVersion: API_VERSION,
    kind: asanaConnectors.kind,
    metadata: { name: connector },
    spec: {
      credentials: { type: 'ServiceAccount', secretRef: { name: connector } },
      defaultWorkspace: sandbox.workspace,
      scim: { enabled: true },
      provisioning: { mode },
    },
  });
}

/** Requests a sync of a connector, or another evaluation of a grant. */
export async function request(
  client: KubernetesClient,
  resource: 'connector' | 'grant',
  name: string,
  { namespace = NAMESPACE }: Place = {},
): Promise<void> {
  const patch = {
    metadata: { annotations: { 'asana-connector.dev/requestedAt': new Date().toISOString() } },
  };
  const kind = resource === 'connector' ? asanaConnectors : asanaLicenseGrants;
  await client.mergePatch(kind, namespace, name, patch, 'bench');
}

export interface ConnectorView {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation: number;
  };
  readonly status?: {
    readonly phase?: string;
    readonly sync?: {
      readonly requests?: number;
      readonly duration?: string;
      readonly startedAt?: string;
      readonly completedAt?: string;
    };
    readonly lastHandledReconcileAt?: string;
  };
}

export function readConnector(
  client: KubernetesClient,
  { namespace = NAMESPACE, connector = 'acme' }: Place = {},
): Promise<ConnectorView | null> {
  return client.get<ConnectorView>(asanaConnectors, namespace, connector);
}

export async function untilConnected(client: KubernetesClient, place: Place = {}): Promise<void> {
  await until(
    'the connector is Connected',
    async () => (await readConnector(client, place))?.status?.phase === 'Connected',
  );
}

/** Creates license grants for people of the directory, twenty at a time. */
export async function createGrants(
  client: KubernetesClient,
  emails: readonly string[],
  {
    from = 0,
    namespace = NAMESPACE,
    connector = 'acme',
    onCreated = () => {},
    annotations = {},
  }: Place & {
    readonly from?: number;
    readonly onCreated?: (index: number) => void;
    readonly annotations?: Readonly<Record<string, string>>;
  } = {},
): Promise<void> {
  const AT_ONCE = 20;
  const createOne = async (email: string, index: number): Promise<void> => {
    await client.create(asanaLicenseGrants, namespace, {
      apiVersion: API_VERSION,
      kind: asanaLicenseGrants.kind,
      metadata: { name: grantName(index), annotations },
      spec: { connectorRef: { name: connector }, user: { email }, license: 'Enterprise' },
    });
    onCreated(index);
  };
  for (let i = 0; i < emails.length; i += AT_ONCE)
    await Promise.all(emails.slice(i, i + AT_ONCE).map((email, j) => createOne(email, from + i + j)));
}

export function grantName(index: number): string {
  return `grant-${index}`;
}

/** The fields of a grant that benchmarks read. */
export interface GrantView {
  readonly metadata: { readonly name: string; readonly generation: number; readonly resourceVersion: string };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export function isReady({ status }: GrantView): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}

export function isTold({ metadata, status }: GrantView): boolean {
  return status?.observedGeneration === metadata.generation;
}

/**
 * Watches the grants of a namespace until `count` of them satisfy `seen`; costs the API server next to nothing. Grants
 * that do not change after the call do not count.
 */
export async function watchGrants(
  client: KubernetesClient,
  count: number,
  seen: (grant: GrantView) => boolean,
  { namespace = NAMESPACE }: Place = {},
): Promise<void> {
  const { resourceVersion } = await client.list(asanaLicenseGrants, namespace, { limit: 1 });
  const found = new Set<string>();
  const stop = new AbortController();
  let from = resourceVersion;
  while (found.size < count) {
    const lines = client.watch(
      asanaLicenseGrants,
      namespace,
      { resourceVersion: from, timeoutSeconds: 3600 },
      stop.signal,
    );
    for await (const { type, object } of lines) {
      const grant = object as unknown as GrantView;
      from = grant.metadata.resourceVersion;
      if (type !== 'BOOKMARK' && seen(grant)) found.add(grant.metadata.name);
      if (found.size >= count) break;
    }
  }
  stop.abort();
}

/** Returns lower-case emails of active people who hold `license` and are no guests, from the simulated Asana. */
export async function peopleHolding(
  sandbox: SandboxAddress,
  license: string,
  most: number,
): Promise<string[]> {
  const people = await peopleOf(sandbox);
  return people
    .filter((user) => user.license === license && user.active && user.role !== 'guest')
    .slice(0, most)
    .map(({ email }) => email.toLowerCase());
}

/** A person in the simulated Asana. */
export interface PersonView {
  readonly gid: string;
  readonly email: string;
  readonly name: string;
  readonly license: string | null;
  readonly active: boolean;
  readonly role: string;
}

export async function peopleOf(sandbox: SandboxAddress): Promise<readonly PersonView[]> {
  return (await askControl<{ people: PersonView[] }>(sandbox, 'GET', '/state')).people;
}
