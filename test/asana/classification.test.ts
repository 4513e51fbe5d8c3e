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
    'the token outlived its 15 minutes',
  ],
  [
    'rest',
    400,
    rest('offset: Your pagination token is invalid.'),
    'OffsetExpired',
    'seen for expired ones too',
  ],
  [
    'rest',
    400,
    rest('The result is too large. You should use pagination (may require specifying a workspace)!'),
    'ListingTruncated',
    'a listing without an end',
  ],
  ['rest', 400, rest('The dataset was truncated.'), 'ListingTruncated', 'very large sets, last page'],
  ['rest', 400, rest('user: Unknown object: 123'), 'NotFound', 'a body field that names nobody'],
  ['rest', 400, rest('user: Not a user in Organization: x'), 'NotFound', 'somebody from elsewhere'],
  ['rest', 400, rest('user: Not a recognized ID: x'), 'AsanaRefused', 'no ID at all'],
  ['rest', 400, rest('workspace: Missing input'), 'AsanaRefused', 'a request that lacks something'],
  [
    'rest',
    400,
    rest('something', 'offset: Your pagination token has expired.'),
    'OffsetExpired',
    'one of several messages',
  ],
  ['rest', 401, rest('Not Authorized'), 'CredentialsRejected', 'a bad token'],
  ['rest', 402, rest('Search is only available to premium users.'), 'PlanRefused', 'a plan without it'],
  ['rest', 403, rest('You do not have access to this team.'), 'Forbidden', 'not in the team'],
  ['rest', 403, rest('Forbidden'), 'Forbidden', 'not an admin'],
  ['rest', 404, rest('user: Unknown object: 5'), 'NotFound', 'the object is gone'],
  ['rest', 404, rest('workspace: Unknown object: 5'), 'WorkspaceNotFound', 'of a person it says nothing'],
  ['rest', 400, rest('workspace: Unknown object: 5'), 'WorkspaceNotFound', 'named in a query'],
  ['rest', 404, rest('No matching route for request'), 'RouteNotFound', 'Asana answers so to a wrong method'],
  ['rest', 404, undefined, 'RouteNotFound', 'a 404 that does not speak of an object'],
  ['rest', 404, { status: '404', detail: 'x' }, 'RouteNotFound', 'a SCIM body means nothing on REST'],
  ['rest', 405, undefined, 'AsanaRefused', 'a gateway'],
  ['rest', 408, undefined, 'AsanaUnavailable', 'slow on the way'],
  ['rest', 409, undefined, 'Conflict', 'exists'],
  ['rest', 412, { sync: 'x', errors: [] }, 'AsanaRefused', 'a sync token, which nobody here sends'],
  ['rest', 418, undefined, 'AsanaRefused', 'whatever else'],
  ['rest', 429, rest("You've made too many requests"), 'RateLimited', 'the limit'],
  ['rest', 451, undefined, 'AsanaRefused', 'an embargoed address'],
  [
    'rest',
    500,
    { errors: [{ phrase: '6 sad squid snuggle softly' }] },
    'AsanaUnavailable',
    'a failure of Asana',
  ],
  ['rest', 503, undefined, 'AsanaUnavailable', 'overload without a body'],
  ['rest', 599, undefined, 'AsanaUnavailable', 'any 5xx'],
  ['rest', 199, undefined, 'MalformedResponse', 'a status that ends nothing'],
  ['rest', 700, undefined, 'MalformedResponse', 'a status that does not exist'],
  [
    'scim',
    400,
    scim('Invalid value for userType', '400'),
    'AsanaRefused',
    'a license type unknown to the domain',
  ],
  ['scim', 401, scim('Unauthorized', '401'), 'CredentialsRejected', 'a personal token on SCIM'],
  ['scim', 401, rest('Not Authorized'), 'CredentialsRejected', 'the gateway speaks REST'],
  ['scim', 403, scim('Forbidden', '403'), 'Forbidden', 'scopes missing'],
  ['scim', 403, scim('No seats left', '403'), 'AsanaRefused', 'out of seats'],
  ['scim', 404, scim('User not found', '404'), 'NotFound', 'the account is gone'],
  ['scim', 404, { status: 404 }, 'NotFound', 'status as a number, no detail'],
  ['scim', 404, rest('user: Unknown object: 5'), 'NotFound', 'in REST words'],
  ['scim', 404, rest('No matching route for request'), 'RouteNotFound', 'no SCIM here'],
  ['scim', 404, undefined, 'RouteNotFound', 'HTML says nothing of an account: it must not pass for gone'],
  ['scim', 409, scim('exists', '409'), 'Conflict', 'uniqueness'],
  ['scim', 429, undefined, 'RateLimited', 'the same limit'],
  ['scim', 502, undefined, 'AsanaUnavailable', 'a gateway'],
];

