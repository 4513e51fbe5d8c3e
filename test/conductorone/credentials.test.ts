import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import { parseClientId, parseClientSecret } from '../../src/conductorone/credentials.ts';
import { InvalidInputError } from '../../src/core/errors.ts';
import { Redacted } from '../../src/core/redacted.ts';
import { makeSecret } from './tenant.ts';

suite('the client ID', () => {
  for (const { text, expected, because } of [
    {
      text: 'strange-hydra-68836@acme.conductor.one/ccc',
      expected: { name: 'strange-hydra-68836', host: 'acme.conductor.one', authority: 'acme.conductor.one' },
      because: 'a connector’s own ID',
    },
    {
      text: 'x@localhost:8443/ccc',
      expected: { name: 'x', host: 'localhost', authority: 'localhost:8443' },
      because: 'the port is no part of the host',
    },
    {
      text: 'a@b.conductor.one/',
      expected: { name: 'a', host: 'b.conductor.one', authority: 'b.conductor.one' },
      because: 'the slash is what counts, not what follows',
    },
    {
      text: 'a@b.conductor.one/c/d@e',
      expected: { name: 'a', host: 'b.conductor.one', authority: 'b.conductor.one' },
      because: 'it is cut at the first @ and the first / after it',
    },
  ]) {
    test(`is taken apart: ${because}`, () => {
      assert.deepEqual(parseClientId(text), { id: text, ...expected });
    });
  }

  for (const { text, because } of [
    { text: '', because: 'empty' },
    { text: 'strange-hydra-68836@acme.conductor.one', because: 'the slash is missing' },
    { text: 'acme.conductor.one/ccc', because: 'the name is missing' },
    { text: '@acme.conductor.one/ccc', because: 'the name is empty' },
    { text: 'x@/ccc', because: 'the host is empty' },
    { text: 'x@acme.conductor.one:99999/ccc', because: 'there is no such port' },
    { text: 'x@acme.conductor.one:0/ccc', because: 'port 0 is none' },
    { text: 'x@acme..one/ccc', because: 'an empty label' },
    { text: 'x@user:pass@host/ccc', because: 'user information in the host' },
    { text: 'x@acme.conductor.one?x/ccc', because: 'a query in the host' },
    { text: 'x y@acme.conductor.one/ccc', because: 'a space' },
    { text: 'x@acme.conductor.one/ccc\n', because: 'a line break' },
    { text: `${'x'.repeat(600)}@acme.conductor.one/ccc`, because: 'too long' },
  ]) {
    test(`is refused with its field and an example when ${because}`, () => {
      assert.throws(
        () => parseClientId(text, 'BATON_CLIENT_ID'),
        (error) =>
          error instanceof InvalidInputError &&
          error.field === 'BATON_CLIENT_ID' &&
          error.message.includes('conductor.one'),
      );
    });
  }
});

suite('the client secret', () => {
  test('gives the Ed25519 key inside, and its kid only when it has one', () => {
    const { secret } = makeSecret('key-7');
    const { privateKey, kid } = parseClientSecret(new Redacted(secret));
    assert.equal(privateKey.asymmetricKeyType, 'ed25519');
    assert.equal(kid, 'key-7');
    assert.equal(parseClientSecret(new Redacted(makeSecret().secret)).kid, null);
  });

  test('is taken whatever its first two parts say, as the Go SDK does', () => {
    const key = makeSecret().secret.split(':')[3] ?? '';
    assert.equal(parseClientSecret(new Redacted(`a:b:v1:${key}`)).kid, null);
  });

  const jwk = (fields: object) =>
    `secret-token:conductorone.com:v1:${Buffer.from(JSON.stringify(fields)).toString('base64url')}`;
  const good = JSON.parse(
    Buffer.from(makeSecret().secret.split(':')[3] ?? '', 'base64url').toString(),
  ) as Record<string, string>;
  for (const { text, says, because } of [
    { text: '', says: 'must look like', because: 'it is empty' },
    { text: 'just-a-password', says: 'must look like', because: 'it has no parts' },
    { text: 'secret-token:conductorone.com:v1:', says: 'must look like', because: 'the key is missing' },
    { text: 'secret-token:conductorone.com:v2:abcd', says: 'version', because: 'the version is unknown' },
    { text: 'secret-token:conductorone.com:v1:not base64', says: 'truncated', because: 'it is no base64url' },
    { text: 'secret-token:conductorone.com:v1:e30x', says: 'truncated', because: 'the JSON is broken' },
    { text: jwk({ ...good, d: undefined }), says: 'private Ed25519', because: 'it is a public key' },
    {
      text: jwk({ kty: 'EC', crv: 'P-256', x: 'a', y: 'b', d: 'c' }),
      says: 'private Ed25519',
      because: 'it is of another curve',
    },
    { text: jwk({ ...good, d: 'AAAA' }), says: 'damaged', because: 'the key has the wrong length' },
    {
      text: `secret-token:conductorone.com:v1:${'A'.repeat(9000)}`,
      says: 'must look like',
      because: 'it is too long',
    },
  ]) {
    test(`is refused with a remedy, and without showing any of it, when ${because}`, () => {
      assert.throws(
        () => parseClientSecret(new Redacted(text), 'BATON_CLIENT_SECRET'),
        (error) => {
          assert.ok(error instanceof InvalidInputError);
          assert.match(error.message, new RegExp(says));
          assert.equal(error.cause, undefined);
          const key = text.split(':')[3] ?? '';
          assert.ok(key.length < 5 || !inspect(error).includes(key.slice(0, 12)), 'the secret shows');
          return true;
        },
      );
    });
  }
});
