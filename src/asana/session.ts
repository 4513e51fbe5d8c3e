import type { AxiosAdapter } from 'axios';
import type { Clock, Random } from '../core/clock.ts';
import { InvalidInputError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Meter } from '../core/meter.ts';
import type { Redacted } from '../core/redacted.ts';
import type { Tracer } from '../core/tracer.ts';
import type { BudgetRegistry } from './budget-registry.ts';
import type { Surface } from './errors.ts';
import { AsanaRest } from './rest.ts';
import { AsanaScim } from './scim.ts';
import { Transport } from './transport.ts';

export interface SessionLimits {
  /** Milliseconds from sending a request to the last byte of its answer. */
  readonly requestMs: number;
  /** Largest REST body, decompressed; a page of 100 users has some 20 KiB. */
  readonly restBytes: number;
  /** Largest SCIM body, decompressed; a server without paging sends all users at once, some 1 KiB each. */
  readonly scimBytes: number;
}

/** Asana answers requests that take too long with 504, well within a minute. */
export const defaultSessionLimits: SessionLimits = {
  requestMs: 60_000,
  restBytes: 8 * 1024 * 1024,
  scimBytes: 64 * 1024 * 1024,
};

export interface SessionOptions {
  /** The REST root; the SCIM root is this plus `/scim`. */
  readonly baseUrl: string;
  readonly token: Redacted;
  /** A second token, for SCIM only; without it `token` serves both. */
  readonly scimToken?: Redacted | undefined;
  readonly scimEnabled: boolean;
  readonly budgets: BudgetRegistry;
  readonly limits?: Partial<SessionLimits> | undefined;
  /** Carries the requests; by default HTTP. */
  readonly adapter?: AxiosAdapter | undefined;
  readonly log: Logger;
  readonly meter: Meter;
  /** By default nothing is traced. */
  readonly tracer?: Tracer | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/** Asana's REST API as the program uses it, independent of the implementation. */
export type RestClient = Pick<AsanaRest, keyof AsanaRest>;

/** Asana's SCIM API as the program uses it, independent of the implementation. */
export type ScimClient = Pick<AsanaScim, keyof AsanaScim>;

/** One connection to Asana: its clients with their tokens, connections and budgets. */
export interface AsanaSession {
  readonly rest: RestClient;
  /** `null` if SCIM is off. */
  readonly scim: ScimClient | null;
  /** True if one token serves both: if REST then rejects it and SCIM accepts it, it lacks permissions. */
  readonly sharedToken: boolean;
  /** Ends the connections. Budgets stay with their registry. */
  close(): void;
}

/**
 * Opens a session; sends no request yet.
 * @throws InvalidInputError for a base URL that no token may be sent to, or a token that is not valid in a header
 */
export function openSession(options: SessionOptions): AsanaSession {
  const {
    token,
    scimToken = token,
    scimEnabled,
    budgets,
    adapter,
    log,
    meter,
    tracer,
    clock,
    random,
  } = options;
  const limits = { ...defaultSessionLimits, ...options.limits };
  const baseUrl = options.baseUrl.replace(/\/+$/, '');
  const closers: (() => void)[] = [];

  const connect = (surface: Surface, root: string, bearer: Redacted, responseBytes: number) => {
    checkToken(surface, bearer);
    const { budget, giveBack } = budgets.borrow(bearer);
    const transport = new Transport({
      surface,
      baseUrl: root,
      token: bearer,
      budget,
      limits: { requestMs: limits.requestMs, responseBytes },
      adapter,
      clock,
      random,
      log,
      meter,
      tracer,
    });
    closers.push(giveBack, () => transport.close());
    return transport;
  };

  const rest = new AsanaRest(connect('rest', baseUrl, token, limits.restBytes));
  const scim = scimEnabled
    ? new AsanaScim(connect('scim', `${baseUrl}/scim`, scimToken, limits.scimBytes))
    : null;
  const sharedToken = scimToken.reveal() === token.reveal();
  return { rest, scim, sharedToken, close: () => closers.splice(0).forEach((close) => close()) };
}

/** Accepts only visible ASCII, as in a header value (RFC 9110 §5.5); the HTTP client's own error would be cryptic. */
function checkToken(surface: Surface, token: Redacted): void {
  if (/^[\x21-\x7e]{1,8192}$/.test(token.reveal())) return;
  const field = surface === 'rest' ? 'token' : 'scim token';
  throw new InvalidInputError(
    field,
    'is empty, or contains white space or other characters that are not valid in a token',
  );
}
