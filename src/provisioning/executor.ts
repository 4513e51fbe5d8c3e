import { randomUUID } from 'node:crypto';
import { AsanaError } from '../asana/errors.ts';
import type { AsanaSession } from '../asana/session.ts';
import type { Answer, Call } from '../asana/transport.ts';
import type { Counter, Meter } from '../core/meter.ts';
import { isActive, type UserTypes } from '../directory/account.ts';
import type { Directory } from '../directory/directory.ts';
import { type FreshAccount, findAccount, readAccount } from '../directory/reader.ts';
import type { Account } from '../directory/snapshot.ts';
import type { AuditLog, Requester } from './audit.ts';
import type { PlannedAction } from './decision.ts';

/** One change to be made in Asana, and where. */
export interface ActionRequest {
  readonly connector: { readonly namespace: string; readonly name: string };
  readonly session: AsanaSession;
  readonly directory: Directory;
  readonly userTypes: UserTypes;
  readonly action: PlannedAction;
  readonly requester: Requester;
  /** `spec.reason` of the grant, for the audit record. */
  readonly reason: string | null;
  readonly signal: AbortSignal;
}

/** What the caller contributes to an action; each may throw, and then nothing (more) is sent. */
export interface ActionHooks {
  /** Throws unless this process may still act: it leads, and the object and its connector still ask for it. */
  fence(): void | Promise<void>;
  /** Takes the decision again on the fresh reading; false when it no longer asks for this action. */
  confirm(fresh: FreshAccount): boolean | Promise<boolean>;
  /** Puts the intent where a restart finds it, before the request leaves. */
  recordIntent(id: string): Promise<void>;
}

export type ActionOutcome =
  /** Asana shows what was wanted. `account` is null after a deprovision that removed it. */
  | {
      readonly kind: 'Succeeded';
      readonly id: string;
      readonly account: Account | null;
      /** Asana refused the change with a conflict, and it is so all the same: somebody else did it. */
      readonly adopted: boolean;
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

/** Asana may show an old value for a while: it is looked at again so long after the change, then given up. */
const READ_BACK_AFTER_MS = [5_000, 15_000, 60_000, 180_000] as const;

/** When to look again, milliseconds from now, `elapsedMs` after the change; null when it is not to be expected any more. */
export function nextReadBack(elapsedMs: number): number | null {
  const next = READ_BACK_AFTER_MS.find((after) => after > elapsedMs);
  return next === undefined ? null : next - elapsedMs;
}

/** The one place from where declared grants and ConductorOne's tasks change accounts and licenses. */
export class Executor {
  readonly #audit: AuditLog;
  readonly #actions: Counter;

  constructor(audit: AuditLog, meter: Meter) {
    this.#audit = audit;
    this.#actions = meter.counter('actions_total', 'Changes made in Asana.', [
      'namespace',
      'connector',
      'type',
      'result',
    ]);
  }

  /**
   * Fence, fresh read, confirmation, intent, fence, change, read-back. A grant costs three requests; a removal five,
   * since it looks at the role too. Each change that leaves has its audit line, whatever the look at it shows; one
   * that is confirmed later has a second one with the same id.
   * @throws AsanaError when Asana refuses or cannot be reached, and whatever a hook throws
   */
  async execute(request: ActionRequest, hooks: ActionHooks): Promise<ActionOutcome> {
    await hooks.fence();
    const fresh = await this.#readFresh(request);
    if (!(await hooks.confirm(fresh))) return { kind: 'Overtaken' };
    const id = randomUUID();
    await hooks.recordIntent(id);
    await hooks.fence();
    const sent = await this.#send(request, id);
    const seen = await this.#lookBack(request);
    if (seen.error === null && shows(request, seen.account)) {
      this.#tell(request, id, 'Succeeded', sent.requestIds);
      return { kind: 'Succeeded', id, account: seen.account, adopted: sent.failure?.code === 'Conflict' };
    }
    const { failure } = sent;
    // A conflict is a refusal, and a license may be set twice; a creation or a deprovision is only ever looked for.
    const ends = failure !== null && (failure.code === 'Conflict' || !isOneWay(request.action));
    this.#tell(request, id, ends ? failure.code : 'Unconfirmed', sent.requestIds);
    if (ends) throw failure;
    if (seen.error !== null && !isPassing(seen.error)) throw seen.error;
    return { kind: 'Unconfirmed', id, account: seen.account };
  }

  /** Looks whether an action recorded earlier has taken effect; sends nothing but the read. */
  async verify(request: ActionRequest, id: string): Promise<ActionOutcome> {
    const { account } = await this.#readFresh(request);
    if (!shows(request, account)) return { kind: 'Unconfirmed', id, account };
    this.#tell(request, id, 'Succeeded', []);
    return { kind: 'Succeeded', id, account, adopted: false };
  }

  /** Sends the change. What Asana refused, or surely never got, is told and thrown. */
  async #send(request: ActionRequest, id: string): Promise<Sent> {
    try {
      const { requestId } = await change(request);
      return { requestIds: requestId === null ? [] : [requestId], failure: null };
    } catch (error) {
      const known = error instanceof AsanaError ? error : null;
      const requestIds = known?.requestId ? [known.requestId] : [];
      if (known && mayHaveTakenEffect(known)) return { requestIds, failure: known };
      this.#tell(request, id, known?.code ?? (request.signal.aborted ? 'Unknown' : 'Failed'), requestIds);
      throw error;
    }
  }

  async #lookBack(
    request: ActionRequest,
  ): Promise<{ readonly account: Account | null; readonly error: Error | null }> {
    try {
      return { ...(await this.#readFresh(request)), error: null };
    } catch (error) {
      return { account: null, error: error instanceof Error ? error : new TypeError(String(error)) };
    }
  }

  /** Reads the account and lays what was read over the snapshot, so that the next decision sees it. */
  async #readFresh({ session, directory, userTypes, action, signal }: ActionRequest): Promise<FreshAccount> {
    // A removal needs the role too (admins, guests); whoever is created may be a guest whom SCIM hides.
    const options = {
      membership: action.removal || action.gid === null,
      userTypes,
      priority: 'action' as const,
      signal,
    };
    const fresh =
      action.gid === null
        ? await findAccount(session, directory, action.email ?? '', options)
        : await readAccount(session, directory, action.gid, options);
    if (fresh.account) directory.lay(fresh.account);
    else if (action.gid !== null) directory.lay({ gid: action.gid, gone: true });
    return fresh;
  }

  #tell(
    { connector, action, requester, reason }: ActionRequest,
    id: string,
    result: string,
    requestIds: readonly string[],
  ): void {
    this.#actions.add(1, {
      namespace: connector.namespace,
      connector: connector.name,
      type: action.type,
      result,
    });
    this.#audit.write({
      kind: 'Change',
      id,
      action: action.type,
      requester,
      account: { gid: action.gid, email: action.email },
      before: action.from,
      after: action.to,
      result,
      reason,
      requestIds,
    });
  }
}

