import { randomUUID } from 'node:crypto';
import { AsanaError } from '../asana/errors.ts';
import type { AsanaSession } from '../asana/session.ts';
import type { Tally } from '../asana/transport.ts';
import type { Counter, Meter } from '../core/meter.ts';
import type { UserTypes } from '../directory/account.ts';
import type { Directory } from '../directory/directory.ts';
import { type FreshAccount, type FreshReading, refresh } from '../directory/reader.ts';
import type { Account } from '../directory/snapshot.ts';
import {
  describeChange,
  isOneWay,
  mayHaveTakenEffect,
  sendChange,
  shows,
  subjectOf,
} from './asana-change.ts';
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
  /** Counts the change's own request once it really leaves; the reads around it do not count. */
  readonly tally?: Tally | undefined;
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
      /** Asana refused the change, and it is so all the same: somebody else did it. */
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

/** The one place from where declared grants and ConductorOne's tasks change accounts, licenses and memberships. */
export class Executor {
  readonly #audit: AuditLog;
  readonly #actions: Counter;
  readonly #newId: () => string;

  constructor(audit: AuditLog, meter: Meter, newId: () => string = randomUUID) {
    this.#audit = audit;
    this.#newId = newId;
    this.#actions = meter.counter('actions_total', 'Changes made in Asana.', [
      'namespace',
      'connector',
      'type',
      'result',
    ]);
  }

  /**
   * Fence, fresh read, confirmation, intent, fence, change, read-back. A license costs three requests; a removal five,
   * since it looks at the role too; a change of a team at most seven. Each change that leaves has its audit line,
   * whatever the look at it shows; one that is confirmed later has a second one with the same id.
   * @throws AsanaError when Asana refuses or cannot be reached, and whatever a hook throws
   */
  async execute(request: ActionRequest, hooks: ActionHooks): Promise<ActionOutcome> {
    await hooks.fence();
    const fresh = await this.#readFresh(request);
    if (!(await hooks.confirm(fresh))) return { kind: 'Overtaken' };
    const id = this.#newId();
    await hooks.recordIntent(id);
    await hooks.fence();
    const sent = await this.#send(request, id);
    const { failure } = sent;
    const refused = failure !== null && !failure.outcomeUnknown;
    const { reading, error } = await this.#lookBack(request);
    if (reading && isShown(request, reading)) {
      this.#tell(request, id, 'Succeeded', sent.requestIds);
      return { kind: 'Succeeded', id, account: reading.account, adopted: refused };
    }
    // A license may be set twice; a creation or a deprovision whose answer was lost is only ever looked for.
    const ends = failure !== null && (refused || !isOneWay(request.action));
    this.#tell(request, id, ends ? failure.code : 'Unconfirmed', sent.requestIds);
    if (ends) throw failure;
    if (error !== null && !isPassing(error)) throw error;
    return { kind: 'Unconfirmed', id, account: reading?.account ?? null };
  }

  /** Looks whether an action recorded earlier has taken effect; sends nothing but the read. */
  async verify(request: ActionRequest, id: string): Promise<ActionOutcome> {
    const reading = await this.#readFresh(request);
    const { account } = reading;
    if (!isShown(request, reading)) return { kind: 'Unconfirmed', id, account };
    this.#tell(request, id, 'Succeeded', []);
    return { kind: 'Succeeded', id, account, adopted: false };
  }

  /** Sends the change. What Asana refused, or surely never got, is told and thrown. */
  async #send(request: ActionRequest, id: string): Promise<Sent> {
    const { session, action, userTypes, signal, tally } = request;
    try {
      const call = { priority: 'action', signal, tally } as const;
      const { requestId } = await sendChange(session, action, userTypes, call);
      return { requestIds: requestId === null ? [] : [requestId], failure: null };
    } catch (error) {
      const known = error instanceof AsanaError ? error : null;
      const requestIds = known?.requestId ? [known.requestId] : [];
      if (known && mayHaveTakenEffect(action, known)) return { requestIds, failure: known };
      this.#tell(request, id, known?.code ?? (signal.aborted ? 'Unknown' : 'Failed'), requestIds);
      throw error;
    }
  }

  async #lookBack(
    request: ActionRequest,
  ): Promise<{ readonly reading: FreshReading | null; readonly error: Error | null }> {
    try {
      return { reading: await this.#readFresh(request), error: null };
    } catch (error) {
      return { reading: null, error: error instanceof Error ? error : new TypeError(String(error)) };
    }
  }

  #readFresh({ session, directory, userTypes, action, signal }: ActionRequest): Promise<FreshReading> {
    // A removal needs the role too (admins, guests); whoever is created may be a guest whom SCIM hides.
    const membership = action.removal || action.gid === null || !('from' in action);
    const options = { membership, userTypes, priority: 'action', signal } as const;
    return refresh(session, directory, subjectOf(action), options);
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
      ...describeChange(action),
      result,
      reason,
      requestIds,
    });
  }
}

function isShown({ action, directory }: ActionRequest, reading: FreshReading): boolean {
  return shows(action, reading, directory.current()?.organization?.gid ?? null);
}

function isPassing(error: Error): boolean {
  return error instanceof AsanaError && error.errorClass !== 'stalling';
}
