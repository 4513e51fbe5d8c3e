import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { asanaConnectors, type ResourceNames } from '../../api/resources.ts';
import { connectorKeyOf, namespacesOf } from '../../controllers/grants/grant-identity.ts';
import { grantKinds } from '../../controllers/grants/grant-kinds.ts';
import type { KnownGrant } from '../../controllers/grants/grant-stores.ts';
import { InvalidInputError } from '../../core/errors.ts';
import type { ClusterClient } from '../../kubernetes/client.ts';
import { listPages } from '../../kubernetes/list-pages.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import { isForbidden } from '../command-line/permission.ts';
import type { ReviewSubject } from './review-subject.ts';

export interface ClusterPlace {
  readonly namespace: string;
  /** `null` for the only connector of the namespace. */
  readonly name: string | null;
}

/**
 * Finds a connector in the cluster and the grants that name it, in all namespaces: a grant in a namespace that is no
 * longer allowed keeps its right. If the user cannot list all namespaces, lists those that may name the connector, and
 * adds a note.
 * @throws InvalidInputError if there is no such connector
 * @throws KubernetesError if a list cannot be read completely
 */
export async function findSubjectInCluster(
  client: Pick<ClusterClient, 'list'>,
  place: ClusterPlace,
  signal: AbortSignal,
): Promise<ReviewSubject> {
  const connector = choose(
    await listAll<AsanaConnector>(client, asanaConnectors, place.namespace, signal),
    place,
  );
  const key = keyOf(connector);
  const named = namespacesOf(connector);
  const everywhere = await listGrants(client, [null], signal).catch((error: unknown) => {
    if (isForbidden(error) && !named.includes('*')) return null;
    throw error;
  });
  const found = everywhere ?? (await listGrants(client, named, signal));
  const note = `You cannot list the grants of all namespaces. Only those of ${named.join(', ')} were read: rights that grants in other namespaces hold are shown as Unmanaged.`;
  return {
    connector,
    grants: found.filter(({ object }) => connectorKeyOf(object) === key),
    note: everywhere ? null : note,
  };
}

async function listGrants(
  client: Pick<ClusterClient, 'list'>,
  /** `null` stands for all namespaces. */
  namespaces: readonly (string | null)[],
  signal: AbortSignal,
): Promise<KnownGrant[]> {
  const grants: KnownGrant[] = [];
  for (const kind of grantKinds) {
    for (const namespace of namespaces) {
      const objects = await listAll<GrantObject>(client, kind.resource, namespace, signal);
      grants.push(...objects.map((object) => ({ kind, object })));
    }
  }
  return grants;
}

async function listAll<T>(
  client: Pick<ClusterClient, 'list'>,
  resource: ResourceNames,
  namespace: string | null,
  signal: AbortSignal,
): Promise<T[]> {
  const found: T[] = [];
  for await (const page of listPages<T>(client, resource, namespace, { signal })) found.push(...page.items);
  return found;
}

function choose(connectors: readonly AsanaConnector[], { namespace, name }: ClusterPlace): AsanaConnector {
  const names = connectors.map(({ metadata }) => metadata.name);
  const [connector, ...others] =
    name === null ? connectors : connectors.filter(({ metadata }) => metadata.name === name);
  const known = names.length === 0 ? 'it contains none' : `it contains ${names.join(', ')}`;
  if (!connector) {
    const what = name === null ? 'any AsanaConnector' : `the AsanaConnector ${name}`;
    throw new InvalidInputError(
      '--connector',
      `namespace ${namespace} does not contain ${what} (${known}): correct the name, or specify its namespace with -n`,
    );
  }
  if (others.length > 0)
    throw new InvalidInputError(
      '--connector',
      `namespace ${namespace} contains several (${known}): specify one of them`,
    );
  return connector;
}