/** Async, so that a fault found before sending is told like one found by it. */
async function change({ session, action, userTypes, signal }: ActionRequest): Promise<Answer<unknown>> {
  const call: Call = { priority: 'action', signal };
  const { scim } = session;
  if (!scim) throw new TypeError('a license action was decided although SCIM is off');
  if (action.type === 'CreateAccount') {
    const { email } = action;
    if (email === null) throw new TypeError('a creation was decided without an email');
    return scim.createUser({ email, name: nameFrom(email), userType: userTypes.viewOnly }, call);
  }
  const { gid } = action;
  if (gid === null) throw new TypeError(`${action.type} was decided without an account`);
  switch (action.type) {
    case 'GrantEnterprise':
      return scim.setUserType(gid, userTypes.enterprise, call);
    case 'RevokeEnterprise':
      return scim.setUserType(gid, userTypes.viewOnly, call);
    case 'Deprovision':
      return scim.deactivate(gid, call);
  }
}

/** Whether Asana shows the outcome of an action. */
function shows({ action, directory }: ActionRequest, account: Account | null): boolean {
  const organization = directory.current()?.organization?.gid ?? null;
  const active = account !== null && isActive(account, organization);
  switch (action.type) {
    case 'GrantEnterprise':
    case 'RevokeEnterprise':
      return active && account.license === action.to;
    case 'Deprovision':
      return !active;
    case 'CreateAccount':
      return active;
  }
}

/** A response that was lost, or a conflict with what came into being meanwhile: only reading tells. */
function mayHaveTakenEffect({ code, outcomeUnknown }: AsanaError): boolean {
  return outcomeUnknown || code === 'Conflict';
}

/** Never sent again before somebody has looked. */
function isOneWay({ type }: PlannedAction): boolean {
  return type === 'CreateAccount' || type === 'Deprovision';
}

function isPassing(error: Error): boolean {
  return error instanceof AsanaError && error.errorClass !== 'stalling';
}

/** SCIM wants a name, and a grant has none: the person sets it at the first sign-in. "ada.byron@…" → "Ada Byron". */
function nameFrom(email: string): string {
  const words = (email.split('@')[0] ?? email).split(/[._+-]+/).filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ') || email;
}
