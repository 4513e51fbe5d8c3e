import type { Action } from '../../provisioning/action.ts';
import { rulesOf } from '../../provisioning/actions.ts';
import type { Seat } from '../../provisioning/removals/seat-ledger.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';
import type { GrantDeps, GrantSubject } from './grant-context.ts';

/** The enterprise licenses that upgrades of grants under way take, by the uid of the grant. */
export class Seats {
  readonly #touchConnector: GrantDeps['touchConnector'];
  readonly #held = new Map<string, Seat>();

  constructor(touchConnector: GrantDeps['touchConnector']) {
    this.#touchConnector = touchConnector;
  }

  /** Takes one for an action that ends in one, unless this grant has it. */
  take({ object }: GrantSubject, session: ConnectorSession, action: Action): void {
    const { uid } = object.metadata;
    if (!rulesOf(action).takesSeat || this.#held.has(uid)) return;
    this.#held.set(uid, session.seats.take(uid, action.gid ?? action.email ?? uid, session.directory));
  }

  /** Takes over the seat of an upgrade that a process before this one has begun. */
  takeOver(uid: string, seat: Seat): void {
    this.#held.get(uid)?.free();
    this.#held.set(uid, seat);
  }

  /** Nothing was given: whoever waits for a license may have it. */
  free({ object, connectorKey }: GrantSubject): void {
    const { uid } = object.metadata;
    this.#held.get(uid)?.free();
    if (this.#held.delete(uid)) this.#touchConnector(connectorKey, 'SeatFreed');
  }

  /** The license is to be seen now. */
  keep(uid: string): void {
    this.#held.get(uid)?.keep();
    this.#held.delete(uid);
  }

  /** It may have been given, and nobody looks for it any more. */
  doubt(uid: string): void {
    this.#held.get(uid)?.doubt();
    this.#held.delete(uid);
  }
}
