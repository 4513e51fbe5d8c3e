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

  /** Frees the seat because no license was given, and has the waiting grants decided again. */
  free(subject: GrantSubject): void {
    if (this.freeUntold(subject)) this.#touchConnector(subject.connectorKey, 'SeatFreed');
  }

  /**
   * Frees the seat of a grant that soon tries again by itself. Nobody is told: grants that all fail would otherwise hand
   * one seat around without a pause.
   * @returns false if the grant had none
   */
  freeUntold({ object: { metadata } }: GrantSubject): boolean {
    this.#held.get(metadata.uid)?.free();
    return this.#held.delete(metadata.uid);
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
