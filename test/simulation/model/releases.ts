import { isRemoval } from './effect.ts';
import type { Facts } from './facts.ts';
import { deletionPolicyOf, modelOf, teamOf } from './kinds.ts';
import { type Connector, durationMs, type Grant } from './objects.ts';

/** A release in the audit log. */
export interface Release {
  readonly kind: string;
  readonly action: string;
  readonly requester: { readonly uid?: string };
}

/** A grant that was released when it was deleted or ended, and its connector. */
interface Released {
  readonly grant: Grant;
  readonly connector: Connector;
  readonly facts: Facts;
}

/** How long a change may take to reach the process that decides. */
const ON_ITS_WAY_MS = 60_000;
/** Objects deleted together are decided together: a deletion waits for others, but not beyond `removalDelay`. */
const TOGETHER_MS = 9_000;

/** By reason: returns what is wrong with such a release, or null. Reasons that are not listed are not judged. */
const rules: Readonly<Record<string, (released: Released) => string | null>> = {
  NoLongerHeld: describeWhatIsLeft,
  ChangedElsewhere: describeWhatIsLeft,
  Retained: ({ grant }) => (deletionPolicyOf(grant) === 'Retain' ? null : 'its deletionPolicy is Revoke'),
  Suspended: ({ grant }) => (grant.spec.suspend ? null : 'it is not suspended'),
  // A grant that declares Absent takes nothing back, whatever it declared before.
  NothingApplied: (released) => {
    const { grant } = released;
    if (grant.spec.ensure === 'Absent') return null;
    return grant.status?.applied ? 'a right is applied' : describeWhatItGave(released);
  },
  Adopted: ({ grant }) => {
    const { applied, created } = grant.status ?? {};
    const isKept = applied?.license === 'ViewOnly' && !created;
    return !applied || applied.adopted || isKept ? null : 'it gave the right itself';
  },
  // A rule keeps the access, and an expired grant must say so.
  ProtectedUser: describeWhoCanWait,
  IdentityChanged: describeWhoCanWait,
  OrganizationChanged: describeWhoCanWait,
  // A grant of a view-only license does not declare the account that it created.
  NamespaceNotAllowed: (released) =>
    released.grant.status?.observed?.license === 'ViewOnly' ? null : describeWhoCanWait(released),
  DeprovisionNotAllowed: (released) =>
    released.grant.kind === 'AsanaLicenseGrant' ? null : describeWhoCanWait(released),
  StillDeclared: (released) => {
    const { grant, connector, facts } = released;
    const { deletionTimestamp } = grant.metadata;
    if (deletionTimestamp === undefined) return describeWhoCanWait(released);
    const delay = durationMs(connector.spec.provisioning?.removalDelay, 60_000);
    const waited = facts.witness.now() - Date.parse(deletionTimestamp);
    return waited < Math.min(delay, TOGETHER_MS)
      ? `it was deleted only ${waited} ms ago, perhaps together with the grant that declares the account`
      : null;
  },
  // A grant without an applied right has nothing to hand over.
  Superseded: (released) =>
    !released.grant.status?.applied || hasHeir(released) ? null : 'no other grant has taken over the right',
};

/** Returns what is wrong with the release of a grant, in a sentence; `null` if nothing is. */
export function judgeRelease({ kind, action }: Release, grant: Grant, facts: Facts): string | null {
  const rule = rules[action];
  const connector = facts.connectorOf(grant);
  if (kind !== 'Release' || !rule || !connector) return null;
  return rule({ grant, connector, facts });
}

function describeWhoCanWait({ grant }: Released): string | null {
  if (grant.metadata.deletionTimestamp !== undefined) return null;
  return 'it has expired but is not deleted, so it can wait';
}

/** Describes what a grant's own action gave and nobody changed since, unless Asana does not show it yet. */
function describeWhatItGave({ grant, connector, facts }: Released): string | null {
  const { lastAction } = grant.status ?? {};
  // Once a creation was given up, a person may have made the account by hand.
  if (lastAction?.result === 'Unconfirmed' && ['CreateAccount', 'InviteAccount'].includes(lastAction.type))
    return null;
  const site = facts.siteOf(connector);
  const own = facts.changes.findLast(({ owner }) => owner === grant.metadata.uid);
  const model = modelOf(grant.kind);
  const holding = site && facts.holdingOf(grant, site);
  if (!own || !holding || isRemoval(own.effect) || own.gid !== holding.gid || !model?.has(grant, holding))
    return null;
  const { teams } = own.site.organization;
  const team = teams.find(({ gid }) => gid === own.effect.team);
  // A reading that counts although teams are missing does not show the team.
  if (team && (connector.status?.measure?.teams?.count ?? 0) < teams.length) return null;
  const isLate =
    own.site.directory.reads.areStale() || (team?.staleMembers?.until ?? 0) > facts.witness.now();
  if (isLate || facts.touchedAt(own.site, own.gid) >= own.at) return null;
  return `its own ${own.effect.type} gave the right`;
}

function describeWhatIsLeft({ grant, connector, facts }: Released): string | null {
  const site = facts.siteOf(connector);
  const holding = site && facts.holdingOf(grant, site);
  if (!site || !holding || site.directory.reads.areStale()) return null;
  const since = facts.witness.time() - ON_ITS_WAY_MS;
  if (facts.lastChangeOf(site, holding.gid, teamOf(grant)) >= since) return null;
  if (facts.wasForeignSince(facts.tokenOf(connector), site, since)) return null;
  if (modelOf(grant.kind)?.ended(grant, holding, false).length === 0) return null;
  return `Asana still shows ${JSON.stringify(holding)}`;
}

/** Whether another grant that exists, or went recently, has the same right of the same person on record. */
function hasHeir({ grant, facts }: Released): boolean {
  const model = modelOf(grant.kind);
  const gid = grant.status?.user?.gid;
  const late = facts.witness.time() - ON_ITS_WAY_MS;
  const gone = [...facts.gone.values()].filter(({ at }) => at >= late).map((one) => one.grant);
  return [...facts.grants.values(), ...gone].some(
    (other) =>
      other.kind === grant.kind &&
      other.metadata.uid !== grant.metadata.uid &&
      other.status?.user?.gid === gid &&
      other.status?.applied !== undefined &&
      model?.right(other) === model?.right(grant),
  );
}
