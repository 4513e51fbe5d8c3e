import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import {
  CredentialsError,
  SECRET_FRESHNESS_MS,
  SecretCache,
  type SecretReading,
  takeCredential,
} from '../../../src/controllers/connectors/credentials.ts';
import { FakeClock } from '../../asana/fake-clock.ts';

const secret = (values: Record<string, string | Buffer>): SecretReading => ({
  resourceVersion: '7',
  data: new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)])),
});

suite('a credential', () => {
  for (const text of ['token', ' token\n', '\r\ntoken\r\n', '\ufefftoken']) {
    test(`${JSON.stringify(text)} is taken without the white space around it`, () => {
      assert.equal(takeCredential(secret({ key: text }), 'asana', 'key').reveal(), 'token');
    });
  }

  const rows: readonly [reading: SecretReading | null, code: string, message: RegExp, because: string][] = [
    [null, 'SecretNotFound', /Secret "asana" does not exist .* key "key"/, 'there is no Secret'],
    [secret({ other: 'x' }), 'SecretKeyMissing', /has no key "key"/, 'the key is not there'],
    [secret({ key: '' }), 'SecretKeyMissing', /is empty/, 'it is empty'],
    [secret({ key: ' \n' }), 'SecretKeyMissing', /is empty/, 'it is blank'],
    [secret({ key: 'to ken' }), 'SecretKeyMissing', /not a token/, 'it has a space in it'],
    [secret({ key: 'a\nb' }), 'SecretKeyMissing', /not a token/, 'it has two lines'],
    [secret({ key: Buffer.from([0xff, 0xfe, 0x00]) }), 'SecretKeyMissing', /not a token/, 'it is binary'],
    [secret({ key: 'canaryé' }), 'SecretKeyMissing', /not a token/, 'no header can carry it'],
    [secret({ key: 'canary'.repeat(2_000) }), 'SecretKeyMissing', /not a token/, 'it is a file'],
  ];
  for (const [reading, code, message, because] of rows) {
    test(`is refused, naming Secret and key and not the value: ${because}`, () => {
      assert.throws(
        () => takeCredential(reading, 'asana', 'key'),
        (error) => {
          assert.ok(error instanceof CredentialsError);
          assert.deepEqual([error.code, error.errorClass], [code, 'stalling']);
          assert.match(error.message, message);
          assert.ok(!inspect(error).includes('canary'));
          return true;
        },
      );
    });
  }

  test('does not show itself however it is printed', () => {
    const token = takeCredential(secret({ key: 'canary' }), 'asana', 'key');
    for (const shown of [String(token), JSON.stringify({ token }), inspect({ token })])
      assert.ok(!shown.includes('canary'), shown);
  });
});

suite('the cache of Secrets', () => {
  function setUp() {
    const clock = new FakeClock();
    const reads: string[] = [];
    const cache = new SecretCache((namespace, name) => {
      reads.push(`${namespace}/${name}`);
      return Promise.resolve(secret({ key: String(reads.length) }));
    }, clock);
    const value = async (options?: { fresh?: boolean }) =>
      (await cache.get('iga', 'asana', options))?.data.get('key')?.toString();
    return { clock, reads, cache, value };
  }

  test('asks once a minute', async () => {
    const { clock, reads, value } = setUp();
    assert.deepEqual([await value(), await value()], ['1', '1']);
    await clock.advance(SECRET_FRESHNESS_MS - 1);
    assert.equal(await value(), '1');
    await clock.advance(1);
    assert.equal(await value(), '2');
    assert.deepEqual(reads, ['iga/asana', 'iga/asana']);
  });

  test('asks at once when told to, or to forget', async () => {
    const { cache, value } = setUp();
    await value();
    assert.equal(await value({ fresh: true }), '2');
    cache.forget('iga', 'asana');
    assert.equal(await value(), '3');
  });

  test('keeps namespaces apart', async () => {
    const { cache, reads } = setUp();
    await cache.get('iga', 'asana');
    await cache.get('other', 'asana');
    assert.deepEqual(reads, ['iga/asana', 'other/asana']);
  });

  test('remembers no failure', async () => {
    let calls = 0;
    const cache = new SecretCache(() => {
      calls += 1;
      return calls === 1 ? Promise.reject(new Error('down')) : Promise.resolve(null);
    }, new FakeClock());
    await assert.rejects(cache.get('iga', 'asana'));
    assert.equal(await cache.get('iga', 'asana'), null);
  });
});
