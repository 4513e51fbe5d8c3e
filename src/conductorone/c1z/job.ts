import type { MessagePort } from 'node:worker_threads';
import type { Account, Snapshot } from '../../directory/snapshot.ts';
import type { ModelSettings } from '../model.ts';
import type { TeamHead } from '../resources.ts';
import type { C1zCode } from './errors.ts';
import type { Selection, SyncType } from './selection.ts';

/** The database that becomes the c1z, in the job's folder. */
export const DATABASE_FILE = 'sync.db';

/** The work of the threads. Everything in these types can be cloned between threads. */
export interface SyncJob {
  /** A folder for this job alone; the code that created it removes it. */
  readonly workFolder: string;
  /** Folder for SQLite's own temporary files; the same for all jobs of the process. */
  readonly tempFolder: string;
  /** The existing c1z to add the sync to; `null` for a new one. */
  readonly source: string | null;
  /** The c1z to write; must not exist. */
  readonly target: string;
  /** True if `target` becomes a file that the user named. */
  readonly targetIsNamed: boolean;
  readonly sync: { readonly id: string; readonly type: SyncType; readonly startedAt: string };
  readonly settings: ModelSettings;
  readonly selection: Selection;
  readonly head: Pick<Snapshot, 'workspaces' | 'organization' | 'self'>;
}

/** A team, or a part of one that is too large for a message. */
export interface TeamPart {
  readonly team: TeamHead;
  /** How many of the message's members belong to this part. */
  readonly members: number;
  /** Members left out of this part because they are not accounts of the directory. */
  readonly unknown: number;
  /** False if the next message continues the same team. */
  readonly last: boolean;
}

/** A piece of the directory for the encoding thread. Accounts come ordered by gid, before all teams. */
export type DirectoryPiece =
  | { readonly kind: 'accounts'; readonly accounts: readonly Account[] }
  | {
      readonly kind: 'teams';
      readonly parts: readonly TeamPart[];
      /** The members of all parts in order: place among the accounts sent, and flags (see `packMember`). */
      readonly members: Uint32Array<ArrayBuffer>;
    };

/** The last message: nothing follows. */
export interface End {
  readonly kind: 'end';
  readonly endedAt: string;
}

export interface SyncCounts {
  readonly resources: number;
  readonly entitlements: number;
  readonly grants: number;
  /** Memberships left out because their user is not an account of the directory. */
  readonly unknownMembers: number;
}

/** The input of each thread: its part of the work, and the port to the other thread. */
export interface ThreadWork {
  readonly part: keyof ThreadResults;
  readonly job: SyncJob;
  readonly rows: MessagePort;
}

/** The result of each thread. */
export interface ThreadResults {
  readonly encode: SyncCounts;
  /** Size of the c1z in bytes. */
  readonly insert: number;
}

export type FromThread =
  /** Acknowledges the oldest message that is not acknowledged yet. */
  | Taken
  | { readonly kind: 'done'; readonly result: ThreadResults[keyof ThreadResults] }
  | { readonly kind: 'failed'; readonly code: C1zCode; readonly message: string; readonly cause: string };

export interface Taken {
  readonly kind: 'taken';
}

const ADMIN = 1;
const GUEST = 2;
const LIMITED_ACCESS = 4;
const FLAG_BITS = 3;

/** Flags of a team membership. */
export interface MemberFlags {
  readonly admin: boolean;
  readonly guest: boolean;
  readonly limitedAccess: boolean;
}

/** @param place position of the account among all accounts, below 2^29 */
export function packMember(place: number, { admin, guest, limitedAccess }: MemberFlags): number {
  return (
    ((place << FLAG_BITS) |
      (admin ? ADMIN : 0) |
      (guest ? GUEST : 0) |
      (limitedAccess ? LIMITED_ACCESS : 0)) >>>
    0
  );
}

export function placeOf(packed: number): number {
  return packed >>> FLAG_BITS;
}

/** Returns 0 to 7. */
export function flagBitsOf(packed: number): number {
  return packed & (ADMIN | GUEST | LIMITED_ACCESS);
}

export function flagsOf(bits: number): MemberFlags {
  return {
    admin: (bits & ADMIN) !== 0,
    guest: (bits & GUEST) !== 0,
    limitedAccess: (bits & LIMITED_ACCESS) !== 0,
  };
}
