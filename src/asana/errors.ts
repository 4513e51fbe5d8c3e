import { CodedError, type CodedErrorOptions, type ErrorClass } from '../core/errors.ts';

/** Asana's two APIs. They share a host and a rate limit, but not their error bodies. */
export type Surface = 'rest' | 'scim';

/** Every way in which a request to Asana fails, and how the caller should react. */
export const classOfAsanaCode = {
  /** 401: the token is wrong, expired or revoked. */
  CredentialsRejected: 'stalling',
  /** 402: the plan of the organization does not include this. */
  PlanRefused: 'stalling',
  /** 403: the token is valid, but its account may not do this. */
  Forbidden: 'stalling',
  /** The account or team in the request does not exist, or no longer exists. */
  NotFound: 'stalling',
  /** The workspace does not exist, or the token does not see it; this implies nothing about its accounts. */
  WorkspaceNotFound: 'stalling',
  /** 404 for the address itself; Asana also returns it for wrong routes and wrong methods. */
  RouteNotFound: 'stalling',
  /** 409: it already exists, or was changed at the same time. */
  Conflict: 'stalling',
  /** Any other refusal; a retry would be refused as well. */
  AsanaRefused: 'stalling',
  /** 429: no request is sent before `retryAfterMs` has passed. */
  RateLimited: 'waiting',
  /** A page token expired after its 15 minutes: the listing is restarted. */
  OffsetExpired: 'transient',
  /** A listing ended before it was complete. */
  ListingTruncated: 'transient',
  /** 5xx, no connection, failed name resolution, untrusted certificate, or no response in time. */
  AsanaUnavailable: 'transient',
  /** A response that differs from Asana's documentation: HTML, truncated JSON, a redirect, a wrong shape. */
  MalformedResponse: 'transient',
  /** REST and SCIM contradict each other about an account: one of them lags behind. */
  Inconsistent: 'transient',
  /** More bytes than any legitimate response has. */
  ResponseTooLarge: 'transient',
} as const satisfies Record<string, ErrorClass>;

export type AsanaErrorCode = keyof typeof classOfAsanaCode;

/** Every code, for the documentation and for tests that cover all of them. */
export const asanaErrorCodes: readonly AsanaErrorCode[] = Object.keys(classOfAsanaCode).filter(
  (key): key is AsanaErrorCode => key in classOfAsanaCode,
);

export interface AsanaErrorDetails extends CodedErrorOptions {
  readonly surface: Surface;
  /** The operation as in metrics (`users.list`); `null` if the error is not about a single request. */
  readonly operation?: string | null;
  /** HTTP status; `null` if there was no response. */
  readonly status?: number | null;
  readonly requestId?: string | null;
  /** Asana's clock at the time of the response, epoch milliseconds. */
  readonly date?: number | null;
  /** True if the request may have taken effect although it failed: a write must be read back. */
  readonly outcomeUnknown?: boolean;
  /** For a listing that ended normally but was short: how many entries it announced and returned. */
  readonly shortfall?: ListingShortfall | undefined;
}

/** The sizes of a listing that was short but did not fail in any other way. */
export interface ListingShortfall {
  readonly announced: number;
  readonly received: number;
}

/** A failed request to Asana. Contains no header, body or address, only texts from our own tables. */
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

/** Whether an error is an AsanaError, with one of `codes` if any are given. */
export function isAsanaError(error: unknown, ...codes: readonly AsanaErrorCode[]): error is AsanaError {
  return error instanceof AsanaError && (codes.length === 0 || codes.includes(error.code));
}

/** Returns the error with an unknown outcome: Asana may have carried out an earlier attempt that it did not answer. */
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

/** Returns the name of the API in messages. */
export function surfaceName(surface: Surface): string {
  return surface === 'rest' ? 'Asana' : 'Asana SCIM';
}

/** Returns the error for a response that differs from Asana's documentation. `what` never contains its content. */
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

/** Returns the error for a request that was not sent because the clients of its token were closed in the meantime. */
export function notSent(surface: Surface, operation: string): AsanaError {
  return new AsanaError(
    'AsanaUnavailable',
    `${surfaceName(surface)} was not asked for ${operation}: the credentials were replaced or removed meanwhile.`,
    { surface, operation },
  );
}

/** Returns the error for a request without a complete response within `ms`. */
export function timedOut(surface: Surface, operation: string, ms: number): AsanaError {
  return new AsanaError(
    'AsanaUnavailable',
    `${surfaceName(surface)} did not respond completely to ${operation} within ${Math.round(ms / 1000)} s.`,
    { surface, operation, outcomeUnknown: true },
  );
}

/** Returns the error for a response that exceeds the size limit. */
export function tooLarge(surface: Surface, operation: string): AsanaError {
  return new AsanaError(
    'ResponseTooLarge',
    `${surfaceName(surface)} returned too much data for ${operation}, so the response was cut off. Check the API address and any proxy in between.`,
    { surface, operation, outcomeUnknown: true },
  );
}

/** Returns the error for a listing that ended early; the items received stay usable as an incomplete listing. */
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
