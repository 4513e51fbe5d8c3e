import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { type Key, splitKey } from '../../kubernetes/resource.ts';
import type { GrantKind } from './grant-kinds.ts';

/** Index of a grant store: every identity of the account in a grant (`gid:…`, `email:…`). */
export const IDENTITY_INDEX = 'identity';

/** Index of a grant store: the key of the connector that a grant names. */
export const CONNECTOR_INDEX = 'connector';

/** Returns the key "namespace/name" of the connector that a grant names; the namespace defaults to the grant's own. */
export function connectorKeyOf(grant: GrantObject): string {
  const { namespace, name } = grant.spec.connectorRef;
  return `${namespace ?? grant.metadata.namespace}/${name}`;
}

/** Returns the namespaces whose grants may name a connector: its own and those it allows; `*` stands for all. */
export function namespacesOf({ metadata, spec }: AsanaConnector): string[] {
  return [...new Set([metadata.namespace, ...(spec.provisioning.allowedNamespaces ?? [])])];
}

/**
 * Returns the connector labels of a grant for metrics. A connector that does not exist gets no series: a grant can
 * contain any name.
 */
export function connectorLabelsOf(
  grant: GrantObject,
  connectors: { get(key: Key): unknown },
): { readonly namespace: string; readonly connector: string } {
  const key = connectorKeyOf(grant);
  const { namespace, name } = connectors.get(key) ? splitKey(key) : { namespace: '', name: '' };
  return { namespace, connector: name };
}

/**
 * Returns the identities of a grant's account, from the spec and from the status. Two grants that share one may be for
 * the same account; whether they are is decided on the gid.
 */
export function identitiesOf(kind: GrantKind, grant: GrantObject): string[] {
  const names = new Set<string>();
  const { email, gid } = kind.user(grant);
  if (gid !== null) names.add(gidIdentity(gid));
  if (email !== null) names.add(emailIdentity(email));
  const recorded = grant.status?.user;
  if (recorded?.gid) names.add(gidIdentity(recorded.gid));
  if (recorded?.email) names.add(emailIdentity(recorded.email));
  return [...names];
}

export function gidIdentity(gid: string): string {
  return `gid:${gid}`;
}

export function emailIdentity(email: string): string {
  return `email:${email.toLowerCase()}`;
}
