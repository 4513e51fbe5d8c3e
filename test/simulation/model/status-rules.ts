import { type CheckedObject, checkConditions } from '../../api/condition-rules.ts';
import type { Holding } from '../asana/holding.ts';
import type { Site } from '../asana/site.ts';
import { type Effect, isRemoval } from './effect.ts';
import type { Facts } from './facts.ts';
import { type HeldGrants, isOverReading } from './holds.ts';
import { modelOf, teamOf } from './kinds.ts';
import {
  ANNOTATIONS,
  CONNECTOR_KIND,
  type Connector,
  conditionOf,
  durationMs,
  type Grant,
  holdsOf,
  MEASURED_PARTS,
  modeOf,
} from './objects.ts';
import { LISTED_WITHIN_MS, type Readings } from './readings.ts';
import type { NamedRule } from './rule.ts';

/** A status as it was written; it may be a connector's, which the rules for grants ignore. */
export interface StatusCase {
  readonly before: Grant | null;
  readonly after: Grant;
  readonly facts: Facts;
  readonly readings: Readings;
  readonly held: HeldGrants;
}

export interface StatusRule extends NamedRule {
  readonly broken: (c: StatusCase) => string | null;
}

/** The longest that a reading, and the decision on it, take to become a status. */
const SETTLE_MS = 20_000;

/** A retry that fails at once comes again after 1, 2, 4 s and so on, and most retries write nothing new. */
const MOST_WRITES = 40;

/** The last look for a change is 180 s after it, and takes a minute at most. */
const SHOWN_WITHIN_MS = 240_000;

const ofGrants = (check: (c: StatusCase) => string | null) => (c: StatusCase) =>
  c.after.kind === CONNECTOR_KIND ? null : check(c);

/**
 * Returns the last whole reading of what a grant is about, if the person has not changed since; `null` if they have, or
 * if nothing was ever read.
 */
function lastLook(
  { after, facts, readings }: StatusCase,
  connector: Connector,
  site: Site,
  gid: string,
): ReturnType<Readings['lastWhole']> {
  // A team is read after its organization, and may fail to be read on its own.
  const seen = readings.lastWhole(
    facts.tokenOf(connector),
    after.kind === 'AsanaTeamGrant' ? 'team' : 'account',
  );
  const changedAt = facts.lastChangeOf(site, gid, teamOf(after));
  return seen !== null && changedAt <= seen.begunAt - LISTED_WITHIN_MS ? seen : null;
}

/** Returns what Asana shows of the person of a grant, if the last whole reading showed the same; otherwise `null`. */
function holdingAsRead(c: StatusCase): Holding | null {
  const { after, facts } = c;
  const connector = facts.connectorOf(after);
  const site = connector && facts.siteOf(connector);
  const holding = site && facts.holdingOf(after, site);
  if (!connector || !site || !holding || site.directory.reads.areStale()) return null;
  // REST shows a member whose address is in another domain as a guest.
  if (site.directory.kindOf(holding.email, site.organization) !== holding.kind) return null;
  const seen = lastLook(c, connector, site, holding.gid);
  if (seen === null) return null;
  // A listing that looks whole but leaves people out counts until the next one has been taken in.
  const truthful = facts.truthfulSince(site);
  return truthful > Math.min(seen.begunAt, facts.witness.time() - SETTLE_MS) ? null : holding;
}

/** Whether a change gives the right that a grant has on record. */
function leadsTo({ kind, status }: Grant, { type }: Effect): boolean {
  if (kind === 'AsanaLicenseGrant')
    return status?.applied?.license === 'Enterprise' && type === 'GrantEnterprise';
  if (kind === 'AsanaTeamGrant') return type === 'AddToTeam';
  return type === (kind === 'AsanaAccount' ? 'CreateAccount' : 'AddToWorkspace');
}

