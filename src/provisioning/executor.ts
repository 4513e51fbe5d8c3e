import { AsanaError, isAsanaError } from '../asana/errors.ts';
import type { AsanaSession } from '../asana/session.ts';
import { mayBeDone, type Tally } from '../asana/transport.ts';
import type { Counter, Meter } from '../core/meter.ts';
import { type Span, silentTracer, type Tracer } from '../core/tracer.ts';
import type { UserTypes } from '../directory/account.ts';
import type { Directory, LossNote } from '../directory/directory.ts';
import type { OwnRemoval } from '../directory/own-removals.ts';
import { type FreshReading, refresh } from '../directory/reader.ts';
import type { Account } from '../directory/snapshot.ts';
import { type Action, placeOfAction } from './action.ts';
import { isRemoval, mayHaveTakenEffect, rulesOf } from './actions.ts';
import { GIVE_UP_AFTER_MS } from './attempt.ts';
import type { Auditor, Requester } from './audit.ts';
import type { ObjectIdentity } from './grant.ts';
import { PersonTurns } from './person-turns.ts';

/** One change to be made in Asana, and where. */
export interface ActionRequest {
  readonly connector: { readonly namespace: string; readonly name: string };
  readonly session: AsanaSession;
  readonly directory: Directory;
  /** Tells every directory in which something is missing now because of this change. */
  readonly noteLoss: (note: LossNote) => void;
  readonly userTypes: UserTypes;
  readonly action: Action;
  readonly requester: Requester;
  /** `spec.reason` of the grant, for the audit record. */
  readonly reason: string | null;
  readonly signal: AbortSignal;
  /** Counts the change's own request once it really leaves; the reads around it do not count. */
  readonly tally?: Tally | undefined;
}

/** What the caller contributes to an action; each may throw, and then nothing (more) is sent. */
export interface ActionHooks {
  /**
   * Throws unless the action may leave now: this process leads, the object and its connector ask for it still, and the
   * policies as they stand allow it. Asked before anything is read, and immediately before each request that changes Asana.
   */
  guard(stage: 'Begin' | 'Send'): void | Promise<void>;
  /** Takes the decision again on the fresh reading; false when it no longer asks for this action. */
  confirm(fresh: FreshReading): boolean | Promise<boolean>;
  /** Puts the intent where a restart finds it, before the request leaves. */
  recordIntent(id: string): Promise<void>;
}

export type ActionOutcome =
  /** Asana shows what was wanted. `account` is null after a deprovision that removed it. */
  | {
      readonly kind: 'Succeeded';
      readonly id: string;
      readonly account: Account | null;
      /** Asana refused the change, and it is so all the same: somebody else did it. */
      readonly byOthers: boolean;
    }
  /** Asana took it, or may have, and does not show it yet: look again later. `account` is null if nothing could be read. */
  | { readonly kind: 'Unconfirmed'; readonly id: string; readonly account: Account | null }
  /** The fresh reading asks for something else: decide again. Nothing was sent. */
  | { readonly kind: 'Overtaken' };

/** How a change left. */
interface Sent {
  readonly requestIds: readonly string[];
  /** Null for a change that Asana took. */
  readonly failure: AsanaError | null;
}

/** So many actions are remembered as told: far more than are ever done and not yet recorded as done. */
const MOST_CONCLUDED = 1000;

/** The one place from where declared grants and ConductorOne's tasks change Asana. */
export class Executor {
  readonly #audit: Auditor;
  readonly #newId: () => string;
  readonly #actions: Counter;
  readonly #tracer: Tracer;
  readonly #turns = new PersonTurns();
  /** By id, the oldest first. */
  readonly #concluded = new Set<string>();

