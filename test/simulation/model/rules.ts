import type { Holding } from '../asana/holding.ts';
import { type Effect, isDeprovision, isRemoval } from './effect.ts';
import { isOverReading } from './holds.ts';
import { deletionPolicyOf, modelOf } from './kinds.ts';
import { ANNOTATIONS, conditionOf, durationMs, type Grant, holdsOf, modeOf, nameOf } from './objects.ts';
import type { Case, Rule } from './rule.ts';

/** How long after somebody changes a thing a write may still go by what was before, in ms. */
const TAKE_GRACE_MS = 1_000;
const GIVE_GRACE_MS = 6_000;
/** A fresh look is no older when a removal leaves: reads, one retry and its pause fit in. */
const FRESH_LOOK_MS = 180_000;
/** A new leader that took over removes nothing before. */
const SETTLING_MS = 60_000;

const onRemoval = (check: (c: Case) => string | null) => (c: Case) => (isRemoval(c.effect) ? check(c) : null);
const ofGrant = (check: (c: Case, grant: Grant) => string | null) => (c: Case) =>
  c.grant ? check(c, c.grant) : null;

/** What must hold of every write, of a grant or of a task. */
export const rules: readonly Rule[] = [
  {
    name: 'LeaderActs',
    sentence: 'only the process that leads sends a write, and nobody while everything is stopped',
    broken: ({ request, leadership: { holder, stopped } }) => {
      if (stopped) return 'everything is stopped';
      return request.by === holder ? null : `${request.by} does not lead (${holder ?? 'nobody'} does)`;
    },
  },
  {
    name: 'NewLeaderWaits',
    sentence: 'a leader that took over removes nothing in its first minute',
    broken: onRemoval(({ leadership: { takenOver, sinceMs } }) =>
      takenOver && sinceMs < SETTLING_MS ? `it leads for ${Math.round(sinceMs / 1000)} s` : null,
    ),
  },
  {
    name: 'OnlyWhoWeMade',
    sentence:
      'nobody is deprovisioned whom the operator did not create, unless an object says Absent or a task says so',
    broken: ofGrant(({ effect, facts, site, holding }, { spec }) => {
      if (!isDeprovision(effect) || spec.ensure === 'Absent' || !holding) return null;
      return facts.isMade(site, holding.gid, effect.workspace) ? null : 'the operator found this account';
    }),
  },
  {
    name: 'ObjectAsks',
    sentence: 'a write leaves only if its object asks for it, as it stands and as the person stands',
    broken: ofGrant(({ facts, site, effect }, grant) => {
      const asked = facts.asks(grant, site);
      if (isSoAlready(effect, facts.holdingOf(grant, site))) return null;
      return asked.includes(effect.type)
        ? null
        : `${effect.type} is not asked (${asked.join(', ') || 'nothing is'})`;
    }),
  },
  {
    name: 'NothingSuspended',
    sentence: 'nothing is written for a suspended object or connector',
    broken: ({ grant, connector }) => {
      if (connector.spec.suspend) return 'the connector is suspended';
      return grant?.spec.suspend ? 'the object is suspended' : null;
    },
  },
  {
    name: 'ApplyOnly',
    sentence: 'a connector in Plan writes nothing for grants; one without provision nothing for tasks',
    broken: ({ grant, connector }) => {
      if (grant) return modeOf(connector) === 'Apply' ? null : 'the connector is in Plan';
      return connector.spec.conductorOne?.provision ? null : 'provision is off';
    },
  },
  {
    name: 'NamespaceAllowed',
    sentence:
      'a grant of a namespace that is not allowed gets nothing; from elsewhere only what was given is taken',
    broken: ofGrant(({ connector, effect }, { metadata, status }) => {
      if (metadata.namespace === connector.metadata.namespace) return null;
      const allowed = connector.spec.provisioning?.allowedNamespaces ?? [];
      if (!isRemoval(effect))
        return allowed.includes('*') || allowed.includes(metadata.namespace)
          ? null
          : 'the namespace is not allowed';
      if (isDeprovision(effect)) return 'a foreign namespace deprovisions';
      return status?.applied?.adopted ? 'what was adopted is taken by a foreign namespace' : null;
    }),
  },
  {
    name: 'Released',
    sentence: 'an object that is abandoned or retains takes nothing when it ends',
    broken: ofGrant(({ facts, effect }, grant) => {
      if (!isRemoval(effect) || !facts.hasEnded(grant)) return null;
      const { annotations, deletionTimestamp } = grant.metadata;
      if (deletionTimestamp !== undefined && annotations?.[ANNOTATIONS.abandon] === 'true')
        return 'it is abandoned';
      return deletionPolicyOf(grant) === 'Retain' ? 'it retains' : null;
    }),
  },
  {
    name: 'RemovalDelay',
    sentence: 'a removal waits removalDelay after it was declared',
    broken: ofGrant(({ facts, effect, connector }, grant) => {
      if (!isRemoval(effect)) return null;
      const delayMs = durationMs(connector.spec.provisioning?.removalDelay, 60_000);
      const { deletionTimestamp } = grant.metadata;
      const sinceMs = facts.hasEnded(grant)
        ? facts.witness.now() -
          Date.parse(deletionTimestamp ?? grant.spec.expiresAt ?? grant.status?.expiresAt ?? '')
        : facts.witness.time() - facts.generationAt(grant);
      // Timestamps of Kubernetes have whole seconds.
      return sinceMs < delayMs - 1_000
        ? `${Math.round(sinceMs / 1000)} s of ${delayMs / 1000} s have passed`
        : null;
    }),
  },
  {
    name: 'Protected',
    sentence: 'the protected keep what they have',
    broken: onRemoval(({ connector, holding, grant }) => {
      const { protectedUsers = [], protectAdmins = true } = connector.spec.provisioning ?? {};
      if (protectAdmins && holding?.admin) return 'an administrator';
      const named = [holding?.email, grant && modelOf(grant.kind)?.email(grant), grant?.status?.user?.email];
      const found = named.find((email) => typeof email === 'string' && protectedUsers.includes(email));
      return found ? `${found} is among protectedUsers` : null;
    }),
  },
  {
    name: 'HeldStaysHeld',
    sentence: 'what was once held is carried out only by an acknowledgement that named it',
    broken: ofGrant(({ held, effect }, grant) => {
      if (!isRemoval(effect)) return null;
      const state = held.stateOf(grant);
      if (state === 'Held') return 'it was held, and nobody has acknowledged it';
      return state === 'Discarded' ? 'it was discarded' : null;
    }),
  },
  {
    name: 'ReadingTrusted',
    sentence: 'nothing is removed while a hold over the reading stands',
    broken: onRemoval(({ connector, held }) => {
      const doubt = holdsOf(connector).find(
        (hold) => isOverReading(hold) && !held.isAcknowledged(connector, hold.id ?? hold.token ?? ''),
      );
      return doubt ? `${doubt.reason} stands` : null;
    }),
  },
  {
    name: 'ReadingWhole',
    sentence: 'a removal needs a last reading that was whole, recent and not suddenly smaller',
    broken: onRemoval(({ readings, request, connector, held, effect }) =>
      held.hasAnswers(connector) ? null : readings.doubt(request.token, connector, effect),
    ),
  },
  {
    name: 'FreshLook',
    sentence: 'the person is looked at afresh before a removal',
    broken: onRemoval(({ facts, request, effect }) => {
      if (effect.gid === null) return null;
      const at = facts.lookedAt(request.by, effect.gid);
      if (at === null) return 'nobody has looked';
      const agoMs = facts.witness.time() - at;
      return agoMs > FRESH_LOOK_MS ? `the last look was ${Math.round(agoMs / 1000)} s ago` : null;
    }),
  },
  {
    name: 'OrganizationKnown',
    sentence: 'nothing is written into an organization that is not the one recorded',
    broken: ({ connector, readings, request }) => {
      const recorded = connector.status?.organizations;
      const shown = readings.workspacesOf(request.token);
      if (!recorded || !shown || shown.some((gid) => recorded.includes(gid))) return null;
      return `Asana shows ${shown.join(', ')}, recorded is ${recorded.join(', ')}`;
    },
  },
  {
    name: 'OldestWins',
    sentence:
      'of grants that contend the oldest alone gives and takes; an end takes nothing that a live one declares',
    broken: ofGrant((c, grant) => {
      const rival = rivalsOf(c, grant).find((other) => isRivalOf(c, grant, other));
      return rival ? `${nameOf(rival)} declares it` : null;
    }),
  },
  {
    name: 'OrganizationTaken',
    sentence: 'of two connectors in Apply on one organization the younger writes nothing for grants',
    broken: ofGrant(({ facts, connector, site }) => {
      const older = [...facts.connectors.values()].find(
        (other) =>
          other !== connector &&
          modeOf(other) === 'Apply' &&
          other.spec.suspend !== true &&
          other.status?.organizations?.includes(site.organization.gid) &&
          facts.siteOf(other) === site &&
          other.metadata.creationTimestamp < connector.metadata.creationTimestamp &&
          settled(facts.intentChangedAt(other.metadata.uid), facts.witness.time(), GIVE_GRACE_MS),
      );
      return older ? `${nameOf(older)} is older` : null;
    }),
  },
  {
    name: 'DeprovisionAllowed',
    sentence: 'nobody is deprovisioned while allowDeprovision is off',
    broken: ({ effect, connector }) =>
      isDeprovision(effect) && !connector.spec.provisioning?.allowDeprovision
        ? 'allowDeprovision is off'
        : null,
  },
  {
    name: 'StillDeclared',
    sentence: 'nobody is deprovisioned while another live grant declares a right for them',
    broken: (c) => {
      if (!isDeprovision(c.effect)) return null;
      const other = declarationsFor(c).find(
        (grant) => grant !== c.grant && grant.spec.ensure !== 'Absent' && isSettled(c, grant),
      );
      return other ? `${nameOf(other)} declares a right` : null;
    },
  },
  {
    name: 'TwoMasters',
    sentence: 'a task takes nothing that a live grant declares, and gives nothing that one denies',
    broken: (c) => {
      if (!c.task) return null;
      const other = declarationsFor(c).find((grant) => contradicts(c, grant) && isSettled(c, grant));
      return other ? `${nameOf(other)} says otherwise` : null;
    },
  },
  {
    name: 'RemovalLimit',
    sentence: 'maxRemovals is not exceeded without an acknowledgement',
    broken: (c) => (isRemoval(c.effect) && c.grant ? c.limits.removals(c) : null),
  },
  {
    name: 'DeprovisionLimit',
    sentence: 'maxDeprovisions of an organization is not exceeded without an acknowledgement',
    broken: (c) => (isDeprovision(c.effect) ? c.limits.deprovisions(c) : null),
  },
  {
    name: 'SeatLimit',
    sentence: 'maxEnterpriseLicenses is never exceeded by an action of ours',
    broken: (c) => (c.effect.type === 'GrantEnterprise' ? c.limits.seats(c) : null),
  },
  {
    name: 'IntentFirst',
    sentence: 'the intent is in status before the request leaves',
    broken: ofGrant(({ effect }, { status }) => {
      const action = status?.lastAction;
      if (!action) return 'status has no lastAction';
      if (action.result !== 'Pending') return `lastAction is ${action.result}`;
      const same =
        action.type === effect.type || (effect.type === 'CreateAccount' && action.type === 'InviteAccount');
      return same ? null : `lastAction is ${action.type}`;
    }),
  },
];

