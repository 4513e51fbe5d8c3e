import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import {
  CredentialsError,
  SECRET_FRESHNESS_MS,
  SecretCache,
  SecretUnreadableError,
  takeCredential,
} from '../../../src/controllers/connectors/credentials.ts';
import type { SecretReading } from '../../../src/kubernetes/client.ts';
import { KubernetesError } from '../../../src/kubernetes/errors.ts';
import { FakeClock } from '../../asana/fake-clock.ts';

const secret = (values: Record<string, string | Buffer>): SecretReading => ({
  resourceVersion: '7',
  data: new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)])),
});

suite('a credential', () => {
  for (const text of ['token', ' token\n', '\r\ntoken\r\n', '\ufefftoken']) {
    test(`${JSON.stringify(text)} is read without the white space around it`, () => {
      assert.equal(takeCredential(secret({ key: text }), 'asana', 'key').reveal(), 'token');
    });
  }

  const binary = Buffer.concat([Buffer.from('canary'), Buffer.from([0xff, 0xfe, 0x00])]);
  const rows: readonly [reading: SecretReading | null, code: string, message: RegExp, because: string][] = [
    [null, 'SecretNotFound', /Secret "asana" does not exist .* key "key"/, 'the Secret does not exist'],
    [secret({ other: 'canary' }), 'SecretKeyMissing', /has no key "key"/, 'the Secret has no such key'],
    [secret({ key: '' }), 'SecretKeyMissing', /is empty/, 'it is empty'],
    [secret({ key: ' \n' }), 'SecretKeyMissing', /is empty/, 'it is blank'],
    [secret({ key: 'canary canary' }), 'SecretKeyMissing', /not a token/, 'it contains a space'],
    [secret({ key: 'canary\nb' }), 'SecretKeyMissing', /not a token/, 'it has two lines'],
    [secret({ key: binary }), 'SecretKeyMissing', /not a token/, 'it is binary'],
    [secret({ key: 'canaryé' }), 'SecretKeyMissing', /not a token/, 'a header cannot contain it'],
    [secret({ key: 'canary'.repeat(2_000) }), 'SecretKeyMissing', /not a token/, 'it is too long'],
  ];
  for (const [reading, code, message, because] of rows) {
    test(`is rejected with an error that names Secret and key, and not the value, if ${because}`, () => {
      assert.throws(
        () => takeCredential(reading, 'asana', 'key'),
        (error) => {
          assert.ok(error instanceof CredentialsError);
          assert.deepEqual([error.code, error.errorClass], [code, 'stalling']);
          assert.match(error.message, message);
          assert.match(error.message, /Secret "asana"/);
          assert.match(error.message, /key "key"/i);
          assert.ok(!inspect(error).includes('canary'));
          return true;
        },
      );
    });
  }

  test('does not reveal its value when it is printed, serialized or inspected', () => {
    const token = takeCredential(secret({ key: 'canary' }), 'asana', 'key');
    for (const shown of [String(token), JSON.stringify({ token }), inspect({ token })])
      assert.ok(!shown.includes('canary'), shown);
  });
});

suite('the Secret cache', () => {
  const wish = { connector: 'iga/acme', name: 'asana', keys: ['key'] };

  function setUp() {
    const clock = new FakeClock();
    const reads: string[] = [];
    const cache = new SecretCache((namespace, name) => {
      reads.push(`${namespace}/${name}`);
      return Promise.resolve(secret({ key: String(reads.length), other: 'not asked for' }));
    }, clock);
    const value = async (options?: { fresh?: boolean }) =>
      (await cache.get({ ...wish, ...options }))?.data.get('key')?.toString();
    return { clock, reads, cache, value };
  }

  test('reads a Secret once a minute', async () => {
    const { clock, reads, value } = setUp();
    assert.deepEqual([await value(), await value()], ['1', '1']);
    await clock.advance(SECRET_FRESHNESS_MS - 1);
    assert.equal(await value(), '1');
    await clock.advance(1);
    assert.equal(await value(), '2');
    assert.deepEqual(reads, ['iga/asana', 'iga/asana']);
  });

  test('reads again at once if a fresh value is requested or the connector was forgotten', async () => {
    const { cache, value } = setUp();
    await value();
    assert.equal(await value({ fresh: true }), '2');
    cache.forget('iga/acme');
    assert.equal(await value(), '3');
  });

  test('keeps connectors and namespaces apart', async () => {
    const { cache, reads } = setUp();
    for (const connector of ['iga/acme', 'iga/second', 'other/acme']) await cache.get({ ...wish, connector });
    assert.deepEqual(reads, ['iga/asana', 'iga/asana', 'other/asana']);
  });

  test('keeps only the keys that were requested', async () => {
    const { cache, reads } = setUp();
    assert.deepEqual([...((await cache.get(wish))?.data.keys() ?? [])], ['key']);
    const both = await cache.get({ ...wish, keys: ['other'] });
    assert.deepEqual([...(both?.data.keys() ?? [])], ['key', 'other']);
    await cache.get(wish);
    assert.equal(reads.length, 2, 'one read serves both callers');
  });

  test('drops a key that is no longer requested', async () => {
    const { cache, clock } = setUp();
    await cache.get({ ...wish, keys: ['key', 'other'] });
    await clock.advance(SECRET_FRESHNESS_MS);
    const keys = [...((await cache.get(wish))?.data.keys() ?? [])];
    assert.deepEqual(keys, ['key']);
  });

  /** Returns a cache whose first `failures` reads fail. */
  function setUpFailing(failures: number, failure: Error) {
    const clock = new FakeClock();
    const asked = { times: 0 };
    const cache = new SecretCache(() => {
      asked.times += 1;
      return asked.times <= failures ? Promise.reject(failure) : Promise.resolve(null);
    }, clock);
    return { clock, asked, cache };
  }
  const refused = new KubernetesError('Forbidden', 403, 'transient', 'GET secrets/asana: 403 forbidden');

  test('reads an unreadable Secret again after ten seconds, and not before', async () => {
    const { clock, asked, cache } = setUpFailing(1, refused);
    const unreadable = (error: unknown) => {
      assert.ok(error instanceof SecretUnreadableError);
      assert.deepEqual([error.code, error.errorClass], ['SecretUnreadable', 'transient']);
      assert.match(error.message, /^Secret "asana" cannot be read: GET secrets\/asana: 403 forbidden\. /);
      return true;
    };
    await assert.rejects(cache.get(wish), unreadable);
    await assert.rejects(cache.get({ ...wish, keys: ['other'] }), unreadable);
    assert.deepEqual([asked.times, cache.againInMs('iga/acme')], [1, 10_000]);
    await clock.advance(10_000);
    assert.equal(await cache.get(wish), null);
    assert.equal(cache.againInMs('iga/acme'), SECRET_FRESHNESS_MS);
  });

  test('reads an unreadable Secret again at once if a fresh value is requested', async () => {
    const { asked, cache } = setUpFailing(1, refused);
    await assert.rejects(cache.get(wish));
    assert.equal(await cache.get({ ...wish, fresh: true }), null);
    assert.equal(await cache.get(wish), null, 'the new result replaces the failure');
    assert.equal(asked.times, 2, 'the new result is cached');
  });

  test('does not cache a programming error', async () => {
    const { cache } = setUpFailing(1, new TypeError('a mistake'));
    await assert.rejects(cache.get(wish), TypeError);
    assert.equal(await cache.get(wish), null);
  });
});
