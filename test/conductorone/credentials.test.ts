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
      because: 'an ID that ConductorOne issued',
    },
    {
      text: 'x@localhost:8443/ccc',
      expected: { name: 'x', host: 'localhost', authority: 'localhost:8443' },
      because: 'the port is not part of the host',
    },
    {
      text: 'a@b.conductor.one/',
      expected: { name: 'a', host: 'b.conductor.one', authority: 'b.conductor.one' },
      because: 'nothing has to follow the slash',
    },
    {
      text: 'a@b.conductor.one/c/d@e',
      expected: { name: 'a', host: 'b.conductor.one', authority: 'b.conductor.one' },
      because: 'it is split at the first @ and at the first / after it',
    },
  ]) {
    test(`is parsed into name, host and authority: ${because}`, () => {
      assert.deepEqual(parseClientId(text), { id: text, ...expected });
    });
  }

  for (const { text, because } of [
    { text: '', because: 'it is empty' },
    { text: 'strange-hydra-68836@acme.conductor.one', because: 'the slash is missing' },
    { text: 'acme.conductor.one/ccc', because: 'the name is missing' },
    { text: '@acme.conductor.one/ccc', because: 'the name is empty' },
    { text: 'x@/ccc', because: 'the host is empty' },
    { text: 'x@acme.conductor.one:99999/ccc', because: 'the port is out of range' },
    { text: 'x@acme.conductor.one:0/ccc', because: 'the port is 0' },
    { text: 'x@acme..one/ccc', because: 'the host has an empty label' },
    { text: 'x@user:pass@host/ccc', because: 'the host contains user information' },
    { text: 'x@acme.conductor.one?x/ccc', because: 'the host contains a query' },
    { text: 'x y@acme.conductor.one/ccc', because: 'it contains a space' },
    { text: 'x@acme.conductor.one/ccc\n', because: 'it contains a line break' },
    { text: `${'x'.repeat(600)}@acme.conductor.one/ccc`, because: 'it is too long' },
  ]) {
    test(`is rejected with the name of the field and an example when ${because}`, () => {
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
  test('is parsed into an Ed25519 key and its kid, which is null if absent', () => {
    const { secret } = makeSecret('key-7');
    const { privateKey, kid } = parseClientSecret(new Redacted(secret));
    assert.equal(privateKey.asymmetricKeyType, 'ed25519');
    assert.equal(kid, 'key-7');
    assert.equal(parseClientSecret(new Redacted(makeSecret().secret)).kid, null);
  });

  test('is accepted regardless of its first two parts, as in the Go SDK', () => {
    const key = makeSecret().secret.split(':')[3] ?? '';
    assert.equal(parseClientSecret(new Redacted(`a:b:v1:${key}`)).kid, null);
  });

  const jwk = (fields: object) =>
    `secret-token:conductorone.com:v1:${Buffer.from(JSON.stringify(fields)).toString('base64url')}`;
  const good = JSON.parse(
    Buffer.from(makeSecret().secret.split(':')[3] ?? '', 'base64url').toString(),
  ) as Record<string, string>;
  for (const { text, says, remedy = 'copy it again from the page of the connector', because } of [
    { text: '', says: 'must look like', because: 'it is empty' },
    { text: 'just-a-password', says: 'must look like', because: 'it has no parts' },
    { text: 'secret-token:conductorone.com:v1:', says: 'must look like', because: 'the key is missing' },
    {
      text: 'secret-token:conductorone.com:v2:abcdefghijkl',
      says: 'version',
      remedy: 'check for a newer release',
      because: 'the version is unknown',
    },
    {
      text: 'secret-token:conductorone.com:v1:not base64',
      says: 'truncated',
      because: 'it is not base64url',
    },
    {
      text: `secret-token:conductorone.com:v1:${Buffer.from('{"kty":"OKP"').toString('base64url')}`,
      says: 'truncated',
      because: 'the JSON is broken',
    },
    { text: jwk({ ...good, d: undefined }), says: 'private Ed25519', because: 'it is a public key' },
    {
      text: jwk({ kty: 'EC', crv: 'P-256', x: 'a', y: 'b', d: 'c' }),
      says: 'private Ed25519',
      because: 'the key is on another curve',
    },
    { text: jwk({ ...good, d: 'AAAA' }), says: 'damaged', because: 'the key has the wrong length' },
    {
      text: `secret-token:conductorone.com:v1:${'A'.repeat(9000)}`,
      says: 'must look like',
      because: 'it is too long',
    },
  ]) {
    test(`is rejected with a remedy, and without revealing the key, when ${because}`, () => {
      assert.throws(
        () => parseClientSecret(new Redacted(text), 'BATON_CLIENT_SECRET'),
        (error) => {
          assert.ok(error instanceof InvalidInputError);
          assert.match(error.message, new RegExp(says));
          assert.ok(error.message.includes(remedy), error.message);
          assert.equal(error.cause, undefined);
          const [, , , key = text] = text.split(':');
          const shown = inspect(error);
          for (const part of [key, Buffer.from(key, 'base64url').toString()])
            assert.ok(part === '' || !shown.includes(part.slice(0, 12)), 'the error contains the secret');
          return true;
        },
      );
    });
  }
});
