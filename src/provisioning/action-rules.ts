import type { Answer } from '../asana/answer.ts';
import type { AsanaError } from '../asana/errors.ts';
import type { AsanaSession } from '../asana/session.ts';
import type { Call } from '../asana/transport.ts';
import type { UserTypes } from '../directory/account.ts';
import type { FreshReading, Subject } from '../directory/reader.ts';
import type { Account } from '../directory/snapshot.ts';
import type { Action } from './action.ts';
import type { RefusedError } from './refusal.ts';

/** What an action says of itself. Whoever carries one out knows nothing else about it. */
export interface ActionRules<A extends Action> {
  /** It lowers somebody's access: removalDelay, limits, holds and the API server's own word come before it. */
  readonly removal: boolean;
  /** Never sent again before somebody has looked: it cannot be undone, or somebody gets a second invitation. */
  readonly oneWay: boolean;
  /**
   * What Asana refuses of it did not happen. With which status REST refuses to add who is there or to remove a stranger, and
   * SCIM to create who is there, is not documented: only reading tells what became of those.
   */
  readonly refusalIsFinal: boolean;
  /** It takes the account out of a place: it counts towards `maxDeprovisions`, whatever asks for it. */
  deprovisions(action: A): boolean;
  /** It ends in an enterprise license that the directory does not show yet. */
  readonly takesSeat: boolean;
  /** A look at the account before and after it reads the memberships too: admins, guests, and guests whom SCIM hides. */
  readonly readsMembership: boolean;
  /** Whom it is about, and where to look for its outcome. */
  subject(action: A): Subject;
  /** Sends its one request. */
  send(asana: AsanaSession, action: A, userTypes: UserTypes, call: Call): Promise<Answer<unknown>>;
  /** Whether a reading shows its outcome. */
  shows(
    action: A,
    seen: Pick<FreshReading, 'account' | 'teamMembership'>,
    organization: string | null,
  ): boolean;
  /** What is held afterwards, for auditors, where Asana decides that; by default what the action leads to. */
  after?(action: A, account: Account | null): string | null;
  /** What Asana's refusal means; null where the error says it all. */
  explain(error: AsanaError, action: A): RefusedError | null;
  /** The reason of the event that tells of it, and what was done, in a sentence. */
  readonly event: string;
  describe(action: A, who: string, account: Account | null): string;
}
