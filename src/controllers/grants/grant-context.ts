import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { Meter } from '../../core/meter.ts';
import type { EventRecorder } from '../../kubernetes/events.ts';
import type { ObjectWriter } from '../../kubernetes/object-writer.ts';
import type { Auditor } from '../../provisioning/audit.ts';
import { type Contender, findPredecessor, judgeContest } from '../../provisioning/contest.ts';
import type { GrantContext } from '../../provisioning/decision.ts';
import type { Executor } from '../../provisioning/executor.ts';
import type { Grant } from '../../provisioning/grant.ts';
import { isGiving } from '../../provisioning/grant-case.ts';
import type { Reading } from '../../provisioning/reading.ts';
import { findHindrance } from '../connectors/connector-obstacle.ts';
import { policiesOf } from '../connectors/connector-policies.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';
import type { Leadership } from '../leadership.ts';
import type { TouchReason } from '../queue-router.ts';
import { type ContenderSources, Contenders, type KnownContender, rivalsAmong } from './contenders.ts';
import { declarationsBeside, findAccountDeclaration } from './declared-rights.ts';
import type { ClusterState } from './from-above.ts';
import { connectorKeyOf } from './grant-identity.ts';
import type { GrantKind } from './grant-kinds.ts';
import type { GrantStatus } from './grant-status.ts';
import type { KnownGrant } from './grant-stores.ts';

/** The writer of a grant's status and finalizer. */
export type GrantWriter = Pick<ObjectWriter<GrantObject>, 'writeStatus' | 'addFinalizer' | 'removeFinalizer'>;

/** Everything that the grant reconciler works with. */
export interface GrantDeps extends ContenderSources {
  readonly writer: (kind: GrantKind) => GrantWriter;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly executor: Executor;
  readonly audit: Auditor;
  readonly leadership: Leadership;
  readonly cluster: ClusterState;
  /** Reads an object from the API server instead of the cache; used before every removal. */
  readonly readGrant: (kind: GrantKind, namespace: string, name: string) => Promise<GrantObject | null>;
  readonly readConnector: (namespace: string, name: string) => Promise<AsanaConnector | null>;
  /** Writes the connector's status now, with what its removal desk has booked; `withPeers` includes its peers. */
  readonly publishConnector: (key: string, withPeers: boolean) => Promise<void>;
  readonly touchConnector: (key: string, why: TouchReason) => void;
  readonly actionTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly meter: Meter;
}

/** One grant with everything its decision needs. */
export interface GrantSubject {
  readonly kind: GrantKind;
  readonly object: GrantObject;
  readonly connector: AsanaConnector;
  readonly connectorKey: string;
  /** The session of exactly this connector object; `null` before it has one. */
  readonly session: ConnectorSession | null;
  /** True if what keeps grants from being applied lasts until a person acts. */
  readonly obstructed: boolean;
  readonly view: Grant;
  readonly context: GrantContext;
  /** The account created by the ended grant whose right this one takes over; `null` if there is none. */
  readonly inheritedCreation: GrantStatus['created'] | null;
}

/**
 * Collects everything that a grant's decision depends on, from the current caches.
 * @param options.lookedUp whether the person was just looked up individually
 * @param options.now the time that decides which grants have begun and ended, in epoch milliseconds
 */
export function openSubject(
  deps: GrantDeps,
  { kind, object }: KnownGrant,
  connector: AsanaConnector,
  { lookedUp, now }: { readonly lookedUp: boolean; readonly now: number },
): GrantSubject {
  const connectorKey = connectorKeyOf(object);
  const session = deps.registry.findFor(connector);
  const obstacle = session && findHindrance(connector, session, deps.connectors.values());
  const contenders = new Contenders(deps, now);
  const found = contenders.of({ kind, object }, connector);
  const others = contenders.besides(found);
  const rivals = rivalsAmong(found, others);
  const predecessor = found.grant.applied ? null : findPredecessor(found, rivals);
  const own = inherit(found, predecessor);
  const reading = session && !obstacle ? readFor(own.grant, session) : null;
  return {
    kind,
    object,
    connector,
    connectorKey,
    session,
    obstructed: obstacle?.lasts ?? false,
    view: own.grant,
    context: {
      policies: policiesOf(connector),
      reading,
      obstacle: obstacle?.message ?? null,
      contest: judgeContest(own, rivals),
      declared: declarationsBeside(found, others),
      accountDeclaredBy: kind.field === 'account' ? null : findAccountDeclaration(found, others),
      lookedUp,
      now,
    },
    inheritedCreation: creationOf(predecessor, rivals),
  };
}

/**
 * Returns the reading for a grant; `null` for a team grant until the first sync has read the teams, which come last.
 * Until then the grant waits as before the first reading, and its status stays as it was.
 */
function readFor({ object, wish }: Grant, session: ConnectorSession): Reading | null {
  const reading = session.read(object.uid);
  const teamsAreComing = reading?.snapshot.parts.teams === null && session.syncs.running !== null;
  return wish.type === 'Team' && teamsAreComing ? null : reading;
}

/**
 * Lets a live grant take over what an ended one holds: the right, whether it was adopted, and whether the account was
 * created. A right that was lost and then given again by this grant is not adopted.
 */
function inherit(own: Contender, predecessor: Grant | null): Contender {
  if (!predecessor?.applied) return own;
  const { applied, created } = predecessor;
  const adopted = applied.adopted && !isGiving(own.grant, applied.right);
  // Its duration runs from now, since this object has not held the right before.
  return {
    ...own,
    grant: { ...own.grant, applied: { ...applied, at: '', adopted }, created: own.grant.created || created },
  };
}

function creationOf(
  predecessor: Grant | null,
  rivals: readonly KnownContender[],
): GrantStatus['created'] | null {
  const found = rivals.find(({ grant }) => grant.object.uid === predecessor?.object.uid);
  return found?.known.object.status?.created ?? null;
}
