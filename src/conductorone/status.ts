import { Code } from '@connectrpc/connect';
import { type AsanaErrorCode, isAsanaError } from '../asana/errors.ts';
import { CodedError, isAbort } from '../core/errors.ts';
import type { DirectoryErrorCode } from '../directory/directory-error.ts';
import { type RefusalCode, RefusedError } from '../provisioning/refusal.ts';
import type { C1zCode } from './c1z/errors.ts';
import { type ConductorOneCode, ConductorOneError, type UnsupportedTaskError } from './errors.ts';

type KnownCode =
  | RefusalCode
  | AsanaErrorCode
  | DirectoryErrorCode
  | C1zCode
  | ConductorOneCode
  | UnsupportedTaskError['code']
  | 'InvalidInput';

/**
 * The gRPC code of each of our error codes: it gives the kind of the failure. Whether ConductorOne retries depends on
 * `nonRetryable`. A code that several kinds of errors share has the same meaning in all of them.
 */
const CODES: Readonly<Record<KnownCode, Code>> = {
  // The object that the task names does not exist (any more).
  AccountNotFound: Code.NotFound,
  TeamNotFound: Code.NotFound,
  WorkspaceNotFound: Code.NotFound,
  EntitlementNotFound: Code.NotFound,
  NotFound: Code.NotFound,
  Conflict: Code.AlreadyExists,

  // The input of the task is invalid.
  WorkspaceNotSet: Code.InvalidArgument,
  InvalidEmail: Code.InvalidArgument,
  InvalidPrincipal: Code.InvalidArgument,
  InvalidInput: Code.InvalidArgument,
  AsanaRefused: Code.InvalidArgument,

  // A rule or the current state forbids it; a person can change that.
  ImmutableRole: Code.FailedPrecondition,
  ProtectedUser: Code.FailedPrecondition,
  DeprovisionNotAllowed: Code.FailedPrecondition,
  TooManyDeprovisions: Code.FailedPrecondition,
  HoldsEnterprise: Code.FailedPrecondition,
  LicenseLimitReached: Code.FailedPrecondition,
  UserIsGuest: Code.FailedPrecondition,
  LicensesUnavailable: Code.FailedPrecondition,
  NotTeamMember: Code.FailedPrecondition,
  NotAccepted: Code.FailedPrecondition,
  PreviouslyRemoved: Code.FailedPrecondition,
  Suspended: Code.FailedPrecondition,
  StillDeclared: Code.FailedPrecondition,
  GuestsLastTeam: Code.FailedPrecondition,
  ReadingHeld: Code.FailedPrecondition,
  OrganizationChanged: Code.FailedPrecondition,
  ProvisioningOff: Code.FailedPrecondition,
  // Only declared grants can have these.
  TeamAmbiguous: Code.FailedPrecondition,
  NamespaceNotAllowed: Code.FailedPrecondition,
  IdentityChanged: Code.FailedPrecondition,
  Contended: Code.FailedPrecondition,
  ConflictingGrant: Code.FailedPrecondition,
  RemovalDiscarded: Code.FailedPrecondition,
  DurationTooLong: Code.FailedPrecondition,
  // Errors of reading the directory.
  AmbiguousOrganization: Code.FailedPrecondition,
  ScimOnly: Code.FailedPrecondition,
  // A wrong API address; NotFound would mean that the person is gone.
  RouteNotFound: Code.FailedPrecondition,
  HostNotAllowed: Code.FailedPrecondition,
  ConductorOneRefused: Code.FailedPrecondition,
  TempFolderUnusable: Code.FailedPrecondition,
  FileUnusable: Code.FailedPrecondition,

  UnsupportedTask: Code.Unimplemented,

  // Asana's 401, 403 and 402, and ConductorOne's own.
  CredentialsRejected: Code.Unauthenticated,
  ClockSkew: Code.Unauthenticated,
  Forbidden: Code.PermissionDenied,
  PermissionDenied: Code.PermissionDenied,
  PlanRefused: Code.PermissionDenied,

  // These resolve by themselves.
  NotReady: Code.Unavailable,
  ReadingIncomplete: Code.Unavailable,
  UnderWay: Code.Unavailable,
  RateLimited: Code.Unavailable,
  AsanaUnavailable: Code.Unavailable,
  OffsetExpired: Code.Unavailable,
  ListingTruncated: Code.Unavailable,
  MalformedResponse: Code.Unavailable,
  Inconsistent: Code.Unavailable,
  ResponseTooLarge: Code.Unavailable,
  SnapshotIncomplete: Code.Unavailable,
  Disconnected: Code.Unavailable,

  TempFolderFull: Code.ResourceExhausted,
  C1zFailed: Code.Internal,
};

/**
 * Returns the gRPC code that best describes an error: ConductorOne gets it for a task, and the `connector` command
 * exits with it. A call that ConductorOne itself refused keeps its code; aborted work is Canceled, a timeout
 * DeadlineExceeded, and a bug Unknown.
 */
export function grpcCodeOf(error: unknown): Code {
  if (isAbort(error)) return Code.Canceled;
  if (error instanceof Error && error.name === 'TimeoutError') return Code.DeadlineExceeded;
  if (error instanceof ConductorOneError && error.grpcCode !== undefined && !isCut(error))
    return error.grpcCode;
  if (!(error instanceof CodedError)) return Code.Unknown;
  // A 403 to a change has the code of Asana's other 403s, whatever the refusal takes it to mean.
  if (error instanceof RefusedError && isAsanaError(error.cause, 'Forbidden')) return Code.PermissionDenied;
  if (isKnown(error.code)) return CODES[error.code];
  return error.errorClass === 'stalling' ? Code.Unknown : Code.Unavailable;
}

/** Whether the connection was lost: Connect reports that as Canceled too. What this side cancels ends with an abort. */
function isCut({ code, grpcCode }: ConductorOneError): boolean {
  return code === 'Disconnected' && grpcCode === Code.Canceled;
}

function isKnown(code: string): code is KnownCode {
  return Object.hasOwn(CODES, code);
}
