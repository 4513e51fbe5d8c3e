import { isRemoval } from './effect.ts';
import type { Facts } from './facts.ts';
import { deletionPolicyOf, modelOf, teamOf } from './kinds.ts';
import { type Connector, durationMs, type Grant } from './objects.ts';

/** What an audit line tells of a release. */
export interface Release {
  readonly kind: string;
  readonly action: string;
  readonly requester: { readonly uid?: string };
}

/** A grant that was let go when it was deleted or ended, and its connector. */
interface Released {
  readonly grant: Grant;
  readonly connector: Connector;
  readonly facts: Facts;
}

/** So long what a person has may be on its way to whoever decides. */
const ON_ITS_WAY_MS = 60_000;
/** What is deleted together is decided together: so long a deletion waits for others, if removals wait as long. */
const TOGETHER_MS = 9_000;

/** By reason: what is wrong with such a release; null for nothing. What stands here for no reason is not judged. */
const rules: Readonly<Record<string, (released: Released) => string | null>> = {
  NoLongerHeld: describeWhatIsLeft,
  ChangedElsewhere: describeWhatIsLeft,
  Retained: ({ grant }) => (deletionPolicyOf(grant) === 'Retain' ? null : 'its deletionPolicy is Revoke'),
  Suspended: ({ grant }) => (grant.spec.suspend ? null : 'it is not suspended'),
  // An absence takes nothing back, whatever was declared before it.
  NothingApplied: (released) => {
    const { grant } = released;
    if (grant.spec.ensure === 'Absent') return null;
    return grant.status?.applied ? 'something is applied' : describeWhatItGave(released);
  },
  Adopted: ({ grant }) => {
    const { applied, created } = grant.status ?? {};
    const isKept = applied?.license === 'ViewOnly' && !created;
    return !applied || applied.adopted || isKept ? null : 'it gave what it had';
  },
  StillDeclared: ({ grant, connector, facts }) => {
    const { deletionTimestamp } = grant.metadata;
    if (deletionTimestamp === undefined) return 'it has expired, and can wait';
    const delay = durationMs(connector.spec.provisioning?.removalDelay, 60_000);
    const waited = facts.witness.now() - Date.parse(deletionTimestamp);
    return waited < Math.min(delay, TOGETHER_MS)
      ? `it was deleted ${waited} ms ago, perhaps with what declares the account`
      : null;
  },
  // What has nothing on record has nothing to hand over.
  Superseded: (released) =>
    !released.grant.status?.applied || hasHeir(released) ? null : 'no other grant has taken the right over',
};

/** What is wrong with the release of a grant, in a sentence; null for nothing. */
export function judgeRelease({ kind, action }: Release, grant: Grant, facts: Facts): string | null {
  const rule = rules[action];
  const connector = facts.connectorOf(grant);
  if (kind !== 'Release' || !rule || !connector) return null;
  return rule({ grant, connector, facts });
}

/** What an action of its own has given, and nobody has changed since, unless Asana does not show it yet. */
function describeWhatItGave({ grant, connector, facts }: Released): string | null {
  const site = facts.siteOf(connector);
  const own = facts.changes.findLast(({ owner }) => owner === grant.metadata.uid);
  const model = modelOf(grant.kind);
  const holding = site && facts.holdingOf(grant, site);
  if (!own || !holding || isRemoval(own.effect) || own.gid !== holding.gid || !model?.has(grant, holding))
    return null;
  const { teams } = own.site.organization;
  const team = teams.find(({ gid }) => gid === own.effect.team);
  // In a reading that counts although teams are missing, the team is not there.
  if (team && (connector.status?.measure?.teams?.count ?? 0) < teams.length) return null;
  const isLate =
    own.site.directory.reads.areStale() || (team?.staleMembers?.until ?? 0) > facts.witness.now();
  if (isLate || facts.touchedAt(own.site, own.gid) >= own.at) return null;
  return `its own ${own.effect.type} gave it`;
}

function describeWhatIsLeft({ grant, connector, facts }: Released): string | null {
  const site = facts.siteOf(connector);
  const holding = site && facts.holdingOf(grant, site);
  if (!site || !holding || site.directory.reads.areStale()) return null;
  const since = facts.witness.time() - ON_ITS_WAY_MS;
  if (facts.lastChangeOf(site, holding.gid, teamOf(grant)) >= since) return null;
  if (facts.wasForeignSince(facts.tokenOf(connector), site, since)) return null;
  if (modelOf(grant.kind)?.ended(grant, holding, false).length === 0) return null;
  return `Asana shows ${JSON.stringify(holding)}`;
}

/** A grant that is there, or has gone of late, with the same right of the same person on record. */
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
