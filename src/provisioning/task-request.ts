import type { Account } from '../directory/snapshot.ts';
import type { Wish } from './right.ts';

/** One change that a ConductorOne task, or a one-shot flag, asks for. */
export interface TaskRequest {
  readonly wish: Wish;
  readonly want: 'Give' | 'Take';
  /** By gid, or for an account that is to be created by its address. */
  readonly user:
    | { readonly gid: string }
    | {
        /** In lower case. */
        readonly email: string;
        readonly name: string | null;
      };
}

/** What came of a task. */
export interface TaskOutcome {
  /** False when Asana was as wanted already: nothing was sent. */
  readonly changed: boolean;
  /** As Asana shows it now; null when it is gone. */
  readonly account: Account | null;
}
