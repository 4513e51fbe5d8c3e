import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { AsanaError } from '../../src/asana/errors.ts';
import { Redacted } from '../../src/core/redacted.ts';
import { tame, tameText } from '../../src/telemetry/tame.ts';
import { CANARY_TOKEN } from '../asana/sessions.ts';

const CANARY = 'canary0123456789';
const CANARY_HEX = '0123456789abcdef'.repeat(2);

/** Returns an error like those of an HTTP library: with the request, its headers and the answer's body. */
function libraryError(): Error {
  return Object.assign(new Error('Request failed with status code 403'), {
    code: 'ERR_BAD_REQUEST',
    config: { headers: { Authorization: `Bearer ${CANARY}` }, data: `client_secret=${CANARY}` },
    request: { _header: `GET / HTTP/1.1\r\nAuthorization: Bearer ${CANARY}\r\n` },
    response: { status: 403, data: { errors: [{ message: CANARY }] } },
  });
}

suite('a secret', () => {
  const rows: readonly (readonly [value: unknown, because: string])[] = [
    [new Redacted(CANARY), 'a Redacted value'],
    [{ deep: [new Map([['a', new Redacted(CANARY)]])] }, 'a Redacted value in a map in a list'],
    [{ error: libraryError() }, 'the config, request and response of an HTTP error'],
    [{ error: new Error('outer', { cause: libraryError() }) }, 'an HTTP error as a cause'],
    [
      { error: new Error('outer', { cause: { headers: { authorization: CANARY }, url: 'x' } }) },
      'a cause that is not an error',
    ],
    [
      { error: new Error('outer', { cause: { token: CANARY } }) },
      'a cause that is not an error, with the key token',
    ],
    [{ error: new AggregateError([libraryError()], 'both failed') }, 'an HTTP error in an AggregateError'],
    [{ error: Object.assign({}, libraryError(), { message: 'm', stack: 's' }) }, 'a copy of an error'],
    [
      { answer: { config: { headers: { Authorization: CANARY } } } },
      'a response of a library that is not an error',
    ],
    [{ answer: { status: 500, body: CANARY } }, 'the body of a response as text'],
    [{ answer: { response: { data: CANARY } } }, 'the data of a response as text'],
    [Object.assign({}, libraryError()), 'the fields of an HTTP error as fields of the line'],
    [{ rawHeaders: ['x-key', CANARY] }, 'raw headers as a field of the line'],
    [{ text: `0/${CANARY_HEX}` }, 'an old personal access token of Asana'],
    [
      { error: new Error(`Invalid header value "Bearer ${CANARY}"`) },
      'a header that an error message quotes',
    ],
    [{ url: `https://me:${CANARY}@app.asana.com/` }, 'the password in a URL as text'],
    [{ url: new URL(`https://me:${CANARY}@app.asana.com/`) }, 'the password in a URL object'],
    [{ url: `https://x.example/?a=1&access_token=${CANARY}&b=2` }, 'a token in the query of a URL'],
    [{ text: `grant_type=x&client_secret=${CANARY}` }, 'a URL-encoded form'],
    [{ text: JSON.stringify({ client_secret: CANARY }) }, 'JSON as text'],
    [{ text: `{ scimToken: '${CANARY}' }` }, 'the output of util.inspect'],
    [{ text: `GET / HTTP/1.1\r\nauthorization: ${CANARY}\r\n` }, 'a header without a scheme'],
    [{ text: `secret-token:conductorone.com:v1:${CANARY}` }, 'a client secret of ConductorOne'],
    [{ text: `the token is ${CANARY_TOKEN}` }, 'a personal access token of Asana'],
    [{ text: `eyJ${CANARY}.${CANARY}.${CANARY}` }, 'a JSON Web Token'],
    [{ text: `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----` }, 'a private key'],
    [{ [`token=${CANARY}`]: 1 }, 'a key of an object'],
    ...[
      'authorization',
      'Cookie',
      'set-cookie',
      'password',
      'clientSecret',
      'client_secret',
      'accessToken',
      'scimToken',
      'SCIM_TOKEN',
      'BATON_CLIENT_SECRET',
      'apiKey',
      'privateKey',
      'tokens',
      'passwords',
      'tokenValue',
      'authorizationHeader',
      'secret_values',
    ].map((key) => [{ [key]: CANARY }, `the key ${key}`] as const),
  ];
  for (const [value, because] of rows) {
    test(`is not shown: ${because}`, () => {
      const shown = JSON.stringify(tame(value));
      assert.ok(!shown.includes(CANARY) && !shown.includes('0123456789abcdef'), shown);
    });
  }

  test('is not shown in part if the length limit cuts through it', () => {
    const shown = tameText(`${' '.repeat(2_040)}token=${CANARY}${'x'.repeat(5_000)}`);
    assert.ok(!shown.includes('canary'), shown.slice(2_000));
  });
});

