import { randomUUID } from 'node:crypto';
import type { AsanaLicenseGrant, AsanaLicenseGrantStatus } from '../api/asana-license-grant.ts';
import { durationMs } from '../api/duration.ts';
import type { GrantReason } from '../api/reasons.ts';
import { ACKNOWLEDGE_ANNOTATION, asanaLicenseGrants, REVOKE_FINALIZER } from '../api/resources.ts';
import { isAsanaError } from '../asana/errors.ts';
import { formatTime } from '../core/clock.ts';
import { CodedError } from '../core/errors.ts';
import type { FreshAccount } from '../directory/reader.ts';
import type { Account } from '../directory/snapshot.ts';
import { keyOf } from '../kubernetes/resource.ts';
import { decideLicense } from '../provisioning/decide-license.ts';
import type { Decision } from '../provisioning/decision.ts';
import {
  type ActionHooks,
  type ActionOutcome,
  type ActionRequest,
  nextReadBack,
} from '../provisioning/executor.ts';
import { removalDue } from '../provisioning/removal-delay.ts';
import type { RemovalDemand } from '../provisioning/removal-ledger.ts';
import { removalLimitsOf } from './connector-policies.ts';
import { ClockSkewError, FencedError, grantReasonOf } from './grant-faults.ts';
import { CONNECTOR_INDEX } from './identity.ts';
import { type GrantCase, type GrantDeps, openCase } from './license-grant-context.ts';
import { type GrantFindings, grantStatus } from './license-grant-status.ts';
import { DRIFT_WINDOW_MS, openRequest } from './license-grant-view.ts';

type Act = Extract<Decision, { kind: 'Act' }>;
type LastAction = NonNullable<AsanaLicenseGrantStatus['lastAction']>;

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

/** What this process remembers of a grant between two reconciles; nothing of it is needed after a restart. */
interface Memory {
  /** Monotonic clock and generation when a removal was first wanted. */
  removal?: { readonly generation: number; readonly at: number };
  /** A change that Asana took and did not show: monotonic clock when it was sent. */
  unconfirmed?: { readonly id: string; readonly type: string; readonly at: number };
  /** What was so when a person's help became necessary; tried again when any of it moves. */
  stalledOn?: string;
}

/** Asana's clock and ours may differ by so much before an expiry is not judged (DESIGN §4). */
const TOLERATED_SKEW_MS = 60_000;

/** Carries out the actions of license grants: the gates before them, the action, and what the status says meanwhile. */
export class LicenseActions {
  readonly #deps: GrantDeps;
  readonly #memories = new Map<string, Memory>();
  readonly #drifts;

