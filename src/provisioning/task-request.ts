import type { Account } from '../directory/snapshot.ts';
import type { Wish } from './right.ts';

/** One change that a ConductorOne task, or a one-shot flag, asks for. */
export interface TaskRequest {
  readonly wish: Wish;
  readonly want: 'Give' | 'Take';
  /** By gid, or by address if the account is to be created. */
  readonly user:
    | { readonly gid: string }
    | {
        /** In lower case. */
        readonly email: string;
        readonly name: string | null;
      };
}

/** The outcome of a task. */
export interface TaskOutcome {
  /** False if the task changed nothing: Asana was as wanted already, or somebody else made the change. */
  readonly changed: boolean;
  /** The account as Asana shows it now; `null` if there is none. */
  readonly account: Account | null;
}
