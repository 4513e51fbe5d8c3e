import { isDeprovision, isRemoval } from '../effect.ts';
import { modelOf } from '../kinds.ts';
import { type Connector, conditionOf, type Grant, modeOf, nameOf } from '../objects.ts';
import { type Case, GIVE_GRACE_MS, hasRecordedAnother, isSoAlready, ofGrant, type Rule } from '../rule.ts';

/** Rules about other objects and about all writes together: contests, declarations, limits. */
export const companyRules: readonly Rule[] = [
  {
    name: 'OldestWins',
    sentence:
      'if grants contend, only the oldest acts, and a grant that ends removes nothing that the winner declares',
    broken: ofGrant((c, grant) => {
      if (isSoAlready(c.effect, c.holding)) return null;
      const [oldest] = rivalsOf(c, grant).toSorted((a, b) => (precedes(a, b) ? -1 : 1));
      return oldest && isRivalOf(c, grant, oldest) ? `${nameOf(oldest)} declares this right` : null;
    }),
  },
  {
    name: 'OrganizationTaken',
    sentence:
      'if two connectors in mode Apply read one organization, the younger one sends no changes for grants',
    broken: ofGrant((c) => {
      if (hasRecordedAnother(c)) return null;
      const { facts, connector, site } = c;
      const older = [...facts.connectors.values()].find(
        (other) =>
          other !== connector &&
          modeOf(other) === 'Apply' &&
          other.spec.suspend !== true &&
          other.status?.organizations?.includes(site.organization.gid) &&
          mayRead(connector, site.organization.gid) &&
          facts.siteOf(other) === site &&
          other.metadata.creationTimestamp < connector.metadata.creationTimestamp &&
          settled(facts.intentChangedAt(other.metadata.uid), facts.witness.time(), GIVE_GRACE_MS),
      );
      return older ? `${nameOf(older)} is older` : null;
    }),
  },
  {
    name: 'StillDeclared',
    sentence: 'no person is deprovisioned while another live grant declares a right for them',
    broken: (c) => {
      if (!isDeprovision(c.effect)) return null;
      const other = declarationsFor(c).find(
        (grant) =>
          grant !== c.grant &&
          grant.spec.ensure !== 'Absent' &&
          isSettled(c, grant) &&
          // Against an absence, only grants in the connector's own namespace protect the account.
          (c.grant?.spec.ensure !== 'Absent' || grant.metadata.namespace === c.connector.metadata.namespace),
      );
      return other ? `${nameOf(other)} declares a right` : null;
    },
  },
  {
    name: 'TwoMasters',
    sentence:
      'no task removes a right that a live grant declares, or gives one that contradicts a live grant',
    broken: (c) => {
      if (!c.task) return null;
      const other = declarationsFor(c).find((grant) => contradicts(c, grant) && isSettled(c, grant));
      return other ? `it contradicts ${nameOf(other)}` : null;
    },
  },
  {
    name: 'TasksInOrder',
    sentence:
      'a task sends no change after a later task for the same account or team membership was answered',
    broken: ({ task, facts }) =>
      task && facts.isOvertaken(task) ? 'a later task has already been answered' : null,
  },
  {
    name: 'RemovalLimit',
    sentence: 'unacknowledged removals stay within `maxRemovals` and do not end the last right of everybody',
    broken: (c) => (isRemoval(c.effect) && c.grant ? c.limits.removals(c) : null),
  },
  {
    name: 'DeprovisionLimit',
    sentence: 'unacknowledged deprovisions in an organization stay within `maxDeprovisions`',
    broken: (c) => (isDeprovision(c.effect) ? c.limits.deprovisions(c) : null),
  },
  {
    name: 'SeatLimit',
    sentence: 'no action of the operator exceeds `maxEnterpriseLicenses`',
    broken: (c) => (c.effect.type === 'GrantEnterprise' ? c.limits.seats(c) : null),
  },
];

function settled(changedAt: number, now: number, graceMs: number): boolean {
  return now - changedAt > graceMs;
}

