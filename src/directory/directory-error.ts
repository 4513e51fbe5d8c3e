import { CodedError } from '../core/errors.ts';

export type DirectoryErrorCode =
  | 'WorkspaceNotFound'
  | 'AmbiguousOrganization'
  | 'LicensesUnavailable'
  | 'CredentialsRejected';

/** What a directory lacks although Asana answered; always a person's to mend. */
export class DirectoryError extends CodedError {
  declare readonly code: DirectoryErrorCode;

  constructor(code: DirectoryErrorCode, message: string, cause?: unknown) {
    super(code, 'stalling', message, { cause });
  }
}
