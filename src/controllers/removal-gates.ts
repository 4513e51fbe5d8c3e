import type { AsanaLicenseGrantStatus } from '../api/asana-license-grant.ts';
import { durationMs } from '../api/duration.ts';
import type { GrantReason } from '../api/reasons.ts';
import { ACKNOWLEDGE_ANNOTATION, REVOKE_FINALIZER } from '../api/resources.ts';
import { formatTime } from '../core/clock.ts';
import { keyOf } from '../kubernetes/resource.ts';
import type { Decision } from '../provisioning/decision.ts';
import { removalDue } from '../provisioning/removal-delay.ts';
import type { RemovalDemand } from '../provisioning/removal-ledger.ts';
import { removalLimitsOf } from './connector-policies.ts';
import type { ConnectorSession } from './connector-session.ts';
import { FencedError } from './grant-faults.ts';
import { CONNECTOR_INDEX } from './identity.ts';
import { countApplied, type GrantCase, type GrantDeps, settlingMs } from './license-grant-context.ts';
import type { Verdict } from './removal-desk.ts';

type Act = Extract<Decision, { kind: 'Act' }>;
type Planned = NonNullable<AsanaLicenseGrantStatus['planned']>;

/** What this process remembers of a removal that a generation of a grant wants. */
export interface RemovalMemory {
  readonly generation: number;
  /** Monotonic clock when it was first wanted. */
  readonly firstSeen: number;
  /** A process before this one had seen it already: its delay is not begun anew. */
  readonly restarted: boolean;
  /** It was booked: another try of the same removal is not booked again. */
  booked: boolean;
}

/** A gate that is closed: what the status says, and when to try again (null: when something changes). */
export interface ClosedGate {
  readonly reason: GrantReason;
  readonly message: string;
  readonly requeueAfterMs: number | null;
  readonly planned: Pick<Planned, 'hold' | 'notBefore'>;
}

/**
 * What stands before every removal (DESIGN §3.2 rule 4, §4): the limit and its holds, the delay, the time given to
 * another leader's last action, the decisions about all other grants, and the API server's own word.
 */
export class RemovalGates {
  readonly #deps: GrantDeps;

  constructor(deps: GrantDeps) {
    this.#deps = deps;
  }

  /** The first gate that is closed; null when the removal was booked and may go ahead. */
  async pass(
    subject: GrantCase,
    session: ConnectorSession,
    decision: Act,
    memory: RemovalMemory,
  ): Promise<ClosedGate | null> {
    const demand = demandOf(subject, decision);
    const { notBefore, waitMs } = this.#due(subject, memory);
    // A hold that was acknowledged stays on record until the removal is done: it is what exempts it from the limit.
    const acknowledged = demand.acknowledged ? { hold: subject.object.status?.planned?.hold ?? '' } : {};
    const planned = { ...acknowledged, notBefore: formatTime(notBefore) };
    const held = this.#weigh(subject, session, demand, memory);
    if (held) return { ...held, planned: { ...planned, ...held.planned } };
    const closed = (message: string, requeueAfterMs: number): ClosedGate => ({
      reason: 'RemovalPending',
      message,
      requeueAfterMs,
      planned,
    });
    if (waitMs > 0) return closed(decision.message, waitMs);
    const settling = settlingMs(this.#deps.leadership, this.#deps.actionTimeoutMs);
    if (settling > 0)
      return closed('Another process led before: its last action is given time to end.', settling);
    if (this.#anyUndecided(subject, session)) {
      return closed('Every other grant of the connector is decided first.', 1_000);
    }
    await this.#askApiServer(subject);
    // While the API server was asked another grant may have begun a hold.
    const heldMeanwhile = this.#weigh(subject, session, demand, memory);
    if (heldMeanwhile) return { ...heldMeanwhile, planned: { ...planned, ...heldMeanwhile.planned } };
    if (!memory.booked) session.removals.reserve(demand);
    memory.booked = true;
    await this.#deps.publishConnector(subject.connectorKey);
    return null;
  }

  /** Held, or null. */
  #weigh(
    subject: GrantCase,
    session: ConnectorSession,
    demand: RemovalDemand,
    { booked }: RemovalMemory,
  ): ClosedGate | null {
    const verdict = booked ? session.removals.verdictOn(demand) : this.#ask(subject, session, demand);
    if (verdict.kind === 'Free') return null;
    return {
      reason: 'RemovalsPaused',
      message: `Removals are held: see status.hold of AsanaConnector ${subject.connectorKey}.`,
      requeueAfterMs: null,
      planned: verdict.frozen ? { hold: verdict.token } : {},
    };
  }

