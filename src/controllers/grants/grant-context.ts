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

/** What is written of a grant: its status, and the finalizer. */
export type GrantWriter = Pick<ObjectWriter<GrantObject>, 'writeStatus' | 'addFinalizer' | 'removeFinalizer'>;

/** Everything the reconciler of grants works with. */
export interface GrantDeps extends ContenderSources {
  readonly writer: (kind: GrantKind) => GrantWriter;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly executor: Executor;
  readonly audit: Auditor;
  readonly leadership: Leadership;
  readonly cluster: ClusterState;
  /** Objects as etcd has them, asked for before every removal. */
  readonly readGrant: (kind: GrantKind, namespace: string, name: string) => Promise<GrantObject | null>;
  readonly readConnector: (namespace: string, name: string) => Promise<AsanaConnector | null>;
  /** Writes the connector's status now, with what its removal desk has booked; its peers' of the organization too. */
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
  /** Of exactly this connector object; null before it has one. */
  readonly session: ConnectorSession | null;
  /** Whatever keeps grants from being applied lasts until a person acts. */
  readonly obstructed: boolean;
  readonly view: Grant;
  readonly context: GrantContext;
  /** The account that an ended grant created, whose right this one takes over. */
  readonly inheritedCreation: GrantStatus['created'] | null;
}

/**
 * Puts together what a grant's decision looks at, from what the caches know at this moment.
 * @param options.lookedUp the person was looked up by themselves just now
 * @param options.now by which grants have begun and ended, epoch milliseconds
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
 * A sync reads teams after everything else: until the first one has come to them, a grant of a team waits as all do before the
 * first reading, and its status stays as it was.
 */
function readFor({ object, wish }: Grant, session: ConnectorSession): Reading | null {
  const reading = session.read(object.uid);
  const teamsAreComing = reading?.snapshot.parts.teams === null && session.syncs.running !== null;
  return wish.type === 'Team' && teamsAreComing ? null : reading;
}

/**
 * A live grant takes over what one that ended holds: the right, whether it was found, and whether the account was created. What had
 * got lost, and this one has given anew, was not found.
 */
function inherit(own: Contender, predecessor: Grant | null): Contender {
  if (!predecessor?.applied) return own;
  const { applied, created } = predecessor;
  const adopted = applied.adopted && !isGiving(own.grant, applied.right);
  // Its time runs from now: this object has held nothing before.
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
