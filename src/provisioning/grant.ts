import type { License } from '../directory/snapshot.ts';

/** The declared object behind a grant, as audit records and messages name it. */
export interface ObjectIdentity {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
}

/** The right a grant holds on Asana, as its status records it (DESIGN §3.2 rule 3). */
export interface AppliedRight {
  readonly license: License;
  /** RFC 3339. */
  readonly at: string;
  /** True if it was found so, false if an action of ours led there. */
  readonly adopted: boolean;
}

/** Why a grant is to be taken back. */
export interface Ending {
  readonly because: 'Deleted' | 'Expired';
  /** Epoch milliseconds of the deletion or the expiry. */
  readonly at: number;
}

/** One AsanaLicenseGrant as provisioning sees it: no Kubernetes in it, and nothing but what a decision needs. */
export interface LicenseGrant {
  readonly object: ObjectIdentity;
  /** Epoch milliseconds of creation: the oldest of a contest wins. */
  readonly createdAt: number;
  /** Exactly one of the two is set (`spec.user`). */
  readonly user: { readonly email: string | null; readonly gid: string | null };
  /** `status.user`: once the gid is recorded it is the identity. */
  readonly recorded: { readonly gid: string; readonly email: string | null } | null;
  readonly license: License;
  readonly onMissingAccount: 'Wait' | 'Create';
  readonly deletionPolicy: 'Revoke' | 'Retain';
  readonly reason: string | null;
  /** Null while the grant is in force. */
  readonly ending: Ending | null;
  readonly suspended: boolean;
  readonly abandoned: boolean;
  readonly applied: AppliedRight | null;
  /** An upgrade was sent moments ago, and Asana may still come to show it. */
  readonly upgrading: boolean;
  /** A CreateAccount was done for this object: never a second one. */
  readonly accountCreated: boolean;
  /** False when the grant lives in another namespace than its connector (rule 5). */
  readonly sameNamespace: boolean;
  /** `allowedNamespaces` lets this grant's namespace name the connector. */
  readonly namespaceAllowed: boolean;
  /** Set-backs in the last 24 h that no edit or request has cleared; 3 or more is `Contended`. */
  readonly setBacks: number;
  /** `discard` left this live grant alone at this generation: `RemovalDiscarded` until it is edited. */
  readonly discarded: boolean;
}