suite('a value that is not a secret', () => {
  const rows: readonly [text: string][] = [
    ['Secret "baton" has no key "BATON_TOKEN". Add it, or correct the key in the secretRef.'],
    ['token: is empty, or contains white space or other characters that are not valid in a token'],
    ['GET https://app.asana.com/api/1.0/users?limit=100&offset=eyJ0 answered 503'],
    ['alice@acme.com holds Enterprise.'],
  ];
  for (const [text] of rows) {
    test(`is unchanged: ${text}`, () => {
      assert.equal(tameText(text), text);
    });
  }

  test('is shown if it is the name, the fingerprint or the reference of a secret', () => {
    const fields = {
      secretName: 'asana',
      tokenFingerprint: 'ab12',
      tokenRef: { name: 'asana', key: 'token' },
    };
    assert.deepEqual(tame(fields), fields);
  });

  test('is shown with name, code, message, stack and causes if it is an error', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const shown = tame(new AsanaError('AsanaUnavailable', 'no answer', { surface: 'rest', cause }));
    assert.partialDeepStrictEqual(shown, {
      name: 'AsanaError',
      code: 'AsanaUnavailable',
      message: 'no answer',
      cause: { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
    });
    assert.ok(JSON.stringify(shown).includes('tame.test.ts'), 'the stack of the cause is shown');
  });

  test('is shown with each of its errors if it is an AggregateError', () => {
    const shown = tame(new AggregateError([new Error('one'), new Error('two')], ''));
    assert.partialDeepStrictEqual(shown, { errors: [{ message: 'one' }, { message: 'two' }] });
  });
});

suite('the limits of a logged value', () => {
  test('a long string and a long list are truncated', () => {
    assert.equal((tame('x'.repeat(10_000)) as string).length, 2_049);
    const items = tame(Array.from({ length: 60 }, (_, index) => index)) as unknown[];
    assert.deepEqual([items.length, items.at(-1)], [51, '… 10 more']);
  });

  test('a reference of a value to itself is replaced', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    assert.deepEqual(tame(circle), { self: '[…]' });
    const error = new Error('mine');
    error.cause = error;
    assert.partialDeepStrictEqual(tame(error), { cause: '[…]' });
  });

  test('a deep and wide value takes less than one megabyte', () => {
    const wide = (depth: number): unknown =>
      depth === 0 ? 'x'.repeat(500) : Array.from({ length: 8 }, () => wide(depth - 1));
    const shown = JSON.stringify(tame(wide(5)));
    assert.ok(shown.length < 1_000_000, `${shown.length} characters`);
  });

  test('a value that throws when it is read is shown as unreadable', () => {
    const trap = {
      get field(): string {
        throw new Error('never look at me');
      },
    };
    const proxy = new Proxy(
      {},
      { ownKeys: () => assert.fail('looked at'), getPrototypeOf: () => assert.fail() },
    );
    assert.deepEqual(tame({ trap, proxy, next: 1 }), {
      trap: '[unreadable]',
      proxy: '[unreadable]',
      next: 1,
    });
  });

  test('values of types that JSON does not support are converted', () => {
    const shown = tame({
      big: 10n,
      symbol: Symbol('s'),
      call: () => {},
      nan: Number.NaN,
      never: new Date(Number.NaN),
      when: new Date(0),
      set: new Set([1]),
      map: new Map([['a', 1]]),
      bytes: Buffer.from('abc'),
    });
    assert.deepEqual(shown, {
      big: '10',
      symbol: 'Symbol(s)',
      call: '[function]',
      nan: 'NaN',
      never: 'Invalid Date',
      when: '1970-01-01T00:00:00.000Z',
      set: [1],
      map: { a: 1 },
      bytes: '[3 bytes]',
    });
  });

  test('any value is converted without an exception and can be written as JSON', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }),
        (value) => {
          assert.doesNotThrow(() => JSON.stringify({ field: tame(value) }));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('long hostile texts are searched for secrets in less than one second', () => {
    const begun = performance.now();
    for (const piece of ['token', 'a-', '://', 'eyJ', '1/11111', 'authorization:', '-----BEGIN '])
      tameText(piece.repeat(3_000));
    assert.ok(performance.now() - begun < 1_000, `${performance.now() - begun} ms`);
  });
});
