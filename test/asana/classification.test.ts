import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { classifyFailure, classifyStatus } from '../../src/asana/classification.ts';
import { NOT_JSON, readErrorBody } from '../../src/asana/error-body.ts';
import {
  type AsanaErrorCode,
  asanaErrorCodes,
  classOfAsanaCode,
  malformed,
  type Surface,
  timedOut,
  tooLarge,
  truncated,
} from '../../src/asana/errors.ts';

const SECRET = 'alice@acme.example';
const rest = (...messages: string[]) => ({
  errors: messages.map((message) => ({ message: `${message} ${SECRET}` })),
});
const scim = (detail: string, status = '400') => ({
  schemas: ['…:Error'],
  detail: `${detail} ${SECRET}`,
  status,
});

type Row = readonly [surface: Surface, status: number, body: unknown, code: AsanaErrorCode, because: string];

const rows: readonly Row[] = [
  ['rest', 302, undefined, 'MalformedResponse', 'a redirect is never followed'],
  [
    'rest',
    400,
    rest('offset: Your pagination token has expired.'),
    'OffsetExpired',
    'the pagination token is older than 15 minutes',
  ],
  [
    'rest',
    400,
    rest('offset: Your pagination token is invalid.'),
    'OffsetExpired',
    'Asana sends this for expired tokens too',
  ],
  [
    'rest',
    400,
    rest('The result is too large. You should use pagination (may require specifying a workspace)!'),
    'ListingTruncated',
    'a listing too large for one answer',
  ],
  [
    'rest',
    400,
    rest('The dataset was truncated.'),
    'ListingTruncated',
    'the last page of a very large listing',
  ],
  ['rest', 400, rest('user: Unknown object: 123'), 'NotFound', 'a body field names an unknown user'],
  [
    'rest',
    400,
    rest('user: Not a user in Organization: x'),
    'NotFound',
    'the user is not in the organization',
  ],
  ['rest', 400, rest('user: Not a recognized ID: x'), 'AsanaRefused', 'the value is not an ID'],
  ['rest', 400, rest('workspace: Missing input'), 'AsanaRefused', 'a required parameter is missing'],
  [
    'rest',
    400,
    rest('something', 'offset: Your pagination token has expired.'),
    'OffsetExpired',
    'one of several messages is decisive',
  ],
  ['rest', 401, rest('Not Authorized'), 'CredentialsRejected', 'an invalid token'],
  [
    'rest',
    402,
    rest('Search is only available to premium users.'),
    'PlanRefused',
    'the plan does not include the feature',
  ],
  ['rest', 403, rest('You do not have access to this team.'), 'Forbidden', 'the caller is not in the team'],
  ['rest', 403, rest('Forbidden'), 'Forbidden', 'the caller is not an admin'],
  ['rest', 404, rest('user: Unknown object: 5'), 'NotFound', 'the object does not exist'],
  [
    'rest',
    404,
    rest('workspace: Unknown object: 5'),
    'WorkspaceNotFound',
    'the workspace is missing, which says nothing about the user',
  ],
  [
    'rest',
    400,
    rest('workspace: Unknown object: 5'),
    'WorkspaceNotFound',
    'the missing workspace is named in a query',
  ],
  [
    'rest',
    404,
    rest('No matching route for request'),
    'RouteNotFound',
    'Asana answers this for a wrong method too',
  ],
  ['rest', 404, undefined, 'RouteNotFound', 'a 404 without an error body names no object'],
  ['rest', 404, { status: '404', detail: 'x' }, 'RouteNotFound', 'a SCIM error body is ignored on REST'],
  ['rest', 405, undefined, 'AsanaRefused', 'a gateway rejects the method'],
  ['rest', 408, undefined, 'AsanaUnavailable', 'a timeout on the way'],
  ['rest', 409, undefined, 'Conflict', 'the object exists already'],
  [
    'rest',
    412,
    { sync: 'x', errors: [] },
    'AsanaRefused',
    'about a sync token, which this client never sends',
  ],
  ['rest', 418, undefined, 'AsanaRefused', 'any other 4xx'],
  ['rest', 429, rest("You've made too many requests"), 'RateLimited', 'the rate limit is exceeded'],
  ['rest', 451, undefined, 'AsanaRefused', 'unavailable for legal reasons'],
  [
    'rest',
    500,
    { errors: [{ phrase: '6 sad squid snuggle softly' }] },
    'AsanaUnavailable',
    'an internal error of Asana',
  ],
  ['rest', 503, undefined, 'AsanaUnavailable', 'overload without a body'],
  ['rest', 599, undefined, 'AsanaUnavailable', 'any 5xx'],
  ['rest', 199, undefined, 'MalformedResponse', 'an informational status is not an answer'],
  ['rest', 700, undefined, 'MalformedResponse', 'a status that does not exist'],
  [
    'scim',
    400,
    scim('Invalid value for userType', '400'),
    'AsanaRefused',
    'the domain does not have the license type',
  ],
  ['scim', 401, scim('Unauthorized', '401'), 'CredentialsRejected', 'a personal token is used for SCIM'],
  ['scim', 401, rest('Not Authorized'), 'CredentialsRejected', 'a gateway answers in the REST shape'],
  ['scim', 403, scim('Forbidden', '403'), 'Forbidden', 'the token lacks scopes'],
  ['scim', 403, scim('No seats left', '403'), 'AsanaRefused', 'no seats are left'],
  ['scim', 404, scim('User not found', '404'), 'NotFound', 'the account does not exist'],
  ['scim', 404, { status: 404 }, 'NotFound', 'an error body with a numeric status and no detail'],
  ['scim', 404, rest('user: Unknown object: 5'), 'NotFound', 'a REST error body names the user'],
  ['scim', 404, rest('No matching route for request'), 'RouteNotFound', 'SCIM is not available'],
  ['scim', 404, undefined, 'RouteNotFound', 'without an error body, the account must not count as missing'],
  ['scim', 409, scim('exists', '409'), 'Conflict', 'the user exists already'],
  ['scim', 429, undefined, 'RateLimited', 'the rate limit of REST applies'],
  ['scim', 502, undefined, 'AsanaUnavailable', 'a gateway cannot reach Asana'],
];

