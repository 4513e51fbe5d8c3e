import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { asanaConnectors } from '../../api/resources.ts';
import { grantKinds } from '../../controllers/grants/grant-kinds.ts';
import type { Clock } from '../../core/clock.ts';
import { KubernetesClient } from '../../kubernetes/client.ts';
import { ApiServerConnection, loadKubeConfig } from '../../kubernetes/connection.ts';
import { listPages } from '../../kubernetes/list-pages.ts';
import { type KubernetesObject, leanOf, type Resource } from '../../kubernetes/resource.ts';
import { WordPool } from '../../kubernetes/word-pool.ts';
import type { ClusterObjects } from './applied-manifests.ts';

/** The only requests that are sent to the API server. */
export type ListObjects = Pick<KubernetesClient, 'list'>;

/** Reads the connectors and grants of all namespaces, with the current kubeconfig. */
export async function readCluster(clock: Clock, signal: AbortSignal): Promise<ClusterObjects> {
  const connection = new ApiServerConnection(loadKubeConfig(), clock);
  try {
    return await listObjects(new KubernetesClient(connection), signal);
  } finally {
    await connection.close();
  }
}

/** Lists the connectors and grants of all namespaces with an existing client. */
export async function listObjects(client: ListObjects, signal: AbortSignal): Promise<ClusterObjects> {
  const connectors = await listAll<AsanaConnector>(client, asanaConnectors, signal);
  const grants = [];
  for (const kind of grantKinds) {
    const objects = await listAll<GrantObject>(client, kind.resource, signal);
    grants.push(...objects.map((object) => ({ kind, object })));
  }
  return { connectors, grants };
}

async function listAll<T extends KubernetesObject>(
  client: ListObjects,
  resource: Resource,
  signal: AbortSignal,
): Promise<T[]> {
  const objects: T[] = [];
  const words = new WordPool();
  for await (const page of listPages<T>(client, resource, null, { signal })) {
    for (const item of page.items) {
      const object = withLabels(leanOf(item, resource), item);
      words.share(object);
      objects.push(object);
    }
  }
  return objects;
}

/** Restores the labels, by which a plan determines which grants a pull request removes. */
function withLabels<T extends KubernetesObject>(lean: T, { metadata }: T): T {
  const { labels } = metadata as { labels?: unknown };
  return labels === undefined ? lean : { ...lean, metadata: { ...lean.metadata, labels } };
}
