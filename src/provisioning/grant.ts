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
  /** RFC 3339; empty if the right is still to be recorded. */
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

/** One grant of any kind as provisioning sees it: no Kubernetes types, and only what a decision needs. */
export interface Grant {
  readonly object: ObjectIdentity;
  /** Epoch milliseconds of the creation; the oldest grant of a contest wins. */
  readonly createdAt: number;
  readonly wish: Wish;
  /** `Absent` declares that the person is to have no account. */
  readonly ensure: 'Present' | 'Absent';
  /** The person that the spec names; exactly one of the two is set. */
  readonly user: { readonly email: string | null; readonly gid: string | null };
  /** The name for an account that is created; `null` if the spec gives none. */
  readonly name: string | null;
  /** `status.user`: once recorded, the gid is the identity, in the organization that it was found in. */
  readonly recorded: {
    readonly gid: string;
    readonly email: string | null;
    readonly organization: string | null;
  } | null;
  /** True if a missing account is created: a declared account, or a license with `onMissingAccount: Create`. */
  readonly mayCreate: boolean;
  readonly deletionPolicy: 'Revoke' | 'Retain';
  readonly reason: string | null;
  /** Epoch milliseconds; `null` if the grant begins at once. */
  readonly startsAt: number | null;
  /** When it ends, epoch milliseconds; `null` if it never ends, or the end is not known before it is applied. */
  readonly endsAt: number | null;
  /** How long it lasts once applied, milliseconds; `null` if `expiresAt` sets the end, or it never ends. */
  readonly durationMs: number | null;
  /** `null` while the grant is in force. */
  readonly ending: Ending | null;
  readonly suspended: boolean;
  readonly abandoned: boolean;
  readonly applied: AppliedRight | null;
  /** True if an action of this object, or of one that it succeeded, created the account. */
  readonly created: boolean;
  /** The action that is under way, or the last one. */
  readonly attempt: Attempt | null;
  /** False if the grant is in another namespace than its connector. */
  readonly sameNamespace: boolean;
  /** True if the connector allows grants of this namespace. */
  readonly namespaceAllowed: boolean;
  /** Set-backs of the last 24 h that no edit or request has cleared; 3 or more is `Contended`, and then they stay. */
  readonly setBacks: number;
  /** True if a person discarded the removal of this generation. */
  readonly discarded: boolean;
  /** For `Absent`: true if this generation was already seen without an account, and no request is open since. */
  readonly absenceSeen: boolean;
  /** True if the status shows that the person held something at the last look. */
  readonly wasSeen: boolean;
  /** True if the object was created, edited or requested since its status was written. */
  readonly askedAnew: boolean;
}