  constructor(deps: GrantDeps) {
    this.#deps = deps;
    this.#drifts = deps.meter.counter('drift_total', 'Changes of others that were set back.', [
      'namespace',
      'connector',
    ]);
  }

  /** The object is gone. */
  forget(key: string): void {
    this.#memories.delete(key);
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
    const memory = this.#memoryOf(object);
    if (memory.stalledOn !== undefined && memory.stalledOn === fingerprint(subject, decision))
      return { kind: 'Wait', requeueAfterMs: null };
    delete memory.stalledOn;
    if (decision.action.removal) {
      const gate = await this.#passRemovalGates(subject, decision, memory);
      if (gate) return gate;
    }
    const request = this.#requestFor(subject, decision, signal);
    const doer = new Doer(this.#deps, subject, decision);
    if (decision.action.type === 'GrantEnterprise') session.takeSeat(object.metadata.uid);
    try {
      const unconfirmed = this.#unconfirmedOf(memory, object, decision);
      const outcome = unconfirmed
        ? await this.#deps.executor.verify(request, unconfirmed.id)
        : await this.#deps.executor.execute(request, doer);
      return await this.#digest(subject, decision, doer.object, outcome, memory);
    } catch (error) {
      return await this.#fail(subject, decision, doer.object, error, memory);
    } finally {
      session.freeSeat(object.metadata.uid);
    }
  }

  /** Delay, the new leader's wait, the others' decisions, the limit, the API server's own word. Null: go ahead. */
  async #passRemovalGates(subject: GrantCase, decision: Act, memory: Memory): Promise<ActionResult | null> {
    const { object, connector, connectorKey, session } = subject;
    const { clock, leadership, actionTimeoutMs } = this.#deps;
    if (!session) return { kind: 'Wait', requeueAfterMs: null };
    const demand = demandOf(subject, decision);
    const applied = this.#deps.grants
      .by(CONNECTOR_INDEX, connectorKey)
      .filter((grant) => grant.status?.applied).length;
    const before = session.removals.ledger.hold;
    const verdict = session.removals.ask(
      demand,
      removalLimitsOf(connector),
      applied,
      clock.now(),
      randomUUID,
    );
    if (session.removals.ledger.hold !== before) this.#deps.touchConnector(connectorKey, 'Removals');
    if (verdict.kind === 'Held') {
      const held =
        verdict.frozen || object.status?.planned?.hold === verdict.token ? { hold: verdict.token } : {};
      return this.#wait(
        subject,
        decision,
        'RemovalsPaused',
        `Removals are held: see status.hold of AsanaConnector ${connectorKey}.`,
        null,
        held,
      );
    }
    const { notBefore, waitMs } = this.#due(subject, memory);
    if (waitMs > 0)
      return this.#wait(subject, decision, 'RemovalPending', decision.message, waitMs, {
        notBefore: formatTime(notBefore),
      });
    const settling = leadership.takenOver ? actionTimeoutMs - leadership.leadingForMs : 0;
    if (settling > 0) {
      return this.#wait(
        subject,
        decision,
        'RemovalPending',
        'Another process led before: its last action is given time to end.',
        settling,
        { notBefore: formatTime(notBefore) },
      );
    }
    const undecided = this.#deps.grants
      .by(CONNECTOR_INDEX, connectorKey)
      .some((grant) => !session.decided.has(grant.metadata.uid));
    if (undecided)
      return this.#wait(
        subject,
        decision,
        'RemovalPending',
        'Every other grant of the connector is decided first.',
        1_000,
        { notBefore: formatTime(notBefore) },
      );
    await this.#askApiServer(subject);
    session.removals.reserve(demand);
    await this.#deps.publishConnector(connectorKey);
    return null;
  }

  #due({ object, connector, view }: GrantCase, memory: Memory): { notBefore: number; waitMs: number } {
    const { clock } = this.#deps;
    const delayMs = durationMs(connector.spec.provisioning.removalDelay);
    const { generation } = object.metadata;
    const recorded =
      object.status?.observedGeneration === generation ? object.status.planned?.notBefore : undefined;
    const seen = memory.removal?.generation === generation ? memory.removal : null;
    // A notBefore that this process did not write was written by one before it: the delay is not begun anew.
    const restarted = !seen && recorded !== undefined;
    if (!seen) memory.removal = { generation, at: clock.monotonic() };
    const firstSight = recorded === undefined ? clock.now() : Date.parse(recorded) - delayMs;
    return removalDue(
      {
        since: view.ending?.at ?? firstSight,
        delayMs,
        firstSeen: restarted ? null : (seen?.at ?? clock.monotonic()),
      },
      { now: clock.now(), monotonic: clock.monotonic() },
    );
  }

  /** Before a removal etcd is asked, not the cache. */
  async #askApiServer({ object, connector }: GrantCase): Promise<void> {
    const { namespace, name, uid, generation } = object.metadata;
    const [grant, owner] = await Promise.all([
      this.#deps.readGrant(namespace, name),
      this.#deps.readConnector(connector.metadata.namespace, connector.metadata.name),
    ]);
    if (
      grant?.metadata.uid !== uid ||
      grant.metadata.generation !== generation ||
      grant.spec.suspend !== object.spec.suspend
    ) {
      throw new FencedError('The grant has changed on the API server since it was decided.');
    }
    if (
      owner?.metadata.uid !== connector.metadata.uid ||
      owner.metadata.generation !== connector.metadata.generation
    ) {
      throw new FencedError('The connector has changed on the API server since the grant was decided.');
    }
  }

  #requestFor(
    { object, connector, session }: GrantCase,
    { action }: Act,
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
      signal: AbortSignal.any([signal, AbortSignal.timeout(this.#deps.actionTimeoutMs)]),
    };
  }

  /** An action that was sent and is not seen yet: by this process, or by one before it. */
  #unconfirmedOf(memory: Memory, { status }: AsanaLicenseGrant, { action }: Act): { id: string } | null {
    if (memory.unconfirmed?.type === action.type) return memory.unconfirmed;
    const last = status?.lastAction;
    const blind = action.type === 'CreateAccount' || action.type === 'Deprovision';
    // A license may be set twice; a creation or a deprovision is never sent again without looking.
    if (!blind || last?.result !== 'Pending' || last.type !== action.type) return null;
    memory.unconfirmed = { id: last.id, type: action.type, at: this.#deps.clock.monotonic() };
    return memory.unconfirmed;
  }

  async #digest(
    subject: GrantCase,
    decision: Act,
    object: AsanaLicenseGrant,
    outcome: ActionOutcome,
    memory: Memory,
  ): Promise<ActionResult> {
    if (outcome.kind === 'Overtaken') return { kind: 'Again' };
    if (outcome.kind === 'Unconfirmed')
      return this.#awaitConfirmation(subject, decision, object, outcome.id, memory);
    delete memory.unconfirmed;
    delete memory.removal;
    const { action } = decision;
    const at = formatTime(this.#deps.clock.now());
    const lastAction = lastActionOf(decision, outcome.id, object.status?.lastAction?.at ?? at, 'Succeeded');
    this.#tellDone(subject, decision, object);
    return {
      kind: 'Done',
      object,
      account: outcome.account,
      lastAction,
      applied: { license: action.to ?? 'ViewOnly', at, adopted: false },
      drift: decision.drift ? countDrift(object, this.#deps.clock.now()) : null,
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
    memory: Memory,
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
    memory: Memory,
  ): Promise<ActionResult> {
    const reason = grantReasonOf(error);
    if (!reason || !(error instanceof CodedError)) throw error;
    if (isAsanaError(error, 'CredentialsRejected'))
      this.#deps.touchConnector(subject.connectorKey, 'CredentialsRejected');
    const stalls = reason === 'AsanaRefused';
    if (stalls) memory.stalledOn = fingerprint(subject, decision);
    const last = object.status?.lastAction;
    const lastAction =
      last?.result === 'Pending' && stalls ? { ...last, result: 'Failed' as const } : undefined;
    await this.#wait({ ...subject, object }, decision, reason, error.message, null, {}, lastAction);
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
      outcome: { reason, message, drifted: decision.drift ? decision.message : null, expired: false },
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
      EVENT_REASONS[decision.action.type],
      doneMessage(decision),
      decision.action.type,
    );
  }

  #memoryOf(object: AsanaLicenseGrant): Memory {
    const key = keyOf(object);
    const known = this.#memories.get(key);
    if (known) return known;
    const memory: Memory = {};
    this.#memories.set(key, memory);
    return memory;
  }
}

