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
    cache.forget('iga/acme');
    assert.equal(await value(), '3');
  });

  test('keeps connectors apart, and with them namespaces', async () => {
    const { cache, reads } = setUp();
    for (const connector of ['iga/acme', 'iga/second', 'other/acme']) await cache.get({ ...wish, connector });
    assert.deepEqual(reads, ['iga/asana', 'iga/asana', 'other/asana']);
  });

  test('keeps the keys that were asked for and no other', async () => {
    const { cache, reads } = setUp();
    assert.deepEqual([...((await cache.get(wish))?.data.keys() ?? [])], ['key']);
    const both = await cache.get({ ...wish, keys: ['other'] });
    assert.deepEqual([...(both?.data.keys() ?? [])], ['key', 'other']);
    await cache.get(wish);
    assert.equal(reads.length, 2, 'one reading serves both who ask');
  });

  test('lets a key go that is not named any more', async () => {
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

  test('asks the API server once in ten seconds for a Secret that it does not show', async () => {
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

  test('asks anyway for a Secret that was not shown when told to', async () => {
    const { cache } = setUpFailing(1, refused);
    await assert.rejects(cache.get(wish));
    assert.equal(await cache.get({ ...wish, fresh: true }), null);
    assert.equal(await cache.get(wish), null, 'what was learnt since counts');
  });

  test('remembers no fault of the program, which says nothing of the Secret', async () => {
    const { cache } = setUpFailing(1, new TypeError('a mistake'));
    await assert.rejects(cache.get(wish), TypeError);
    assert.equal(await cache.get(wish), null);
  });
});
