import type { AsanaLicenseGrant, AsanaLicenseGrantStatus } from '../api/asana-license-grant.ts';
import type { GrantReason } from '../api/reasons.ts';
import { asanaLicenseGrants } from '../api/resources.ts';
import { isAsanaError } from '../asana/errors.ts';
import { formatTime } from '../core/clock.ts';
import { CodedError } from '../core/errors.ts';
import { withTimeLimit } from '../core/time-limit.ts';
import type { Account } from '../directory/snapshot.ts';
import { keyOf } from '../kubernetes/resource.ts';
import type { Decision, PlannedAction } from '../provisioning/decision.ts';
import { type ActionOutcome, type ActionRequest, nextReadBack } from '../provisioning/executor.ts';
import { FencedError, grantReasonOf, PreviouslyRemovedError } from './grant-faults.ts';
import { LicenseActionHooks } from './license-action-hooks.ts';
import { ActionMemories, type ActionMemory } from './license-action-memory.ts';
import {
  actionEvents,
  countDrift,
  doneMessage,
  fingerprint,
  type LastAction,
  lastActionOf,
} from './license-action-record.ts';
import type { GrantCase, GrantDeps } from './license-grant-context.ts';
import { type GrantFindings, grantStatus } from './license-grant-status.ts';
import { isExpired, openRequest } from './license-grant-view.ts';
import { RemovalGates } from './removal-gates.ts';

type Act = Extract<Decision, { kind: 'Act' }>;

/** What came of carrying a decision out. */
export type ActionResult =
  /** The status says why; come again after so long, or when something changes. */
  | { readonly kind: 'Wait'; readonly requeueAfterMs: number | null }
  /** What was found asks for another decision. */
  | { readonly kind: 'Again' }
  | {
      readonly kind: 'Done';
      readonly object: AsanaLicenseGrant;
      readonly account: Account | null;
      readonly lastAction: LastAction;
      readonly applied: NonNullable<AsanaLicenseGrantStatus['applied']>;
      readonly drift: AsanaLicenseGrantStatus['drift'] | null;
      readonly message: string;
      /** An account was created view-only, and more is declared. */
      readonly againAtOnce: boolean;
    };

/** Decide again now: something has just been learnt. */
const AT_ONCE_MS = 1;
/** Without credentials, or before the account was ever seen, an upgrade cannot be looked for. */
const UPGRADE_LOOK_MS = 15_000;

/** Carries out the actions of license grants: the gates before them, the action, and what the status says meanwhile. */
export class LicenseActions {
  readonly #deps: GrantDeps;
  readonly #gates: RemovalGates;
  readonly #memories: ActionMemories;
  readonly #drifts;