const EVENT_REASONS = {
  GrantEnterprise: 'LicenseGranted',
  RevokeEnterprise: 'LicenseRevoked',
  Deprovision: 'AccountDeprovisioned',
  CreateAccount: 'AccountCreated',
} as const;

/** The hooks of one action: they keep the object abreast of what is written while the action goes on. */
class Doer implements ActionHooks {
  readonly #deps: GrantDeps;
  readonly #subject: GrantCase;
  readonly #decision: Act;
  object: AsanaLicenseGrant;

  constructor(deps: GrantDeps, subject: GrantCase, decision: Act) {
    this.#deps = deps;
    this.#subject = subject;
    this.#decision = decision;
    this.object = subject.object;
  }

  fence(): void {
    const { leadership, grants, connectors, registry } = this.#deps;
    const { object, connector, connectorKey, session } = this.#subject;
    if (!leadership.leads) throw new FencedError('This process does not lead (any more).');
    if (leadership.stoppedUntil !== null)
      throw new FencedError('The lease says that nobody acts now: the release is being uninstalled.');
    const now = grants.get(keyOf(object));
    if (now?.metadata.uid !== object.metadata.uid || now.metadata.generation !== object.metadata.generation) {
      throw new FencedError('The grant has changed since it was decided.');
    }
    const owner = connectors.get(connectorKey);
    if (
      owner?.metadata.uid !== connector.metadata.uid ||
      owner.metadata.generation !== connector.metadata.generation
    ) {
      throw new FencedError('The connector has changed since the grant was decided.');
    }
    if (registry.find(connectorKey) !== session) throw new FencedError('The connector was replaced.');
  }

