import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { REVOKE_FINALIZER } from '../../api/resources.ts';
import { formatTime, TOLERATED_SKEW_MS } from '../../core/clock.ts';
import type { FreshReading } from '../../directory/reader.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import { isSameAction } from '../../provisioning/action.ts';
import { isRemoval } from '../../provisioning/actions.ts';
import { decideGrant } from '../../provisioning/decide-grant.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { ActionHooks } from '../../provisioning/executor.ts';
import { hasBegun } from '../../provisioning/time.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';
import type { HoldFields } from '../removals/kept-removal.ts';
import type { RemovalGate } from '../removals/removal-gate.ts';
import { lastActionOf, provenanceOf } from './action-record.ts';
import { type GrantDeps, type GrantSubject, openSubject } from './grant-context.ts';
import { ClockSkewError, FencedError, NotYetError, OutdatedDecisionError } from './grant-reasons.ts';
import type { GrantReporter } from './grant-reporter.ts';
import type { GrantFindings } from './grant-status.ts';
import { PromptWord } from './prompt-word.ts';

type Act = Extract<Decision, { kind: 'Act' }>;

/** One action that is about to be carried out. */
export interface PlannedAct {
  readonly subject: GrantSubject;
  readonly session: ConnectorSession;
  readonly decision: Act;
  /** The hold fields that the status keeps. */
  readonly planned: HoldFields;
  /** What this reconcile has already done; recorded together with the intent. */
  readonly done: Partial<GrantFindings>;
}

/** The executor hooks for one action of a grant; they keep the object up to date with what is written meanwhile. */
export class GrantActionHooks implements ActionHooks {
  readonly #deps: GrantDeps;
  readonly #gate: RemovalGate;
  readonly #reporter: GrantReporter;
  readonly #act: PlannedAct;
  readonly #word: PromptWord;
  #intent: string | null = null;
  #object: GrantObject;

  constructor(deps: GrantDeps, gate: RemovalGate, reporter: GrantReporter, act: PlannedAct) {
    this.#deps = deps;
    this.#gate = gate;
    this.#reporter = reporter;
    this.#act = act;
    this.#object = act.subject.object;
    const { kind } = act.subject;
    this.#word = new PromptWord({
      clock: deps.clock,
      object: this.#object,
      latest: () => deps.grants.of(kind).get(keyOf(this.#object)),
      say: (object) => this.#sayItIsUnderWay(object),
    });
  }

  /** The object with everything that was written during the action. */
  get object(): GrantObject {
    return this.#object;
  }

  /** The id under which the intent was to be recorded, whether or not the write was confirmed; `null` before that. */
  get intent(): string | null {
    return this.#intent;
  }

