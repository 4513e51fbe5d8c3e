import type { ErrorBody } from './error-body.ts';
import { AsanaError, type AsanaErrorCode, malformed, type Surface, surfaceName, tooLarge } from './errors.ts';

interface Rule {
  readonly surface?: Surface;
  readonly operation?: RegExp;
  readonly from: number;
  /** Last status that the rule covers; if absent, it covers only `from`. */
  readonly to?: number;
  /** Matched against the texts of the error body. */
  readonly says?: RegExp;
  readonly shape?: ErrorBody['shape'];
  readonly code: AsanaErrorCode;
  readonly meaning: string;
}

/** SCIM operations on a single user. */
const OF_ONE_USER = /^users\.(get|set_user_type|deactivate)$/;

/**
 * Maps status, surface and text to a meaning; the first matching row wins. Asana returns no machine-readable code
 * (OpenAPI `Error`: `message`, `help`, `phrase`), so the rules match its sentences; the messages shown are ours.
 */
const rules: readonly Rule[] = [
  {
    from: 300,
    to: 399,
    code: 'MalformedResponse',
    meaning:
      'redirects are not followed, to protect the token. Check the API address and any proxy in between',
  },
  {
    from: 400,
    says: /pagination token (has expired|is invalid)/i,
    code: 'OffsetExpired',
    meaning: 'the page token has expired',
  },
  {
    from: 400,
    says: /result is too large|truncated/i,
    code: 'ListingTruncated',
    meaning:
      'the listing is too large for Asana to return completely. List fewer workspaces in the connector',
  },
  // An unknown object in the path gives 404, one in a query or a body 400.
  {
    from: 400,
    to: 404,
    says: /^(workspace|organization): unknown object/im,
    code: 'WorkspaceNotFound',
    meaning:
      'the workspace does not exist, or the token cannot see it. Check spec.workspaces and the account of the token',
  },
  {
    from: 400,
    says: /unknown object/i,
    code: 'NotFound',
    meaning: 'an account, team or workspace named in the request does not exist, or the token cannot see it',
  },
  {
    from: 400,
    says: /not a user in (organization|workspace)/i,
    code: 'NotFound',
    meaning: 'the account is not in this workspace. Add it to the organization first',
  },
  {
    from: 400,
    says: /not a recognized id|not a valid gid/i,
    code: 'AsanaRefused',
    meaning: 'an ID in the request is not valid. Check the gids and email addresses in the object',
  },
  // RFC 7644 §3.12 names this scimType `uniqueness`; §3.3 requires status 409.
  {
    surface: 'scim',
    from: 400,
    to: 499,
    says: /\buniqueness\b/i,
    code: 'Conflict',
    meaning: 'it already exists, or was changed at the same time',
  },
  {
    surface: 'scim',
    from: 400,
    to: 499,
    says: /\bseats?\b|license limit|no (\w+ )?licenses/i,
    code: 'AsanaRefused',
    meaning: 'no license of this type is available. Free a license, or buy seats in the Admin Console',
  },
  {
    surface: 'scim',
    from: 400,
    says: /user\s?type/i,
    code: 'AsanaRefused',
    meaning:
      'the license type is not valid. Check scim.userTypes, and that the organization has view-only licenses',
  },
  {
    surface: 'scim',
    operation: /^users\.set_user_type$/,
    from: 400,
    says: /invalidvalue/i,
    code: 'AsanaRefused',
    meaning:
      'the license type is not valid. Check scim.userTypes, and that the organization has view-only licenses',
  },
  {
    surface: 'scim',
    operation: /^users\.create$/,
    from: 400,
    code: 'AsanaRefused',
    meaning:
      'the account is not valid. Check that the email address is of a domain of the organization, and check scim.userTypes',
  },
  {
    surface: 'scim',
    from: 401,
    code: 'CredentialsRejected',
    meaning:
      'the token is not valid. SCIM accepts only the token of a service account of an Enterprise organization. Check the Secret, or create a new token in the Admin Console',
  },
  {
    from: 401,
    code: 'CredentialsRejected',
    meaning: 'the token is not valid. Create a new token in Asana and store it in the Secret',
  },
  { from: 402, code: 'PlanRefused', meaning: 'the Asana plan of the organization does not include this' },
  {
    from: 403,
    says: /access to this team/i,
    code: 'Forbidden',
    meaning: 'the account of the token has no access to this team. Add it to the team',
  },
  {
    surface: 'scim',
    from: 403,
    code: 'Forbidden',
    meaning:
      'the service account lacks permissions for SCIM. Give it the permissions Users and Teams, or full permissions, in the Admin Console',
  },
  {
    from: 403,
    code: 'Forbidden',
    meaning:
      'the account of the token lacks permission. It requires full permissions (service account) or the admin role. A person who was removed from a workspace before can be added again only in the Admin Console',
  },
  {
    from: 404,
    says: /unknown object/i,
    code: 'NotFound',
    meaning: 'the account, team or workspace does not exist, or the token cannot see it',
  },
  {
    from: 404,
    says: /no matching route/i,
    code: 'RouteNotFound',
    meaning: 'the address does not exist. Check the API address',
  },
  {
    surface: 'scim',
    from: 404,
    shape: 'text',
    code: 'RouteNotFound',
    meaning: 'the answer is not of SCIM. Check the API address and any proxy in between',
  },
  {
    surface: 'scim',
    operation: /^groups\.get$/,
    from: 404,
    code: 'NotFound',
    meaning: 'the team does not exist',
  },
  {
    surface: 'scim',
    from: 404,
    shape: 'scim',
    code: 'NotFound',
    meaning: 'the account does not exist, or it is a guest, which SCIM does not show',
  },
  // Asana documents no SCIM error body: any other 404 for one user is taken to mean that this user does not exist.
  {
    surface: 'scim',
    operation: OF_ONE_USER,
    from: 404,
    code: 'NotFound',
    meaning: 'the account does not exist, or it is a guest, which SCIM does not show',
  },
  {
    surface: 'scim',
    from: 404,
    code: 'RouteNotFound',
    meaning: 'SCIM is not available. It requires an Enterprise organization and the right API address',
  },
  { from: 404, code: 'RouteNotFound', meaning: 'the address does not exist. Check the API address' },
  { from: 408, code: 'AsanaUnavailable', meaning: 'the request took too long to arrive' },
  { from: 409, code: 'Conflict', meaning: 'it already exists, or was changed at the same time' },
  {
    from: 429,
    code: 'RateLimited',
    meaning:
      'too many requests with this token. The request is retried after the time that Asana asks for. If other programs use the token, lower --asana-budget-percent',
  },
  { from: 451, code: 'AsanaRefused', meaning: 'Asana does not serve this network for legal reasons' },
  {
    from: 400,
    to: 499,
    code: 'AsanaRefused',
    meaning: 'the request is not valid, and a retry would fail in the same way',
  },
  { from: 500, to: 599, code: 'AsanaUnavailable', meaning: 'a server error, which is usually temporary' },
];