  /** @param newId names an action in the audit log and in status */
  constructor(audit: Auditor, meter: Meter, newId: () => string, tracer: Tracer = silentTracer) {
    this.#audit = audit;
    this.#newId = newId;
    this.#tracer = tracer;
    this.#actions = meter.counter('actions_total', 'Changes made in Asana.', [
      'namespace',
      'connector',
      'type',
      'result',
    ]);
  }

  /**
   * Guard, fresh read, confirmation, intent, guard, change, read-back. A license costs three requests; a removal five, since
   * it looks at the role too; a change of a team at most seven. Each change that leaves has its audit line, whatever the look
   * at it shows; one that is confirmed later has a second one with the same id, and so has one that was confirmed right
   * before the process ended, which the next one finds pending. What is under way for the same person ends first.
   * @throws AsanaError or RefusedError when Asana refuses or cannot be reached, and whatever a hook throws
   */
  execute(request: ActionRequest, hooks: ActionHooks): Promise<ActionOutcome> {
    const { connector, action, requester } = request;
    const name = `action ${action.type}`;
    const fields = {
      connector: `${connector.namespace}/${connector.name}`,
      action: action.type,
      ...(requester.type === 'Task' ? { task: requester.taskId } : namesOf(requester)),
    };
    return this.#turns.take(action.gid ?? action.email, request.signal, () =>
      this.#tracer.span({ name, kind: 'Part', fields }, async (span) => {
        const outcome = await this.#carryOut(request, hooks, span);
        span.set({ result: outcome.kind });
        return outcome;
      }),
    );
  }

  async #carryOut(request: ActionRequest, hooks: ActionHooks, span: Span): Promise<ActionOutcome> {
    await hooks.guard('Begin');
    const fresh = await this.#readFresh(request);
    if (!(await hooks.confirm(fresh))) return { kind: 'Overtaken' };
    const id = this.#newId();
    span.set({ actionID: id });
    await hooks.recordIntent(id);
    const sent = await this.#send(request, id, () => hooks.guard('Send'));
    const { failure } = sent;
    const refused = failure !== null && !failure.outcomeUnknown;
    const reading = await this.#lookBack(request);
    if (reading && isShown(request, reading)) {
      this.#conclude(request, id, sent.requestIds, reading.account);
      return { kind: 'Succeeded', id, account: reading.account, byOthers: refused };
    }
    // What may be sent twice may be; a creation or a deprovision whose answer was lost is only ever looked for.
    const ends = failure !== null && (refused || !rulesOf(request.action).oneWay);
    this.#tell(request, id, refused ? failure.code : 'Unconfirmed', sent.requestIds);
    if (ends) throw explain(request.action, failure);
    // What a look meets ends nothing that was sent: whoever looks again meets it too, and tells of it.
    return { kind: 'Unconfirmed', id, account: reading?.account ?? null };
  }

  /** Looks whether an action recorded earlier has taken effect; sends nothing but the read. */
  async verify(request: ActionRequest, id: string): Promise<ActionOutcome> {
    const reading = await this.#readFresh(request).catch((error: unknown) => {
      // One of the two surfaces is behind after a change: that is what is waited for.
      if (isAsanaError(error, 'Inconsistent')) return null;
      throw error;
    });
    if (!reading) return { kind: 'Unconfirmed', id, account: null };
    const { account } = reading;
    if (!isShown(request, reading)) return { kind: 'Unconfirmed', id, account };
    this.#conclude(request, id, [], account);
    return { kind: 'Succeeded', id, account, byOthers: false };
  }

  /**
   * It shows, and is told once: where the status that says so could not be written, it is looked at again. What our own
   * actions take away is deducted where the next reading is compared with this one.
   */
  #conclude(
    request: ActionRequest,
    id: string,
    requestIds: readonly string[],
    account: Account | null,
  ): void {
    if (this.#concluded.has(id)) return;
    this.#concluded.add(id);
    const [oldest] = this.#concluded;
    if (oldest !== undefined && this.#concluded.size > MOST_CONCLUDED) this.#concluded.delete(oldest);
    this.#tell(request, id, 'Succeeded', requestIds, account);
    const removal = lossOf(request);
    if (removal) request.noteLoss((directory) => directory.noteRemoval(removal));
  }

  /** Sends the change. What Asana refused, or surely never got, is told and thrown. */
  async #send(request: ActionRequest, id: string, guard: () => void | Promise<void>): Promise<Sent> {
    const { session, action, userTypes, signal, tally } = request;
    const count: Tally = tally ?? { requests: 0 };
    try {
      const call = { priority: 'action', signal, tally: count, guard } as const;
      const { requestId } = await rulesOf(action).send(session, action, userTypes, call);
      return { requestIds: requestId === null ? [] : [requestId], failure: null };
    } catch (error) {
      const known = error instanceof AsanaError ? error : null;
      const requestIds = known?.requestId ? [known.requestId] : [];
      if (known && mayHaveTakenEffect(action, known)) return { requestIds, failure: known };
      // What never left is no change, and nobody's news.
      if (count.requests > 0) this.#tell(request, id, known?.code ?? 'Unknown', requestIds);
      throw known ? explain(action, known) : error;
    } finally {
      if (mayBeDone(count)) noteLeaving(request);
    }
  }

  /** Null for a look that failed. */
  async #lookBack(request: ActionRequest): Promise<FreshReading | null> {
    try {
      return await this.#readFresh(request);
    } catch {
      return null;
    }
  }

  #readFresh({ session, directory, userTypes, action, signal }: ActionRequest): Promise<FreshReading> {
    const { readsMembership: membership } = rulesOf(action);
    const options = { membership, userTypes, priority: 'action', signal } as const;
    return refresh(session, directory, rulesOf(action).subject(action), options);
  }

  /** @param account as Asana shows it: only that has the gid, and the license, of whoever was created */
  #tell(
    { connector, action, requester, reason }: ActionRequest,
    id: string,
    result: string,
    requestIds: readonly string[],
    account: Account | null = null,
  ): void {
    const { namespace, name } = connector;
    this.#actions.add(1, { namespace, connector: name, type: action.type, result });
    const place = placeOfAction(action);
    this.#audit.write({
      kind: 'Change',
      id,
      action: action.type,
      connector: { namespace, name },
      requester,
      account: { gid: action.gid ?? account?.gid ?? null, email: action.email },
      place,
      before: action.from,
      after: rulesOf(action).after?.(action, account) ?? action.to,
      result,
      reason,
      requestIds,
    });
  }
}

