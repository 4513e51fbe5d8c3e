import type { DoubtReason } from '../../directory/doubt.ts';
import type { ActionType } from '../action.ts';

/** The connector's bounds on removals (`provisioning.maxRemovals`, `maxDeprovisions`). All of them count people. */
export interface RemovalLimits {
  /** 0 to 100, of the people with applied grants when the window began. */
  readonly percent: number;
  readonly atLeast: number;
  readonly windowMs: number;
  readonly maxDeprovisions: number;
}

/** What a person can say to a hold. */
export type Answer = 'acknowledge' | 'discard';

/** What a grant's own status says of the hold it is in. It outlives the process, and the connector's status. */
export interface RecordedHold {
  readonly id: string;
  readonly n: number;
  /** The `content` of the demand that this was recorded for; null if the status does not say. */
  readonly content: string | null;
  /** What a person answered to that content; null for no answer yet. */
  readonly answer: Answer | null;
}

/** What one grant wants to take away now. */
export interface Demand {
  /** The grant's uid. */
  readonly id: string;
  /** Whom it takes from: the gid, the same for every grant of theirs. */
  readonly person: string;
  /** The organization whose deprovisions are counted together. */
  readonly organization: string;
  /** For people to read. */
  readonly who: string;
  readonly action: ActionType;
  /** For people to read. */
  readonly what: string;
  readonly deprovision: boolean;
  /** The grant was deleted or has expired; false for a live grant that declares less. */
  readonly ends: boolean;
  /**
   * It ends at the time that its status has shown since it was first applied, and no more than a window ago. Such an
   * end surprises nobody, and counts towards no limit.
   */
  readonly onTime: boolean;
  /** What exactly is asked for: generation, action and cause. Another content needs another answer. */
  readonly content: string;
  readonly recorded: RecordedHold | null;
}

/** What the desk says to a removal. Only `Free`, and `Acknowledged` once it is recorded, may go ahead. */
export type Verdict =
  | { readonly kind: 'Free' }
  /** Held until a person answers; `hold` is for `planned.hold`. */
  | { readonly kind: 'Held'; readonly hold: string }
  /** A person let it go ahead. If that is not `recorded`, write it into the grant's status, then ask again. */
  | { readonly kind: 'Acknowledged'; readonly hold: string; readonly recorded: boolean }
  /** A person said to let it be. To be recorded before it is followed, likewise. */
  | { readonly kind: 'Discarded'; readonly hold: string; readonly recorded: boolean }
  /** Not to be carried out yet. What the grant's status says of a hold stays as it is. */
  | { readonly kind: 'Waits'; readonly on: WaitReason };

/**
 * `Counting`: not every grant was looked at since the start, so nobody knows how many removals are wanted.
 * `NotAsked`: the desk knows of no such demand. Else the doubt about the reading that stands.
 */
export type WaitReason = 'Counting' | 'NotAsked' | DoubtReason;

/** What came of an answer. */
export type AnswerOutcome =
  /** It names no standing hold, or more than there is, or a reading that has got worse since. Nothing was done. */
  | { readonly kind: 'Unknown' }
  /** Not every grant was looked at since the start: give the same answer again after that. Nothing was done. */
  | { readonly kind: 'TooEarly' }
  /** These grants got the answer; it may be none, if all that was named has its answer or is gone. */
  | { readonly kind: 'Removals'; readonly ids: readonly string[] }
  /** The doubt is over if `accepted`: the caller takes the reading as it is. Discarding changes nothing. */
  | {
      readonly kind: 'Reading';
      readonly reason: DoubtReason;
      readonly count: number;
      readonly accepted: boolean;
    };

/** What came of a task's wish to deprovision somebody. */
export type DeprovisionOutcome =
  | { readonly kind: 'Booked' }
  /** It was booked before, and the limit allows it still. */
  | { readonly kind: 'Standing' }
  /** `done` is null if the record of this window cannot be read. */
  | { readonly kind: 'Refused'; readonly done: number | null; readonly limit: number };
