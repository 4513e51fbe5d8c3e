import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { suite, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { signAssertion } from '../../src/conductorone/assertion.ts';
import { parseClientId, parseClientSecret } from '../../src/conductorone/credentials.ts';
import { ConductorOneError } from '../../src/conductorone/errors.ts';
import { chooseEndpoint } from '../../src/conductorone/hosts.ts';
import { TokenSource } from '../../src/conductorone/token.ts';
import type { Clock } from '../../src/core/clock.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Redacted } from '../../src/core/redacted.ts';
import { selfSign } from './certificate.ts';
import { makeSecret, startTenant, type Tenant, type TenantOptions } from './tenant.ts';

interface Source {
  readonly tenant: Tenant;
  readonly tokens: TokenSource;
  /** Moves the wall clock and the monotonic clock. */
  readonly forward: (ms: number) => void;
}

async function startSource(t: TestContext, options: TenantOptions = {}, aheadMs = 0): Promise<Source> {
  const tenant = await startTenant(t, options);
  let moved = 0;
  const clock: Clock = {
    ...systemClock,
    now: () => systemClock.now() + aheadMs + moved,
    monotonic: () => systemClock.monotonic() + moved,
  };
  const clientId = parseClientId(tenant.clientId);
  const tokens = new TokenSource({
    route: {
      endpoint: chooseEndpoint({ clientId, allowedHosts: null }),
      proxy: null,
      trust: tenant.trust,
      clock,
    },
    clientId,
    key: parseClientSecret(tenant.clientSecret),
  });
  t.after(() => tokens.close());
  return {
    tenant,
    tokens,
    forward: (ms) => {
      moved += ms;
    },
  };
}

function decode(part: string | undefined): unknown {
  return JSON.parse(Buffer.from(part ?? '', 'base64url').toString());
}

function failsWith(code: string, ...words: (string | RegExp)[]) {
  return (error: unknown) => {
    assert.ok(error instanceof ConductorOneError, inspect(error));
    assert.equal(error.code, code);
    for (const word of words)
      assert.match(error.message, typeof word === 'string' ? new RegExp(RegExp.escape(word)) : word);
    return true;
  };
}

suite('the assertion', () => {
  const NOW = 1_800_000_000_123;

  test('is an EdDSA JWS with exactly the header and claims of the Go SDK', () => {
    const { secret, publicKey } = makeSecret();
    const clientId = parseClientId('x@localhost:8443/ccc');
    const [header, claims, signature] = signAssertion(
      clientId,
      parseClientSecret(new Redacted(secret)),
      NOW,
      Buffer.alloc(16, 0xab),
    ).split('.');
    assert.deepEqual(decode(header), { alg: 'EdDSA', nonce: 'ab'.repeat(16) });
    assert.deepEqual(decode(claims), {
      iss: 'x@localhost:8443/ccc',
      sub: 'x@localhost:8443/ccc',
      aud: ['localhost'],
      iat: 1_800_000_000,
      nbf: 1_800_000_000 - 120,
      exp: 1_800_000_000 + 120,
    });
    assert.ok(
      verify(null, Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature ?? '', 'base64url')),
    );
  });

  test('contains the kid if the key has one', () => {
    const key = parseClientSecret(new Redacted(makeSecret('key-7').secret));
    const [header] = signAssertion(parseClientId('x@h.one/c'), key, NOW, Buffer.alloc(16)).split('.');
    assert.deepEqual(decode(header), { alg: 'EdDSA', kid: 'key-7', nonce: '00'.repeat(16) });
  });
});

