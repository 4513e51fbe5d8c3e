import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Code } from '@connectrpc/connect';
import { AsanaError, type AsanaErrorCode, asanaErrorCodes } from '../../src/asana/errors.ts';
import { C1zError } from '../../src/conductorone/c1z/errors.ts';
import { ConductorOneError, UnsupportedTaskError } from '../../src/conductorone/errors.ts';
import { grpcCodeOf } from '../../src/conductorone/status.ts';
import { CodedError, InvalidInputError, StoppedError } from '../../src/core/errors.ts';
import { DirectoryError } from '../../src/directory/directory-error.ts';
import { type RefusalCode, RefusedError, refusals } from '../../src/provisioning/refusal.ts';

const REFUSALS: Readonly<Record<RefusalCode, Code>> = {
  AccountNotFound: Code.NotFound,
  TeamNotFound: Code.NotFound,
  WorkspaceNotFound: Code.NotFound,
  EntitlementNotFound: Code.NotFound,
  WorkspaceNotSet: Code.InvalidArgument,
  InvalidEmail: Code.InvalidArgument,
  InvalidPrincipal: Code.InvalidArgument,
  ImmutableRole: Code.FailedPrecondition,
  ProtectedUser: Code.FailedPrecondition,
  PreviouslyRemoved: Code.FailedPrecondition,
  DeprovisionNotAllowed: Code.FailedPrecondition,
  TooManyDeprovisions: Code.FailedPrecondition,
  HoldsEnterprise: Code.FailedPrecondition,
  LicenseLimitReached: Code.FailedPrecondition,
  UserIsGuest: Code.FailedPrecondition,
  LicensesUnavailable: Code.FailedPrecondition,
  NotTeamMember: Code.FailedPrecondition,
  NotAccepted: Code.FailedPrecondition,
  Suspended: Code.FailedPrecondition,
  StillDeclared: Code.FailedPrecondition,
  GuestsLastTeam: Code.FailedPrecondition,
  ReadingHeld: Code.FailedPrecondition,
  OrganizationChanged: Code.FailedPrecondition,
  ProvisioningOff: Code.FailedPrecondition,
  TeamAmbiguous: Code.FailedPrecondition,
  NamespaceNotAllowed: Code.FailedPrecondition,
  IdentityChanged: Code.FailedPrecondition,
  Contended: Code.FailedPrecondition,
  ConflictingGrant: Code.FailedPrecondition,
  RemovalDiscarded: Code.FailedPrecondition,
  DurationTooLong: Code.FailedPrecondition,
  ReadingIncomplete: Code.Unavailable,
  UnderWay: Code.Unavailable,
  NotReady: Code.Unavailable,
};

const ASANA: Readonly<Record<AsanaErrorCode, Code>> = {
  CredentialsRejected: Code.Unauthenticated,
  Forbidden: Code.PermissionDenied,
  PlanRefused: Code.PermissionDenied,
  NotFound: Code.NotFound,
  WorkspaceNotFound: Code.NotFound,
  Conflict: Code.AlreadyExists,
  AsanaRefused: Code.InvalidArgument,
  RouteNotFound: Code.FailedPrecondition,
  RateLimited: Code.Unavailable,
  OffsetExpired: Code.Unavailable,
  ListingTruncated: Code.Unavailable,
  AsanaUnavailable: Code.Unavailable,
  MalformedResponse: Code.Unavailable,
  Inconsistent: Code.Unavailable,
  ResponseTooLarge: Code.Unavailable,
};

class OtherError extends CodedError {}

