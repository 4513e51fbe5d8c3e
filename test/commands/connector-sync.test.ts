import assert from 'node:assert/strict';
import { access, readFile, writeFile } from 'node:fs/promises';
import { request as forward } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { makeCertificate } from '../../src/sandbox/conductorone/certificate.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { ReadC1z } from '../conductorone/c1z-file.ts';
import { Bundle, Child, Folder, FROM_SOURCE, linesOf, type Variables } from './child.ts';

const ALICE = 'alice@acme.example';
const CANCELED = 1;
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;
const UNIMPLEMENTED = 12;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

describe('the connector without ConductorOne', () => {
  let program: Bundle;
  let sandbox: Sandbox;
  let folder: Folder;
  /** The documented Secret without the credentials of ConductorOne. */
  let variables: Variables;

  before(async () => {
    program = await Bundle.make();
    const tokens = { serviceAccount: 'canary-service-account', personalAccessToken: 'canary-personal' };
    sandbox = await startSandbox({ tokens });
  });
  after(async () => {
    await sandbox.close();
    await program[Symbol.asyncDispose]();
  });
  beforeEach(async (context) => {
    folder = await Folder.forTest(program.main, context);
    variables = {
      BATON_TOKEN: sandbox.tokens.serviceAccount,
      BATON_USE_SERVICE_ACCOUNT: 'true',
      BATON_DEFAULT_WORKSPACE_ID: sandbox.workspace,
      BATON_USE_SCIM_API: 'true',
      BATON_ASANA_API_URL: sandbox.asanaUrl,
    };
  });

  const licenseOf = (email: string) => sandbox.state.personByEmail(email)?.profile.license;
  const gidOf = (email: string) => sandbox.state.personByEmail(email)?.gid ?? '';

  describe('syncs into a file', () => {
    it('syncs once into sync.c1z without arguments, and writes nothing to standard output', async () => {
      const { code, stdout, stderr } = await folder.run(variables);
      assert.equal(code, 0, stderr);
      assert.equal(stdout, '');
      using file = await ReadC1z.open(folder.file);
      assert.deepEqual(
        file.resourceTypes().map(({ id }) => id),
        ['license', 'team', 'user', 'workspace'],
      );
      const ids = new Set(file.grants().map(({ id }) => id));
      assert.ok(ids.has(`view only:${gidOf(ALICE)}`));
      assert.ok(ids.has(`workspace:${sandbox.workspace}:Member:user:${gidOf(ALICE)}`));
      assert.deepEqual(await folder.leftovers(), []);
      const written = linesOf(stderr).find(({ message }) => message === 'sync written');
      assert.equal(written?.['grants'], ids.size);
    });

    it('syncs once into sync.c1z when it is run from source', async () => {
      await using fromSource = await Folder.make(FROM_SOURCE);
      const { code, stderr } = await fromSource.run(variables);
      assert.equal(code, 0, stderr);
      await access(fromSource.file);
    });

    it('adds a second sync to the file', async () => {
      for (let n = 0; n < 2; n += 1) assert.equal((await folder.run(variables, 'sync')).code, 0);
      using file = await ReadC1z.open(folder.file);
      assert.deepEqual(file.column('select sync_type from v1_sync_runs where ended_at is not null'), [
        'full',
        'full',
      ]);
    });

    it('syncs without licenses with a personal access token', async () => {
      const { BATON_ASANA_API_URL } = variables;
      const personal = { BATON_TOKEN: sandbox.tokens.personalAccessToken, BATON_ASANA_API_URL };
      assert.equal((await folder.run({ ...personal } as Variables, '-f', 'own.c1z')).code, 0);
      using file = await ReadC1z.open(join(folder.path, 'own.c1z'));
      assert.deepEqual(
        file.resourceTypes().map(({ id }) => id),
        ['team', 'user', 'workspace'],
      );
    });

    it('syncs into a file with the command `sync`, even if the credentials of ConductorOne are set', async () => {
      const credentials = { BATON_CLIENT_ID: 'a@localhost:1/ccc', BATON_CLIENT_SECRET: 'canary' };
      const { code, stderr } = await folder.run({ ...variables, ...credentials }, 'sync', '-f', 'out.c1z');
      assert.equal(code, 0, stderr);
      await access(join(folder.path, 'out.c1z'));
    });

    it('syncs only the resources of --sync-resources with --skip-grants, as a partial sync', async () => {
      const bids = `bid:r:workspace/${sandbox.workspace}`;
      const { code, stderr } = await folder.run(variables, '--sync-resources', bids, '--skip-grants');
      assert.equal(code, 0, stderr);
      using file = await ReadC1z.open(folder.file);
      assert.deepEqual(file.column('select sync_type from v1_sync_runs'), ['partial']);
      assert.deepEqual(
        file.resources().map(({ id }) => `${id?.resourceType}:${id?.resource}`),
        [`workspace:${sandbox.workspace}`],
      );
      assert.equal(file.grants().length, 0);
    });

    it('writes no file and sends no request with --skip-full-sync', async () => {
      const asked = sandbox.requests.since(0).length;
      assert.equal((await folder.run(variables, '--skip-full-sync')).code, 0);
      await assert.rejects(access(folder.file));
      assert.equal(sandbox.requests.since(0).length, asked);
    });

    it('trusts a private certificate authority for Asana only if it is in SSL_CERT_FILE', async () => {
      const { key, certificate, authority } = await makeCertificate(Date.now());
      const ca = join(folder.path, 'ca.pem');
      await writeFile(ca, authority);
      const front = createServer({ key, cert: certificate }, (request, response) => {
        const { method, headers, url = '' } = request;
        const upstream = new URL(url, sandbox.asanaUrl);
        const onward = forward(
          upstream,
          { method, headers: { ...headers, host: upstream.host } },
          (answer) => {
            response.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(response);
          },
        );
        request.pipe(onward);
      });
      await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
      try {
        const address = front.address();
        assert.ok(typeof address === 'object' && address !== null);
        const there = { ...variables, BATON_ASANA_API_URL: `https://localhost:${address.port}/api/1.0` };
        const trusting = await folder.run({ ...there, SSL_CERT_FILE: ca });
        assert.equal(trusting.code, 0, trusting.stderr);
        const doubting = await folder.run(there);
        assert.equal(doubting.code, UNAVAILABLE);
        assert.match(doubting.stderr, /certificate is not trusted/);
      } finally {
        front.closeAllConnections();
        front.close();
      }
    });

    it('reads .baton.yaml, and warns of unused and unknown settings without their values', async () => {
      await writeFile(
        join(folder.path, '.baton.yaml'),
        `token: ${sandbox.tokens.personalAccessToken}\nasana-api-url: ${sandbox.asanaUrl}\nworkers: canary\nunheard-of: canary\n`,
      );
      const { code, stderr } = await folder.run({ BATON_TICKETING: 'canary', BATON_UNHEARD_OF: 'canary' });
      assert.equal(code, 0, stderr);
      const warnings = linesOf(stderr).filter(({ level }) => level === 'warn');
      assert.deepEqual(
        warnings.map(({ names }) => names),
        [['workers in .baton.yaml'], ['BATON_TICKETING'], ['BATON_UNHEARD_OF', 'unheard-of']],
      );
    });

    it('writes its log to the file of --log-path, in the format of --log-format', async () => {
      const { code, stderr } = await folder.run(variables, '--log-path=log.txt', '--log-format', 'console');
      assert.equal(code, 0);
      assert.equal(stderr, '');
      assert.match(await readFile(join(folder.path, 'log.txt'), 'utf8'), / INFO {2}sync written file=/);
    });

    it('exits with Canceled and leaves no file if it is stopped during a sync', async () => {
      sandbox.settings.latencyMs = 2_000;
      try {
        const asked = sandbox.requests.since(0).length;
        const child = new Child(folder, variables);
        await child.until('request', () => (sandbox.requests.since(0).length > asked ? true : null));
        child.kill('SIGTERM');
        assert.equal((await child.end()).code, CANCELED);
      } finally {
        sandbox.settings.latencyMs = 0;
      }
      await assert.rejects(access(folder.file));
      assert.deepEqual(await folder.leftovers(), []);
    });
  });

  describe('on an error, names the remedy and exits with the number of the gRPC code', () => {
    for (const { change, flags = [], code, says, because } of [
      {
        change: { BATON_TOKEN: '' },
        code: INVALID_ARGUMENT,
        says: /^InvalidInput: --token \(BATON_TOKEN\): is missing: set it to a personal access token/m,
        because: 'rejects a missing token',
      },
      {
        change: { BATON_TOKEN: 'canary-wrong' },
        code: UNAUTHENTICATED,
        says: /^CredentialsRejected: .*Create a new token in Asana/m,
        because: 'reports a token that Asana rejects',
      },
      {
        change: { BATON_USE_SCIM_API: 'maybe' },
        code: INVALID_ARGUMENT,
        says: /^InvalidInput: BATON_USE_SCIM_API: must be "true" or "false"/m,
        because: 'rejects a boolean that is neither true nor false',
      },
      {
        change: { BATON_WORKSPACE_IDS: '17' },
        code: NOT_FOUND,
        says: /^WorkspaceNotFound: The token cannot see workspace 17/m,
        because: 'reports a configured workspace that the token cannot see',
      },
      {
        change: { BATON_USE_SERVICE_ACCOUNT: '' },
        code: INVALID_ARGUMENT,
        says: /^InvalidInput: --use-scim-api .*BATON_USE_SERVICE_ACCOUNT/m,
        because: 'rejects SCIM without a service account',
      },
      {
        change: { BATON_ASANA_API_URL: 'http://asana.example/api/1.0' },
        code: INVALID_ARGUMENT,
        says: /^InvalidInput: asana-api-url: must be https/m,
        because: 'rejects an API URL without https',
      },
      {
        change: { BATON_CLIENT_ID: 'a@acme.conductor.one/ccc' },
        code: INVALID_ARGUMENT,
        says: /^InvalidInput: --client-secret \(BATON_CLIENT_SECRET\): is missing/m,
        because: 'rejects a client ID without a client secret',
      },
      {
        change: { BATON_SYNC_RESOURCE_TYPES: 'license', BATON_USE_SCIM_API: 'false' },
        code: INVALID_ARGUMENT,
        says: /^InvalidInput: --sync-resource-types \(BATON_SYNC_RESOURCE_TYPES\): must name one of/m,
        because: 'rejects a sync of only licenses without SCIM',
      },
      {
        change: { BATON_CREATE_ACCOUNT_EMAIL: 'new@acme.example' },
        code: INVALID_ARGUMENT,
        says: /^InvalidInput: --create-account-login \(BATON_CREATE_ACCOUNT_LOGIN\): is missing/m,
        because: 'rejects an account creation with only an email address, and makes no sync',
      },
      {
        change: { BATON_FILE: '/nowhere/sync.c1z' },
        code: FAILED_PRECONDITION,
        says: /^FileUnusable: \/nowhere\/sync\.c1z.*--file/m,
        because: 'reports a file that cannot be written',
      },
      {
        change: { BATON_C1Z_TEMP_DIR: '/dev/null/temp' },
        code: FAILED_PRECONDITION,
        says: /^TempFolderUnusable: .*--c1z-temp-dir/m,
        because: 'reports a folder for temporary files that cannot be used',
      },
      {
        change: {},
        flags: ['--log-path', '/nowhere/log'],
        code: INVALID_ARGUMENT,
        says: /^InvalidInput: --log-path \(BATON_LOG_PATH\): cannot write/m,
        because: 'reports a log file that cannot be written',
      },
      {
        change: {},
        flags: ['--file', 'sync.c1z', 'canary'],
        code: INVALID_ARGUMENT,
        says: /^InvalidInput: command line: contains arguments that do not belong to a flag/m,
        because: 'rejects an argument without a flag, and does not repeat it',
      },
    ] as { change: Variables; flags?: string[]; code: number; says: RegExp; because: string }[]) {
      it(because, async () => {
        const ending = await folder.run({ ...variables, ...change }, ...flags);
        assert.match(ending.stderr, says);
        assert.equal(ending.code, code);
        assert.equal(ending.stdout, '');
        await assert.rejects(access(folder.file), 'no file is made');
      });
    }

    it('exits with Unimplemented, without a sync, for what only the Go connector supports', async () => {
      const asked = sandbox.requests.last;
      for (const [flags, says] of [
        [
          ['--delete-resource=501', '--delete-resource-type=team'],
          /^UnsupportedTask: --delete-resource is not .*revoke/m,
        ],
        [['--event-feed'], /^UnsupportedTask: --event-feed is not .*next sync/m],
        [['--diff-syncs', '--base-sync-id=a'], /^UnsupportedTask: --diff-syncs is not .*baton command/m],
      ] as const) {
        const { code, stderr } = await folder.run(variables, ...flags);
        assert.match(stderr, says);
        assert.equal(code, UNIMPLEMENTED);
      }
      await assert.rejects(access(folder.file), 'no file is made');
      assert.equal(sandbox.requests.last, asked);
    });

    it('rejects a file of version 3 and a missing folder before it sends a request to Asana', async () => {
      await writeFile(folder.file, 'C1Z3\0 and a Pebble store');
      const asked = sandbox.requests.last;
      for (const [flags, says] of [
        [[], /sync\.c1z is a c1z file of version 3 \(Pebble\).*Specify another file with --file/],
        [['-f', join(folder.path, 'missing', 'sync.c1z')], /missing.*correct the path or its permissions/],
      ] as const) {
        const { code, stderr } = await folder.run(variables, ...flags);
        assert.match(stderr, says);
        assert.notEqual(code, 0);
      }
      assert.equal(sandbox.requests.last, asked);
      assert.match(await readFile(folder.file, 'latin1'), /^C1Z3/);
    });

    it('leaves the file unchanged if a sync into it fails', async () => {
      assert.equal((await folder.run(variables)).code, 0);
      const whole = await readFile(folder.file);
      assert.equal((await folder.run({ ...variables, BATON_TOKEN: 'canary-wrong' })).code, UNAUTHENTICATED);
      assert.deepEqual(await readFile(folder.file), whole);
    });
  });

  describe('a command that needs no server', () => {
    for (const { flags, begins, because } of [
      { flags: ['capabilities', '-p'], begins: /^\{\n {2}"/, because: 'the capabilities' },
      { flags: ['config'], begins: /^\{\n {2}"fields": \[/, because: 'the configuration fields' },
      {
        flags: ['migrate', '-f', 'secret.yaml'],
        begins: /^# The settings in the Secret/,
        because: 'the AsanaConnector for a Secret',
      },
      { flags: ['--help'], begins: /^Usage: asana-connector[^]*--token <secret>/, because: 'the usage' },
    ]) {
      it(`prints ${because}, and nothing to standard error`, async () => {
        const secret = { kind: 'Secret', metadata: { name: 's' }, stringData: { BATON_TOKEN: 'canary' } };
        await writeFile(join(folder.path, 'secret.yaml'), JSON.stringify(secret));
        const { code, stdout, stderr } = await folder.run({}, ...flags);
        assert.equal(code, 0, stderr);
        assert.match(stdout, begins);
        assert.equal(stderr, '');
      });
    }
  });

  describe('with the flags of a single change', () => {
    it('grants an enterprise license once, with one audit line, and revokes it', async () => {
      assert.equal((await folder.run(variables)).code, 0);
      const file = await readFile(folder.file);
      const grant = {
        ...variables,
        BATON_GRANT_ENTITLEMENT: 'enterprise',
        BATON_GRANT_PRINCIPAL: gidOf(ALICE),
        BATON_GRANT_PRINCIPAL_TYPE: 'user',
      };
      const first = await folder.run(grant);
      assert.equal(first.code, 0, first.stderr);
      assert.equal(licenseOf(ALICE), 'enterprise');
      const [audit, ...more] = linesOf(first.stdout);
      assert.equal(more.length, 0);
      assert.equal(audit?.['action'], 'GrantEnterprise');
      assert.deepEqual(audit?.['requester'], { type: 'Task', taskId: 'command-line' });

      const second = await folder.run(grant);
      assert.equal(second.code, 0);
      assert.equal(second.stdout, '', 'nothing was changed');
      assert.deepEqual(await readFile(folder.file), file, 'the file stays as it is');

      assert.equal((await folder.run(variables, '-f', 'after.c1z')).code, 0);
      const revoke = ['-f', 'after.c1z', '--revoke-grant', `enterprise:${gidOf(ALICE)}`];
      assert.equal((await folder.run(variables, ...revoke)).code, 0);
      assert.equal(licenseOf(ALICE), 'view only');
    });

    it('creates a view-only account', async () => {
      const profile = JSON.stringify({ first_name: 'Ada', last_name: 'Lovelace' });
      const { code, stderr } = await folder.run(
        variables,
        '--create-account-login=ada.lovelace@acme.example',
        `--create-account-profile=${profile}`,
        '--create-account-resource-type=user',
      );
      assert.equal(code, 0, stderr);
      assert.equal(licenseOf('ada.lovelace@acme.example'), 'view only');
    });

    it('deprovisions an account only with --allow-deprovision', async () => {
      assert.equal((await folder.run(variables)).code, 0);
      using file = await ReadC1z.open(folder.file);
      const id = file.grants().find((grant) => grant.id.startsWith('view only:'))?.id ?? '';
      const gid = id.replace('view only:', '');
      const refused = await folder.run(variables, '--revoke-grant', id);
      assert.equal(refused.code, FAILED_PRECONDITION);
      assert.match(refused.stderr, /^DeprovisionNotAllowed: /m);
      assert.equal(sandbox.state.person(gid)?.profile.active, true);
      const allowed = await folder.run(variables, '--revoke-grant', id, '--allow-deprovision');
      assert.equal(allowed.code, 0, allowed.stderr);
      assert.equal(sandbox.state.person(gid)?.profile.active, false);
    });

    it('rejects entitlements and accounts that the file lacks, and roles that no API can grant', async () => {
      assert.equal((await folder.run(variables)).code, 0);
      const grant = (entitlement: string, principal: string) =>
        folder.run(
          variables,
          `--grant-entitlement=${entitlement}`,
          `--grant-principal=${principal}`,
          '--grant-principal-type=user',
        );
      for (const [entitlement, principal, code, says] of [
        [
          'team:1:Team Member',
          gidOf(ALICE),
          NOT_FOUND,
          /EntitlementNotFound: --grant-entitlement .*sync into/,
        ],
        ['enterprise', '17', NOT_FOUND, /AccountNotFound: --grant-principal .*sync into/],
        [
          `workspace:${sandbox.workspace}:Admin`,
          gidOf(ALICE),
          FAILED_PRECONDITION,
          /ImmutableRole: .*Admin Console/,
        ],
      ] as const) {
        const ending = await grant(entitlement, principal);
        assert.equal(ending.code, code, ending.stderr);
        assert.match(ending.stderr, says);
      }
      const revoke = await folder.run(variables, '--revoke-grant=enterprise:17');
      assert.equal(revoke.code, NOT_FOUND);
      assert.match(revoke.stderr, /EntitlementNotFound: --revoke-grant /);
    });

    it('fails with FailedPrecondition if there is no file with a sync', async () => {
      const { code, stderr } = await folder.run(variables, '--revoke-grant', 'enterprise:17');
      assert.equal(code, FAILED_PRECONDITION);
      assert.match(stderr, /^FileUnusable: .*sync\.c1z/m);
    });
  });
});
