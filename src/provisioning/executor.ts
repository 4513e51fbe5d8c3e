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
  | { readonly kind: 'Succeeded'; readonly id: string; readonly account: Account | null }
  /** Asana took it, and does not show it yet: look again later. */
  | { readonly kind: 'Unconfirmed'; readonly id: string; readonly account: Account | null }
  /** The fresh reading asks for something else: decide again. Nothing was sent. */
  | { readonly kind: 'Overtaken' };

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
   * Fence, fresh read, confirmation, intent, fence, change, read-back. A license change costs three requests.
   * @throws AsanaError when Asana refuses or cannot be reached, and whatever a hook throws
   */
  async execute(request: ActionRequest, hooks: ActionHooks): Promise<ActionOutcome> {
    await hooks.fence();
    const fresh = await this.#readFresh(request);
    if (!(await hooks.confirm(fresh))) return { kind: 'Overtaken' };
    const id = randomUUID();
    await hooks.recordIntent(id);
    await hooks.fence();
    const requestIds: string[] = [];
    try {
      const answer = await change(request);
      if (answer.requestId !== null) requestIds.push(answer.requestId);
    } catch (error) {
      if (!mayHaveTakenEffect(error)) {
        this.#tell(request, id, error instanceof AsanaError ? error.code : 'Failed', requestIds);
        throw error;
      }
    }
    return this.#readBack(request, id, requestIds);
  }

  /** Looks whether an action recorded earlier has taken effect; sends nothing but the read. */
  async verify(request: ActionRequest, id: string): Promise<ActionOutcome> {
    return this.#readBack(request, id, []);
  }

  async #readBack(request: ActionRequest, id: string, requestIds: readonly string[]): Promise<ActionOutcome> {
    const { account } = await this.#readFresh(request);
    const shown = shows(request, account);
    this.#tell(request, id, shown ? 'Succeeded' : 'Unconfirmed', requestIds);
    return { kind: shown ? 'Succeeded' : 'Unconfirmed', id, account };
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

function change({ session, action, userTypes, signal }: ActionRequest): Promise<Answer<unknown>> {
  const call: Call = { priority: 'action', signal };
  const scim = session.scim;
  if (!scim) throw new TypeError('a license action was decided although SCIM is off');
  const gid = action.gid ?? '';
  switch (action.type) {
    case 'GrantEnterprise':
      return scim.setUserType(gid, userTypes.enterprise, call);
    case 'RevokeEnterprise':
      return scim.setUserType(gid, userTypes.viewOnly, call);
    case 'Deprovision':
      return scim.deactivate(gid, call);
    case 'CreateAccount': {
      const email = action.email ?? '';
      return scim.createUser({ email, name: nameFrom(email), userType: userTypes.viewOnly }, call);
    }
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

/** A response that was lost, or a conflict with an account that came into being meanwhile: only reading tells. */
function mayHaveTakenEffect(error: unknown): boolean {
  return error instanceof AsanaError && (error.outcomeUnknown || error.code === 'Conflict');
}

/** SCIM wants a name, and a grant has none: the person sets it at the first sign-in. "ada.byron@…" → "Ada Byron". */
function nameFrom(email: string): string {
  const words = (email.split('@')[0] ?? email).split(/[._+-]+/).filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ') || email;
}