suite('the gRPC code', () => {
  for (const code of Object.keys(refusals) as RefusalCode[]) {
    test(`of the refusal ${code} is ${Code[REFUSALS[code]]}`, () => {
      assert.equal(Code[grpcCodeOf(new RefusedError(code, 'no'))], Code[REFUSALS[code]]);
    });
  }

  for (const code of asanaErrorCodes) {
    test(`of the Asana error ${code} is ${Code[ASANA[code]]}`, () => {
      assert.equal(Code[grpcCodeOf(new AsanaError(code, 'no', { surface: 'rest' }))], Code[ASANA[code]]);
    });
  }

  for (const { error, code, because } of [
    {
      error: new RefusedError('NotTeamMember', 'no', {
        cause: new AsanaError('Forbidden', 'no', { surface: 'rest' }),
      }),
      code: Code.PermissionDenied,
      because: 'Asana answered 403, which the operator explains',
    },
    {
      error: new DirectoryError('ScimOnly', 'no', new AsanaError('Forbidden', 'no', { surface: 'rest' })),
      code: Code.FailedPrecondition,
      because: 'the connector only reads, whatever Asana answered',
    },
    { error: new StoppedError('given up'), code: Code.Canceled, because: 'the process stops' },
    {
      error: AbortSignal.abort().reason,
      code: Code.Canceled,
      because: 'a signal was aborted without a reason',
    },
    {
      error: new DOMException('too long', 'TimeoutError'),
      code: Code.DeadlineExceeded,
      because: 'a time limit has passed',
    },
    {
      error: new ConductorOneError('ConductorOneRefused', 'no', { grpcCode: Code.NotFound }),
      code: Code.NotFound,
      because: 'ConductorOne returned this code',
    },
    {
      error: new ConductorOneError('Disconnected', 'no', { grpcCode: Code.Canceled }),
      code: Code.Unavailable,
      because: 'the connection was cut, which Connect reports as Canceled',
    },
    {
      error: new ConductorOneError('Disconnected', 'no', { grpcCode: Code.ResourceExhausted }),
      code: Code.ResourceExhausted,
      because: 'ConductorOne returned this code for a transient error',
    },
    {
      error: new ConductorOneError('CredentialsRejected', 'no'),
      code: Code.Unauthenticated,
      because: 'no token was issued',
    },
    {
      error: new ConductorOneError('HostNotAllowed', 'no'),
      code: Code.FailedPrecondition,
      because: 'the settings do not allow the host',
    },
    {
      error: new ConductorOneError('Disconnected', 'no'),
      code: Code.Unavailable,
      because: 'ConductorOne did not answer',
    },
    {
      error: new C1zError('TempFolderFull', 'no'),
      code: Code.ResourceExhausted,
      because: 'the disk is full',
    },
    {
      error: new C1zError('TempFolderUnusable', 'no'),
      code: Code.FailedPrecondition,
      because: 'the folder is read-only',
    },
    {
      error: new C1zError('SnapshotIncomplete', 'no'),
      code: Code.Unavailable,
      because: 'the next reading may be complete',
    },
    { error: new C1zError('C1zFailed', 'no'), code: Code.Internal, because: 'writing the c1z failed' },
    {
      error: new DirectoryError('AmbiguousOrganization', 'no'),
      code: Code.FailedPrecondition,
      because: 'the connector must name its workspaces',
    },
    { error: new InvalidInputError('f', 'no'), code: Code.InvalidArgument, because: 'the input is invalid' },
    {
      error: new UnsupportedTaskError(),
      code: Code.Unimplemented,
      because: 'the task type is not supported',
    },
    {
      error: new OtherError('Fenced', 'transient', 'no'),
      code: Code.Unavailable,
      because: 'the code is unknown, but the error is transient',
    },
    {
      error: new OtherError('Odd', 'stalling', 'no'),
      code: Code.Unknown,
      because: 'the code is unknown and the error is stalling',
    },
    { error: new TypeError('x is undefined'), code: Code.Unknown, because: 'the error is unexpected' },
    { error: 'toString', code: Code.Unknown, because: 'it is not an error object' },
    {
      error: new OtherError('toString', 'stalling', 'no'),
      code: Code.Unknown,
      because: 'the code is the name of a property that every object has',
    },
  ]) {
    test(`is ${Code[code]} when ${because}`, () => {
      assert.equal(Code[grpcCodeOf(error)], Code[code]);
    });
  }
});
