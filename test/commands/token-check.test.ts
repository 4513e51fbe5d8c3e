import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AsanaError, type AsanaErrorCode } from '../../src/asana/errors.ts';
import { TokenCheck } from '../../src/commands/connector/token-check.ts';
import { FakeClock } from '../asana/fake-clock.ts';

/** A fake Asana whose answers the test sets; counts its requests. */
class Asana {
  asked = 0;
  askedOverScim = 0;
  restFails: AsanaErrorCode | null = null;
  scimFails: AsanaErrorCode | null = null;
  /** While set, the REST API does not answer. */
  silent = false;

  readonly rest = {
    me: (call: { readonly signal?: AbortSignal | undefined }) => {
      this.asked += 1;
      if (this.silent)
        return new Promise<never>((_, reject) => {
          call.signal?.addEventListener('abort', () => reject(call.signal?.reason as Error));
        });
      return this.#answer(this.restFails, { gid: '1', email: null, name: '' });
    },
  };
  readonly scim = {
    probe: () => {
      this.askedOverScim += 1;
      return this.#answer<void>(this.scimFails, undefined);
    },
  };

  #answer<T>(code: AsanaErrorCode | null, value: T) {
    if (code !== null) return Promise.reject(new AsanaError(code, `${code}.`, { surface: 'rest' }));
    return Promise.resolve({ value, date: null, requestId: null });
  }
}

function checkOf(asana: Asana, scim: Asana['scim'] | null = null) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const check = new TokenCheck({ asana: { rest: asana.rest, scim }, clock, signal: stop.signal });
  return { clock, stop, failure: async () => (await check.failure())?.code ?? null };
}

describe('the token check', () => {
  it('sends a request to Asana at most every 30 s, however often it is called', async () => {
    const asana = new Asana();
    const { clock, failure } = checkOf(asana);
    for (let second = 0; second < 60; second += 1) {
      assert.deepEqual(await Promise.all([failure(), failure()]), [null, null]);
      await clock.advance(1_000);
    }
    assert.equal(asana.asked, 2);
  });

  it('reports that Asana rejects the token, and later that it accepts the token again', async () => {
    const asana = new Asana();
    const { clock, failure } = checkOf(asana);
    assert.equal(await failure(), null);
    asana.restFails = 'CredentialsRejected';
    await clock.advance(30_000);
    assert.equal(await failure(), 'CredentialsRejected');
    asana.restFails = null;
    assert.equal(await failure(), 'CredentialsRejected', 'until the next request');
    await clock.advance(30_000);
    assert.equal(await failure(), null);
  });

  it('uses SCIM instead of REST only if REST rejects the token', async () => {
    const asana = new Asana();
    assert.equal(await checkOf(asana, asana.scim).failure(), null);
    asana.restFails = 'AsanaUnavailable';
    assert.equal(await checkOf(asana, asana.scim).failure(), 'AsanaUnavailable');
    assert.equal(asana.askedOverScim, 0);
    asana.restFails = 'CredentialsRejected';
    assert.equal(await checkOf(asana, asana.scim).failure(), null);
    asana.scimFails = 'Forbidden';
    assert.equal(await checkOf(asana, asana.scim).failure(), 'Forbidden');
    assert.equal(asana.askedOverScim, 2);
  });

  it('waits at most 3 s for an answer, and reports AsanaUnavailable after 30 s without one', async () => {
    const asana = new Asana();
    asana.silent = true;
    const { clock, failure } = checkOf(asana);
    const first = failure();
    await clock.advance(3_000);
    assert.equal(await first, null, 'nothing is known yet');
    await clock.advance(27_000);
    const second = failure();
    await clock.advance(3_000);
    assert.equal(await second, 'AsanaUnavailable');
  });

  it('leaves no timer behind', async () => {
    const { clock, failure } = checkOf(new Asana());
    await failure();
    assert.equal(clock.pending, 0);
  });
});