  constructor(deps: GrantDeps) {
    this.#deps = deps;
    this.#gates = new RemovalGates(deps);
    this.#memories = new ActionMemories(deps.clock);
    this.#drifts = deps.meter.counter('drift_total', 'Changes of others that were set back.', [
      'namespace',
      'connector',
    ]);
  }

  /** Nothing is under way (any more): all is as declared, or the object is gone. */
  forget(key: string): void {
    this.#memories.forget(key);
  }

  /** No removal is wanted (any more). */
  forgetRemoval(key: string): void {
    this.#memories.forgetRemoval(key);
  }

  async carryOut(subject: GrantCase, decision: Act, signal: AbortSignal): Promise<ActionResult> {
    const { session, object } = subject;
    const asana = session?.asana;
    if (!session || !asana)
      return this.#wait(
        subject,
        decision,
        'ConnectorNotReady',
        'The connector has no working credentials: see its conditions.',
        null,
      );
    const memory = this.#memories.of(object);
    if (memory.stalledOn !== undefined && memory.stalledOn === fingerprint(subject, decision))
      return { kind: 'Wait', requeueAfterMs: null };
    delete memory.stalledOn;
    if (decision.action.removal) {
      const gate = await this.#gates.pass(
        subject,
        session,
        decision,
        this.#memories.removalOf(memory, object),
      );
      if (gate)
        return this.#wait(subject, decision, gate.reason, gate.message, gate.requeueAfterMs, gate.planned);
    }
    const doer = new LicenseActionHooks(this.#deps, subject, decision);
    if (decision.action.type === 'GrantEnterprise') memory.freeSeat = session.takeSeat(object.metadata.uid);
    try {
      const unconfirmed = this.#memories.unconfirmedOf(memory, object, decision.action.type);
      const outcome = await this.#limited(signal, (limited) => {
        const request = this.#requestFor(subject, decision.action, limited);
        const { executor } = this.#deps;
        return unconfirmed ? executor.verify(request, unconfirmed.id) : executor.execute(request, doer);
      });
      return await this.#digest(subject, decision, doer.object, outcome, memory);
    } catch (error) {
      return await this.#fail(subject, decision, doer.object, explainRefusal(decision, error), memory);
    } finally {
      // What Asana may still come to show takes its license until then.
      if (!memory.unconfirmed) memory.freeSeat?.();
    }
  }

  /**
   * Looks whether an upgrade shows that was sent before the grant ended.
   * @returns milliseconds until the grant is to be decided again
   */
  async lookForUpgrade(subject: GrantCase, signal: AbortSignal): Promise<number> {
    const last = subject.object.status?.lastAction;
    const gid = subject.view.recorded?.gid;
    if (!last || gid === undefined || !subject.session?.asana) return UPGRADE_LOOK_MS;
    const action = { type: 'GrantEnterprise', gid, email: null, from: 'ViewOnly', to: 'Enterprise' } as const;
    const outcome = await this.#limited(signal, (limited) => {
      const request = this.#requestFor(subject, { ...action, removal: false }, limited);
      return this.#deps.executor.verify(request, last.id);
    });
    const next = nextReadBack(this.#deps.clock.now() - Date.parse(last.at));
    return outcome.kind === 'Succeeded' || next === null ? AT_ONCE_MS : next;
  }

  #limited<T>(signal: AbortSignal, work: (limited: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, actionTimeoutMs: ms } = this.#deps;
    return withTimeLimit({ clock, ms, signal }, work);
  }

  #requestFor(
    { object, connector, session }: GrantCase,
    action: PlannedAction,
    signal: AbortSignal,
  ): ActionRequest {
    const { namespace, name, uid, generation } = object.metadata;
    if (!session?.asana) throw new FencedError('The connector has lost its credentials.');
    return {
      connector: { namespace: connector.metadata.namespace, name: connector.metadata.name },
      session: session.asana,
      directory: session.directory,
      userTypes: connector.spec.scim.userTypes,
      action,
      requester: { type: 'Object', kind: asanaLicenseGrants.kind, namespace, name, uid, generation },
      reason: object.spec.reason ?? null,
      signal,
    };
  }

  async #digest(
    subject: GrantCase,
    decision: Act,
    object: AsanaLicenseGrant,
    outcome: ActionOutcome,
    memory: ActionMemory,
  ): Promise<ActionResult> {
    if (outcome.kind === 'Overtaken') return { kind: 'Again' };
    if (outcome.kind === 'Unconfirmed')
      return this.#awaitConfirmation(subject, decision, object, outcome.id, memory);
    delete memory.unconfirmed;
    this.forget(keyOf(subject.object));
    const { action } = decision;
    const at = formatTime(this.#deps.clock.now());
    const lastAction = lastActionOf(decision, outcome.id, object.status?.lastAction?.at ?? at, 'Succeeded');
    this.#tellDone(subject, decision, object);
    return {
      kind: 'Done',
      object,
      account: outcome.account,
      lastAction,
      applied: { license: action.to ?? 'ViewOnly', at, adopted: outcome.adopted },
      drift: decision.drift ? countDrift(subject.object, this.#deps.clock.now()) : null,
      message: doneMessage(decision),
      againAtOnce: action.to !== subject.view.license && !subject.view.ending,
    };
  }

  /** Looked at again after 5, 15, 60 and 180 s; then Asana is taken at its word that it does not do it. */
  async #awaitConfirmation(
    subject: GrantCase,
    decision: Act,
    object: AsanaLicenseGrant,
    id: string,
    memory: ActionMemory,
  ): Promise<ActionResult> {
    const { clock } = this.#deps;
    const sent = memory.unconfirmed ?? { id, type: decision.action.type, at: clock.monotonic() };
    memory.unconfirmed = sent;
    const next = nextReadBack(clock.monotonic() - sent.at);
    if (next !== null) {
      return this.#wait(
        { ...subject, object },
        decision,
        'Progressing',
        'Asana took the change and does not show it yet.',
        next,
      );
    }
    delete memory.unconfirmed;
    memory.stalledOn = fingerprint(subject, decision);
    const message = `Asana took ${decision.action.type} and does not show it after three minutes. Look in the Admin Console, then ask again with the annotation requestedAt.`;
    const lastAction = lastActionOf(
      decision,
      id,
      object.status?.lastAction?.at ?? formatTime(clock.now()),
      'Unconfirmed',
    );
    return this.#wait({ ...subject, object }, decision, 'LicenseNotAccepted', message, null, {}, lastAction);
  }

  async #fail(
    subject: GrantCase,
    decision: Act,
    object: AsanaLicenseGrant,
    error: unknown,
    memory: ActionMemory,
  ): Promise<ActionResult> {
    const reason = grantReasonOf(error);
    if (!reason || !(error instanceof CodedError)) throw error;
    if (isAsanaError(error, 'CredentialsRejected'))
      this.#deps.touchConnector(subject.connectorKey, 'CredentialsRejected');
    const stalls = reason === 'AsanaRefused' || reason === 'PreviouslyRemoved';
    if (stalls) memory.stalledOn = fingerprint(subject, decision);
    const last = object.status?.lastAction;
    const lastAction =
      last?.result === 'Pending' && stalls ? { ...last, result: 'Failed' as const } : undefined;
    const { hold, notBefore } = object.status?.planned ?? {};
    const kept = {
      ...(hold === undefined ? {} : { hold }),
      ...(notBefore === undefined ? {} : { notBefore }),
    };
    await this.#wait({ ...subject, object }, decision, reason, error.message, null, kept, lastAction);
    // The queue knows how long to wait for an error of this class.
    if (!stalls && error.errorClass !== 'stalling') throw error;
    return { kind: 'Wait', requeueAfterMs: null };
  }

  /** Writes why the action waits, and says when to come again. */
  async #wait(
    { object }: GrantCase,
    decision: Act,
    reason: GrantReason,
    message: string,
    requeueAfterMs: number | null,
    planned: { hold?: string; notBefore?: string } = {},
    lastAction?: LastAction,
  ): Promise<ActionResult> {
    const { writer, clock } = this.#deps;
    const findings: GrantFindings = {
      outcome: {
        reason,
        message,
        drifted: decision.drift ? decision.message : null,
        expired: isExpired(object, clock.now()),
      },
      account: decision.account ?? undefined,
      planned: { action: decision.action.type, reason: decision.message, ...planned },
      ...(lastAction ? { lastAction } : {}),
      handledRequest: openRequest(object),
    };
    await writer.writeStatus(object, grantStatus(object, findings, clock.now()));
    return { kind: 'Wait', requeueAfterMs };
  }

  #tellDone({ connector, object: before }: GrantCase, decision: Act, object: AsanaLicenseGrant): void {
    const { events } = this.#deps;
    if (decision.drift) {
      this.#drifts.add(1, { namespace: connector.metadata.namespace, connector: connector.metadata.name });
      events.record(
        asanaLicenseGrants,
        before,
        'Warning',
        'DriftCorrected',
        doneMessage(decision),
        decision.action.type,
      );
      return;
    }
    events.record(
      asanaLicenseGrants,
      object,
      'Normal',
      actionEvents[decision.action.type],
      doneMessage(decision),
      decision.action.type,
    );
  }
}

/** A creation that conflicts, while no active account is to be seen, met somebody who was removed before. */
function explainRefusal({ action }: Act, error: unknown): unknown {
  const removedBefore = action.type === 'CreateAccount' && isAsanaError(error, 'Conflict');
  return removedBefore ? new PreviouslyRemovedError(action.email ?? 'this user', error) : error;
}
