import { KubeConfig } from '@kubernetes/client-node';
import type { AsanaConnector } from '../../api/asana-connector.ts';
import { type GrantObject, grantKinds } from '../../api/kinds.ts';
import { asanaConnectors } from '../../api/resources.ts';
import { systemClock } from '../../core/clock.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { KubernetesClient } from '../../kubernetes/client.ts';
import { ApiServerConnection, currentNamespace, loadKubeConfig } from '../../kubernetes/connection.ts';
import { listPages } from '../../kubernetes/list-pages.ts';
import type { Resource } from '../../kubernetes/resource.ts';

/** Field manager of the changes that a person makes with this program. */
export const FIELD_MANAGER = 'kubectl-asana';

/** The flags that select a cluster and a namespace, as in kubectl, and the output format. */
export interface ClusterFlags {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly output?: 'table' | 'json';
}

/** A cluster, and the namespaces in it that a command works on. */
export interface Cluster {
  readonly client: KubernetesClient;
  readonly connection: ApiServerConnection;
  /** The selected namespace; `null` for all namespaces. */
  readonly scope: string | null;
  /** The namespace of objects that are named without one. */
  readonly namespace: string;
}

/** The connectors and grants in the scope. */
export interface Inventory {
  readonly connectors: readonly AsanaConnector[];
  readonly grants: readonly GrantObject[];
}

/** Returns the end of a sentence about what was not found. */
export function inScope({ allNamespaces = false }: ClusterFlags): string {
  return allNamespaces ? 'in any namespace.' : 'in this namespace. Use -A to search all namespaces.';
}

/**
 * Runs `work` with the cluster that the flags select, and closes its connections afterwards.
 * @throws InvalidInputError if the kubeconfig cannot be read or the context does not exist
 */
export async function withCluster<T>(
  flags: ClusterFlags,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const config = configOf(flags);
  const connection = new ApiServerConnection(config, systemClock);
  const namespace = flags.namespace ?? currentNamespace(config);
  const scope = flags.allNamespaces ? null : namespace;
  try {
    return await work({ client: new KubernetesClient(connection), connection, scope, namespace });
  } finally {
    await connection.close();
  }
}

function configOf({ kubeconfig, context }: ClusterFlags): KubeConfig {
  const config = kubeconfig === undefined ? loadKubeConfig() : readKubeConfig(kubeconfig);
  if (context === undefined) return config;
  if (!config.getContextObject(context))
    throw new InvalidInputError(
      '--context',
      `the kubeconfig has no context ${context}: to list the contexts, run kubectl config get-contexts`,
    );
  config.setCurrentContext(context);
  return config;
}

function readKubeConfig(path: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromFile(path);
  } catch (cause) {
    throw new InvalidInputError(
      '--kubeconfig',
      `cannot read ${path} as a kubeconfig: correct the path or the file`,
      { cause },
    );
  }
  return config;
}

/** Lists every connector and every grant in the scope. */
export async function takeInventory(cluster: Cluster): Promise<Inventory> {
  const [connectors, grants] = await Promise.all([
    listConnectors(cluster),
    listGrants(cluster.client, cluster.scope),
  ]);
  return { connectors, grants };
}

/** Lists every connector in the scope. */
export function listConnectors({ client, scope }: Cluster): Promise<AsanaConnector[]> {
  return listAll(client, asanaConnectors, scope);
}

/** Lists every grant in a namespace; `null` for all namespaces. */
export async function listGrants(client: Lister, namespace: string | null): Promise<GrantObject[]> {
  const lists = await Promise.all(
    grantKinds.map(async ({ names }) => {
      const objects = await listAll<GrantObject>(client, names, namespace);
      // The items of a list do not carry their kind.
      return objects.map((object) => ({ ...object, kind: names.kind }) as GrantObject);
    }),
  );
  return lists.flat();
}

type Lister = Pick<KubernetesClient, 'list'>;

async function listAll<T>(client: Lister, resource: Resource, scope: string | null): Promise<T[]> {
  const found: T[] = [];
  for await (const page of listPages<T>(client, resource, scope)) found.push(...page.items);
  return found;
}
