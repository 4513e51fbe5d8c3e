import type { AsanaLicenseGrant } from '../api/asana-license-grant.ts';
import { isActive } from '../directory/account.ts';
import type { Directory } from '../directory/directory.ts';
import type { GrantTally } from './connector-facts.ts';

/** Counts the grants of one connector by how they stand, and the enterprise licenses that none of them declares. */
export function tallyGrants(
  grants: readonly AsanaLicenseGrant[],
  directory: Directory,
  enterpriseLicenses: number,
): GrantTally {
  const organization = directory.current()?.organization?.gid ?? null;
  const managed = new Set<string>();
  let grantsReady = 0;
  let grantsPlanned = 0;
  let grantsBlocked = 0;
  for (const { spec, status, metadata } of grants) {
    const is = (type: string) =>
      status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ??
      false;
    if (is('Ready')) grantsReady += 1;
    if (is('Stalled')) grantsBlocked += 1;
    if (status?.planned) grantsPlanned += 1;
    const gid = status?.user?.gid;
    const live = metadata.deletionTimestamp === undefined && spec.license === 'Enterprise';
    const account = live && gid !== undefined ? directory.account(gid) : undefined;
    // Only active accounts are counted as holders.
    if (account?.license === 'Enterprise' && isActive(account, organization)) managed.add(account.gid);
  }
  return {
    grants: grants.length,
    grantsReady,
    grantsPlanned,
    grantsBlocked,
    unmanagedEnterpriseLicenses: Math.max(0, enterpriseLicenses - managed.size),
  };
}