/** A change that changes nothing harms nobody: it is sent again when its answer was lost. */
function isSoAlready({ type, team, workspace }: Effect, holding: Holding | null): boolean {
  switch (type) {
    case 'GrantEnterprise':
      return holding?.license === 'Enterprise';
    case 'RevokeEnterprise':
      return holding?.license === 'ViewOnly';
    case 'AddToTeam':
      return holding?.teams.includes(team ?? '') ?? false;
    case 'RemoveFromTeam':
      return !holding?.teams.includes(team ?? '');
    case 'AddToWorkspace':
      return holding?.workspaces.includes(workspace ?? '') ?? false;
    case 'RemoveFromWorkspace':
      return !holding?.workspaces.includes(workspace ?? '');
    case 'CreateAccount':
      return holding !== null;
    case 'Deprovision':
      return !holding?.active;
  }
}

/** How long a change of the world may go unseen by a write of this kind. */
export function graceOf(c: Case): number {
  return isRemoval(c.effect) ? TAKE_GRACE_MS : GIVE_GRACE_MS;
}

function settled(changedAt: number, now: number, graceMs: number): boolean {
  return now - changedAt > graceMs;
}

function isSettled(c: Case, grant: Grant): boolean {
  return settled(c.facts.intentChangedAt(grant.metadata.uid), c.facts.witness.time(), GIVE_GRACE_MS);
}

/** The live grants of connectors that act which are about the person of a write. */
function declarationsFor({ facts, site, holding }: Case): Grant[] {
  return [...facts.grants.values()].filter((grant) => {
    const connector = facts.connectorOf(grant);
    if (!connector || !facts.isLive(grant) || facts.siteOf(connector) !== site) return false;
    if (modeOf(connector) !== 'Apply' || connector.spec.suspend || connector.metadata.deletionTimestamp)
      return false;
    if (
      conditionOf(connector, 'Stalled') ||
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

/** An end yields to whoever declares the same; a live grant to who is older. */
function isRivalOf({ facts, holding }: Case, grant: Grant, other: Grant): boolean {
  if (facts.hasEnded(grant)) return modelOf(other.kind)?.has(other, holding) ?? false;
  const [a, b] = [other.metadata, grant.metadata];
  if (a.creationTimestamp !== b.creationTimestamp) return a.creationTimestamp < b.creationTimestamp;
  return `${a.namespace}/${a.name}` < `${b.namespace}/${b.name}`;
}

function contradicts({ effect, holding }: Case, grant: Grant): boolean {
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