suite('classification of an error status by API and message', () => {
  for (const [surface, status, body, code, because] of rows) {
    test(`${surface} ${status} is ${code}: ${because}`, () => {
      const error = classifyStatus({
        surface,
        operation: 'users.list',
        status,
        body: readErrorBody(body),
        requestId: null,
      });
      assert.equal(error.code, code);
      assert.equal(error.errorClass, classOfAsanaCode[code]);
      assert.equal(error.status, status);
      assert.match(error.message, /users\.list/, 'the message names the operation');
      assert.doesNotMatch(
        JSON.stringify([error.message, String(error.cause)]),
        /alice/,
        'the body is not echoed',
      );
    });
  }
});

suite('classification of an error status by operation', () => {
  const cases: readonly [
    operation: string,
    status: number,
    body: unknown,
    code: AsanaErrorCode,
    says: RegExp,
  ][] = [
    ['users.get', 404, undefined, 'NotFound', /does not exist/],
    ['users.get', 404, {}, 'NotFound', /does not exist/],
    ['users.get', 404, rest('Not Found'), 'NotFound', /does not exist/],
    ['users.deactivate', 404, undefined, 'NotFound', /does not exist/],
    ['groups.get', 404, undefined, 'NotFound', /the team does not exist/],
    ['groups.get', 404, scim('not found', '404'), 'NotFound', /the team does not exist/],
    ['users.get', 404, NOT_JSON, 'RouteNotFound', /proxy/],
    ['users.get', 404, rest('No matching route for request'), 'RouteNotFound', /API address/],
    ['users.create', 404, rest('Not Found'), 'RouteNotFound', /SCIM is not available/],
    ['users.create', 400, { detail: 'taken', scimType: 'uniqueness' }, 'Conflict', /already exists/],
    ['users.create', 400, { detail: 'bad', scimType: 'invalidValue' }, 'AsanaRefused', /domain/],
    ['users.set_user_type', 400, { detail: 'bad', scimType: 'invalidValue' }, 'AsanaRefused', /userTypes/],
    [
      'users.set_user_type',
      400,
      { detail: 'No enterprise licenses left', scimType: 'invalidValue' },
      'AsanaRefused',
      /buy seats/,
    ],
  ];
  for (const [operation, status, body, code, says] of cases) {
    const shown = body === NOT_JSON ? 'with a body that is not JSON' : JSON.stringify(body);
    test(`${operation}: ${status} ${shown ?? 'without a body'} is ${code}`, () => {
      const given = {
        surface: 'scim',
        operation,
        status,
        body: readErrorBody(body),
        requestId: null,
      } as const;
      const error = classifyStatus(given);
      assert.equal(error.code, code);
      assert.match(error.message, says);
    });
  }
});

