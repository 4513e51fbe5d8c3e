import type { AsanaLicenseGrant } from '../api/asana-license-grant.ts';

/** Index of the grant store: every name an account goes by in this grant (`gid:…`, `email:…`). */
export const IDENTITY_INDEX = 'identity';

/** Index of the grant store: the key of the connector a grant names. */
export const CONNECTOR_INDEX = 'connector';

/** The key "namespace/name" of the connector a grant names; the namespace defaults to the grant's own. */
export function connectorKeyOf(grant: AsanaLicenseGrant): string {
  const { namespace, name } = grant.spec.connectorRef;
  return `${namespace ?? grant.metadata.namespace}/${name}`;
}

/**
 * The names a grant's account is known by: what the spec says and what was recorded. Two grants that share one
 * may mean the same account; whether they do is decided on the gid.
 */
export function identitiesOf(grant: AsanaLicenseGrant): string[] {
  const names = new Set<string>();
  const { user } = grant.spec;
  if (user.gid !== undefined) names.add(gidIdentity(user.gid));
  if (user.email !== undefined) names.add(emailIdentity(user.email));
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