/** A response with an error status: the input of `classifyStatus`. */
export interface Refusal {
  readonly surface: Surface;
  readonly operation: string;
  readonly status: number;
  readonly body: ErrorBody;
  readonly requestId: string | null;
  readonly date?: number | null;
  readonly retryAfterMs?: number | undefined;
}

/** Returns the error for a response whose status is not a success. */
export function classifyStatus(refusal: Refusal): AsanaError {
  const { surface, operation, status, requestId, date = null, retryAfterMs } = refusal;
  const rule = rules.find((row) => fits(row, refusal));
  const name = surfaceName(surface);
  if (!rule) return malformed(surface, operation, `the status ${status}`, { status, requestId });
  const verb = status >= 400 && status <= 499 ? 'rejected' : 'answered';
  return new AsanaError(rule.code, `${name} ${verb} ${operation} (${status}): ${rule.meaning}.`, {
    surface,
    operation,
    status,
    requestId,
    date,
    // A 5xx may come from a gateway although Asana carried out the request.
    outcomeUnknown: status >= 500 || status === 408,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function fits(row: Rule, { surface, operation, status, body }: Refusal): boolean {
  return (
    status >= row.from &&
    status <= (row.to ?? row.from) &&
    (row.surface === undefined || row.surface === surface) &&
    (row.operation === undefined || row.operation.test(operation)) &&
    (row.shape === undefined || row.shape === body.shape) &&
    (row.says === undefined || row.says.test(body.text))
  );
}

/** OpenSSL's and Node's codes for an untrusted certificate or a failed TLS handshake. */
const TLS_CODE = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$|HOSTNAME_MISMATCH$)/;

/** Codes raised before any byte of the request was sent: it had no effect. */
const NOT_SENT = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
]);

/**
 * Returns the error for a request that got no response, or an incomplete one.
 * @param code the error code of the system, Node, OpenSSL or zlib; contains no host name and no content
 */
export function classifyFailure(surface: Surface, operation: string, code: string): AsanaError {
  const name = surfaceName(surface);
  const shown = /^[A-Z0-9_]{1,40}$/.test(code) ? code : 'unknown error';
  if (code.startsWith('HPE_HEADER_OVERFLOW')) return tooLarge(surface, operation);
  if (code.startsWith('HPE_')) return malformed(surface, operation, `broken HTTP (${shown})`);
  if (code.startsWith('Z_') || code.startsWith('ERR__ERROR_FORMAT')) {
    return malformed(surface, operation, `a body that does not decompress (${shown})`);
  }
  const tls = TLS_CODE.test(code);
  const remedy = tls
    ? 'its certificate is not trusted. Behind a proxy that intercepts TLS, add its CA to NODE_EXTRA_CA_CERTS'
    : 'check the network, DNS and proxies between this program and Asana';
  return new AsanaError(
    'AsanaUnavailable',
    `${name} could not be reached for ${operation} (${shown}): ${remedy}.`,
    {
      surface,
      operation,
      outcomeUnknown: !tls && !NOT_SENT.has(code),
    },
  );
}
