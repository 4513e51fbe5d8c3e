import type { GrantReason } from '../../api/reasons.ts';
import { AsanaError, type AsanaErrorCode } from '../../asana/errors.ts';
import { CodedError } from '../../core/errors.ts';
import { type RefusalCode, RefusedError } from '../../provisioning/refusal.ts';

/** The guard stopped the action: this process may no longer act, the connector was replaced, or the removal must wait. */
export class FencedError extends CodedError {
  constructor(message: string) {
    super('Fenced', 'transient', message);
  }
}

/** Something has changed since the grant was decided, so that it no longer asks for the action; it is decided again. */
export class OutdatedDecisionError extends CodedError {
  constructor() {
    super('OutdatedDecision', 'transient', 'The grant no longer requires this action.');
  }
}

/** The local clock and Asana's differ too much to judge a time, or Asana's clock is not known. */
export class ClockSkewError extends CodedError {
  /** @param skewMs `null` if Asana's response had no Date header */
  constructor(skewMs: number | null) {
    const why =
      skewMs === null
        ? 'The response of Asana has no Date header, which determines when grants begin and end. Check that no proxy removes it.'
        : `The local clock and the clock of Asana differ by ${Math.round(Math.abs(skewMs) / 1000)} s. Correct the clock of the node. Until then no grant begins or ends.`;
    super('ClockSkew', 'waiting', why, { retryAfterMs: 60_000 });
  }
}

/** A time is still some seconds away by Asana's clock, which is the one that counts. */
export class NotYetError extends CodedError {
  constructor(earlyMs: number) {
    const seconds = Math.ceil(earlyMs / 1000);
    const message = `According to the clock of Asana, it is not time yet. The operator tries again in ${seconds} s.`;
    super('NotYet', 'waiting', message, { retryAfterMs: earlyMs });
  }
}

/** The reason that a grant shows for each refusal. Refusals that only tasks meet have the closest one. */
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

/** The reason that a grant shows if its action fails with this error from Asana. */
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

/** Returns the reason that a grant shows for a failed action; `null` for an error that does not concern the grant. */
export function grantReasonOf(error: unknown): GrantReason | null {
  if (error instanceof ClockSkewError) return 'ClockSkew';
  if (error instanceof NotYetError) return 'Progressing';
  if (error instanceof RefusedError) return reasonOfRefusal[error.code];
  return error instanceof AsanaError ? reasonOfAsanaError[error.code] : null;
}