  #ask({ connector, connectorKey }: GrantCase, session: ConnectorSession, demand: RemovalDemand): Verdict {
    const applied = countApplied(this.#deps.grants, connectorKey);
    const before = session.removals.ledger.hold;
    const limits = removalLimitsOf(connector);
    const verdict = session.removals.ask(
      demand,
      limits,
      applied,
      this.#deps.clock.now(),
      this.#deps.newHoldToken,
    );
    if (session.removals.ledger.hold !== before) this.#deps.touchConnector(connectorKey, 'Held');
    return verdict;
  }

  #due({ object, connector, view }: GrantCase, memory: RemovalMemory): { notBefore: number; waitMs: number } {
    const { clock } = this.#deps;
    const delayMs = durationMs(connector.spec.provisioning.removalDelay);
    const { status, metadata } = object;
    const recorded =
      status?.observedGeneration === metadata.generation ? status.planned?.notBefore : undefined;
    const firstSight = recorded === undefined ? clock.now() : Date.parse(recorded) - delayMs;
    return removalDue(
      {
        since: view.ending?.at ?? firstSight,
        delayMs,
        firstSeen: memory.restarted ? null : memory.firstSeen,
      },
      { now: clock.now(), monotonic: clock.monotonic() },
    );
  }

  /** Until every grant was looked at, nobody knows how many removals are wanted. */
  #anyUndecided({ connectorKey }: GrantCase, session: ConnectorSession): boolean {
    const grants = this.#deps.grants.by(CONNECTOR_INDEX, connectorKey);
    return grants.some((grant) => {
      // A deleted grant without our finalizer is somebody else's to keep, and none of ours to decide.
      const ours =
        grant.metadata.deletionTimestamp === undefined ||
        grant.metadata.finalizers?.includes(REVOKE_FINALIZER);
      return ours && !session.decided.has(grant.metadata.uid);
    });
  }

  /** Before a removal etcd is asked, not the cache. */
  async #askApiServer({ object, connector }: GrantCase): Promise<void> {
    const { namespace, name, uid, generation } = object.metadata;
    const [grant, owner] = await Promise.all([
      this.#deps.readGrant(namespace, name),
      this.#deps.readConnector(connector.metadata.namespace, connector.metadata.name),
    ]);
    if (grant?.metadata.uid !== uid || grant.metadata.generation !== generation) {
      throw new FencedError('The grant has changed on the API server since it was decided.');
    }
    if (
      owner?.metadata.uid !== connector.metadata.uid ||
      owner.metadata.generation !== connector.metadata.generation
    ) {
      throw new FencedError('The connector has changed on the API server since the grant was decided.');
    }
  }
}

function demandOf({ object, connector, view }: GrantCase, { action }: Act): RemovalDemand {
  const held = object.status?.planned?.hold;
  return {
    id: object.metadata.uid,
    who: action.email ?? action.gid ?? view.object.name,
    what: `${action.type} (grant ${keyOf(object)})`,
    deprovision: action.type === 'Deprovision',
    held: held ?? null,
    acknowledged: held !== undefined && connector.metadata.annotations?.[ACKNOWLEDGE_ANNOTATION] === held,
  };
}
