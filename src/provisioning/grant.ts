import type { Attempt } from './attempt.ts';
import type { Right, Wish } from './right.ts';

/** The declared object behind a grant, as audit records and messages name it. */
export interface ObjectIdentity {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
}

/** The right a grant holds in Asana, as its status records it. */
export interface AppliedRight {
  readonly right: Right;
  /** The value seen when it was recorded: a license, a role, or `Active`. */
  readonly value: string;
  /** RFC 3339; empty for one that is still to be recorded. */
  readonly at: string;
  /** True if it was found so, false if an action of this object led there. */
  readonly adopted: boolean;
}

/** Why a grant ends. */
export interface Ending {
  readonly because: 'Deleted' | 'Expired';
  /** Epoch milliseconds of the deletion or the expiry. */
  readonly at: number;
}

/** One grant as provisioning sees it, of whatever kind: no Kubernetes in it, and nothing but what a decision needs. */
export interface Grant {
  readonly object: ObjectIdentity;
  /** Epoch milliseconds of creation: the oldest of a contest wins. */
  readonly createdAt: number;
  readonly wish: Wish;
  /** `Absent` is how an account declares that somebody leaves. */
  readonly ensure: 'Present' | 'Absent';
  /** Whom the spec names; exactly one of the two is set. */
  readonly user: { readonly email: string | null; readonly gid: string | null };
  /** What an account is called when it is created. */
  readonly name: string | null;
  /** `status.user`: once the gid is recorded it is the identity, in the organization it was found in. */
  readonly recorded: {
    readonly gid: string;
    readonly email: string | null;
    readonly organization: string | null;
  } | null;
  /** A missing account is created: an account that is declared, or a license with `onMissingAccount: Create`. */
  readonly mayCreate: boolean;
  readonly deletionPolicy: 'Revoke' | 'Retain';
  readonly reason: string | null;
  /** Epoch milliseconds; null: from the beginning. */
  readonly startsAt: number | null;
  /** When it is to end, epoch milliseconds; null: never, or not known before it is applied. */
  readonly endsAt: number | null;
  /** How long it is to last once applied, milliseconds; null: `expiresAt` says, or it does not end. */
  readonly durationMs: number | null;
  /** Null while the grant is in force. */
  readonly ending: Ending | null;
  readonly suspended: boolean;
  readonly abandoned: boolean;
  readonly applied: AppliedRight | null;
  /** The account was created by an action of this object, or of one that it succeeded. */
  readonly created: boolean;
  /** What is under way, or was last. */
  readonly attempt: Attempt | null;
  /** False when the grant lives in another namespace than its connector. */
  readonly sameNamespace: boolean;
  /** The connector lets this grant's namespace name it. */
  readonly namespaceAllowed: boolean;
  /** Set-backs in the last 24 h that no edit or request has cleared; 3 or more is `Contended`. */
  readonly setBacks: number;
  /** A person discarded the removal of this generation. */
  readonly discarded: boolean;
  /** For `Absent`: it was seen at this generation that there is no account, and nobody asked anew. */
  readonly absenceSeen: boolean;
  /** Its status shows what the person holds: they were there at the last look. */
  readonly wasSeen: boolean;
}
