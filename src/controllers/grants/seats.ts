import type { Action } from '../../provisioning/action.ts';
import { rulesOf } from '../../provisioning/actions.ts';
import type { Seat } from '../../provisioning/removals/seat-ledger.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';
import type { GrantDeps, GrantSubject } from './grant-context.ts';

/** The enterprise licenses (seats) that upgrades in progress take, by the uid of the grant. */
export class Seats {
  readonly #touchConnector: GrantDeps['touchConnector'];
  readonly #held = new Map<string, Seat>();

  constructor(touchConnector: GrantDeps['touchConnector']) {
    this.#touchConnector = touchConnector;
  }

  /** Takes a seat for an action that gives an enterprise license, unless this grant has one already. */
  take({ object }: GrantSubject, session: ConnectorSession, action: Action): void {
    const { uid } = object.metadata;
    if (!rulesOf(action).takesSeat || this.#held.has(uid)) return;
    this.#held.set(uid, session.seats.take(uid, action.gid ?? action.email ?? uid, session.directory));
  }

  /** Takes over the seat of an upgrade that an earlier process began. */
  takeOver(uid: string, seat: Seat): void {
    this.#held.get(uid)?.free();
    this.#held.set(uid, seat);
  }

  /** Frees the seat because no license was given, so that a waiting grant can have it. */
  free({ object, connectorKey }: GrantSubject): void {
    const { uid } = object.metadata;
    this.#held.get(uid)?.free();
    if (this.#held.delete(uid)) this.#touchConnector(connectorKey, 'SeatFreed');
  }

  /** Ends the seat because the directory now shows the license. */
  keep(uid: string): void {
    this.#held.get(uid)?.keep();
    this.#held.delete(uid);
  }

  /** Ends the seat as in doubt: the license may have been given, and is no longer checked for. */
  doubt(uid: string): void {
    this.#held.get(uid)?.doubt();
    this.#held.delete(uid);
  }
}
