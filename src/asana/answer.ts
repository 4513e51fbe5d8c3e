import type { AxiosResponse } from 'axios';
import { classifyStatus } from './classification.ts';
import { NOT_JSON, readErrorBody } from './error-body.ts';
import { malformed, type Surface } from './errors.ts';
import { UnexpectedShape } from './fields.ts';
import { DEFAULT_RETRY_AFTER_MS, parseRetryAfter } from './retry.ts';

/** The result of an operation, with data from Asana's response headers. */
export interface Answer<T> {
  readonly value: T;
  /** Asana's clock (`Date` header), epoch milliseconds; `null` if it sent none. */
  readonly date: number | null;
  /** Asana's own id of the request, for audit records; `null` if it sent none. */
  readonly requestId: string | null;
}

/** The response to one request, before its body is decoded. */
export interface AsanaResponse {
  readonly status: number;
  /** As `Answer.date`. */
  readonly date: number | null;
  /** As `Answer.requestId`. */
  readonly requestId: string | null;
  /** Milliseconds to wait; `undefined` if neither the status nor a header asks for it. */
  readonly retryAfterMs: number | undefined;
  /** The header `Asana-Change`, which announces changes of the API. */
  readonly change: string | undefined;
  readonly text: string;
}

/** Extracts the relevant parts of a response. Each header is untrusted and checked. @param now epoch milliseconds */
export function readResponse({ status, headers, data }: AxiosResponse<unknown>, now: number): AsanaResponse {
  const header = (name: string) => {
    const value: unknown = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const date = parseDate(header('date'));
  return {
    status,
    date,
    requestId: cleanRequestId(header('x-request-id')),
    retryAfterMs: readRetryAfter(status, header('retry-after'), date ?? now),
    change: header('asana-change'),
    text: typeof data === 'string' ? data : '',
  };
}

/**
 * Returns the answer that a response contains.
 * @throws AsanaError for an error status, and for a body that differs from Asana's documentation
 */
export function answerFrom<T>(
  { status, date, requestId, retryAfterMs, text }: AsanaResponse,
  { surface, operation }: { readonly surface: Surface; readonly operation: string },
  decode: (body: unknown) => T,
): Answer<T> {
  const body = text === '' ? undefined : parseJson(text);
  if (status < 200 || status > 299) {
    throw classifyStatus({
      surface,
      operation,
      status,
      body: readErrorBody(body),
      requestId,
      date,
      retryAfterMs,
    });
  }
  if (body === NOT_JSON)
    throw malformed(surface, operation, 'a body that is not JSON', { status, requestId });
  try {
    return { value: decode(body), date, requestId };
  } catch (error) {
    if (!(error instanceof UnexpectedShape)) throw error;
    const failed = readErrorBody(body).text !== '';
    const what = failed ? `an error under the status ${status}` : error.message;
    throw malformed(surface, operation, what, { status, requestId });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return NOT_JSON;
  }
}

/** Returns the milliseconds to wait after a 429 or 5xx; a 429 without a usable header means the whole quota window. */
function readRetryAfter(status: number, header: string | undefined, now: number): number | undefined {
  if (status !== 429 && status < 500) return undefined;
  const asked = parseRetryAfter(header, now);
  return asked ?? (status === 429 ? DEFAULT_RETRY_AFTER_MS : undefined);
}

function parseDate(header: string | undefined): number | null {
  const date = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(date) ? null : date;
}

/** Accepts only characters that an id consists of, since it is written to audit records. */
function cleanRequestId(header: string | undefined): string | null {
  return header !== undefined && /^[\w.:+/=-]{1,128}$/.test(header) ? header : null;
}
