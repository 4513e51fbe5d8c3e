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
  /** Null before the first sync has brought what the right is read from. */
  readonly reading: Reading | null;
  /** What stands in the connector's way, in words; null when nothing does. */
  readonly obstacle: string | null;
  readonly contest: Contest;
  /** What other live grants declare for the account. */
  readonly declared: readonly Declaration[];
  /** A live AsanaAccount declares the address: it creates the account, and licenses wait for it. */
  readonly accountDeclaredBy: string | null;
  /** The person was looked up by itself just now: that they are not in the reading is so. */
  readonly lookedUp: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** What every decision tells the status. */
interface Seen {
  /** As seen now; null when there is none; undefined when nobody looked. */
  readonly account: Account | null | undefined;
  /** The right that was decided on; null while it is not known. */
  readonly right: Right | null;
  /** What the account holds of it; null for nothing, undefined when nobody looked. */
  readonly observed: string | null | undefined;
  readonly message: string;
}

/**
 * What is to be done about one grant, or why not: the pure result of comparing it with the directory under the policies.
 * `message` is for a person and names the remedy.
 */
export type Decision =
  | (Seen & {
      /** All that is asked for is so. */
      readonly kind: 'Settled';
      readonly reason: 'Granted' | 'Removed' | 'Scheduled' | 'Expired';
      /** What the status should record; null leaves it. */
      readonly applied: AppliedRight | null;
    })
  | (Seen & {
      /** Something is to be done in Asana. In mode Plan the caller stops here and reports it. */
      readonly kind: 'Act';
      readonly action: Action;
      readonly right: Right;
      /** It was as declared, and somebody else changed it. */
      readonly drift: boolean;
    })
  | (Seen & {
      /** The person is not in the reading: they are looked up by themselves before anything follows from it. */
      readonly kind: 'LookUp';
    })
  | (Seen & {
      /** An ending grant lets go and leaves Asana as it is. `warning`: a rule refused the removal. */
      readonly kind: 'Release';
      readonly reason: ReleaseReason;
      readonly warning: boolean;
    })
  | (Seen & {
      /** Nothing can or may be done now. */
      readonly kind: 'Blocked';
      readonly code: RefusalCode;
      readonly drift: boolean;
    });

/** Why a grant is let go without a change in Asana. */
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

/** What a log calls a decision: its action, refusal or reason. */
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
