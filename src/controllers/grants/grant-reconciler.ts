import type { AsanaLicenseGrant, AsanaLicenseGrantStatus } from '../api/asana-license-grant.ts';
import type { GrantReason } from '../api/reasons.ts';
import { asanaLicenseGrants, DISCARD_ANNOTATION, REVOKE_FINALIZER } from '../api/resources.ts';
import { formatTime } from '../core/clock.ts';
import type { ReconcileContext, ReconcileResult } from '../kubernetes/controller.ts';
import { keyOf, splitKey } from '../kubernetes/resource.ts';
import { decideLicense } from '../provisioning/decide-license.ts';
import type { Decision } from '../provisioning/decision.ts';
import { judgeFromAbove } from './from-above.ts';
import { GrantReleases } from './grant-releases.ts';
import { connectorKeyOf } from './identity.ts';
import { type ActionResult, LicenseActions } from './license-actions.ts';
import { type GrantCase, type GrantDeps, openCase } from './license-grant-context.ts';
import { type GrantFindings, grantStatus } from './license-grant-status.ts';
import { isExpired, openRequest, untilExpiry } from './license-grant-view.ts';

/** Longer than an answer of the API server about what stands above a grant is remembered. */
const RETRY_FROM_ABOVE_MS = 3_000;

type Settled = Extract<Decision, { kind: 'Settled' }>;
type Blocked = Extract<Decision, { kind: 'Blocked' }>;
type Release = Extract<Decision, { kind: 'Release' }>;
type Act = Extract<Decision, { kind: 'Act' }>;

/** Setting the caught-up state of AsanaLicenseGrants right: from an object to a decision to what is done about it. */
export class LicenseGrantReconciler {
  readonly #deps: GrantDeps;
  readonly #actions: LicenseActions;
  readonly #releases: GrantReleases;

  constructor(deps: GrantDeps) {
    this.#deps = deps;
    this.#actions = new LicenseActions(deps);
    this.#releases = new GrantReleases(deps);
  }

