import { CodedError } from '../core/errors.ts';

export type DirectoryErrorCode =
  | 'WorkspaceNotFound'
  | 'AmbiguousOrganization'
  | 'LicensesUnavailable'
  | 'CredentialsRejected'
  /** REST refuses a token that SCIM takes and that REST has taken before. */
  | 'PermissionDenied'
  /** REST refuses a token that SCIM takes, and always has: what SCIM shows was read. */
  | 'ScimOnly'
  /** Nothing says which organization SCIM speaks of. */
  | 'WorkspaceNotSet';

/** What a directory lacks although Asana answered; always a person's to mend. */
export class DirectoryError extends CodedError {
  declare readonly code: DirectoryErrorCode;

  constructor(code: DirectoryErrorCode, message: string, cause?: unknown) {
    super(code, 'stalling', message, { cause });
  }
}