suite('classification of a failure without a complete answer', () => {
  const codes: readonly [code: string, expected: AsanaErrorCode, outcomeUnknown: boolean, because: string][] =
    [
      ['ENOTFOUND', 'AsanaUnavailable', false, 'the name does not resolve, so nothing was sent'],
      ['EAI_AGAIN', 'AsanaUnavailable', false, 'DNS is down'],
      ['ECONNREFUSED', 'AsanaUnavailable', false, 'nothing listens at the address'],
      ['ECONNRESET', 'AsanaUnavailable', true, 'the request may have arrived'],
      ['EPIPE', 'AsanaUnavailable', true, 'the request may have arrived before the pipe broke'],
      ['CERT_HAS_EXPIRED', 'AsanaUnavailable', false, 'nothing is sent before the handshake'],
      ['SELF_SIGNED_CERT_IN_CHAIN', 'AsanaUnavailable', false, 'a proxy intercepts TLS'],
      ['ERR_TLS_CERT_ALTNAME_INVALID', 'AsanaUnavailable', false, 'the certificate is for another host'],
      ['EPROTO', 'AsanaUnavailable', false, 'the server does not speak TLS'],
      ['HPE_INVALID_CONSTANT', 'MalformedResponse', true, 'the server does not speak HTTP'],
      ['HPE_HEADER_OVERFLOW', 'ResponseTooLarge', true, 'the headers are too large'],
      ['Z_DATA_ERROR', 'MalformedResponse', true, 'the gzip stream is damaged'],
      ['anything <b>else</b>', 'AsanaUnavailable', true, 'an unknown code is not shown'],
    ];
  for (const [code, expected, outcomeUnknown, because] of codes) {
    test(`${code} is ${expected}: ${because}`, () => {
      const error = classifyFailure('scim', 'users.get', code);
      assert.equal(error.code, expected);
      assert.equal(error.outcomeUnknown, outcomeUnknown);
      assert.doesNotMatch(error.message, /</);
    });
  }

  test('the message names NODE_EXTRA_CA_CERTS for an untrusted certificate, and DNS for an unknown name', () => {
    assert.match(
      classifyFailure('rest', 'users.list', 'SELF_SIGNED_CERT_IN_CHAIN').message,
      /NODE_EXTRA_CA_CERTS/,
    );
    assert.match(classifyFailure('rest', 'users.list', 'ENOTFOUND').message, /DNS/);
  });
});

test('every error code but Inconsistent occurs in the table of statuses or in the list of other failures', () => {
  const reached = new Set<AsanaErrorCode>([
    ...rows.map(([, , , code]) => code),
    malformed('rest', 'o', 'w').code,
    timedOut('rest', 'o', 1000).code,
    tooLarge('rest', 'o').code,
    truncated('rest', 'o', 'w').code,
  ]);
  // No single answer is Inconsistent: two contradict each other (test/directory/reader.test.ts).
  const expected = asanaErrorCodes.filter((code) => code !== 'Inconsistent');
  assert.deepEqual([...reached].toSorted(), expected.toSorted());
});

suite('error bodies', () => {
  const hostile: readonly unknown[] = [
    null,
    'text',
    [],
    {},
    { errors: null },
    { errors: [null, 7, { message: 5 }] },
    { errors: Array.from({ length: 100_000 }, () => ({ message: 'x' })) },
    { detail: { a: 1 } },
  ];
  for (const [index, body] of hostile.entries()) {
    test(`a body of an unexpected shape is read without an error (${index})`, () => {
      assert.ok(readErrorBody(body).text.length <= 2000);
    });
  }
});