  async reconcile(key: string, { signal, log }: ReconcileContext): Promise<ReconcileResult | void> {
    const { grants, connectors } = this.#deps;
    const object = grants.get(key);
    if (!object) return this.#actions.forget(key);
    const deleted = object.metadata.deletionTimestamp !== undefined;
    if (deleted && !hasFinalizer(object)) return;
    if (deleted) {
      const goes = await judgeFromAbove(object, splitKey(connectorKeyOf(object)), this.#deps.cluster);
      if (goes) return this.#releases.release(object, goes, goes.reason !== 'Abandoned');
    }
    const connector = connectors.get(connectorKeyOf(object));
    if (!connector || connector.metadata.deletionTimestamp !== undefined) {
      const message = `There is no AsanaConnector ${connectorKeyOf(object)}: create it, or name the right one in a new grant.`;
      await this.#report(object, { outcome: { reason: 'ConnectorNotFound', message } });
      // The API server may still have had a connector a moment ago; without one a deleted grant goes.
      return deleted ? { requeueAfterMs: RETRY_FROM_ABOVE_MS } : {};
    }
    const subject = openCase(this.#deps, object, connector);
    const decision = decideLicense(subject.view, subject.context);
    log.debug('decided', {
      decision: decision.kind,
      reason: 'reason' in decision ? decision.reason : decision.action.type,
    });
    if (subject.context.directory) subject.session?.decided.add(object.metadata.uid);
    if (decision.kind !== 'Act' || !decision.action.removal) this.#dropRemoval(subject);
    switch (decision.kind) {
      case 'Settled':
        this.#actions.forget(key);
        return this.#settle(subject, decision);
      case 'Blocked':
        return this.#block(subject, decision, signal);
      case 'Release':
        return this.#release(subject, decision);
      case 'Act':
        return this.#act(subject, decision, signal);
    }
  }

  /** All is as declared. In mode Apply the right is recorded, and with it the finalizer that takes it back. */
  async #settle(subject: GrantCase, { account, applied, message }: Settled): Promise<ReconcileResult> {
    const { context } = subject;
    let object = subject.object;
    const lastAction = confirmed(object.status?.lastAction, account.license);
    const outcome = { reason: 'Granted' as const, message };
    if (context.policies.mode === 'Plan') {
      await this.#report(object, { outcome, account, ...(lastAction ? { lastAction } : {}) });
      return this.#untilExpiry(subject);
    }
    object = await this.#deps.writer.addFinalizer(object, REVOKE_FINALIZER);
    const fresh = applied.at === '';
    const ours = lastAction !== null && lastAction.to === applied.license;
    const record = fresh
      ? { license: applied.license, at: formatTime(this.#deps.clock.now()), adopted: !ours }
      : applied;
    await this.#report(object, { outcome, account, applied: record, ...(lastAction ? { lastAction } : {}) });
    if (fresh && record.adopted)
      this.#tell(object, 'Normal', 'Adopted', `${message} It was found so and is kept so.`);
    return this.#untilExpiry(subject);
  }

  /** Nothing can or may be done. Without a directory a status that speaks of this generation stays as it is. */
  async #block(subject: GrantCase, decision: Blocked, signal: AbortSignal): Promise<ReconcileResult> {
    const { object, context } = subject;
    const { status, metadata } = object;
    const restarted = !context.directory && decision.reason === 'ConnectorNotReady';
    if (
      restarted &&
      status?.observedGeneration === metadata.generation &&
      status.conditions &&
      metadata.deletionTimestamp === undefined
    )
      return {};
    const reason = decision.reason as GrantReason;
    await this.#report(object, {
      outcome: {
        reason,
        message: decision.message,
        drifted: decision.drifted ? decision.message : null,
        expired: isExpired(object, this.#deps.clock.now()),
        retrying: decision.errorClass !== 'stalling',
      },
      account: context.directory ? decision.account : undefined,
      // What was planned, and held, on a reading is not forgotten for want of one.
      planned: context.directory ? null : (status?.planned ?? null),
    });
    if (reason === 'Progressing')
      return { requeueAfterMs: await this.#actions.lookForUpgrade(subject, signal) };
    return this.#untilExpiry(subject);
  }

  /** Plans in mode Plan; in mode Apply acts, as far as the removal gates let it. */
  async #act(subject: GrantCase, decision: Act, signal: AbortSignal): Promise<ReconcileResult> {
    const { object, context } = subject;
    if (context.policies.mode === 'Plan') {
      await this.#report(object, {
        outcome: {
          reason: 'Planned',
          message: `Planned: ${decision.message}`,
          drifted: decision.drift ? decision.message : null,
          expired: isExpired(object, this.#deps.clock.now()),
        },
        account: decision.account,
        planned: { action: decision.action.type, reason: decision.message },
      });
      return this.#untilExpiry(subject);
    }
    if (this.#isDiscarded(subject)) return this.#discard(subject);
    const result = await this.#actions.carryOut(subject, decision, signal);
    return this.#conclude(subject, result);
  }

  /** What is left to do after an action ended: report it, let the object go, or come again. */
  async #conclude(subject: GrantCase, result: ActionResult): Promise<ReconcileResult> {
    if (result.kind === 'Wait')
      return result.requeueAfterMs === null ? {} : { requeueAfterMs: result.requeueAfterMs };
    if (result.kind === 'Again') return { requeueAfterMs: 1 };
    const freed = result.lastAction.from === 'Enterprise' || result.lastAction.type === 'Deprovision';
    this.#deps.touchConnector(subject.connectorKey, freed ? 'SeatFreed' : 'Counts');
    const { object, message } = result;
    if (subject.view.ending) {
      await this.#letGo(object, {
        outcome: { reason: 'Expired', message, expired: true },
        account: result.account,
        lastAction: result.lastAction,
        applied: null,
      });
      return {};
    }
    // A new account is view-only first; where more is declared, that is still to come.
    await this.#report(object, {
      outcome: { reason: result.againAtOnce ? 'Progressing' : 'Granted', message },
      account: result.account,
      lastAction: result.lastAction,
      ...(result.againAtOnce ? {} : { applied: result.applied }),
      ...(result.drift ? { drift: result.drift } : {}),
    });
    return result.againAtOnce ? { requeueAfterMs: 1 } : this.#untilExpiry(subject);
  }

  /** An ending grant lets go and leaves Asana as it is. */
  async #release(subject: GrantCase, decision: Release): Promise<ReconcileResult> {
    const { object, view, context } = subject;
    if (
      decision.reason === 'Superseded' &&
      context.contest.kind === 'Succeeded' &&
      context.contest.sameLicense &&
      view.applied &&
      !this.#hasInherited(subject)
    ) {
      // The successor takes over what this grant holds; until it has recorded that, it is not forgotten here.
      return { requeueAfterMs: 1_000 };
    }
    const hadFinalizer = hasFinalizer(object);
    const superseded = decision.reason === 'Superseded';
    await this.#letGo(object, {
      outcome: {
        reason: superseded ? 'Superseded' : 'Expired',
        message: decision.message,
        expired: view.ending?.because === 'Expired',
      },
      account: decision.account ?? undefined,
      applied: null,
    });
    if (hadFinalizer) this.#releases.record(object, decision, decision.warning);
    return {};
  }

  /** Removes the finalizer; a grant that expired, and so stays, says what became of it. */
  async #letGo(object: AsanaLicenseGrant, findings: GrantFindings): Promise<void> {
    const stays = object.metadata.deletionTimestamp === undefined;
    const written = stays ? await this.#report(object, findings) : object;
    await this.#deps.writer.removeFinalizer(written, REVOKE_FINALIZER);
    this.#deps.touchConnector(connectorKeyOf(object), 'Counts');
  }

  /** A person dropped the hold this removal was in: a deleted object goes, a live one is left alone until it is edited. */
  #isDiscarded({ object, connector }: GrantCase): boolean {
    const hold = object.status?.planned?.hold;
    return hold !== undefined && connector.metadata.annotations?.[DISCARD_ANNOTATION] === hold;
  }

  async #discard(subject: GrantCase): Promise<ReconcileResult> {
    const { object, view } = subject;
    this.#dropRemoval(subject);
    if (view.ending?.because === 'Deleted') {
      const message = 'The removal was discarded: Asana was left as it is.';
      await this.#releases.release(object, { reason: 'Discarded', message }, false);
      return {};
    }
    await this.#report(object, {
      outcome: {
        reason: 'RemovalDiscarded',
        message: 'A person discarded this removal: edit the grant to have it decided again.',
      },
      discardedGeneration: object.metadata.generation,
    });
    return {};
  }

  #hasInherited({ context, view }: GrantCase): boolean {
    if (context.contest.kind !== 'Succeeded') return false;
    const successor = this.#deps.grants.get(context.contest.successor);
    return successor?.status?.applied?.license === view.applied?.license;
  }

  #dropRemoval({ session, object, connectorKey }: GrantCase): void {
    if (!session) return;
    this.#actions.forgetRemoval(keyOf(object));
    const before = session.removals.pending;
    session.removals.drop(object.metadata.uid);
    if (session.removals.pending !== before) this.#deps.touchConnector(connectorKey, 'Removals');
  }

  /** Writes the status if anything of it changed. */
  async #report(object: AsanaLicenseGrant, findings: GrantFindings): Promise<AsanaLicenseGrant> {
    const { writer, clock, touchConnector } = this.#deps;
    const handledRequest = openRequest(object);
    const written = await writer.writeStatus(
      object,
      grantStatus(object, { ...findings, handledRequest }, clock.now()),
    );
    if (written !== object) {
      touchConnector(connectorKeyOf(object), 'Counts');
      this.#tellTrouble(object, written, findings.outcome.message);
    }
    return written;
  }

  /** A grant that newly needs a person says so in an event; the condition has the rest. */
  #tellTrouble(before: AsanaLicenseGrant, after: AsanaLicenseGrant, message: string): void {
    const stalled = (object: AsanaLicenseGrant) =>
      object.status?.conditions?.find(({ type }) => type === 'Stalled')?.reason;
    const reason = stalled(after);
    if (reason !== undefined && reason !== stalled(before)) this.#tell(after, 'Warning', reason, message);
  }

  #tell(object: AsanaLicenseGrant, type: 'Normal' | 'Warning', reason: string, note: string): void {
    this.#deps.events.record(asanaLicenseGrants, object, type, reason, note);
  }

  /** Comes again at the expiry, even if that has passed since the grant was decided. */
  #untilExpiry({ object, view }: GrantCase): ReconcileResult {
    const wait = view.ending ? null : untilExpiry(object, this.#deps.clock.now());
    return wait === null ? {} : { requeueAfterMs: wait };
  }
}

function hasFinalizer(object: AsanaLicenseGrant): boolean {
  return object.metadata.finalizers?.includes(REVOKE_FINALIZER) ?? false;
}

/** An action found open counts as done once Asana shows its outcome: a restart came between, or it took its time. */
function confirmed(
  last: AsanaLicenseGrantStatus['lastAction'],
  seen: string | null,
): NonNullable<AsanaLicenseGrantStatus['lastAction']> | null {
  const open = last?.result === 'Pending' || last?.result === 'Unconfirmed';
  return open && last.to === seen ? { ...last, result: 'Succeeded' } : null;
}
