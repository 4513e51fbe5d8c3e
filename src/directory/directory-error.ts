import type { AsanaError } from '../asana/errors.ts';
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

/** A service account with SCIM's permissions alone: what is read nevertheless, and what is missing. */
export function scimOnly(error: AsanaError): DirectoryError {
  return new DirectoryError(
    'ScimOnly',
    `SCIM accepts the token, and the REST API rejects it (${error.status}): a service account with only the permissions Users and Teams can use only SCIM. Accounts, licenses, teams and their members are read. Guests, roles and other workspaces are missing, and nothing is changed, because admins and guests cannot be identified. For full access, give the service account full permissions.`,
    error,
  );
}

/** The same where REST took the token before. */
export function permissionLost(error: AsanaError): DirectoryError {
  return new DirectoryError(
    'PermissionDenied',
    `The REST API rejects the token (${error.status}), which it accepted before, and SCIM accepts it: the service account has lost permissions. Nothing is changed or uploaded. Restore its full permissions and request a sync, or store a token that has them under tokenKey and this one under scimTokenKey.`,
    error,
  );
}