  /** Runs the action. The status observes the current generation in time, however long Asana takes. */
  async during<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await this.#word.during({ ms: this.#deps.actionTimeoutMs, signal }, work);
    } finally {
      if (this.#intent === null) this.#object = await this.#word.newest();
    }
  }

  async guard(stage: 'Begin' | 'Send'): Promise<void> {
    const { subject, session, decision } = this.#act;
    const removal = isRemoval(decision.action);
    this.#checkLeadership();
    const [object, connector] = removal && stage === 'Send' ? await this.#askApiServer() : this.#askCache();
    // The lease may have been lost while the API server was asked.
    this.#checkLeadership();
    if (!this.#asksFor(object, connector, this.#deps.clock.now())) throw new OutdatedDecisionError();
    if (!removal) return;
    // Edited limits apply at once, before the connector's turn in the queue has come.
    session.follow(connector);
    if (await this.#gate.check(subject, session, stage)) await this.guard(stage);
  }

  confirm({ asanaDate }: FreshReading): boolean {
    this.#judgeTime(asanaDate);
    const [object, connector] = this.#askCache();
    const now = this.#deps.clock.now();
    if (!this.#asksFor(object, connector, now)) return false;
    // Whether the other grants have begun or ended is judged by Asana's clock too.
    if (asanaDate !== null && !this.#asksFor(object, connector, asanaDate)) throw notYet(now - asanaDate);
    return true;
  }

  async recordIntent(id: string): Promise<void> {
    const { subject, decision, done } = this.#act;
    const { kind } = subject;
    const { writer, clock } = this.#deps;
    this.#object = await this.#word.newest();
    this.#intent = id;
    this.#object = await writer(kind).addFinalizer(this.#object, REVOKE_FINALIZER);
    this.#object = await this.#reporter.report(
      { kind, object: this.#object },
      {
        ...provenanceOf(subject, decision),
        ...done,
        ...this.#underWay(),
        lastAction: lastActionOf(decision.action, id, formatTime(clock.now()), 'Pending'),
      },
    );
  }

  #sayItIsUnderWay(object: GrantObject): Promise<GrantObject> {
    const { subject, done } = this.#act;
    return this.#reporter.report({ kind: subject.kind, object }, { ...done, ...this.#underWay() });
  }

  #underWay(): GrantFindings {
    const { subject, decision, planned } = this.#act;
    const { action, message, drift, account, right, observed } = decision;
    return {
      outcome: { reason: 'Progressing', message, drifted: drift ? message : null },
      account: account ?? undefined,
      right,
      observed,
      reading: subject.context.reading,
      planned: { action: action.type, reason: message, ...planned },
      keepsRequest: true,
    };
  }

  #checkLeadership(): void {
    const { leads, stoppedUntil } = this.#deps.leadership;
    if (!leads) throw new FencedError('This process is not the leader.');
    if (stoppedUntil !== null)
      throw new FencedError('The operator is being uninstalled. Nothing is changed.');
  }

  #askCache(): [GrantObject | undefined, AsanaConnector | undefined] {
    const { grants, connectors, registry } = this.#deps;
    const { kind, object, connectorKey, session } = this.#act.subject;
    const connector = connectors.get(connectorKey);
    if (!connector || registry.findFor(connector) !== session)
      throw new FencedError('The connector was replaced.');
    return [grants.of(kind).get(keyOf(object)), connector];
  }

  /** Reads both objects from the API server, since a removal must not rely on the cache. */
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

  /** Whether the decision, taken again, still asks for this action: same object, same spec, same action. */
  #asksFor(
    object: GrantObject | undefined,
    connector: AsanaConnector | undefined,
    now: number,
  ): connector is AsanaConnector {
    const { subject, decision } = this.#act;
    const { uid, generation } = subject.object.metadata;
    if (object?.metadata.uid !== uid || object.metadata.generation !== generation) return false;
    const decidedOn = subject.connector.metadata;
    if (connector?.metadata.uid !== decidedOn.uid || connector.metadata.generation !== decidedOn.generation)
      return false;
    if (connector.metadata.deletionTimestamp !== undefined || connector.spec.provisioning.mode !== 'Apply')
      return false;
    const again = openSubject(this.#deps, { kind: subject.kind, object }, connector, { lookedUp: true, now });
    const next = decideGrant(again.view, again.context);
    return next.kind === 'Act' && isSameAction(next.action, decision.action);
  }

  /** Judges the grant's beginning and end by Asana's clock; throws if it is too early or the clocks differ too much. */
  #judgeTime(asanaDate: number | null): void {
    const { view } = this.#act.subject;
    const { ending, startsAt } = view;
    const instant = ending?.because === 'Expired' ? ending.at : ending || hasBegun(view) ? null : startsAt;
    if (instant === null) return;
    if (asanaDate === null) throw new ClockSkewError(null);
    const skew = this.#deps.clock.now() - asanaDate;
    if (Math.abs(skew) > TOLERATED_SKEW_MS) throw new ClockSkewError(skew);
    const early = instant - asanaDate;
    if (early > 0) throw new NotYetError(early);
  }
}

/** Returns the error for a decision that differs by Asana's clock. A Date header is cut to whole seconds. */
function notYet(skew: number): Error {
  const apart = Math.abs(skew);
  return apart > TOLERATED_SKEW_MS ? new ClockSkewError(skew) : new NotYetError(Math.max(apart, 1_000));
}
