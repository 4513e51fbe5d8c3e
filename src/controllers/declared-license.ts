import type { AsanaConnector } from '../api/asana-connector.ts';
import type { AsanaLicenseGrant } from '../api/asana-license-grant.ts';
import type { Account, License } from '../directory/snapshot.ts';
import type { Store } from '../kubernetes/store.ts';
import { findWinner } from '../provisioning/contest.ts';
import type { LicenseGrant } from '../provisioning/grant.ts';
import type { ConnectorRegistry } from './connector-registry.ts';
import { connectorKeyOf, emailIdentity, gidIdentity, IDENTITY_INDEX } from './identity.ts';
import { viewLicenseGrant } from './license-grant-view.ts';

interface Declarations {
  readonly grants: Store<AsanaLicenseGrant>;
  readonly connectors: Store<AsanaConnector>;
  readonly registry: ConnectorRegistry;
}

/**
 * What Git says about an account: the license of the grant that wins the contest for it (DESIGN §3.2 rule 2), if its
 * connector applies grants. Null where nobody declares anything, or only in mode Plan.
 * @param organization of the connector that asks: gids mean nothing beyond it
 */
export function findDeclaredLicense(
  { grants, connectors, registry }: Declarations,
  account: Account,
  organization: string | null,
  now: number,
): { readonly license: License; readonly object: string } | null {
  const names = [gidIdentity(account.gid), ...(account.email === null ? [] : [emailIdentity(account.email)])];
  const contenders = new Set(names.flatMap((name) => grants.by(IDENTITY_INDEX, name)));
  const views = new Map<LicenseGrant, AsanaConnector>();
  for (const grant of contenders) {
    const key = connectorKeyOf(grant);
    const connector = connectors.get(key);
    const directory = registry.find(key)?.directory;
    if (!connector || (directory?.current()?.organization?.gid ?? null) !== organization) continue;
    const view = viewLicenseGrant(grant, connector, now);
    const gid = view.recorded?.gid ?? view.user.gid ?? directory?.accountByEmail(view.user.email ?? '')?.gid;
    if (gid === account.gid) views.set(view, connector);
  }
  const winner = findWinner([...views.keys()]);
  const spec = winner && views.get(winner)?.spec;
  if (!winner || !spec || spec.suspend || spec.provisioning.mode !== 'Apply') return null;
  const { kind, namespace, name } = winner.object;
  return { license: winner.license, object: `${kind} ${namespace}/${name}` };
}
