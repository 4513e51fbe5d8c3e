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
    `SCIM takes the token, the REST API does not (${error.status}): with only the permissions Users and Teams a service account can do SCIM alone. Accounts, licenses, teams and their members are read; guests, roles and further workspaces are missing, and nothing is changed, since admins and guests cannot be told. Give the service account full permissions to have all of it.`,
    error,
  );
}

/** The same where REST took the token before. */
export function permissionLost(error: AsanaError): DirectoryError {
  return new DirectoryError(
    'PermissionDenied',
    `The REST API, which took the token before, refuses it (${error.status}), and SCIM takes it: the service account has lost permissions. Nothing is changed or uploaded. Give it full permissions again, or put a token that has them under tokenKey and this one under scimTokenKey.`,
    error,
  );
}
