import { CodedError, type CodedErrorOptions, type ErrorClass } from '../core/errors.ts';
import type { Account, License } from '../directory/snapshot.ts';

/** One change that a ConductorOne task, or a one-shot flag, asks for. Users, teams and workspaces by gid. */
export type TaskRequest =
  | { readonly type: 'GrantLicense' | 'RevokeLicense'; readonly license: License; readonly user: string }
  | { readonly type: 'AddToTeam' | 'RemoveFromTeam'; readonly team: string; readonly user: string }
  | {
      readonly type: 'AddToWorkspace' | 'RemoveFromWorkspace';
      readonly workspace: string;
      readonly user: string;
    }
  | {
      readonly type: 'CreateAccount';
      readonly email: string;
      readonly name: string | null;
      /** Where to invite to; null for the connector's default workspace. */
      readonly workspace: string | null;
    };

/** What came of a task. */
export interface TaskOutcome {
  /** False when Asana was as wanted already: nothing was sent. */
  readonly changed: boolean;
  /** As Asana shows it now; null when it is gone. */
  readonly account: Account | null;
}

/** Why a task is not carried out, and what class of failure that is. Each has its gRPC code in `conductorone`. */
export const classOfRefusal = {
  /** No such account (any more), or one that is not active. */
  AccountNotFound: 'stalling',
  /** Asana takes nobody back by API who was removed before. */
  PreviouslyRemoved: 'stalling',
  TeamNotFound: 'stalling',
  WorkspaceNotFound: 'stalling',
  /** The id names nothing that this connector ever offered. */
  EntitlementNotFound: 'stalling',
  /** Neither the task nor the connector says where a new account goes. */
  WorkspaceNotSet: 'stalling',
  InvalidEmail: 'stalling',
  InvalidPrincipal: 'stalling',
  /** No API gives or takes this role. */
  ImmutableRole: 'stalling',
  ProtectedUser: 'stalling',
  DeprovisionNotAllowed: 'stalling',
  /** `maxDeprovisions` is used up for this window. */
  TooManyDeprovisions: 'stalling',
  /** A declared grant in Apply mode says otherwise; the message names it. */
  DeclaredOtherwise: 'stalling',
  /** View-only asked for somebody with an enterprise license: that one is revoked instead. */
  HoldsEnterprise: 'stalling',
  /** `maxEnterpriseLicenses` is reached. */
  LicenseLimitReached: 'stalling',
  UserIsGuest: 'stalling',
  LicensesUnavailable: 'stalling',
  /** Asana lets only members of a team change it, and the token's account is none. */
  NotTeamMember: 'stalling',
  /** Asana took the change and did not show it within three minutes. */
  NotAccepted: 'stalling',
  /** `conductorOne.provision` is off. */
  ProvisioningOff: 'stalling',
  Suspended: 'stalling',
  /** The reading is incomplete, stale or suspiciously small, or another leader has just gone. */
  NotReady: 'transient',
} as const satisfies Record<string, ErrorClass>;

export type RefusalCode = keyof typeof classOfRefusal;

/** A task that is not carried out by rule. The message is for the person who reads it in ConductorOne. */
export class RefusedError extends CodedError {
  declare readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string, options: CodedErrorOptions = {}) {
    super(code, classOfRefusal[code], message, options);
  }
}