suite('the access token', () => {
  test('is requested over HTTP/2 with the form of RFC 7523 and a new nonce each time', async (t) => {
    const { tenant, tokens, forward } = await startSource(t);
    await tokens.token();
    forward(3600_000);
    await tokens.token();
    const [first, second] = tenant.tokenRequests;
    assert.ok(first && second);
    assert.deepEqual([first.method, first.path, first.httpVersion], ['POST', '/auth/v1/token', '2.0']);
    assert.equal(first.headers['content-type'], 'application/x-www-form-urlencoded');
    assert.deepEqual([...first.form.keys()].sort(), [
      'client_assertion',
      'client_assertion_type',
      'client_id',
      'grant_type',
    ]);
    assert.equal(first.form.get('client_id'), tenant.clientId);
    assert.equal(first.form.get('grant_type'), 'client_credentials');
    assert.equal(
      first.form.get('client_assertion_type'),
      'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    );
    const nonces = [first, second].map(({ form }) => decode(form.get('client_assertion')?.split('.')[0]));
    assert.notDeepEqual(nonces[0], nonces[1]);
  });

  test('is accepted from a server that supports only HTTP/1.1', async (t) => {
    const { key, certificate } = await selfSign();
    const server = createServer({ key, cert: certificate }, (_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end('{"access_token":"old-style","expires_in":600}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const clientId = parseClientId(`x@localhost:${(server.address() as AddressInfo).port}/ccc`);
    const tokens = new TokenSource({
      route: {
        endpoint: chooseEndpoint({ clientId, allowedHosts: null }),
        proxy: null,
        trust: [certificate],
        clock: systemClock,
      },
      clientId,
      key: parseClientSecret(new Redacted(makeSecret().secret)),
    });
    t.after(() => tokens.close());
    assert.equal((await tokens.token()).reveal(), 'old-style');
  });

  test('is cached until ten seconds before it expires, and requested once for concurrent callers', async (t) => {
    const { tenant, tokens, forward } = await startSource(t);
    const together = await Promise.all([tokens.token(), tokens.token(), tokens.token()]);
    assert.equal(new Set(together).size, 1);
    forward(585_000);
    assert.equal(await tokens.token(), together[0]);
    assert.equal(tenant.tokenRequests.length, 1);
    forward(6_000);
    assert.notEqual(await tokens.token(), together[0]);
    assert.equal(tenant.tokenRequests.length, 2);
  });

  test('is requested again after it was forgotten; forgetting an older token has no effect', async (t) => {
    const { tenant, tokens } = await startSource(t);
    const first = await tokens.token();
    tokens.forget(first);
    const second = await tokens.token();
    tokens.forget(first);
    assert.equal(await tokens.token(), second);
    assert.equal(tenant.tokenRequests.length, 2);
  });

  test('is still returned to the other callers if one of them aborts', async (t) => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const { tokens } = await startSource(t, {
      token: async () => {
        asked.resolve();
        await answer.promise;
        return { body: '{"access_token":"late","expires_in":600}' };
      },
    });
    const impatient = new AbortController();
    const given = tokens.token(impatient.signal);
    const patient = tokens.token();
    await asked.promise;
    impatient.abort(new Error('gave up'));
    await assert.rejects(given, /gave up/);
    answer.resolve();
    assert.equal((await patient).reveal(), 'late');
  });

  for (const status of [400, 401, 403]) {
    test(`fails with CredentialsRejected at status ${status}, with a remedy and without the response body`, async (t) => {
      const { tokens } = await startSource(t, {
        token: () => ({ status, body: '{"error":"invalid_client","error_description":"s3cret words"}' }),
      });
      await assert.rejects(tokens.token(), (error) => {
        failsWith('CredentialsRejected', 'localhost', String(status), 'new client ID and secret')(error);
        assert.ok(!inspect(error).includes('s3cret'));
        return true;
      });
    });
  }

  for (const { ahead, word } of [
    { ahead: 300_000, word: 'ahead of' },
    { ahead: -300_000, word: 'behind' },
  ]) {
    test(`fails with ClockSkew if the local clock is five minutes ${word} the server's`, async (t) => {
      const { tokens } = await startSource(t, { token: () => ({ status: 401 }) }, ahead);
      await assert.rejects(
        tokens.token(),
        failsWith('ClockSkew', /is (299|300|301) s /, word, 'Correct the clock'),
      );
    });
  }

  for (const { reply, because } of [
    { reply: { status: 503 }, because: '503' },
    { reply: { status: 429, headers: { 'retry-after': '7' } }, because: '429' },
    { reply: { status: 404, body: '<html>nothing here</html>' }, because: '404' },
    {
      reply: { status: 302, headers: { location: 'https://evil.example.com/' } },
      because: 'a redirect, which is not followed',
    },
    {
      reply: { headers: { 'content-type': 'text/html' }, body: '<html>Sign in to the proxy</html>' },
      because: 'HTML',
    },
    { reply: { body: '{"access_token":"","expires_in":600}' }, because: 'an empty token' },
    { reply: { body: '{"access_token":"two\\nlines"}' }, because: 'a token that is not valid in a header' },
    { reply: { body: '[]' }, because: 'JSON of another structure' },
    { reply: { body: `{"access_token":"${'x'.repeat(100_000)}"}` }, because: 'an oversized body' },
  ]) {
    test(`fails with the transient error Disconnected if the server answers with ${because}`, async (t) => {
      const { tokens } = await startSource(t, { token: () => reply });
      await assert.rejects(tokens.token(), (error) => {
        failsWith('Disconnected', 'is retried')(error);
        assert.equal((error as ConductorOneError).errorClass, 'transient');
        assert.equal(
          (error as ConductorOneError).retryAfterMs,
          reply.headers && 'retry-after' in reply.headers ? 7000 : undefined,
        );
        assert.ok(!inspect(error).includes('Sign in'));
        return true;
      });
    });
  }

  test('fails with Disconnected if the connection is refused or the certificate is not trusted', async (t) => {
    const { tenant } = await startSource(t);
    const clientId = parseClientId(tenant.clientId);
    const key = parseClientSecret(tenant.clientSecret);
    for (const [host, trust, word] of [
      ['localhost:1', tenant.trust, 'ECONNREFUSED'],
      [tenant.host, [], 'CERT'],
    ] as const) {
      const endpoint = chooseEndpoint({ clientId, apiHost: host, allowedHosts: null });
      const tokens = new TokenSource({
        route: { endpoint, proxy: null, trust, clock: systemClock },
        clientId,
        key,
      });
      await assert.rejects(tokens.token(), failsWith('Disconnected', word));
      await tokens.close();
    }
    assert.equal(tenant.tokenRequests.length, 0);
  });

  test('is cached for less than five minutes if the response does not contain its lifetime', async (t) => {
    const { tenant, tokens, forward } = await startSource(t, {
      token: () => ({ body: '{"access_token":"brief"}' }),
    });
    await tokens.token();
    forward(280_000);
    await tokens.token();
    assert.equal(tenant.tokenRequests.length, 1);
    forward(20_000);
    await tokens.token();
    assert.equal(tenant.tokenRequests.length, 2);
  });
});
