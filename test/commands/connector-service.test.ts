import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { Json } from '../sandbox/json.ts';
import { Bundle, Child, Folder, freePort, linesOf, type Variables } from './child.ts';

const ALICE = 'alice@acme.example';
const INVALID_ARGUMENT = 3;
const FAILED_PRECONDITION = 9;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

describe('the connector in service mode', () => {
  let program: Bundle;
  let sandbox: Sandbox;
  let folder: Folder;
  /** The documented Secret, plus where Asana and ConductorOne are on this machine. */
  let variables: Variables;

  before(async () => {
    program = await Bundle.make();
    sandbox = await startSandbox({
      tokens: { serviceAccount: 'canary-service-account' },
      conductorOneSettings: { nextPollMs: 20 },
    });
  });
  after(async () => {
    await sandbox.close();
    await program[Symbol.asyncDispose]();
  });
  beforeEach(async (context) => {
    folder = await Folder.forTest(program.main, context);
    const { clientId, clientSecret, caFile } = sandbox.conductorOne;
    variables = {
      BATON_CLIENT_ID: clientId,
      BATON_CLIENT_SECRET: clientSecret,
      BATON_TOKEN: sandbox.tokens.serviceAccount,
      BATON_USE_SERVICE_ACCOUNT: 'true',
      BATON_PROVISIONING: 'true',
      BATON_DEFAULT_WORKSPACE_ID: sandbox.workspace,
      BATON_USE_SCIM_API: 'true',
      ASANA_API_URL: sandbox.asanaUrl,
      SSL_CERT_FILE: caFile,
    };
  });

  const licenseOf = (email: string) => sandbox.state.personByEmail(email)?.profile.license;

  /** Starts the connector, waits until ConductorOne knows it, and ends it as Kubernetes does; it must exit with 0. */
  async function serving(
    more: Variables,
    use: (child: Child, hostId: string) => Promise<void>,
  ): Promise<string> {
    const hostId = more['BATON_HOST_ID'] ?? `host-${folder.path.slice(-6)}`;
    const child = new Child(folder, { ...variables, BATON_HOST_ID: hostId, ...more });
    try {
      await child.until('hello', () => (helloOf(hostId) ? true : null));
      await use(child, hostId);
    } finally {
      child.kill('SIGTERM');
    }
    const { code, stdout, stderr } = await child.end();
    assert.equal(code, 0, stderr);
    assert.ok(
      !`${stdout}${stderr}`.includes(sandbox.conductorOne.clientSecret.slice(-40)),
      'a secret is printed',
    );
    assert.deepEqual(await folder.leftovers(), []);
    return stdout;
  }

  const helloOf = (hostId: string) =>
    sandbox.conductorOne.instances.list().find(({ instance }) => instance.hostId === hostId)?.instance.hello;

  /** Orders a task as an administrator would in ConductorOne, and waits until it is over. */
  async function carryOut(child: Child, order: object): Promise<Json> {
    const url = `${sandbox.controlUrl}/conductorone/tasks`;
    const headers = { 'content-type': 'application/json' };
    const made = await fetch(url, { method: 'POST', headers, body: JSON.stringify(order) });
    const text = await made.text();
    assert.equal(made.status, 201, text);
    const id = new Json(JSON.parse(text)).at('id').text();
    return child.until(`end of ${JSON.stringify(order)}`, async () => {
      const task = new Json(await (await fetch(`${url}/${id}`)).json());
      return ['succeeded', 'failed', 'cancelled'].includes(task.at('state').text()) ? task : null;
    });
  }

  it('connects with the documented Secret alone, syncs, carries out tasks and exits on SIGTERM', async () => {
    const stdout = await serving({}, async (child, hostId) => {
      const metadata = helloOf(hostId)?.connectorMetadata;
      assert.equal(metadata?.displayName, 'Asana');
      assert.ok(metadata.accountCreationSchema, 'it offers to create accounts');

      const sync = await carryOut(child, { type: 'syncFull' });
      assert.deepEqual([sync.at('state').value, sync.at('uploads').value], ['succeeded', 1]);
      const { current } = sandbox.conductorOne.uploads;
      assert.equal(current?.userId(ALICE), sandbox.state.personByEmail(ALICE)?.gid);

      const grant = await carryOut(child, { type: 'grant', entitlement: 'enterprise', user: ALICE });
      assert.equal(grant.at('state').value, 'succeeded', JSON.stringify(grant.value));
      assert.equal(licenseOf(ALICE), 'enterprise');

      assert.equal((await carryOut(child, { type: 'syncFull' })).at('state').value, 'succeeded');
      const revoke = await carryOut(child, { type: 'revoke', entitlement: 'enterprise', user: ALICE });
      assert.equal(revoke.at('state').value, 'succeeded', JSON.stringify(revoke.value));
      assert.equal(licenseOf(ALICE), 'view only');

      const profile = { email: 'grace.hopper@acme.example', first_name: 'Grace' };
      const account = await carryOut(child, { type: 'createAccount', profile });
      assert.equal(account.at('state').value, 'succeeded', JSON.stringify(account.value));
      assert.equal(licenseOf('grace.hopper@acme.example'), 'view only');
    });
    assert.deepEqual(
      linesOf(stdout).map(({ action }) => action),
      ['GrantEnterprise', 'RevokeEnterprise', 'CreateAccount'],
    );
    assert.equal(stdout.trim().split('\n').length, 3, 'standard output has audit lines and nothing else');
    await assert.rejects(access(folder.file), 'service mode writes no local file');
  });

  it('offers and carries out no change without provisioning', async () => {
    await serving({ BATON_PROVISIONING: 'false' }, async (child, hostId) => {
      assert.equal(helloOf(hostId)?.connectorMetadata?.accountCreationSchema, undefined);
      await carryOut(child, { type: 'syncFull' });
      const { at } = await resultOf(child, { type: 'grant', entitlement: 'enterprise', user: ALICE });
      assert.equal(at('code').value, FAILED_PRECONDITION);
      assert.equal(licenseOf(ALICE), 'view only');
    });
  });

  async function resultOf(
    child: Child,
    order: object,
  ): Promise<{ at: (...path: (string | number)[]) => Json }> {
    const task = await carryOut(child, order);
    assert.equal(task.at('state').value, 'failed', JSON.stringify(task.value));
    return { at: (...path) => task.at('result', ...path) };
  }

  it('deprovisions accounts only if this is allowed, up to the limit of --max-deprovisions', async () => {
    let [first, second] = ['', ''];
    await serving({}, async (child) => {
      await carryOut(child, { type: 'syncFull' });
      const holders = sandbox.conductorOne.uploads.current?.grants({ entitlement: 'view only' }) ?? [];
      [first = '', second = ''] = holders.map(({ principal }) => principal?.id?.resource);
      const { at } = await resultOf(child, { type: 'revoke', entitlement: 'view only', user: first });
      assert.equal(at('code').value, FAILED_PRECONDITION);
      assert.equal(sandbox.state.person(first)?.profile.active, true);
    });
    const limited = {
      BATON_ALLOW_DEPROVISION: 'true',
      BATON_MAX_DEPROVISIONS: '1',
      BATON_HOST_ID: 'allowed',
    };
    await serving(limited, async (child) => {
      const done = await carryOut(child, { type: 'revoke', entitlement: 'view only', user: first });
      assert.equal(done.at('state').value, 'succeeded', JSON.stringify(done.value));
      assert.equal(sandbox.state.person(first)?.profile.active, false);
      const { at } = await resultOf(child, { type: 'revoke', entitlement: 'view only', user: second });
      assert.equal(at('code').value, FAILED_PRECONDITION);
      assert.equal(sandbox.state.person(second)?.profile.active, true);
    });
  });

  it('with --skip-full-sync, uploads nothing and fails sync tasks with Unavailable', async () => {
    const uploads = sandbox.conductorOne.uploads.list().length;
    await serving({ BATON_SKIP_FULL_SYNC: 'true' }, async (child) => {
      const { at } = await resultOf(child, { type: 'syncFull' });
      assert.equal(at('code').value, UNAVAILABLE);
      assert.match(at('message').text(), /BATON_SKIP_FULL_SYNC/);
    });
    assert.equal(sandbox.conductorOne.uploads.list().length, uploads);
  });

  it('serves its live, ready and health endpoints, which `health-check` queries', async () => {
    const port = String(await freePort());
    const health = { BATON_HEALTH_CHECK: 'true', BATON_HEALTH_CHECK_PORT: port };
    await serving(health, async () => {
      const pages = { live: 'alive', ready: 'ready', health: 'healthy' };
      for (const [page, status] of Object.entries(pages)) {
        const response = await fetch(`http://127.0.0.1:${port}/${page}`);
        const body = new Json(await response.json());
        assert.deepEqual([response.status, body.at('status').value], [200, status]);
        assert.match(body.at('timestamp').text(), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        const check = await folder.run(health, 'health-check', '--endpoint', page, '--timeout', '30');
        assert.equal(check.code, 0, check.stderr);
      }
    });
    const none = await folder.run(health, 'health-check');
    assert.equal(none.code, 1);
    assert.match(
      none.stderr,
      /^Unhealthy: .* did not respond within 5 s\. Check that the connector runs with --health-check/m,
    );
    const wrong = await folder.run(health, 'health-check', '--endpoint', 'healthz');
    assert.match(wrong.stderr, /Allowed choices are health, ready, live/);
  });

  it('is unhealthy, but ready and live, while Asana rejects the token', async () => {
    const port = String(await freePort());
    const health = { BATON_HEALTH_CHECK: 'true', BATON_HEALTH_CHECK_PORT: port };
    await serving({ ...health, BATON_TOKEN: 'wrong-token' }, async () => {
      const statuses = await Promise.all(
        ['health', 'ready', 'live'].map(
          async (page) => (await fetch(`http://127.0.0.1:${port}/${page}`)).status,
        ),
      );
      assert.deepEqual(statuses, [503, 200, 200]);
      const body = new Json(await (await fetch(`http://127.0.0.1:${port}/health`)).json());
      assert.equal(body.at('status').value, 'unhealthy');
      assert.equal(body.at('details', 'error').value, 'connector validation failed');
      assert.match(body.at('details', 'validation_error').text(), /^CredentialsRejected: /);
      const check = await folder.run(health, 'health-check');
      assert.match(
        check.stderr,
        /^Unhealthy: .*\/health returned status 503\. See the log of the connector/m,
      );
    });
  });

  for (const { change, code, says, because } of [
    {
      change: () => ({ BATON_CLIENT_SECRET: '' }),
      code: INVALID_ARGUMENT,
      says: /^InvalidInput: --client-secret \(BATON_CLIENT_SECRET\): is missing/m,
      because: 'one of the credentials is missing',
    },
    {
      change: () => ({ BATON_CLIENT_ID: 'canary@acme.conductor.one' }),
      code: INVALID_ARGUMENT,
      says: /^InvalidInput: --client-id \(BATON_CLIENT_ID\): must look like/m,
      because: 'the client ID is truncated',
    },
    {
      change: () => ({ BATON_CLIENT_SECRET: 'secret-token:conductorone.com:v1:canary' }),
      code: INVALID_ARGUMENT,
      says: /^InvalidInput: --client-secret \(BATON_CLIENT_SECRET\): is truncated/m,
      because: 'the client secret is truncated',
    },
    {
      change: () => ({ BATON_CLIENT_ID: `other-${sandbox.conductorOne.clientId}` }),
      code: UNAUTHENTICATED,
      says: /^CredentialsRejected: localhost:\d+ .*Create a new client ID and secret/m,
      because: 'ConductorOne rejects the credentials',
    },
    {
      change: () => ({
        BATON_CLIENT_ID: sandbox.conductorOne.clientId.replace(/@.*\//, '@acme.conductor.one/'),
        BATON_C1_API_HOST: new URL(sandbox.conductorOne.url).host,
      }),
      code: UNAUTHENTICATED,
      says: /^CredentialsRejected: localhost:\d+ /m,
      because: 'BATON_C1_API_HOST leads to a tenant that does not know the client ID',
    },
    {
      change: () => ({ SSL_CERT_FILE: '/nowhere/ca.pem' }),
      code: INVALID_ARGUMENT,
      says: /^InvalidInput: SSL_CERT_FILE: cannot read/m,
      because: 'the certificate authorities cannot be read',
    },
    {
      change: () => ({
        BATON_HEALTH_CHECK: 'true',
        BATON_HEALTH_CHECK_PORT: new URL(sandbox.controlUrl).port,
      }),
      code: INVALID_ARGUMENT,
      says: /^InvalidInput: --health-check-bind-address .*cannot listen on 127\.0\.0\.1 port \d+/m,
      because: 'the port of the health endpoints is in use',
    },
  ] as { change: () => Variables; code: number; says: RegExp; because: string }[]) {
    it(`prints an error message and exits with the number of the gRPC code if ${because}`, async () => {
      const ending = await folder.run({ ...variables, ...change() });
      assert.match(ending.stderr, says);
      assert.equal(ending.code, code);
      assert.equal(ending.stdout, '');
    });
  }
});