/** The object behind an action, as log lines name it. */
function namesOf({ kind, namespace, name, uid, generation }: ObjectIdentity) {
  return { kind, namespace, name, uid, generation };
}

/** Until Asana shows it, a membership that is being taken is none that a guest keeps. */
function noteLeaving({ action, noteLoss }: ActionRequest): void {
  if (action.type !== 'RemoveFromTeam') return;
  noteLoss((directory) => directory.noteLeaving(action.team, action.gid, GIVE_UP_AFTER_MS));
}

/** What readings lack after an action; null for nothing. */
function lossOf({ action, directory }: ActionRequest): OwnRemoval | null {
  if (!isRemoval(action) || action.gid === null) return null;
  const { gid: user } = action;
  if ('team' in action) return { user, team: action.team, organization: action.organization };
  if (!rulesOf(action).deprovisions(action)) return null;
  // SCIM speaks of the one organization.
  const home = directory.current()?.organization?.gid ?? null;
  const workspace = 'workspace' in action ? action.workspace : home;
  return workspace === null ? null : { user, workspace };
}

function explain(action: Action, error: AsanaError): Error {
  return rulesOf(action).explain(error, action) ?? error;
}

function isShown({ action, directory }: ActionRequest, reading: FreshReading): boolean {
  return rulesOf(action).shows(action, reading, directory.current()?.organization?.gid ?? null);
}
