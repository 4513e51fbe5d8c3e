import type { AsanaError } from '../asana/errors.ts';
import { CodedError } from '../core/errors.ts';

export type DirectoryErrorCode =
  | 'WorkspaceNotFound'
  | 'AmbiguousOrganization'
  | 'LicensesUnavailable'
  | 'CredentialsRejected'
  /** REST rejects a token that SCIM accepts and that REST accepted before. */
  | 'PermissionDenied'
  /** REST rejects a token that SCIM accepts, and never accepted it: what SCIM shows was read. */
  | 'ScimOnly'
  /** The connector does not say which organization SCIM serves. */
  | 'WorkspaceNotSet';

/** An error about something the directory lacks, although Asana responded. A person must fix it. */
export class DirectoryError extends CodedError {
  declare readonly code: DirectoryErrorCode;

  constructor(code: DirectoryErrorCode, message: string, cause?: unknown) {
    super(code, 'stalling', message, { cause });
  }
}

/** Returns the error for a service account with only SCIM's permissions. It says what is read and what is missing. */
export function scimOnly(error: AsanaError): DirectoryError {
  return new DirectoryError(
    'ScimOnly',
    `SCIM accepts the token, and the REST API rejects it (${error.status}): a service account with only the permissions Users and Teams can use only SCIM. Accounts, licenses, teams and their members are read. Guests, roles and other workspaces are missing, and nothing is changed, because admins and guests cannot be identified. For full access, give the service account full permissions.`,
    error,
  );
}

/** Returns the error for a token that REST accepted before and now rejects, while SCIM accepts it. */
export function permissionLost(error: AsanaError): DirectoryError {
  return new DirectoryError(
    'PermissionDenied',
    `The REST API rejects the token (${error.status}), which it accepted before, and SCIM accepts it: the service account has lost permissions. Nothing is changed or uploaded. Restore its full permissions and request a sync, or store a token that has them under tokenKey and this one under scimTokenKey.`,
    error,
  );
}
