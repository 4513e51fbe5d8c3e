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
  /** Notes what this change takes away in every directory of the organization. */
  readonly noteLoss: (note: LossNote) => void;
  readonly userTypes: UserTypes;
  readonly action: Action;
  readonly requester: Requester;
  /** `spec.reason` of the grant, for the audit record. */
  readonly reason: string | null;
  readonly signal: AbortSignal;
  /** Counts the requests of the change itself that really leave; the reads around it do not count. */
  readonly tally?: Tally | undefined;
}

/** What the caller contributes to an action. Each hook may throw, and then nothing (more) is sent. */
export interface ActionHooks {
  /**
   * Throws unless the action may leave now: this process leads, the object and its connector still ask for it, and the
   * current policies allow it. Called before anything is read, and immediately before each request that changes Asana.
   */
  guard(stage: 'Begin' | 'Send'): void | Promise<void>;
  /** Takes the decision again on the fresh reading; false if it no longer asks for this action. */
  confirm(fresh: FreshReading): boolean | Promise<boolean>;
  /** Records the intent where it survives a restart, before the request leaves. */
  recordIntent(id: string): Promise<void>;
}

export type ActionOutcome =
  /** Asana shows the change. `account` is `null` after a deprovision that removed it. */
  | {
      readonly kind: 'Succeeded';
      readonly id: string;
      readonly account: Account | null;
      /** True if Asana refused the change and shows it all the same: somebody else made it. */
      readonly byOthers: boolean;
    }
  /** Asana accepted the change, or may have, and does not show it yet. `account` is `null` if nothing could be read. */
  | { readonly kind: 'Unconfirmed'; readonly id: string; readonly account: Account | null }
  /** The fresh reading no longer asks for this action: decide again. Nothing was sent. */
  | { readonly kind: 'Overtaken' };

/** A change that was sent. */
interface Sent {
  readonly requestIds: readonly string[];
  /** `null` if Asana accepted the change; else the failure after which it may have taken effect. */
  readonly failure: AsanaError | null;
}

/** How many concluded actions are remembered: far more than can be done and not yet recorded as done. */
const MOST_CONCLUDED = 1000;

/** The only place from which declared grants and ConductorOne's tasks change Asana. */
export class Executor {
  readonly #audit: Auditor;
  readonly #newId: () => string;
  readonly #actions: Counter;
  readonly #tracer: Tracer;
  readonly #turns = new PersonTurns();
  /** Ids of the actions with an audit line about their success, the oldest first. */
  readonly #concluded = new Set<string>();

  /** @param newId returns the id of an action for the audit log and the status */
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
   * Carries out one action, after those under way for the same person: guard, fresh read, confirmation, intent, guard,
   * change, read-back. A license costs three requests; a removal five, since it reads the role too; a team change seven
   * at most. Each change that leaves has an audit line, whatever the read-back shows. A later confirmation writes a
   * second line with the same id, as does the next process for an action confirmed right before this one ended.
   * @throws AsanaError or RefusedError if Asana refuses or cannot be reached, and whatever a hook throws
   */
  execute(request: ActionRequest, hooks: ActionHooks): Promise<ActionOutcome> {
    const { connector, action, requester } = request;
    const name = `action ${action.type}`;
    const fields = {
      connector: `${connector.namespace}/${connector.name}`,
      action: action.type,
      ...(requester.type === 'Task' ? { task: requester.taskId } : namesOf(requester)),
    };
    // A person whose account is to be created may have a gid: that of a membership outside the organization.
    const knownGid = action.type === 'CreateAccount' ? action.knownGid : null;
    const person = knownGid ?? (action.gid === null ? action.email : action.gid);
    return this.#turns.take(person, request.signal, () =>
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
    // A repeatable change whose answer was lost may be sent again; a one-way change is looked for first.
    const ends = failure !== null && (refused || !rulesOf(request.action).oneWay);
    this.#tell(request, id, refused ? failure.code : 'Unconfirmed', sent.requestIds);
    if (ends) throw explain(request.action, failure);
    // A failed read-back does not end an action that was sent: the next look fails the same way, and reports it.
    return { kind: 'Unconfirmed', id, account: reading?.account ?? null };
  }

  /** Checks whether an action recorded earlier has taken effect; sends only reads. */
  async verify(request: ActionRequest, id: string): Promise<ActionOutcome> {
    const reading = await this.#readFresh(request).catch((error: unknown) => {
      // After a change, SCIM or REST may lag behind the other: this is what the caller waits for.
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
   * Audits that Asana shows the action, once per id: it is verified again if its status could not be written. Notes
   * what the action took away, which is deducted when the next reading is compared with the measure.
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

  /** Sends the change. An error after which it cannot have taken effect is audited and thrown. */
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
      // A request that never left is no change, and has no audit line.
      if (count.requests > 0) this.#tell(request, id, known?.code ?? 'Unknown', requestIds);
      throw known ? explain(action, known) : error;
    } finally {
      if (mayBeDone(count)) noteLeaving(request);
    }
  }

  /** Reads the outcome back; `null` if the read fails. */
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

  /** @param account as Asana shows it: the only source of the gid and the license of a created account */
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

/** Returns the fields by which log lines name the object behind an action. */
function namesOf({ kind, namespace, name, uid, generation }: ObjectIdentity) {
  return { kind, namespace, name, uid, generation };
}

/** Notes a team membership that is being removed, so that it does not count as one that a guest keeps. */
function noteLeaving({ action, noteLoss }: ActionRequest): void {
  if (action.type !== 'RemoveFromTeam') return;
  noteLoss((directory) => directory.noteLeaving(action.team, action.gid, GIVE_UP_AFTER_MS));
}

/** Returns what readings lack after an action; `null` for nothing. */
function lossOf({ action, directory }: ActionRequest): OwnRemoval | null {
  if (!isRemoval(action) || action.gid === null) return null;
  const { gid: user } = action;
  if ('team' in action) return { user, team: action.team, organization: action.organization };
  if (!rulesOf(action).deprovisions(action)) return null;
  // SCIM only covers the one organization.
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
