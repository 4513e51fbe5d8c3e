import type { GrantReason } from '../api/reasons.ts';
import { AsanaError, type AsanaErrorCode } from '../asana/errors.ts';
import { CodedError } from '../core/errors.ts';

/** The fence fell between the decision and the request: another process, another spec or nobody may act now. */
export class FencedError extends CodedError {
  constructor(message: string) {
    super('Fenced', 'transient', message);
  }
}

/** Local and Asana's clock differ too much to judge an expiry, or Asana's is not known. */
export class ClockSkewError extends CodedError {
  /** @param skewMs null when Asana's answer carried no Date */
  constructor(skewMs: number | null) {
    const why =
      skewMs === null
        ? "Asana's answer carried no Date header, by which an expiry is judged: see that no proxy on the way removes it."
        : `The local clock and Asana's differ by ${Math.round(Math.abs(skewMs) / 1000)} s: correct the clock of the node; an expiry is not judged until then.`;
    super('ClockSkew', 'waiting', why, { retryAfterMs: 60_000 });
  }
}

/** Asana has the person on record, and lets nobody back in by API who was removed before. */
export class PreviouslyRemovedError extends CodedError {
  constructor(email: string, cause: unknown) {
    super(
      'PreviouslyRemoved',
      'stalling',
      `Asana did not create the account of ${email}: somebody who was removed before is not taken back by API. Invite the person in the Admin Console.`,
      { cause },
    );
  }
}

/** By Asana's clock, which is the one that counts, an expiry is still some seconds away. */
export class NotExpiredYetError extends CodedError {
  constructor(earlyMs: number) {
    super('NotExpiredYet', 'waiting', "By Asana's clock the grant has not expired yet.", {
      retryAfterMs: earlyMs,
    });
  }
}

/** What an error of Asana means for the grant whose action met it. */
const reasonOfAsanaError: Readonly<Record<AsanaErrorCode, GrantReason>> = {
  CredentialsRejected: 'ConnectorNotReady',
  PlanRefused: 'AsanaRefused',
  Forbidden: 'AsanaRefused',
  NotFound: 'UserNotFound',
  RouteNotFound: 'AsanaRefused',
  Conflict: 'AsanaRefused',
  AsanaRefused: 'AsanaRefused',
  RateLimited: 'Throttled',
  OffsetExpired: 'AsanaUnavailable',
  ListingTruncated: 'AsanaUnavailable',
  AsanaUnavailable: 'AsanaUnavailable',
  MalformedResponse: 'AsanaUnavailable',
  ResponseTooLarge: 'AsanaUnavailable',
};

/** The reason a failed action shows in the grant; null for errors that are none of the grant's business. */
export function grantReasonOf(error: unknown): GrantReason | null {
  if (error instanceof ClockSkewError) return 'ClockSkew';
  if (error instanceof PreviouslyRemovedError) return 'PreviouslyRemoved';
  return error instanceof AsanaError ? reasonOfAsanaError[error.code] : null;
}
