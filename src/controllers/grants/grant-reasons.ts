import type { GrantReason } from '../../api/reasons.ts';
import { AsanaError, type AsanaErrorCode } from '../../asana/errors.ts';
import { CodedError } from '../../core/errors.ts';
import { type RefusalCode, RefusedError } from '../../provisioning/refusal.ts';

/** The guard fell between the decision and the request: another process, another spec or nobody may act now. */
export class FencedError extends CodedError {
  constructor(message: string) {
    super('Fenced', 'transient', message);
  }
}

/** Local and Asana's clock differ too much to judge an instant, or Asana's is not known. */
export class ClockSkewError extends CodedError {
  /** @param skewMs null when Asana's answer carried no Date */
  constructor(skewMs: number | null) {
    const why =
      skewMs === null
        ? 'The response of Asana has no Date header, which determines when grants begin and end. Check that no proxy removes it.'
        : `The local clock and the clock of Asana differ by ${Math.round(Math.abs(skewMs) / 1000)} s. Correct the clock of the node. Until then no grant begins or ends.`;
    super('ClockSkew', 'waiting', why, { retryAfterMs: 60_000 });
  }
}

/** By Asana's clock, which is the one that counts, an instant is still some seconds away. */
export class NotYetError extends CodedError {
  constructor(earlyMs: number) {
    const seconds = Math.ceil(earlyMs / 1000);
    const message = `According to the clock of Asana, it is not time yet. The operator tries again in ${seconds} s.`;
    super('NotYet', 'waiting', message, { retryAfterMs: earlyMs });
  }
}

/** The reason that a grant shows for each refusal. Those that only tasks meet have the nearest one. */
export const reasonOfRefusal: Readonly<Record<RefusalCode, GrantReason>> = {
  AccountNotFound: 'UserNotFound',
  UserIsGuest: 'UserIsGuest',
  TeamNotFound: 'TeamNotFound',
  TeamAmbiguous: 'TeamAmbiguous',
  NotTeamMember: 'NotTeamMember',
  GuestsLastTeam: 'DeprovisionNotAllowed',
  WorkspaceNotFound: 'WorkspaceNotFound',
  WorkspaceNotSet: 'WorkspaceNotSet',
  PreviouslyRemoved: 'PreviouslyRemoved',
  LicensesUnavailable: 'LicensesUnavailable',
  LicenseLimitReached: 'LicenseLimitReached',
  ProtectedUser: 'ProtectedUser',
  DeprovisionNotAllowed: 'DeprovisionNotAllowed',
  StillDeclared: 'StillDeclared',
  ReadingIncomplete: 'AsanaUnavailable',
  ReadingHeld: 'RemovalsPaused',
  NamespaceNotAllowed: 'NamespaceNotAllowed',
  IdentityChanged: 'IdentityChanged',
  OrganizationChanged: 'OrganizationChanged',
  Contended: 'Contended',
  ConflictingGrant: 'ConflictingGrant',
  RemovalDiscarded: 'RemovalDiscarded',
  DurationTooLong: 'DurationTooLong',
  NotAccepted: 'LicenseNotAccepted',
  UnderWay: 'Progressing',
  Suspended: 'Suspended',
  NotReady: 'ConnectorNotReady',
  EntitlementNotFound: 'AsanaRefused',
  InvalidEmail: 'AsanaRefused',
  InvalidPrincipal: 'AsanaRefused',
  ImmutableRole: 'AsanaRefused',
  HoldsEnterprise: 'AsanaRefused',
  TooManyDeprovisions: 'RemovalsPaused',
  ProvisioningOff: 'ConnectorNotReady',
};

/** What an error of Asana means for the grant whose action met it. */
export const reasonOfAsanaError: Readonly<Record<AsanaErrorCode, GrantReason>> = {
  CredentialsRejected: 'ConnectorNotReady',
  PlanRefused: 'AsanaRefused',
  Forbidden: 'AsanaRefused',
  NotFound: 'UserNotFound',
  WorkspaceNotFound: 'WorkspaceNotFound',
  RouteNotFound: 'AsanaRefused',
  Conflict: 'AsanaRefused',
  AsanaRefused: 'AsanaRefused',
  RateLimited: 'Throttled',
  OffsetExpired: 'AsanaUnavailable',
  ListingTruncated: 'AsanaUnavailable',
  AsanaUnavailable: 'AsanaUnavailable',
  MalformedResponse: 'AsanaUnavailable',
  Inconsistent: 'AsanaUnavailable',
  ResponseTooLarge: 'AsanaUnavailable',
};

/** The reason a failed action shows in the grant; null for errors that are none of the grant's business. */
export function grantReasonOf(error: unknown): GrantReason | null {
  if (error instanceof ClockSkewError) return 'ClockSkew';
  if (error instanceof NotYetError) return 'Progressing';
  if (error instanceof RefusedError) return reasonOfRefusal[error.code];
  return error instanceof AsanaError ? reasonOfAsanaError[error.code] : null;
}
