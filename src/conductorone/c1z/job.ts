import type { MessagePort } from 'node:worker_threads';
import type { Account, Snapshot } from '../../directory/snapshot.ts';
import type { ModelSettings } from '../model.ts';
import type { TeamHead } from '../resources.ts';
import type { C1zCode } from './errors.ts';
import type { Selection, SyncType } from './selection.ts';

/** The database that becomes the c1z, in the job's folder. */
export const DATABASE_FILE = 'sync.db';

/** What the threads are to do; everything in these types can be cloned from thread to thread. */
export interface SyncJob {
  /** A folder of this job alone, removed by whoever made it. */
  readonly workFolder: string;
  /** Where SQLite may put its own temporary files; the same for all jobs of the process. */
  readonly tempFolder: string;
  /** An existing c1z that the sync is added to; null for a new one. */
  readonly source: string | null;
  /** The c1z to write; must not exist. */
  readonly target: string;
  /** True when `target` was named by the user and not by us. */
  readonly targetIsNamed: boolean;
  readonly sync: { readonly id: string; readonly type: SyncType; readonly startedAt: string };
  readonly settings: ModelSettings;
  readonly selection: Selection;
  readonly head: Pick<Snapshot, 'workspaces' | 'organization' | 'self'>;
}

/** A team, or a part of one that is too large for a message. */
export interface TeamPart {
  readonly team: TeamHead;
  /** How many of the message's members are its. */
  readonly members: number;
  /** Members left out here because they are no accounts of the directory. */
  readonly unknown: number;
  /** False when the next message goes on with the same team. */
  readonly last: boolean;
}

/** A piece of the directory on its way to the thread that encodes it. Accounts come in the order of their gids, before all teams. */
export type DirectoryPiece =
  | { readonly kind: 'accounts'; readonly accounts: readonly Account[] }
  | {
      readonly kind: 'teams';
      readonly parts: readonly TeamPart[];
      /** Of all parts, one behind the other: the account's place among the accounts sent, and its flags (see `packMember`). */
      readonly members: Uint32Array<ArrayBuffer>;
    };

/** No more is to come. */
export interface End {
  readonly kind: 'end';
  readonly endedAt: string;
}

export interface SyncCounts {
  readonly resources: number;
  readonly entitlements: number;
  readonly grants: number;
  /** Memberships left out because their user is no account of the directory. */
  readonly unknownMembers: number;
}

/** What each thread is given: its part of the work, and the port to the other. */
export interface ThreadWork {
  readonly part: keyof ThreadResults;
  readonly job: SyncJob;
  readonly rows: MessagePort;
}

/** What a thread brings in the end. */
export interface ThreadResults {
  readonly encode: SyncCounts;
  /** Bytes of the c1z. */
  readonly insert: number;
}

export type FromThread =
  /** The oldest message not yet taken is done with. */
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

/** @param place of the account among all accounts, below 2^29 */
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

/** 0 to 7. */
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