suite('a status, a surface and a text mean one code', () => {
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

suite('a refusal means what its operation makes of it', () => {
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
    test(`${operation} ${status} ${JSON.stringify(body) ?? 'without JSON'} is ${code}`, () => {
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

suite('no whole answer', () => {
  const codes: readonly [code: string, expected: AsanaErrorCode, outcomeUnknown: boolean, because: string][] =
    [
      ['ENOTFOUND', 'AsanaUnavailable', false, 'no such name: nothing was sent'],
      ['EAI_AGAIN', 'AsanaUnavailable', false, 'DNS is down'],
      ['ECONNREFUSED', 'AsanaUnavailable', false, 'nobody listens'],
      ['ECONNRESET', 'AsanaUnavailable', true, 'the request may have arrived'],
      ['EPIPE', 'AsanaUnavailable', true, 'likewise'],
      ['CERT_HAS_EXPIRED', 'AsanaUnavailable', false, 'the request waits for the handshake'],
      ['SELF_SIGNED_CERT_IN_CHAIN', 'AsanaUnavailable', false, 'a proxy that opens TLS'],
      ['ERR_TLS_CERT_ALTNAME_INVALID', 'AsanaUnavailable', false, 'another host'],
      ['EPROTO', 'AsanaUnavailable', false, 'not TLS at all'],
      ['HPE_INVALID_CONSTANT', 'MalformedResponse', true, 'not HTTP'],
      ['HPE_HEADER_OVERFLOW', 'ResponseTooLarge', true, 'headers without end'],
      ['Z_DATA_ERROR', 'MalformedResponse', true, 'broken gzip'],
      ['anything <b>else</b>', 'AsanaUnavailable', true, 'unknown, and not shown'],
    ];
  for (const [code, expected, outcomeUnknown, because] of codes) {
    test(`${code} is ${expected}: ${because}`, () => {
      const error = classifyFailure('scim', 'users.get', code);
      assert.equal(error.code, expected);
      assert.equal(error.outcomeUnknown, outcomeUnknown);
      assert.doesNotMatch(error.message, /</);
    });
  }

  test('an untrusted certificate is told apart from a network that is down', () => {
    assert.match(
      classifyFailure('rest', 'users.list', 'SELF_SIGNED_CERT_IN_CHAIN').message,
      /NODE_EXTRA_CA_CERTS/,
    );
    assert.match(classifyFailure('rest', 'users.list', 'ENOTFOUND').message, /DNS/);
  });
});

test('every code is reached by some row of the table or by a failure', () => {
  const reached = new Set<AsanaErrorCode>([
    ...rows.map(([, , , code]) => code),
    malformed('rest', 'o', 'w').code,
    timedOut('rest', 'o', 1000).code,
    tooLarge('rest', 'o').code,
    truncated('rest', 'o', 'w').code,
    // Not derived from one answer: the reader of accounts reports it when two answers contradict each other.
    'Inconsistent',
  ]);
  assert.deepEqual([...reached].toSorted(), asanaErrorCodes.toSorted());
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
    test(`a body of another shape is read without failing (${index})`, () => {
      assert.ok(readErrorBody(body).text.length <= 2000);
    });
  }
});