  confirm(fresh: FreshAccount): boolean {
    const { clock, grants } = this.#deps;
    if (this.#subject.view.ending?.because === 'Expired' && fresh.asanaDate !== null) {
      const skew = clock.now() - fresh.asanaDate;
      if (Math.abs(skew) > TOLERATED_SKEW_MS) throw new ClockSkewError(skew);
    }
    const current = grants.get(keyOf(this.object));
    if (!current) return false;
    const again = openCase(this.#deps, current, this.#subject.connector);
    const decision = decideLicense(again.view, again.context);
    return (
      decision.kind === 'Act' &&
      decision.action.type === this.#decision.action.type &&
      decision.action.gid === this.#decision.action.gid
    );
  }

  async recordIntent(id: string): Promise<void> {
    const { writer, clock } = this.#deps;
    const { action, drift, message, account } = this.#decision;
    this.object = await writer.addFinalizer(this.object, REVOKE_FINALIZER);
    const now = clock.now();
    const findings: GrantFindings = {
      outcome: { reason: 'Progressing', message, drifted: drift ? message : null },
      account: account ?? undefined,
      planned: { action: action.type, reason: message },
      lastAction: lastActionOf(this.#decision, id, formatTime(now), 'Pending'),
    };
    this.object = await writer.writeStatus(this.object, grantStatus(this.object, findings, now));
  }
}

function lastActionOf({ action }: Act, id: string, at: string, result: LastAction['result']): LastAction {
  return {
    id,
    type: action.type,
    ...(action.from === null ? {} : { from: action.from }),
    ...(action.to === null ? {} : { to: action.to }),
    at,
    result,
  };
}

function demandOf({ object, connector, view }: GrantCase, { action }: Act): RemovalDemand {
  const held = object.status?.planned?.hold;
  return {
    id: object.metadata.uid,
    who: action.email ?? action.gid ?? view.object.name,
    what: `${action.type} (grant ${keyOf(object)})`,
    deprovision: action.type === 'Deprovision',
    acknowledged: held !== undefined && connector.metadata.annotations?.[ACKNOWLEDGE_ANNOTATION] === held,
  };
}

/** What, once any of it moves, makes another try worth while after Asana refused. */
function fingerprint({ object, connector, session }: GrantCase, { action }: Act): string {
  return [
    object.metadata.generation,
    openRequest(object),
    connector.metadata.generation,
    action.type,
    action.from,
    session?.directory.counts().enterpriseLicenses,
  ].join('|');
}

/** One more set-back; those of more than a day ago, or before an edit or a request, are forgotten. */
function countDrift(object: AsanaLicenseGrant, now: number): NonNullable<AsanaLicenseGrantStatus['drift']> {
  const known = object.status?.drift;
  const counts = known && openRequest(object) === null && now - Date.parse(known.since) < DRIFT_WINDOW_MS;
  return counts ? { count: known.count + 1, since: known.since } : { count: 1, since: formatTime(now) };
}

function doneMessage({ action, account, drift }: Act): string {
  const who = action.email ?? account?.name ?? 'the account';
  switch (action.type) {
    case 'GrantEnterprise':
      return drift ? `${who} was set back to Enterprise.` : `${who} holds Enterprise.`;
    case 'RevokeEnterprise':
      return drift ? `${who} was set back to ViewOnly.` : `${who} holds ViewOnly; Enterprise was taken back.`;
    case 'Deprovision':
      return `${who} was deprovisioned.`;
    case 'CreateAccount':
      return `The account of ${who} was created, view-only.`;
  }
}
