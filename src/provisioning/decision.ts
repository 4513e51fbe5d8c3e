import type { ErrorClass } from '../core/errors.ts';
import type { Account, License, Snapshot } from '../directory/snapshot.ts';
import type { AppliedRight, LicenseGrant } from './grant.ts';

/** The connector's rules, from its spec (DESIGN §3.1). */
export interface Policies {
  readonly mode: 'Plan' | 'Apply';
  readonly suspended: boolean;
  readonly scimEnabled: boolean;
  readonly allowDeprovision: boolean;
  readonly protectedUsers: readonly string[];
  readonly protectAdmins: boolean;
  readonly maxEnterpriseLicenses: number | null;
  readonly defaultWorkspace: string | null;
}

/** The directory as the decision may read it: the snapshot with the results of our own actions laid over it. */
export interface DirectoryReading {
  readonly snapshot: Snapshot;
  account(gid: string): Account | undefined;
  accountByEmail(email: string): Account | undefined;
  /** Accounts of the organization that hold an Enterprise license, actions in flight included. */
  enterpriseLicenses(): number;
  /** Null when removals and creations are justified; otherwise why not (incomplete, older than three intervals, shrunk). */
  untrusted(): { readonly reason: 'AsanaUnavailable' | 'RemovalsPaused'; readonly message: string } | null;
}

/** What the other grants for the same account mean for this one (rule 2). */
export type Contest =
  | { readonly kind: 'Uncontested' }
  | { readonly kind: 'Lost'; readonly winner: string }
  /** Only for an ending grant: another live grant will hold the account. `sameLicense`: it inherits `applied`. */
  | { readonly kind: 'Succeeded'; readonly successor: string; readonly sameLicense: boolean };

export interface DecisionContext {
  readonly policies: Policies;
  /** Null before the first sync has brought accounts and licenses, and while the connector may not be used. */
  readonly directory: DirectoryReading | null;
  /** What stands in the connector's way, in words; null when nothing does. */
  readonly notReady: string | null;
  readonly contest: Contest;
}

/** A change of a license or, by SCIM, of an account's being there. */
export interface LicenseAction {
  readonly type: 'GrantEnterprise' | 'RevokeEnterprise' | 'Deprovision' | 'CreateAccount';
  /** Null for CreateAccount. */
  readonly gid: string | null;
  readonly email: string | null;
  /** For CreateAccount: what the account is called, if whoever asked said so. */
  readonly name?: string | null;
  readonly from: License | null;
  readonly to: License | null;
  /** Lowers somebody's access: removalDelay, holds and the API server's own word come before it. */
  readonly removal: boolean;
}

/** A change of who is in a team. */
export interface TeamAction {
  readonly type: 'AddToTeam' | 'RemoveFromTeam';
  readonly gid: string;
  readonly email: string | null;
  readonly team: string;
  /** The gid of the team's organization. */
  readonly organization: string;
  readonly removal: boolean;
}

/** A change of who is in a workspace. Taking somebody out of the organization deprovisions. */
export interface WorkspaceAction {
  readonly type: 'AddToWorkspace' | 'RemoveFromWorkspace';
  readonly gid: string;
  readonly email: string | null;
  readonly workspace: string;
  readonly removal: boolean;
}

/** A new account without SCIM: Asana sends an invitation to the address. */
export interface Invitation {
  readonly type: 'InviteAccount';
  readonly gid: null;
  readonly email: string;
  readonly workspace: string;
  readonly removal: false;
}

/** One change to be made in Asana. */
export type PlannedAction = LicenseAction | TeamAction | WorkspaceAction | Invitation;

export type ActionType = PlannedAction['type'];

/**
 * What is to be done about one grant, or why not; the pure result of comparing it with the directory under the
 * policies. `message` is for a person and names the remedy.
 */
export type Decision =
  /** All is as declared. `applied` is what status should record (unchanged if it says so already). */
  | {
      readonly kind: 'Settled';
      readonly reason: 'Granted';
      readonly account: Account;
      readonly applied: AppliedRight;
      readonly message: string;
    }
  /** Something is to be done in Asana. In mode Plan the caller stops here and reports it. `drift`: it holds `applied` but somebody changed it. */
  | {
      readonly kind: 'Act';
      readonly action: LicenseAction;
      readonly account: Account | null;
      readonly drift: boolean;
      readonly message: string;
    }
  /** An ending grant lets go and leaves Asana as it is. `warning`: a rule refused the removal. */
  | {
      readonly kind: 'Release';
      readonly reason: string;
      readonly warning: boolean;
      readonly account: Account | null;
      readonly message: string;
    }
  /** Nothing can or may be done now. */
  | {
      readonly kind: 'Blocked';
      readonly reason: string;
      readonly errorClass: ErrorClass;
      readonly account: Account | null;
      readonly drifted: boolean;
      readonly message: string;
    };

/** Signature of the decision for license grants; implemented as a chain of policies. */
export type DecideLicense = (grant: LicenseGrant, context: DecisionContext) => Decision;
