import type { Action } from '../../provisioning/action.ts';
import { rulesOf } from '../../provisioning/actions.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';
import type { GrantDeps, GrantSubject } from './grant-context.ts';

/** The enterprise licenses that upgrades of grants under way take, by the uid of the grant. */
export class Seats {
  readonly #touchConnector: GrantDeps['touchConnector'];
  readonly #held = new Map<string, () => void>();

  constructor(touchConnector: GrantDeps['touchConnector']) {
    this.#touchConnector = touchConnector;
  }

  /** Takes one for an action that ends in one, unless this grant has it. */
  take({ object }: GrantSubject, session: ConnectorSession, action: Action): void {
    const { uid } = object.metadata;
    if (!rulesOf(action).takesSeat || this.#held.has(uid)) return;
    this.#held.set(uid, session.takeSeat(uid, action.gid ?? action.email ?? uid));
  }

  /** Nothing is under way any more: whoever waits for a license may have it. */
  free({ object, connectorKey }: GrantSubject): void {
    if (this.forget(object.metadata.uid)) this.#touchConnector(connectorKey, 'SeatFreed');
  }

  /** The license is to be seen now, or the object is gone. @returns whether there was one */
  forget(uid: string): boolean {
    this.#held.get(uid)?.();
    return this.#held.delete(uid);
  }
}
