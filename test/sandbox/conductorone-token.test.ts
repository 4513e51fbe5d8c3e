import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { suite, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { inspect, promisify } from 'node:util';
import { Agent, request } from 'undici';
import { BatonService } from '../../src/conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { sandboxFor } from './asking.ts';
import { Json } from './json.ts';
import { connect, goodHello, movableClock, never, rawClient, refusalOf } from './tenant-client.ts';

const run = promisify(execFile);

interface Wish {
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
  readonly key?: KeyObject;
  readonly form?: Record<string, string>;
  readonly contentType?: string;
  readonly method?: 'GET' | 'POST';
  readonly path?: string;
  readonly allowH2?: boolean;
  /** Replaces the assertion. */
  readonly assertion?: string;
}

function keyOf(secret: string): KeyObject {
  const jwk: unknown = JSON.parse(Buffer.from(secret.split(':')[3] ?? '', 'base64url').toString());
  return createPrivateKey({ key: jwk as Record<string, string>, format: 'jwk' });
}

function assertionFor(sandbox: Sandbox, { header = {}, claims = {}, key }: Wish): string {
  const { clientId, clientSecret } = sandbox.conductorOne;
  const now = Math.floor(Date.now() / 1000);
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = encode({ alg: 'EdDSA', nonce: randomBytes(16).toString('hex'), ...header });
  const body = encode({
    iss: clientId,
    sub: clientId,
    aud: ['localhost'],
    iat: now,
    nbf: now - 120,
    exp: now + 120,
    ...claims,
  });
  const signature = sign(null, Buffer.from(`${head}.${body}`), key ?? keyOf(clientSecret));
  return `${head}.${body}.${signature.toString('base64url')}`;
}

async function askForToken(
  sandbox: Sandbox,
  wish: Wish = {},
): Promise<{ status: number; json: Json; date: string }> {
  const { url, clientId, authority } = sandbox.conductorOne;
  const agent = new Agent({ allowH2: wish.allowH2 ?? true, connect: { ca: authority } });
  try {
    const { statusCode, headers, body } = await request(`${url}${wish.path ?? '/auth/v1/token'}`, {
      method: wish.method ?? 'POST',
      dispatcher: agent,
      headers: { 'content-type': wish.contentType ?? 'application/x-www-form-urlencoded' },
      body:
        wish.method === 'GET'
          ? null
          : new URLSearchParams({
              client_id: clientId,
              grant_type: 'client_credentials',
              client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
              client_assertion: wish.assertion ?? assertionFor(sandbox, wish),
              ...wish.form,
            }).toString(),
    });
    const text = await body.text();
    return {
      status: statusCode,
      json: new Json(text.startsWith('{') ? JSON.parse(text) : null),
      date: String(headers['date']),
    };
  } finally {
    await agent.close();
  }
}

suite('the token endpoint', () => {
  test('issues a bearer token for a valid assertion, over HTTP/2 and HTTP/1.1', async () => {
    const sandbox = await sandboxFor();
    for (const allowH2 of [true, false]) {
      const { status, json } = await askForToken(sandbox, { allowH2 });
      assert.equal(status, 200);
      assert.equal(json.at('token_type').value, 'Bearer');
      assert.equal(json.at('expires_in').value, 600);
      const client = rawClient(sandbox, json.at('access_token').text());
      assert.equal(await refusalOf(client.hello(goodHello)), 'no refusal');
    }
  });

  test('refuses an invalid request or assertion, and names what is wrong', async () => {
    const sandbox = await sandboxFor();
    const { clientId } = sandbox.conductorOne;
    const now = Math.floor(Date.now() / 1000);
    const stranger = generateKeyPairSync('ed25519').privateKey;
    const cases: readonly (readonly [because: string, wish: Wish, status: number, says: RegExp])[] = [
      ['a GET', { method: 'GET' }, 405, /POST/],
      ['a JSON body', { contentType: 'application/json' }, 400, /content type/],
      ['another grant', { form: { grant_type: 'password' } }, 400, /grant_type/],
      ['no grant', { form: { grant_type: '' } }, 400, /grant_type must be there once/],
      ['another client', { form: { client_id: 'x@localhost/ccc' } }, 401, /client_id/],
      ['another assertion type', { form: { client_assertion_type: 'saml' } }, 400, /client_assertion_type/],
      ['no assertion', { form: { client_assertion: '' } }, 400, /client_assertion must/],
      ['two parts', { assertion: 'a.b' }, 401, /compact JWS/],
      ['four parts', { assertion: 'a.b.c.d' }, 401, /compact JWS/],
      ['a header that is not JSON', { assertion: 'YWJj.YWJj.YWJj' }, 401, /header must be a JSON object/],
      ['a header with padding', { assertion: 'e30=.e30.YWJj' }, 401, /header must be a JSON object/],
      ['the algorithm RS256', { header: { alg: 'RS256' } }, 401, /alg/],
      ['the algorithm none', { header: { alg: 'none' } }, 401, /alg/],
      ['a critical extension', { header: { crit: ['b64'] } }, 401, /crit/],
      ['no nonce', { header: { nonce: undefined } }, 401, /nonce/],
      ['a short nonce', { header: { nonce: 'abc' } }, 401, /nonce/],
      ['a nonce in capitals', { header: { nonce: 'AB'.repeat(16) } }, 401, /nonce/],
      ["a stranger's key", { key: stranger }, 401, /signature/],
      ['another issuer', { claims: { iss: 'x' } }, 401, /iss/],
      ['another subject', { claims: { sub: 'x' } }, 401, /sub/],
      ['another audience', { claims: { aud: 'acme.conductor.one' } }, 401, /aud/],
      ['no audience', { claims: { aud: [] } }, 401, /aud/],
      ['an audience with its port', { claims: { aud: [clientId.slice(20, -4)] } }, 401, /aud/],
      ['two audiences', { claims: { aud: ['localhost', 'localhost'] } }, 401, /aud/],
      ['an expired assertion', { claims: { exp: now - 1 } }, 401, /exp is past/],
      ['an assertion that is valid for too long', { claims: { exp: now + 400 } }, 401, /exp is more than/],
      ['an assertion that is not valid yet', { claims: { nbf: now + 120 } }, 401, /nbf/],
      ['an assertion issued in the future', { claims: { iat: now + 200 } }, 401, /iat is to come/],
      ['an assertion issued long ago', { claims: { iat: now - 1000 } }, 401, /iat is more than/],
      ['a time as text', { claims: { exp: String(now + 60) } }, 401, /exp must be whole seconds/],
      ['no nbf', { claims: { nbf: undefined } }, 401, /nbf must be whole seconds/],
      ['a claim that no connector sends', { claims: { jti: 'x' } }, 401, /claim/],
    ];
    for (const [because, wish, status, says] of cases) {
      const answer = await askForToken(sandbox, wish);
      assert.equal(answer.status, status, because);
      assert.match(answer.json.at('error_description').text(), says, because);
    }
    const reasons = sandbox.conductorOne.calls.since(0).filter(({ reason }) => reason !== null);
    assert.equal(reasons.length, cases.length, 'each refusal is in the log of calls');
  });

  test('accepts one audience as a list or as text, which newer Go connectors send', async () => {
    const sandbox = await sandboxFor();
    for (const aud of [['localhost'], 'localhost'])
      assert.equal((await askForToken(sandbox, { claims: { aud } })).status, 200, inspect(aud));
  });

  test('accepts each assertion only once', async () => {
    const sandbox = await sandboxFor();
    const assertion = assertionFor(sandbox, {});
    assert.equal((await askForToken(sandbox, { assertion })).status, 200);
    const again = await askForToken(sandbox, { assertion });
    assert.equal(again.status, 401);
    assert.match(again.json.at('error_description').text(), /nonce was used/);
  });

  test('refuses a body that is too large with 413', async () => {
    const sandbox = await sandboxFor();
    assert.equal((await askForToken(sandbox, { form: { padding: 'x'.repeat(20_000) } })).status, 413);
  });

  test('answers 404 on another path', async () => {
    const sandbox = await sandboxFor();
    assert.equal((await askForToken(sandbox, { path: '/auth/v1/tokens' })).status, 404);
  });

  test('validates assertions by the clock of the sandbox, and shows it in the Date header', async () => {
    const sandbox = await sandboxFor();
    sandbox.conductorOne.change({ skewMs: 600_000 });
    const { status, json, date } = await askForToken(sandbox);
    assert.equal(status, 401);
    assert.match(json.at('error_description').text(), /exp is past/);
    assert.ok(Math.abs(Date.parse(date) - Date.now() - 600_000) < 60_000, date);
  });
});

suite('a bearer token', () => {
  test('is required for every call: an unknown token is refused', async () => {
    const sandbox = await sandboxFor();
    const client = rawClient(sandbox, 'made-up');
    const task = { hostId: 'host-1', taskId: 'a'.repeat(27) };
    const calls: readonly (() => Promise<unknown>)[] = [
      () => client.hello(goodHello),
      () => client.getTask({ hostId: 'host-1' }),
      () => client.heartbeat(task),
      () => client.finishTask({ ...task, finalState: { case: 'success', value: {} } }),
      () => client.uploadAsset((async function* () {})()),
    ];
    assert.equal(calls.length, BatonService.methods.length);
    for (const call of calls) assert.match(await refusalOf(call()), /^Unauthenticated the access token/);
  });

  test('expires after the lifetime in the settings', async () => {
    const clock = movableClock();
    const sandbox = await sandboxFor({ clock, conductorOneSettings: { tokenLifetimeS: 30 } });
    const { json } = await askForToken(sandbox);
    assert.equal(json.at('expires_in').value, 30);
    const client = rawClient(sandbox, json.at('access_token').text());
    clock.skip(29_000);
    assert.equal(await refusalOf(client.getTask({ hostId: 'host-1' })), 'no refusal');
    clock.skip(1000);
    assert.match(await refusalOf(client.getTask({ hostId: 'host-1' })), /^Unauthenticated/);
  });

  test('is refused as soon as the credentials are revoked, and no new token is issued', async () => {
    const sandbox = await sandboxFor();
    const { json } = await askForToken(sandbox);
    const client = rawClient(sandbox, json.at('access_token').text());
    sandbox.conductorOne.change({ credentialsValid: false });
    assert.match(await refusalOf(client.getTask({ hostId: 'host-1' })), /^Unauthenticated/);
    const refused = await askForToken(sandbox);
    assert.equal(refused.status, 401);
    assert.match(refused.json.at('error_description').text(), /revoked/);
  });

  test('is refused once the credentials are rotated, and the old credentials get no new token', async () => {
    const sandbox = await sandboxFor();
    const { clientId, clientSecret } = sandbox.conductorOne;
    const client = rawClient(sandbox, sandbox.conductorOne.issueToken());
    sandbox.conductorOne.rotateCredentials();
    assert.notEqual(sandbox.conductorOne.clientId, clientId);
    assert.match(await refusalOf(client.getTask({ hostId: 'host-1' })), /^Unauthenticated/);
    assert.equal((await askForToken(sandbox, { key: keyOf(clientSecret) })).status, 401);
    assert.equal((await askForToken(sandbox, { form: { client_id: clientId } })).status, 401);
    assert.equal((await askForToken(sandbox)).status, 200);
  });
});

suite('the certificate of the simulated ConductorOne', () => {
  test('is signed by the authority in caFile, for localhost and 127.0.0.1, and is not an authority itself', async () => {
    const sandbox = await sandboxFor();
    const { caFile, authority, url } = sandbox.conductorOne;
    assert.equal(await readFile(caFile, 'utf8'), authority);
    const ca = new X509Certificate(authority);
    assert.ok(ca.ca);
    for (const host of ['localhost', '127.0.0.1']) {
      const socket = connectTls({ host, port: Number(new URL(url).port), ca: authority });
      await once(socket, 'secureConnect');
      const leaf = socket.getPeerX509Certificate();
      socket.destroy();
      assert.ok(leaf && leaf.verify(ca.publicKey), host);
      assert.equal(leaf.ca, false);
    }
  });

  test('is trusted by another process if NODE_EXTRA_CA_CERTS names caFile, and otherwise not', async () => {
    const sandbox = await sandboxFor();
    const { caFile, url } = sandbox.conductorOne;
    const script = `fetch('${url}/').then(({ status }) => console.log(status))`;
    const { NODE_OPTIONS: _unused, ...env } = process.env;
    const { stdout } = await run(process.execPath, ['-e', script], {
      env: { ...env, NODE_EXTRA_CA_CERTS: caFile },
    });
    assert.equal(stdout.trim(), '404');
    await assert.rejects(
      run(process.execPath, ['-e', script], { env }),
      /UNABLE_TO_VERIFY|unable to verify|SELF_SIGNED/,
    );
  });

  test('has a caFile that is deleted with its folder when the sandbox closes', async () => {
    const sandbox = await startSandbox();
    const { caFile } = sandbox.conductorOne;
    assert.ok(existsSync(caFile));
    await sandbox.close();
    assert.ok(!existsSync(dirname(caFile)));
  });
});

suite('the ConductorOne client of the product', () => {
  test('needs only the credentials and the certificate authority', async () => {
    const sandbox = await sandboxFor();
    const { client } = connect(sandbox);
    const { hostId: _host, ...hello } = goodHello;
    await client.hello(hello, never);
    const { nextPoll } = await client.getTask(never);
    assert.equal(nextPoll?.seconds, 1n);
    assert.deepEqual(
      sandbox.conductorOne.calls.since(0).map(({ call, host, outcome }) => [call, host, outcome]),
      [
        ['Token', null, '200'],
        ['Hello', 'host-1', 'OK'],
        ['GetTask', 'host-1', 'OK'],
      ],
    );
  });
});
