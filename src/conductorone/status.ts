import { Code } from '@connectrpc/connect';
import type { AsanaErrorCode } from '../asana/errors.ts';
import { CodedError, isAbort } from '../core/errors.ts';
import type { DirectoryErrorCode } from '../directory/directory-error.ts';
import type { RefusalCode } from '../provisioning/refusal.ts';
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
 * The gRPC code of every failure that has a code of ours: it says what kind of failure it was. Whether ConductorOne asks
 * again follows from `nonRetryable`. Codes that several kinds of errors share mean the same.
 */
const CODES: Readonly<Record<KnownCode, Code>> = {
  // What the task names is not there (any more).
  AccountNotFound: Code.NotFound,
  TeamNotFound: Code.NotFound,
  WorkspaceNotFound: Code.NotFound,
  EntitlementNotFound: Code.NotFound,
  NotFound: Code.NotFound,
  Conflict: Code.AlreadyExists,

  // What the task says cannot be used.
  WorkspaceNotSet: Code.InvalidArgument,
  InvalidEmail: Code.InvalidArgument,
  InvalidPrincipal: Code.InvalidArgument,
  InvalidInput: Code.InvalidArgument,
  AsanaRefused: Code.InvalidArgument,

  // A rule, or the state of things, stands against it; a person can change that.
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
  // What only declared grants can meet.
  TeamAmbiguous: Code.FailedPrecondition,
  NamespaceNotAllowed: Code.FailedPrecondition,
  IdentityChanged: Code.FailedPrecondition,
  Contended: Code.FailedPrecondition,
  ConflictingGrant: Code.FailedPrecondition,
  RemovalDiscarded: Code.FailedPrecondition,
  DurationTooLong: Code.FailedPrecondition,
  AmbiguousOrganization: Code.FailedPrecondition,
  ScimOnly: Code.FailedPrecondition,
  // A wrong API address; NotFound would say that the person is gone.
  RouteNotFound: Code.FailedPrecondition,
  HostNotAllowed: Code.FailedPrecondition,
  ConductorOneRefused: Code.FailedPrecondition,
  TempFolderUnusable: Code.FailedPrecondition,
  FileUnusable: Code.FailedPrecondition,

  UnsupportedTask: Code.Unimplemented,

  // Asana's 401, its 403 and 402, and ConductorOne's own.
  CredentialsRejected: Code.Unauthenticated,
  ClockSkew: Code.Unauthenticated,
  Forbidden: Code.PermissionDenied,
  PermissionDenied: Code.PermissionDenied,
  PlanRefused: Code.PermissionDenied,

  // It comes right by itself.
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
 * The gRPC code that says best why something failed: what ConductorOne is told of a task, and what the `connector`
 * command exits with. A call that ConductorOne itself refused keeps its code; what was given up is Canceled, what
 * took too long DeadlineExceeded, and a bug Unknown.
 */
export function grpcCodeOf(error: unknown): Code {
  if (isAbort(error)) return Code.Canceled;
  if (error instanceof Error && error.name === 'TimeoutError') return Code.DeadlineExceeded;
  if (error instanceof ConductorOneError && error.grpcCode !== undefined && !isCut(error))
    return error.grpcCode;
  if (!(error instanceof CodedError)) return Code.Unknown;
  if (isKnown(error.code)) return CODES[error.code];
  return error.errorClass === 'stalling' ? Code.Unknown : Code.Unavailable;
}

/** Connect calls a stream Canceled whose connection is gone, too; what this side gives up ends with an abort. */
function isCut({ code, grpcCode }: ConductorOneError): boolean {
  return code === 'Disconnected' && grpcCode === Code.Canceled;
}

function isKnown(code: string): code is KnownCode {
  return Object.hasOwn(CODES, code);
}
