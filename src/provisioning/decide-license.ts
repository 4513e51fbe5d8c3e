import { isActive } from '../directory/account.ts';
import type { Account } from '../directory/snapshot.ts';
import type { DecideLicense, Decision, DecisionContext, DirectoryReading, Policies } from './decision.ts';
import { endingPolicies, takeBack } from './ending-policies.ts';
import type { LicenseGrant } from './grant.ts';
import { blocked, firstOf, type LicenseCase, organizationOf, release, withWayOut } from './license-case.ts';
import { livePolicies, settle } from './live-policies.ts';

/**
 * Decides one license grant (the table and the rules of DESIGN §3.2). In mode Plan the same is decided, and the
 * caller stops before the action.
 */
export const decideLicense: DecideLicense = (grant, context) => {
  const { policies, directory, notReady } = context;
  const decision =
    decideWithoutDirectory(grant, policies) ??
    (directory && notReady === null ? decideOn(grant, context, directory) : waitForAReading(grant, notReady));
  const lasts = grant.ending?.because === 'Expired' && policies.mode === 'Plan';
  if (!lasts || decision.kind !== 'Release') return decision;
  // Nothing of an expired grant changes in mode Plan, not even its record; and nothing is asked of anybody.
  const message = `Expired. In mode Apply it would be released: ${decision.message}`;
  return blocked('Expired', 'waiting', message, decision.account);
};

/** What needs no look at Asana: suspension, permission, and whether there is anything to look for. */
function decideWithoutDirectory(grant: LicenseGrant, policies: Policies): Decision | null {
  const { ending } = grant;
  const deleted = ending?.because === 'Deleted';
  if (deleted && grant.abandoned) return releaseAbandoned();
  if (deleted && grant.suspended)
    return release('Suspended', 'Deleted while suspended: Asana was left as it is.');
  if (deleted && policies.mode === 'Plan')
    return release('Planned', 'Deleted in mode Plan: Asana was left as it is.');
  if (grant.suspended)
    return blocked('Suspended', 'waiting', 'spec.suspend is true: nothing is done until it is false.');
  if (policies.suspended) return waitForTheConnector(grant);
  if (ending && grant.abandoned) return releaseAbandoned();
  if (ending && !grant.applied)
    return release(ending.because, 'It ended, and nothing of it was applied: Asana was left as it is.');
  if (ending && grant.deletionPolicy === 'Retain')
    return release('Retained', 'It ended with deletionPolicy Retain: Asana was left as it is.');
  if (!grant.namespaceAllowed) {
    const message = `Namespace "${grant.object.namespace}" may not use this connector: add it to the connector's provisioning.allowedNamespaces.`;
    return ending
      ? release('NamespaceNotAllowed', message, null, { warning: true })
      : blocked('NamespaceNotAllowed', 'stalling', message);
  }
  if (policies.scimEnabled) return null;
  const message = withWayOut(grant, 'Licenses need SCIM: set scim.enabled on the connector.');
  return blocked('LicensesUnavailable', ending ? 'waiting' : 'stalling', message);
}

function releaseAbandoned(): Decision {
  return release('Abandoned', 'Released because of the annotation abandon; Asana was left as it is.');
}

/** Suspending the connector is the emergency stop: nothing is done, and nothing is lost. */
function waitForTheConnector(grant: LicenseGrant): Decision {
  const message = grant.ending
    ? `The connector is suspended: what ended (${grant.ending.because}) waits until it is resumed.`
    : 'The connector is suspended: nothing is done until it is resumed.';
  return blocked('Suspended', 'waiting', withWayOut(grant, message));
}

function waitForAReading(grant: LicenseGrant, notReady: string | null): Decision {
  const why = notReady ?? 'The connector has not read the directory yet: see its conditions.';
  return blocked('ConnectorNotReady', 'waiting', withWayOut(grant, why));
}

function decideOn(
  grant: LicenseGrant,
  { policies, contest }: DecisionContext,
  directory: DirectoryReading,
): Decision {
  const subject: LicenseCase = {
    grant,
    policies,
    contest,
    directory,
    account: findAccount(grant, directory),
  };
  return grant.ending
    ? (firstOf(endingPolicies, subject) ?? takeBack(subject))
    : (firstOf(livePolicies, subject) ?? settle(subject));
}

/** The gid once recorded, else what the spec says. An account that is not active is no account. */
function findAccount({ recorded, user }: LicenseGrant, directory: DirectoryReading): Account | null {
  const gid = recorded?.gid ?? user.gid;
  const found = gid !== null ? directory.account(gid) : directory.accountByEmail(user.email ?? '');
  return found && isActive(found, organizationOf(directory)) ? found : null;
}
