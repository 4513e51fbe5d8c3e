import type { Account } from '../directory/snapshot.ts';
import type { Action } from './action.ts';
import type { Contest } from './contest.ts';
import type { Declaration } from './declarations.ts';
import type { AppliedRight } from './grant.ts';
import type { Policies } from './policies.ts';
import type { Reading } from './reading.ts';
import type { RefusalCode } from './refusal.ts';
import type { Right } from './right.ts';

/** What the decision about one grant may look at besides the grant. */
export interface GrantContext {
  readonly policies: Policies;
  /** `null` until a sync has read the parts that the right is read from, and while there is an obstacle. */
  readonly reading: Reading | null;
  /** Message about what keeps the connector from working; `null` if nothing does. */
  readonly obstacle: string | null;
  readonly contest: Contest;
  /** What other live grants declare for the account. */
  readonly declared: readonly Declaration[];
  /** The live AsanaAccount that declares the account: other grants wait until it has created it. `null` for none. */
  readonly accountDeclaredBy: string | null;
  /** True if the person was looked up individually just now, so that absence from the reading is certain. */
  readonly lookedUp: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** What every decision contributes to the status. */
interface Seen {
  /** The account as seen now; `null` if there is none, `undefined` if the decision did not look for it. */
  readonly account: Account | null | undefined;
  /** The right that was decided on; `null` while it is not known. */
  readonly right: Right | null;
  /** What the account holds of the right; `null` for nothing, `undefined` if that is not known. */
  readonly observed: string | null | undefined;
  readonly message: string;
}

/**
 * What is to be done about one grant, or why nothing is: the pure result of comparing it with the directory under the
 * policies. `message` is for a person and names the remedy.
 */
export type Decision =
  | (Seen & {
      /** Nothing is to be done: everything declared already holds, begins later, or expired in mode Plan. */
      readonly kind: 'Settled';
      readonly reason: 'Granted' | 'Removed' | 'Scheduled' | 'Expired';
      /** The right to record in status; `null` leaves the record as it is, and clears it for `Removed`. */
      readonly applied: AppliedRight | null;
    })
  | (Seen & {
      /** Something is to be done in Asana. In mode Plan the caller stops here and reports it. */
      readonly kind: 'Act';
      readonly action: Action;
      readonly right: Right;
      /** True if the right was as declared and was changed outside of the operator. */
      readonly drift: boolean;
    })
  | (Seen & {
      /** The person is not in the reading, and has to be looked up individually before that has consequences. */
      readonly kind: 'LookUp';
    })
  | (Seen & {
      /** An ending grant is released, and Asana is left as it is. `warning`: a person should look at what is left. */
      readonly kind: 'Release';
      readonly reason: ReleaseReason;
      readonly warning: boolean;
      /** Whether Asana shows that the account holds the right. */
      readonly held: boolean;
    })
  | (Seen & {
      /** Nothing can or may be done now. */
      readonly kind: 'Blocked';
      readonly code: RefusalCode;
      readonly drift: boolean;
    });

/** Why a grant is released without a change in Asana. */
export type ReleaseReason =
  | 'Abandoned'
  | 'Suspended'
  | 'Planned'
  | 'NothingApplied'
  | 'Retained'
  | 'Superseded'
  | 'NoLongerHeld'
  | 'ChangedElsewhere'
  | 'Adopted'
  | 'Discarded'
  | RefusalCode;

/** Returns the word for a decision in logs: its action, refusal or reason. */
export function wordFor(decision: Decision): string {
  switch (decision.kind) {
    case 'Act':
      return decision.action.type;
    case 'Blocked':
      return decision.code;
    case 'LookUp':
      return 'LookUp';
    case 'Settled':
    case 'Release':
      return decision.reason;
  }
}
