import type { Answer } from '../asana/answer.ts';
import type { AsanaError } from '../asana/errors.ts';
import type { AsanaSession } from '../asana/session.ts';
import type { Call } from '../asana/transport.ts';
import type { UserTypes } from '../directory/account.ts';
import type { FreshReading, Subject } from '../directory/reader.ts';
import type { Account } from '../directory/snapshot.ts';
import type { Action } from './action.ts';
import type { RefusedError } from './refusal.ts';

/** Everything that is specific to one type of action; the executor knows nothing else about it. */
export interface ActionRules<A extends Action> {
  /** True if it lowers access: `removalDelay`, limits, holds and a check with the API server come before it. */
  readonly removal: boolean;
  /** True if it is never repeated without a look at Asana: it cannot be undone, or would send a second invitation. */
  readonly oneWay: boolean;
  /**
   * True if a refusal by Asana means that nothing changed. It is not documented with which status REST refuses to add a
   * present member or to remove an absent one, and SCIM to create an existing user: there, only a read tells.
   */
  readonly refusalIsFinal: boolean;
  /** Whether it takes the account out of a place, and so counts towards `maxDeprovisions`, for grants and tasks. */
  deprovisions(action: A): boolean;
  /** True if it gives an enterprise license, which the directory does not show yet. */
  readonly takesSeat: boolean;
  /** True if the reads before and after it include memberships, which show admins and the guests that SCIM hides. */
  readonly readsMembership: boolean;
  /** Returns the person that it is about, and where to look for its outcome. */
  subject(action: A): Subject;
  /** Sends its one request. */
  send(asana: AsanaSession, action: A, userTypes: UserTypes, call: Call): Promise<Answer<unknown>>;
  /** Whether a reading shows its outcome. */
  shows(
    action: A,
    seen: Pick<FreshReading, 'account' | 'teamMembership'>,
    organization: string | null,
  ): boolean;
  /** What the account holds afterwards, for the audit log, if Asana decides that; by default `to` of the action. */
  after?(action: A, account: Account | null): string | null;
  /** Returns what Asana's refusal means; `null` if the error needs no explanation. */
  explain(error: AsanaError, action: A): RefusedError | null;
  /** The reason of the event about it; `describe` returns the sentence about what was done. */
  readonly event: string;
  describe(action: A, who: string, account: Account | null): string;
}