/** The rules for every status that is written. */
export const statusRules: readonly StatusRule[] = [
  {
    name: 'ConditionRules',
    sentence: 'every status follows the rules for conditions',
    broken: ({ after }) => checkConditions(after as CheckedObject)[0] ?? null,
  },
  {
    name: 'NoRush',
    sentence: `no status is written more than ${MOST_WRITES} times in a minute`,
    broken: ({ after, facts }) => {
      const writes = facts.statusWritesOf(after.metadata.uid);
      return writes > MOST_WRITES ? `it was written ${writes} times in a minute` : null;
    },
  },
  {
    name: 'AppliedStays',
    sentence: '`applied.adopted` does not change while the applied right stays the same',
    broken: ofGrants(({ before, after }) => {
      const [old, now] = [before?.status?.applied, after.status?.applied];
      if (!old || !now || old.license !== now.license) return null;
      return old.adopted === now.adopted ? null : `adopted changed from ${old.adopted} to ${now.adopted}`;
    }),
  },
  {
    name: 'GivenByUs',
    sentence: 'a right is recorded as given only if the operator has sent a change for the person',
    broken: ofGrants(({ before, after, facts }) => {
      const { applied, user } = after.status ?? {};
      if (!applied || applied.adopted || before?.status?.applied) return null;
      // A 503 may hide that the change was made, and somebody else may make the same change a moment later.
      return facts.sentSince(user, 0) ? null : 'it is recorded as given, but no change was sent';
    }),
  },
  {
    name: 'FoundIsFound',
    sentence: 'a right is recorded as adopted only if no action of the same object gave it',
    broken: ofGrants(({ before, after, facts }) => {
      const { applied, user } = after.status ?? {};
      if (!applied?.adopted || !before?.status || before.status.applied) return null;
      // Somebody else may have done what it gave up on.
      if (before.status.lastAction?.result === 'Unconfirmed') return null;
      const last = facts.changes.findLast(({ gid }) => gid === user?.gid);
      // An extended grant finds what it gave before it expired.
      if (last && facts.ends.expiredAt(after) >= last.at) return null;
      if (last?.owner !== after.metadata.uid || !leadsTo(after, last.effect)) return null;
      // A creation that shows only later counts as not arrived. If it was sent again and refused, nobody can tell who made
      // the account, and what may belong to somebody else counts as found.
      const { lastAction } = before.status;
      const isLate = facts.witness.time() - last.at > SHOWN_WITHIN_MS;
      if (lastAction?.type === last.effect.type && lastAction.result === 'Failed' && isLate) return null;
      return facts.touchedAt(last.site, last.gid) >= last.at
        ? null
        : `its own ${last.effect.type} gave the right`;
    }),
  },
  {
    name: 'GrantedIsSo',
    sentence: 'a grant shows `Granted` or `Removed` only if the last complete reading showed that state',
    broken: ofGrants((c) => {
      const { after, facts } = c;
      const ready = conditionOf(after, 'Ready');
      const connector = facts.connectorOf(after);
      const model = modelOf(after.kind);
      if (ready?.status !== 'True' || !['Granted', 'Removed'].includes(ready.reason) || !connector || !model)
        return null;
      if (after.status?.planned || after.status?.observedGeneration !== after.metadata.generation)
        return null;
      if (facts.hasEnded(after) || modeOf(connector) === 'Plan') return null;
      // A reading in doubt is not used: the last look is the one before it.
      if (holdsOf(connector).some(isOverReading)) return null;
      const site = facts.siteOf(connector);
      const holding = site && facts.holdingOf(after, site);
      if (!site || !holding || site.directory.reads.areStale() || model.has(after, holding)) return null;
      const seen = lastLook(c, connector, site, holding.gid);
      if (seen === null) return null;
      const now = facts.witness.time();
      if (now - seen.endedAt < SETTLE_MS) return null;
      if (facts.wasForeignSince(facts.tokenOf(connector), site, seen.begunAt)) return null;
      return `it shows ${ready.reason}, but Asana shows ${JSON.stringify(holding)}`;
    }),
  },
  {
    name: 'DriftIsSo',
    sentence: 'a grant shows `Drifted` only if the last complete reading did not show what it declares',
    broken: ofGrants((c) => {
      const { before, after, facts } = c;
      const [was, is] = [before, after].map((object) => object && conditionOf(object, 'Drifted')?.status);
      if (is !== 'True' || was === 'True' || facts.hasEnded(after)) return null;
      const holding = holdingAsRead(c);
      if (!holding || modelOf(after.kind)?.has(after, holding) !== true) return null;
      return `it shows Drifted, but Asana shows ${JSON.stringify(holding)}`;
    }),
  },
  {
    name: 'LicenseIsUnknown',
    sentence:
      'a license grant shows `LicensesUnavailable` only if the last complete reading did not show the license of the person',
    broken: ofGrants((c) => {
      const { before, after, facts } = c;
      const [was, is] = [before, after].map((object) => object && conditionOf(object, 'Ready')?.reason);
      if (is !== 'LicensesUnavailable' || was === is || after.kind !== 'AsanaLicenseGrant') return null;
      // With other settings, licenses may not have been read yet.
      const connector = facts.connectorOf(after);
      if (
        connector?.spec.scim?.enabled !== true ||
        connector.status?.observedGeneration !== connector.metadata.generation
      )
        return null;
      const holding = holdingAsRead(c);
      if (!holding?.license) return null;
      return `it shows LicensesUnavailable, but Asana shows ${JSON.stringify(holding)}`;
    }),
  },
  {
    name: 'UnknownIsSo',
    sentence:
      'a license grant that was just created, edited or requested shows `UserNotFound` only if Asana does not show the person',
    broken: ofGrants(({ before, after, facts }) => {
      if (after.kind !== 'AsanaLicenseGrant' || conditionOf(after, 'Ready')?.reason !== 'UserNotFound')
        return null;
      if (!answersFirst(before, after) || facts.hasEnded(after)) return null;
      const connector = facts.connectorOf(after);
      const site = connector && facts.siteOf(connector);
      const holding = site && facts.holdingOf(after, site);
      if (!connector || !site || !holding?.active || holding.kind !== 'member') return null;
      if (!holding.workspaces.includes(site.organization.gid)) return null;
      const since = facts.witness.time() - SETTLE_MS;
      if (site.directory.reads.areStale() || facts.lastChangeOf(site, holding.gid, '') >= since) return null;
      if (facts.wasForeignSince(facts.tokenOf(connector), site, since)) return null;
      // A look at one person goes through the same listings, and the same answers may leave people out.
      if (facts.truthfulSince(site) > since) return null;
      return `it shows UserNotFound, but Asana shows ${JSON.stringify(holding)}`;
    }),
  },
  {
    name: 'RequestAnswered',
    sentence:
      '`requestedAt` is not marked as handled while a license change is pending and was not sent again',
    broken: ofGrants(({ before, after, facts }) => {
      const asked = after.metadata.annotations?.[ANNOTATIONS.requestedAt];
      const { lastHandledReconcileAt, lastAction } = after.status ?? {};
      if (asked === undefined || lastHandledReconcileAt !== asked) return null;
      if (before?.status?.lastHandledReconcileAt === asked || lastAction?.result !== 'Pending') return null;
      const connector = facts.connectorOf(after);
      if (!connector || connector.spec.suspend || after.spec.suspend || modeOf(connector) === 'Plan')
        return null;
      if (lastAction.id !== before?.status?.lastAction?.id || !lastAction.type.endsWith('Enterprise'))
        return null;
      // A look that leads to another reason is an answer too.
      if (conditionOf(after, 'Ready')?.reason !== 'Progressing') return null;
      const since = facts.requestedAt(after.metadata.uid);
      const sent = since === null || facts.sentSince(after.status?.user, since);
      return sent ? null : `${lastAction.type} is pending and was not sent again`;
    }),
  },
  {
    name: 'OrganizationKept',
    sentence: 'the recorded organization is replaced only after a person has acknowledged the change',
    broken: ({ before, after, held }) => {
      if (after.kind !== CONNECTOR_KIND || !before) return null;
      const connector = before as unknown as Connector;
      const [old, now] = [connector, after as unknown as Connector].map(
        ({ status }) => status?.organizations ?? [],
      );
      if (!old?.length || !now?.length || now.some((gid) => old.includes(gid))) return null;
      const asked = holdsOf(connector).some(
        ({ reason, id = '' }) => reason === 'OrganizationChanged' && held.isAcknowledged(connector, id),
      );
      return asked ? null : `it changed from ${old.join(', ')} to ${now.join(', ')}`;
    },
  },
  {
    name: 'MeasureKept',
    sentence: 'a suddenly smaller reading becomes the measure only after a person has answered the hold',
    broken: ({ before, after, held, facts }) => {
      if (after.kind !== CONNECTOR_KIND || !before) return null;
      const old = before as unknown as Connector;
      const now = after as unknown as Connector;
      if (held.hasAnswers(now) || readsLess(old, now)) return null;
      for (const part of MEASURED_PARTS) {
        const [was, is] = [old, now].map(({ status }) => status?.measure?.[part]?.count ?? 0);
        const lost = (was ?? 0) - (is ?? 0);
        if (lost <= 5 || lost <= (was ?? 0) * 0.1 || facts.changes.some(({ effect }) => isRemoval(effect)))
          continue;
        return `the count of ${part} fell from ${was} to ${is}`;
      }
      return null;
    },
  },
  {
    name: 'DurationFromApplied',
    sentence: 'a `duration` runs from the time at which the right was first applied',
    broken: ofGrants(({ before, after }) => {
      const { applied, expiresAt } = after.status ?? {};
      const { duration } = after.spec;
      if (duration === undefined || expiresAt === undefined || after.spec.expiresAt !== undefined)
        return null;
      if (before?.status?.expiresAt !== undefined) return null;
      if (!applied) return 'it has an end, but no right was applied';
      const lasts = Date.parse(expiresAt) - Date.parse(applied.at);
      return Math.abs(lasts - durationMs(duration, 0)) <= 2_000
        ? null
        : `applied at ${applied.at}, it ends at ${expiresAt}`;
    }),
  },
  {
    name: 'RefusalIsOwn',
    sentence: 'a grant stalls as `LicenseNotAccepted` or `PreviouslyRemoved` only after an action of its own',
    broken: ofGrants(({ after }) => {
      const stalled = conditionOf(after, 'Stalled');
      if (!stalled || !['LicenseNotAccepted', 'PreviouslyRemoved'].includes(stalled.reason)) return null;
      return after.status?.lastAction ? null : `it shows ${stalled.reason}, but has no lastAction`;
    }),
  },
  {
    name: 'NotAcceptedIsSo',
    sentence: 'a grant stalls as `LicenseNotAccepted` only if Asana has accepted a change of the person',
    broken: ofGrants(({ before, after, facts }) => {
      const [was, is] = [before, after].map((object) => object && conditionOf(object, 'Stalled')?.reason);
      if (is !== 'LicenseNotAccepted' || was === is) return null;
      const { lastAction, user } = after.status ?? {};
      const { email = after.spec.user?.email } = after.spec;
      return facts.isAccepted(user?.gid, user?.email, email?.toLowerCase())
        ? null
        : `Asana has not accepted ${lastAction?.type ?? 'any change'}`;
    }),
  },
];

/** Whether a status is the first about a generation, or the one that marks a request as handled. */
function answersFirst(before: Grant | null, after: Grant): boolean {
  const [was, is] = [before?.status, after.status];
  return (
    was?.observedGeneration !== is?.observedGeneration ||
    was?.lastHandledReconcileAt !== is?.lastHandledReconcileAt
  );
}

/** Whether the connector names fewer workspaces than its measure was read from, so that the measure does not apply. */
function readsLess({ status }: Connector, { spec: { workspaces } }: Connector): boolean {
  return status?.measure?.scope?.some((gid) => workspaces?.includes(gid) === false) ?? false;
}
