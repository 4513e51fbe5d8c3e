import type { DoubtReason } from '../../directory/doubt.ts';
import type { ActionType } from '../action.ts';

/** The connector's limits on removals (`provisioning.maxRemovals`, `maxDeprovisions`). All of them count people. */
export interface RemovalLimits {
  /** 0 to 100, of the people with applied grants when the window began. */
  readonly percent: number;
  readonly atLeast: number;
  readonly windowMs: number;
  readonly maxDeprovisions: number;
}

/** How a person can answer a hold. */
export type Answer = 'acknowledge' | 'discard';

/** The hold as recorded in the grant's own status. The record outlives the process and the connector's status. */
export interface RecordedHold {
  readonly id: string;
  readonly n: number;
  /** The `content` of the demand that this was recorded for; `null` if the status does not show it. */
  readonly content: string | null;
  /** The answer to that content; `null` if there is none yet. */
  readonly answer: Answer | null;
}

/** The removal that one grant wants now. */
export interface Demand {
  /** The grant's uid. */
  readonly id: string;
  /** The person who loses access: the gid, the same in all their grants. */
  readonly person: string;
  /** The organization in which deprovisions are counted together. */
  readonly organization: string;
  /** Shown to people. */
  readonly who: string;
  readonly action: ActionType;
  /** Shown to people. */
  readonly what: string;
  readonly deprovision: boolean;
  /** True if the grant was deleted or has expired; false for a live grant that declares less. */
  readonly ends: boolean;
  /**
   * True if the grant ended at the time that its status has shown since it was first applied, and no more than a window
   * ago. Such an end is expected, and counts towards no limit.
   */
  readonly onTime: boolean;
  /** What exactly the grant asks for: generation, action and cause. Another content needs another answer. */
  readonly content: string;
  readonly recorded: RecordedHold | null;
}

/** The desk's verdict on a removal, which may go ahead only if it is `Free`, or `Acknowledged` and recorded. */
export type Verdict =
  | { readonly kind: 'Free' }
  /** Held until a person answers; `hold` is for `planned.hold`. */
  | { readonly kind: 'Held'; readonly hold: string }
  /** A person let it go ahead. If that is not `recorded`, write it to the grant's status, then ask again. */
  | { readonly kind: 'Acknowledged'; readonly hold: string; readonly recorded: boolean }
  /** A person discarded it. This, too, is to be recorded before it is followed. */
  | { readonly kind: 'Discarded'; readonly hold: string; readonly recorded: boolean }
  /** Not to be carried out yet. The hold in the grant's status stays as it is. */
  | { readonly kind: 'Waits'; readonly on: WaitReason };

/**
 * `Counting`: not every grant has been decided, so it is not known how many removals are wanted. `NotAsked`: the desk
 * knows no such demand. Otherwise the standing doubt about the reading.
 */
export type WaitReason = 'Counting' | 'NotAsked' | DoubtReason;

/** The outcome of an answer. */
export type AnswerOutcome =
  /** It names no standing hold, a change that has not happened, or a reading that got worse since. Nothing was done. */
  | { readonly kind: 'Unknown' }
  /** Not every grant has been decided since the start: give the answer again after that. Nothing was done. */
  | { readonly kind: 'TooEarly' }
  /** These grants got the answer; none if everything that it names is already answered or gone. */
  | { readonly kind: 'Removals'; readonly ids: readonly string[] }
  /** If `accepted`, the doubt is over and the caller takes the reading as it is. Discarding changes nothing. */
  | {
      readonly kind: 'Reading';
      readonly reason: DoubtReason;
      readonly count: number;
      readonly accepted: boolean;
    };

/** The outcome of a task's request to deprovision a person. */
export type DeprovisionOutcome =
  | { readonly kind: 'Booked' }
  /** It was booked before, and the limit still allows it. */
  | { readonly kind: 'Standing' }
  /** `done` is `null` if the record of this window cannot be read. */
  | { readonly kind: 'Refused'; readonly done: number | null; readonly limit: number };
