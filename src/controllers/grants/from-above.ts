import { ABANDON_ANNOTATION } from '../../api/resources.ts';

/** What the API server says about the objects above a grant. Each method may throw; then nothing is known. */
export interface ClusterState {
  /** False if the connector is gone or being deleted. */
  connectorStands(namespace: string, name: string): Promise<boolean>;
  /** True if the namespace is terminating or gone. */
  namespaceGoing(namespace: string): Promise<boolean>;
  /** True if one of our CRDs is terminating: discovery then no longer offers create and update. */
  kindsGoing(): Promise<boolean>;
}

/** Why an object that is being deleted is released without acting. */
export type FromAboveReason = 'Abandoned' | 'ConnectorNotFound' | 'NamespaceTerminating' | 'UninstallingCRDs';

export interface ReleaseFromAbove {
  readonly reason: FromAboveReason;
  readonly message: string;
}

/** The parts of a grant that `judgeFromAbove` needs. */
export interface DeletedGrant {
  readonly metadata: { readonly namespace: string; readonly annotations?: Readonly<Record<string, string>> };
}

/**
 * Returns why a deleted grant is released because something above it is deleted too, or `null`. Deleting a namespace,
 * the CRDs, the connector or the release must not revoke any access, so in doubt (an error) the caller waits.
 */
export async function judgeFromAbove(
  grant: DeletedGrant,
  connector: { readonly namespace: string; readonly name: string },
  cluster: ClusterState,
): Promise<ReleaseFromAbove | null> {
  if (grant.metadata.annotations?.[ABANDON_ANNOTATION] === 'true') {
    return {
      reason: 'Abandoned',
      message: `Released because of the annotation ${ABANDON_ANNOTATION}. Nothing was changed in Asana.`,
    };
  }
  const [kinds, namespace, connectorStands] = await Promise.all([
    cluster.kindsGoing(),
    cluster.namespaceGoing(grant.metadata.namespace),
    cluster.connectorStands(connector.namespace, connector.name),
  ]);
  if (kinds) {
    return {
      reason: 'UninstallingCRDs',
      message: 'Released because its CRDs are being deleted. Nothing was changed in Asana.',
    };
  }
  if (namespace) {
    return {
      reason: 'NamespaceTerminating',
      message: 'Released because its namespace is being deleted. Nothing was changed in Asana.',
    };
  }
  if (!connectorStands) {
    return {
      reason: 'ConnectorNotFound',
      message: `Released because AsanaConnector ${connector.namespace}/${connector.name} was deleted. Nothing was changed in Asana.`,
    };
  }
  return null;
}
