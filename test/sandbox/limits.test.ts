import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { array, assert as assertProperty, integer, property } from 'fast-check';
import { systemClock } from '../../src/core/clock.ts';
import { TokenLimits } from '../../src/sandbox/limits.ts';
import { defaultSettings } from '../../src/sandbox/settings.ts';
import { ask, messageOf, sandboxFor } from './asking.ts';
import { assertSchema } from './schemas.ts';

describe('the allowance of a token', () => {
  it('never admits more requests than the limit in any 60 s, whenever they arrive', () => {
    assertProperty(
      property(
        array(integer({ min: 0, max: 20_000 }), { maxLength: 200 }),
        integer({ min: 1, max: 10 }),
        (gaps, limit) => {
          let now = 0;
          const limits = new TokenLimits(
            { ...defaultSettings, requestsPerMinute: limit },
            { monotonic: () => now },
          );
          const admitted: number[] = [];
          for (const gap of gaps) {
            now += gap;
            const admission = limits.admit('read', 'any');
            if (admission.admitted) {
              admitted.push(now);
              admission.done();
            }
          }
          for (const [i, at] of admitted.entries()) {
            assert.ok(admitted.slice(i).filter((later) => later < at + 60_000).length <= limit);
          }
        },
      ),
    );
  });

  it('admits a request once Retry-After has passed without another request', () => {
    let now = 0;
    const limits = new TokenLimits({ ...defaultSettings, requestsPerMinute: 3 }, { monotonic: () => now });
    for (let i = 0; i < 3; i += 1) {
      limits.admit('read', 'any');
      now += 10_000;
    }
    const refused = limits.admit('read', 'any');
    assert.deepEqual(refused, { admitted: false, retryAfterSeconds: 40 });
    now += 40_000;
    assert.equal(limits.admit('read', 'any').admitted, true);
  });

  it('counts refused requests too, so that repeated requests prolong the wait', () => {
    let now = 0;
    const limits = new TokenLimits({ ...defaultSettings, requestsPerMinute: 2 }, { monotonic: () => now });
    for (let i = 0; i < 100; i += 1) {
      limits.admit('read', 'any');
      now += 1000;
    }
    const refused = limits.admit('read', 'any');
    assert.deepEqual(refused, { admitted: false, retryAfterSeconds: 59 });
    assert.equal(limits.statistics().rejected, 99);
  });

  it('counts reads and writes in flight separately, and frees a place only once', () => {
    const limits = new TokenLimits(
      { ...defaultSettings, requestsPerMinute: 0, readsInFlight: 2, writesInFlight: 1 },
      { monotonic: () => 0 },
    );
    const first = limits.admit('read', 'any');
    assert.equal(limits.admit('read', 'any').admitted, true);
    assert.equal(limits.admit('write', 'any').admitted, true);
    assert.equal(limits.admit('read', 'any').admitted, false);
    assert.equal(limits.admit('write', 'any').admitted, false);
    assert.ok(first.admitted);
    first.done();
    first.done();
    assert.equal(limits.admit('read', 'any').admitted, true);
    assert.equal(limits.admit('read', 'any').admitted, false);
  });
});

describe('limits over HTTP', () => {
  it('answer 429 with a Retry-After in whole seconds, only to the token that spent its allowance', async () => {
    const sandbox = await sandboxFor({ requestsPerMinute: 5 });
    for (let i = 0; i < 5; i += 1) assert.equal((await ask(sandbox, 'GET', '/users/me')).status, 200);
    const rest = await ask(sandbox, 'GET', '/users/me');
    const scim = await ask(sandbox, 'GET', '/scim/Users');
    for (const reply of [rest, scim]) {
      assert.equal(reply.status, 429);
      assertSchema('ErrorResponse', reply.json.value);
      assert.match(String(messageOf(reply)), /^You've made too many requests and hit a rate limit/);
      const seconds = Number(reply.headers.get('retry-after'));
      assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, `Retry-After was ${seconds}`);
    }
    assert.equal((await ask(sandbox, 'GET', '/users/me', { token: 'personalAccessToken' })).status, 200);
  });

  it('refuse the 51st read and the 16th write in flight, and record the most in flight', async () => {
    // Holds back all answers until every request has arrived, however slow the machine is.
    const allCame = Promise.withResolvers<void>();
    const clock = { ...systemClock, sleep: () => allCame.promise };
    const sandbox = await sandboxFor({ latencyMs: 1, clock });
    const path = `/workspaces/${sandbox.workspace}/addUser`;
    const body = { data: { user: 'alice@acme.example' } };
    const reads = Array.from({ length: 60 }, () => ask(sandbox, 'GET', '/users/me'));
    const writes = Array.from({ length: 20 }, () => ask(sandbox, 'POST', path, { body }));
    while (sandbox.requests.since(0).length < 80) await delay(5);
    allCame.resolve();
    const count = async (replies: Promise<{ status: number }>[], status: number) =>
      (await Promise.all(replies)).filter((reply) => reply.status === status).length;
    assert.equal(await count(reads, 200), 50);
    assert.equal(await count(writes, 200), 15);
    assert.equal(await count([...reads, ...writes], 429), 15);
    const [token] = [...sandbox.tokenRegister.all].filter(({ kind }) => kind === 'serviceAccount');
    const { mostReadsInFlight, mostWritesInFlight, rejected, readsInFlight, requests } =
      token?.limits.statistics() ?? assert.fail();
    assert.deepEqual(
      { mostReadsInFlight, mostWritesInFlight, rejected, readsInFlight },
      { mostReadsInFlight: 50, mostWritesInFlight: 15, rejected: 15, readsInFlight: 0 },
    );
    assert.deepEqual(requests, { getUser: 60, addUserForWorkspace: 20 });
  });

  it('never refuse a client that keeps exactly 50 reads in flight', async () => {
    const sandbox = await sandboxFor();
    let left = 1000;
    const worker = async () => {
      while (left > 0) {
        left -= 1;
        assert.equal((await ask(sandbox, 'GET', `/users?workspace=${sandbox.workspace}`)).status, 200);
      }
    };
    await Promise.all(Array.from({ length: 50 }, worker));
    assert.equal(sandbox.requests.since(0).length, 1000);
  });
});