function isSettled(c: Case, grant: Grant): boolean {
  return settled(c.facts.intentChangedAt(grant.metadata.uid), c.facts.witness.time(), GIVE_GRACE_MS);
}

/** Returns the live grants of acting connectors about a write's person, in the place where it changes something. */
function declarationsFor({ facts, site, holding, effect }: Case): Grant[] {
  return [...facts.grants.values()].filter((grant) => {
    const connector = facts.connectorOf(grant);
    if (!connector || !facts.isLive(grant) || facts.siteOf(connector) !== site) return false;
    // A connector whose token has just been switched declares nothing in the new organization until it is accepted.
    if (hasRecordedAnother({ connector, site })) return false;
    const home = site.organization.gid;
    if (!mayRead(connector, effect.workspace ?? home)) return false;
    if ((placeOf(grant, connector) ?? home) !== (effect.workspace ?? home)) return false;
    if (modeOf(connector) !== 'Apply' || connector.spec.suspend || connector.metadata.deletionTimestamp)
      return false;
    if (
      conditionOf(connector, 'Stalled') ||
      // Over SCIM alone, a connector reads but applies nothing.
      conditionOf(connector, 'Synced')?.reason === 'ScimOnly' ||
      conditionOf(grant, 'Stalled') ||
      !grant.status?.observedGeneration
    )
      return false;
    const { namespace } = grant.metadata;
    const allowed = connector.spec.provisioning?.allowedNamespaces ?? [];
    if (namespace !== connector.metadata.namespace && !allowed.includes('*') && !allowed.includes(namespace))
      return false;
    return holding !== null && facts.holdingOf(grant, site)?.gid === holding.gid;
  });
}

function rivalsOf(c: Case, grant: Grant): Grant[] {
  const right = modelOf(grant.kind)?.right(grant);
  return declarationsFor(c).filter(
    (other) =>
      other !== grant &&
      other.kind === grant.kind &&
      modelOf(other.kind)?.right(other) === right &&
      isSettled(c, other),
  );
}

/** Whether a grant yields: one that ends, if the oldest declares the same; a live one, to an older one. */
function isRivalOf({ facts, holding }: Case, grant: Grant, oldest: Grant): boolean {
  if (facts.hasEnded(grant)) return modelOf(oldest.kind)?.has(oldest, holding) ?? false;
  return precedes(oldest, grant);
}

function precedes({ metadata: a }: Grant, { metadata: b }: Grant): boolean {
  if (a.creationTimestamp !== b.creationTimestamp) return a.creationTimestamp < b.creationTimestamp;
  return `${a.namespace}/${a.name}` < `${b.namespace}/${b.name}`;
}

/** Whether a connector may read a workspace. One that names its workspaces declares nothing elsewhere. */
function mayRead({ spec }: Connector, workspace: string): boolean {
  return spec.workspaces?.includes(workspace) ?? true;
}

/** Returns the workspace in which a grant declares something; `null` for the organization. */
function placeOf({ kind, spec, status }: Grant, connector: Connector): string | null {
  if (kind === 'AsanaWorkspaceGrant') return spec.workspace ?? null;
  if (kind !== 'AsanaAccount') return null;
  return status?.workspace ?? spec.workspace ?? connector.spec.defaultWorkspace ?? null;
}

function contradicts({ effect, holding }: Case, grant: Grant): boolean {
  if (effect.team !== null && effect.team !== (grant.status?.team?.gid ?? grant.spec.team?.gid)) return false;
  const model = modelOf(grant.kind);
  if (!model) return false;
  if (isRemoval(effect)) return model.has(grant, holding) && takes(effect.type, grant);
  if (effect.type === 'GrantEnterprise') return grant.spec.license === 'ViewOnly';
  return grant.spec.ensure === 'Absent';
}

function takes(type: string, { kind, spec }: Grant): boolean {
  if (type === 'Deprovision') return spec.ensure !== 'Absent';
  if (type === 'RevokeEnterprise') return kind === 'AsanaLicenseGrant' && spec.license !== 'ViewOnly';
  return type === 'RemoveFromTeam' ? kind === 'AsanaTeamGrant' : kind === 'AsanaWorkspaceGrant';
}
