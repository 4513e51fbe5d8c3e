import { CodedError, type CodedErrorOptions, type ErrorClass } from '../core/errors.ts';

/** Which of Asana's two interfaces was spoken to. They share a host and a limit, not their error bodies. */
export type Surface = 'rest' | 'scim';

/** Every way a request to Asana ends badly, and what that means for whoever asked. */
export const classOfAsanaCode = {
  /** 401: the token is wrong, expired or revoked. */
  CredentialsRejected: 'stalling',
  /** 402: the plan of the organization does not include this. */
  PlanRefused: 'stalling',
  /** 403: the token is good, its account may not do this. */
  Forbidden: 'stalling',
  /** The account or team named in the request is not there (any more). */
  NotFound: 'stalling',
  /** The workspace is not there, or the token does not see it: of who is in it this says nothing. */
  WorkspaceNotFound: 'stalling',
  /** 404 for the address itself: Asana answers so to wrong routes and wrong methods too. */
  RouteNotFound: 'stalling',
  /** 409: it exists already, or somebody else changed it. */
  Conflict: 'stalling',
  /** Any other refusal; asking again would be refused again. */
  AsanaRefused: 'stalling',
  /** 429: nothing is sent before `retryAfterMs` has passed. */
  RateLimited: 'waiting',
  /** A page token outlived its 15 minutes: the listing starts again. */
  OffsetExpired: 'transient',
  /** A listing ended before it was whole. */
  ListingTruncated: 'transient',
  /** 5xx, no connection, no name, no trust in the certificate, no answer in time. */
  AsanaUnavailable: 'transient',
  /** An answer that is not what Asana documents: HTML, cut JSON, a redirect, a wrong shape. */
  MalformedResponse: 'transient',
  /** REST and SCIM contradict each other about an account: one of them is behind. */
  Inconsistent: 'transient',
  /** More bytes than any honest answer has. */
  ResponseTooLarge: 'transient',
} as const satisfies Record<string, ErrorClass>;

export type AsanaErrorCode = keyof typeof classOfAsanaCode;

/** Every code: for the documentation, and for tests that hold each of them to something. */
export const asanaErrorCodes: readonly AsanaErrorCode[] = Object.keys(classOfAsanaCode).filter(
  (key): key is AsanaErrorCode => key in classOfAsanaCode,
);

export interface AsanaErrorDetails extends CodedErrorOptions {
  readonly surface: Surface;
  /** The operation as metrics name it (`users.list`); null where no single request failed. */
  readonly operation?: string | null;
  /** HTTP status; null when there was no answer. */
  readonly status?: number | null;
  readonly requestId?: string | null;
  /** Asana's clock when it answered, epoch milliseconds. */
  readonly date?: number | null;
  /** True when the request may have taken effect although it failed: a write has to be read back. */
  readonly outcomeUnknown?: boolean;
  /** Of a listing that ended by itself, and short: what it announced, and what came. */
  readonly shortfall?: ListingShortfall | undefined;
}

/** How short a listing was that failed in no other way. */
export interface ListingShortfall {
  readonly announced: number;
  readonly received: number;
}

/** A request to Asana that failed. Holds no header, no body, no address: only what our own tables say of it. */
export class AsanaError extends CodedError {
  declare readonly code: AsanaErrorCode;
  readonly surface: Surface;
  readonly operation: string | null;
  readonly status: number | null;
  readonly requestId: string | null;
  readonly date: number | null;
  readonly outcomeUnknown: boolean;
  readonly shortfall: ListingShortfall | null;

  constructor(code: AsanaErrorCode, message: string, details: AsanaErrorDetails) {
    super(code, classOfAsanaCode[code], message, details);
    this.surface = details.surface;
    this.operation = details.operation ?? null;
    this.status = details.status ?? null;
    this.requestId = details.requestId ?? null;
    this.date = details.date ?? null;
    this.outcomeUnknown = details.outcomeUnknown ?? false;
    this.shortfall = details.shortfall ?? null;
  }
}

/** True for an AsanaError, with one of `codes` if any are given. */
export function isAsanaError(error: unknown, ...codes: readonly AsanaErrorCode[]): error is AsanaError {
  return error instanceof AsanaError && (codes.length === 0 || codes.includes(error.code));
}

/** The same error for a request of which an earlier try was not answered: Asana may have carried that one out. */
export function withUnknownOutcome(error: AsanaError): AsanaError {
  const { surface, operation, status, requestId, date, cause, retryAfterMs } = error;
  return new AsanaError(error.code, error.message, {
    surface,
    operation,
    status,
    requestId,
    date,
    outcomeUnknown: true,
    ...(cause === undefined ? {} : { cause }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** What messages call it. */
export function surfaceName(surface: Surface): string {
  return surface === 'rest' ? 'Asana' : 'Asana SCIM';
}

/** The error for an answer that is not what Asana documents. `what` names our expectation, never the content. */
export function malformed(
  surface: Surface,
  operation: string,
  what: string,
  details: { status?: number; requestId?: string | null } = {},
): AsanaError {
  return new AsanaError(
    'MalformedResponse',
    `${surfaceName(surface)} returned an invalid response to ${operation}: ${what}. If this persists, check the API address and any proxy in between.`,
    { surface, operation, outcomeUnknown: true, ...details },
  );
}

/** The error for a request that did not leave: the clients of its token were closed meanwhile. */
export function notSent(surface: Surface, operation: string): AsanaError {
  return new AsanaError(
    'AsanaUnavailable',
    `${surfaceName(surface)} was not asked for ${operation}: the credentials were replaced or removed meanwhile.`,
    { surface, operation },
  );
}

/** The error for a request that had no answer within `ms`. */
export function timedOut(surface: Surface, operation: string, ms: number): AsanaError {
  return new AsanaError(
    'AsanaUnavailable',
    `${surfaceName(surface)} did not respond completely to ${operation} within ${Math.round(ms / 1000)} s.`,
    { surface, operation, outcomeUnknown: true },
  );
}

/** The error for an answer with more bytes than the bound. */
export function tooLarge(surface: Surface, operation: string): AsanaError {
  return new AsanaError(
    'ResponseTooLarge',
    `${surfaceName(surface)} returned too much data for ${operation}, so the response was cut off. Check the API address and any proxy in between.`,
    { surface, operation, outcomeUnknown: true },
  );
}

/** The error for a listing that ended before it was whole; what came before stays usable as incomplete. */
export function truncated(
  surface: Surface,
  operation: string,
  why: string,
  shortfall?: ListingShortfall,
): AsanaError {
  return new AsanaError(
    'ListingTruncated',
    `${surfaceName(surface)} did not return the complete listing for ${operation}: ${why}. The listing counts as incomplete and is read again at the next sync.`,
    { surface, operation, shortfall },
  );
}
