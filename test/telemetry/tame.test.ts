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
    [new Redacted(CANARY), 'it is held by Redacted'],
    [{ deep: [new Map([['a', new Redacted(CANARY)]])] }, 'Redacted in a map in a list'],
    [{ error: libraryError() }, 'the config, request and response of an HTTP error'],
    [{ error: new Error('outer', { cause: libraryError() }) }, 'the cause is an HTTP error'],
    [
      { error: new Error('outer', { cause: { headers: { authorization: CANARY }, url: 'x' } }) },
      'the cause is no error',
    ],
    [{ error: new Error('outer', { cause: { token: CANARY } }) }, 'a cause with a token'],
    [{ error: new AggregateError([libraryError()], 'both failed') }, 'one of several errors'],
    [{ error: Object.assign({}, libraryError(), { message: 'm', stack: 's' }) }, 'a copy of an error'],
    [{ answer: { config: { headers: { Authorization: CANARY } } } }, 'a library answer that is no error'],
    [{ answer: { status: 500, body: CANARY } }, 'the body of an answer as text'],
    [{ answer: { response: { data: CANARY } } }, 'the data of an answer as text'],
    [Object.assign({}, libraryError()), 'the fields of an HTTP error spread over the line'],
    [{ rawHeaders: ['x-key', CANARY] }, 'raw headers on the line itself'],
    [{ text: `0/${CANARY_HEX}` }, 'an old personal access token of Asana'],
    [{ error: new Error(`Invalid header value "Bearer ${CANARY}"`) }, 'an error message quotes the header'],
    [{ url: `https://me:${CANARY}@app.asana.com/` }, 'the password of an address'],
    [{ url: new URL(`https://me:${CANARY}@app.asana.com/`) }, 'the password of an address that is a URL'],
    [{ url: `https://x.example/?a=1&access_token=${CANARY}&b=2` }, 'the query of an address'],
    [{ text: `grant_type=x&client_secret=${CANARY}` }, 'a form'],
    [{ text: JSON.stringify({ client_secret: CANARY }) }, 'JSON as text'],
    [{ text: `{ scimToken: '${CANARY}' }` }, 'what util.inspect prints'],
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
    test(`does not show: ${because}`, () => {
      const shown = JSON.stringify(tame(value));
      assert.ok(!shown.includes(CANARY) && !shown.includes('0123456789abcdef'), shown);
    });
  }

  test('that is cut through by the bound on length does not show its head', () => {
    const shown = tameText(`${' '.repeat(2_040)}token=${CANARY}${'x'.repeat(5_000)}`);
    assert.ok(!shown.includes('canary'), shown.slice(2_000));
  });
});

suite('what is no secret', () => {
  const rows: readonly [text: string][] = [
    ['Secret "baton" has no key "BATON_TOKEN". Add it, or correct the key in the secretRef.'],
    ['token: is empty, or contains white space or other characters that are not valid in a token'],
    ['GET https://app.asana.com/api/1.0/users?limit=100&offset=eyJ0 answered 503'],
    ['alice@acme.com holds Enterprise.'],
  ];
  for (const [text] of rows) {
    test(`stays as it is: ${text}`, () => {
      assert.equal(tameText(text), text);
    });
  }

  test('a field that names a secret is shown, since only the name helps to find it', () => {
    const fields = {
      secretName: 'asana',
      tokenFingerprint: 'ab12',
      tokenRef: { name: 'asana', key: 'token' },
    };
    assert.deepEqual(tame(fields), fields);
  });

  test('of an error the code, the message, the stack and the causes are told', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const shown = tame(new AsanaError('AsanaUnavailable', 'no answer', { surface: 'rest', cause }));
    assert.partialDeepStrictEqual(shown, {
      name: 'AsanaError',
      code: 'AsanaUnavailable',
      message: 'no answer',
      cause: { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
    });
    assert.ok(JSON.stringify(shown).includes('tame.test.ts'), 'the stack of the fault underneath');
  });

  test('each of several errors is told', () => {
    const shown = tame(new AggregateError([new Error('one'), new Error('two')], ''));
    assert.partialDeepStrictEqual(shown, { errors: [{ message: 'one' }, { message: 'two' }] });
  });
});

suite('the bounds of a logged value', () => {
  test('a long string is cut, and so is a long list', () => {
    assert.equal((tame('x'.repeat(10_000)) as string).length, 2_049);
    const items = tame(Array.from({ length: 60 }, (_, index) => index)) as unknown[];
    assert.deepEqual([items.length, items.at(-1)], [51, '… 10 more']);
  });

  test('what contains itself ends', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    assert.deepEqual(tame(circle), { self: '[…]' });
    const error = new Error('mine');
    error.cause = error;
    assert.partialDeepStrictEqual(tame(error), { cause: '[…]' });
  });

  test('a deep and wide value makes a line of at most some hundred kilobytes', () => {
    const wide = (depth: number): unknown =>
      depth === 0 ? 'x'.repeat(500) : Array.from({ length: 8 }, () => wide(depth - 1));
    const shown = JSON.stringify(tame(wide(5)));
    assert.ok(shown.length < 1_000_000, `${shown.length} characters`);
  });

  test('what throws when it is looked at is told to be unreadable', () => {
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

  test('kinds of values that JSON does not know are told in words', () => {
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

  test('whatever it is given, it never throws and gives JSON', () => {
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

  test('a hostile text of three thousand characters is looked through in milliseconds', () => {
    const begun = performance.now();
    for (const piece of ['token', 'a-', '://', 'eyJ', '1/11111', 'authorization:', '-----BEGIN '])
      tameText(piece.repeat(3_000));
    assert.ok(performance.now() - begun < 1_000, `${performance.now() - begun} ms`);
  });
});
