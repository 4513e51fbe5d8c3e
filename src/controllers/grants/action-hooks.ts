import { REVOKE_FINALIZER } from '../../api/resources.ts';
import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { formatTime } from '../../core/clock.ts';
import type { FreshReading } from '../../directory/reader.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import { isSameAction } from '../../provisioning/action.ts';
import { isRemoval } from '../../provisioning/actions.ts';
import { decideGrant } from '../../provisioning/decide-grant.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { ActionHooks } from '../../provisioning/executor.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';
import type { HoldFields, RemovalGate } from '../removals/removal-gate.ts';
import { givenFields, lastActionOf } from './action-record.ts';
import { type GrantDeps, type GrantSubject, openSubject } from './grant-context.ts';
import { ClockSkewError, FencedError, NotYetError } from './grant-reasons.ts';
import type { GrantReporter } from './grant-reporter.ts';
import type { GrantFindings } from './grant-status.ts';

type Act = Extract<Decision, { kind: 'Act' }>;

/** Asana's clock and ours may differ by so much before an instant is not judged. */
const TOLERATED_SKEW_MS = 60_000;

/** One action that is about to be carried out. */
export interface PlannedAct {
  readonly subject: GrantSubject;
  readonly session: ConnectorSession;
  readonly decision: Act;
  /** What the status keeps of a hold. */
  readonly planned: HoldFields;
  /** What this reconcile has done before: it is recorded with the intent. */
  readonly done: Partial<GrantFindings>;
}

/** The hooks of one action of a grant: they keep the object abreast of what is written while the action goes on. */
export class GrantActionHooks implements ActionHooks {
  readonly #deps: GrantDeps;
  readonly #gate: RemovalGate;
  readonly #reporter: GrantReporter;
  readonly #act: PlannedAct;
  object: GrantObject;

  constructor(deps: GrantDeps, gate: RemovalGate, reporter: GrantReporter, act: PlannedAct) {
    this.#deps = deps;
    this.#gate = gate;
    this.#reporter = reporter;
    this.#act = act;
    this.object = act.subject.object;
  }

  async guard(stage: 'Begin' | 'Send'): Promise<void> {
    const { subject, session, decision } = this.#act;
    const removal = isRemoval(decision.action);
    this.#checkLeadership();
    const [object, connector] = removal && stage === 'Send' ? await this.#askApiServer() : this.#askCache();
    // While the API server was asked, the lease may have been lost.
    this.#checkLeadership();
    if (!this.#asksFor(object, connector)) throw new FencedError('The grant no longer asks for this action.');
    if (removal) this.#gate.check(subject, session);
  }

  confirm(fresh: FreshReading): boolean {
    this.#judgeTime(fresh.asanaDate);
    const [object, connector] = this.#askCache();
    return this.#asksFor(object, connector);
  }

  async recordIntent(id: string): Promise<void> {
    const { subject, decision, planned, done } = this.#act;
    const { kind } = subject;
    const { writer, clock } = this.#deps;
    this.object = await writer(kind).addFinalizer(this.object, REVOKE_FINALIZER);
    const { action, message, drift, account, right, observed } = decision;
    this.object = await this.#reporter.report(
      { kind, object: this.object },
      {
        ...givenFields(subject, decision, clock.now()),
        ...done,
        outcome: { reason: 'Progressing', message, drifted: drift ? message : null },
        account: account ?? undefined,
        right,
        observed,
        reading: subject.context.reading,
        planned: { action: action.type, reason: message, ...planned },
        lastAction: lastActionOf(action, id, formatTime(clock.now()), 'Pending'),
        keepsRequest: true,
      },
    );
  }

  #checkLeadership(): void {
    const { leads, stoppedUntil } = this.#deps.leadership;
    if (!leads) throw new FencedError('This process does not lead (any more).');
    if (stoppedUntil !== null)
      throw new FencedError('The lease says that nobody acts now: the release is being uninstalled.');
  }

  #askCache(): [GrantObject | undefined, AsanaConnector | undefined] {
    const { grants, connectors, registry } = this.#deps;
    const { kind, object, connectorKey, session } = this.#act.subject;
    const connector = connectors.get(connectorKey);
    if (!connector || registry.findFor(connector) !== session)
      throw new FencedError('The connector was replaced.');
    return [grants.of(kind).get(keyOf(object)), connector];
  }

  /** What takes is judged by etcd, not by the cache. */
  async #askApiServer(): Promise<[GrantObject | undefined, AsanaConnector | undefined]> {
    const { readGrant, readConnector } = this.#deps;
    const { kind, object, connector } = this.#act.subject;
    this.#askCache();
    const [grant, owner] = await Promise.all([
      readGrant(kind, object.metadata.namespace, object.metadata.name),
      readConnector(connector.metadata.namespace, connector.metadata.name),
    ]);
    this.#askCache();
    return [grant ?? undefined, owner ?? undefined];
  }

  /** The decision taken again: same object, same spec, same action. */
  #asksFor(object: GrantObject | undefined, connector: AsanaConnector | undefined): boolean {
    const { subject, decision } = this.#act;
    const { uid, generation } = subject.object.metadata;
    if (object?.metadata.uid !== uid || object.metadata.generation !== generation) return false;
    if (connector?.metadata.uid !== subject.connector.metadata.uid) return false;
    if (connector.metadata.deletionTimestamp !== undefined || connector.spec.provisioning.mode !== 'Apply')
      return false;
    const again = openSubject(this.#deps, { kind: subject.kind, object }, connector, true);
    const next = decideGrant(again.view, again.context);
    return next.kind === 'Act' && isSameAction(next.action, decision.action);
  }

  /** The beginning and the end of a grant are judged by Asana's clock. */
  #judgeTime(asanaDate: number | null): void {
    const { ending, startsAt, applied } = this.#act.subject.view;
    const instant = ending?.because === 'Expired' ? ending.at : ending || applied ? null : startsAt;
    if (instant === null) return;
    if (asanaDate === null) throw new ClockSkewError(null);
    const skew = this.#deps.clock.now() - asanaDate;
    if (Math.abs(skew) > TOLERATED_SKEW_MS) throw new ClockSkewError(skew);
    const early = instant - asanaDate;
    if (early > 0) throw new NotYetError(early);
  }
}
