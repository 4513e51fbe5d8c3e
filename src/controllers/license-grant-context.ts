import type { AsanaConnector } from '../api/asana-connector.ts';
import type { AsanaLicenseGrant } from '../api/asana-license-grant.ts';
import type { Clock, Random } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { Meter } from '../core/meter.ts';
import type { EventRecorder } from '../kubernetes/events.ts';
import type { ObjectWriter } from '../kubernetes/object-writer.ts';
import type { Store } from '../kubernetes/store.ts';
import type { AuditLog } from '../provisioning/audit.ts';
import { findPredecessor, judgeContest } from '../provisioning/contest.ts';
import type { Contest, DecisionContext } from '../provisioning/decision.ts';
import type { Executor } from '../provisioning/executor.ts';
import type { LicenseGrant } from '../provisioning/grant.ts';
import { findObstacle } from './connector-obstacle.ts';
import { policiesOf } from './connector-policies.ts';
import type { ConnectorRegistry } from './connector-registry.ts';
import type { ConnectorSession } from './connector-session.ts';
import { viewDirectory } from './directory-view.ts';
import type { ClusterState } from './from-above.ts';
import {
  CONNECTOR_INDEX,
  connectorKeyOf,
  emailIdentity,
  gidIdentity,
  IDENTITY_INDEX,
  identitiesOf,
} from './identity.ts';
import { viewLicenseGrant } from './license-grant-view.ts';

/** The lease, as those who act must ask it. */
export interface Leadership {
  readonly leads: boolean;
  readonly leadingForMs: number;
  readonly takenOver: boolean;
  readonly stoppedUntil: number | null;
}

/** How long a new leader removes nothing, in ms: until the last action of the one before it has had its time. */
export function settlingMs({ takenOver, leadingForMs }: Leadership, actionTimeoutMs: number): number {
  return takenOver ? actionTimeoutMs - leadingForMs : 0;
}

/**
 * Why a connector is to be looked at soon: its counts have changed, an enterprise license has become free, its
 * credentials were refused, a pending removal was dropped, or a hold began, which every grant it has frozen must record.
 */
export type TouchReason = 'Counts' | 'SeatFreed' | 'CredentialsRejected' | 'Removals' | 'Held';

/** Everything the reconciler of grants works with. */
export interface GrantDeps {
  readonly grants: Store<AsanaLicenseGrant>;
  readonly connectors: Store<AsanaConnector>;
  readonly registry: ConnectorRegistry;
  readonly writer: ObjectWriter<AsanaLicenseGrant>;
  readonly events: EventRecorder;
  readonly executor: Executor;
  readonly audit: AuditLog;
  readonly leadership: Leadership;
  readonly cluster: ClusterState;
  /** Objects as etcd has them, asked for before every removal. */
  readonly readGrant: (namespace: string, name: string) => Promise<AsanaLicenseGrant | null>;
  readonly readConnector: (namespace: string, name: string) => Promise<AsanaConnector | null>;
  /** Writes the connector's status now, with what its removal desk has booked. */
  readonly publishConnector: (key: string) => Promise<void>;
  readonly touchConnector: (key: string, why: TouchReason) => void;
  readonly actionTimeoutMs: number;
  /** A new word that names a hold. */
  readonly newHoldToken: () => string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly meter: Meter;
}

/** How many of a connector's grants give somebody a license now: what the limits of removals are shares of. */
export function countApplied(grants: Store<AsanaLicenseGrant>, connectorKey: string): number {
  return grants.by(CONNECTOR_INDEX, connectorKey).filter(({ status }) => status?.applied).length;
}

/** One grant with everything its decision needs. */
export interface GrantCase {
  readonly object: AsanaLicenseGrant;
  readonly connector: AsanaConnector;
  readonly connectorKey: string;
  readonly session: ConnectorSession | null;
  readonly view: LicenseGrant;
  readonly context: DecisionContext;
}

/** Puts a grant's case together from what the caches know at this moment. */
export function openCase(deps: GrantDeps, object: AsanaLicenseGrant, connector: AsanaConnector): GrantCase {
  const now = deps.clock.now();
  const connectorKey = connectorKeyOf(object);
  const session = deps.registry.find(connectorKey);
  const obstacle = session && findObstacle(connector, session, deps.connectors.values());
  const directory =
    session && !obstacle ? viewDirectory(session, connector, object.metadata.uid, deps.clock) : null;
  const rivals = findRivals(deps, object, session, now);
  const own = viewLicenseGrant(object, connector, now);
  const inherited = own.applied ? null : (findPredecessor(own, rivals)?.applied ?? null);
  const view = inherited ? { ...own, applied: inherited } : own;
  const contest: Contest = judgeContest(view, rivals);
  return {
    object,
    connector,
    connectorKey,
    session,
    view,
    context: { policies: policiesOf(connector), directory, notReady: obstacle?.message ?? null, contest },
  };
}

/**
 * The other grants for the same account of the same organization. Candidates are found by every name the account
 * goes by; on the gid it is decided whether they really mean it.
 */
export function findRivals(
  deps: GrantDeps,
  object: AsanaLicenseGrant,
  session: ConnectorSession | null,
  now: number,
): LicenseGrant[] {
  const gid = resolveGid(object, session);
  const names = new Set(identitiesOf(object));
  const account = gid === null ? undefined : session?.directory.account(gid);
  if (gid !== null) names.add(gidIdentity(gid));
  if (account?.email) names.add(emailIdentity(account.email));
  const candidates = new Map<string, AsanaLicenseGrant>();
  for (const name of names)
    for (const other of deps.grants.by(IDENTITY_INDEX, name)) candidates.set(other.metadata.uid, other);
  candidates.delete(object.metadata.uid);
  const organization = organizationOf(session);
  return [...candidates.values()].flatMap((other) => {
    const connectorKey = connectorKeyOf(other);
    const connector = deps.connectors.get(connectorKey);
    const otherSession = deps.registry.find(connectorKey);
    if (
      !connector ||
      (connectorKey !== connectorKeyOf(object) && organizationOf(otherSession) !== organization)
    )
      return [];
    const otherGid = resolveGid(other, otherSession);
    const same = gid === null || otherGid === null ? sharesName(object, other) : gid === otherGid;
    return same ? [viewLicenseGrant(other, connector, now)] : [];
  });
}

function resolveGid(object: AsanaLicenseGrant, session: ConnectorSession | null): string | null {
  const known = object.status?.user?.gid ?? object.spec.user.gid;
  if (known !== undefined) return known;
  return session?.directory.accountByEmail(object.spec.user.email ?? '')?.gid ?? null;
}

function sharesName(a: AsanaLicenseGrant, b: AsanaLicenseGrant): boolean {
  const names = new Set(identitiesOf(a));
  return identitiesOf(b).some((name) => names.has(name));
}

function organizationOf(session: ConnectorSession | null): string | null {
  return session?.directory.current()?.organization?.gid ?? null;
}
