import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { parse } from 'yaml';
import { ManifestValidator } from '../../src/api/validation.ts';
import { migrateCommand } from '../../src/commands/migrate/migrate-command.ts';
import { InvalidInputError } from '../../src/core/errors.ts';
import { Json } from '../sandbox/json.ts';
import { clientSecret } from './credentials.ts';

/** The Secret exactly as printed in ConductorOne's documentation. */
const AS_PRINTED = `# baton-asana-secrets.yaml
apiVersion: v1
kind: Secret
metadata:
  name: baton-asana-secrets
type: Opaque
stringData:
  # ConductorOne credentials
  BATON_CLIENT_ID: <ConductorOne client ID>
  BATON_CLIENT_SECRET: <ConductorOne client secret>
  
  # Asana specific credentials
  BATON_TOKEN: <Asana personal access token or service account token>

  # Optional: Include if using a service account token
  BATON_USE_SERVICE_ACCOUNT: true

  # Optional: Include if you want ConductorOne to provision access using this connector
  BATON_PROVISIONING: true

  # Optional: The workspace where ConductorOne should add newly provisioned Asana accounts
  BATON_DEFAULT_WORKSPACE_ID: <Asana workspace ID>

  # Optional: Include to use the Asana SCIM API for enterprise license management
  BATON_USE_SCIM_API: true
`;

const FILLED: Readonly<Record<string, string>> = {
  BATON_CLIENT_ID: 'strange-hydra-68836@acme.conductor.one/ccc',
  BATON_CLIENT_SECRET: clientSecret('canary'),
  BATON_TOKEN: '2/canary/token',
  BATON_USE_SERVICE_ACCOUNT: 'true',
  BATON_PROVISIONING: 'true',
  BATON_DEFAULT_WORKSPACE_ID: '1200000000000001',
  BATON_USE_SCIM_API: 'true',
};

/** Returns a Secret with some of these values changed, or left out if `null`. */
function secretOf(changes: Readonly<Record<string, string | null>> = {}, metadata: object = {}): string {
  const stringData = Object.fromEntries(
    Object.entries({ ...FILLED, ...changes }).filter(([, value]) => value !== null),
  );
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'baton-asana-secrets', ...metadata },
    stringData,
  });
}

interface Printed {
  readonly yaml: string;
  readonly warnings: string;
  readonly manifest: Json;
}

/** Runs the command with this text on stdin, and validates its output as the API server would. */
async function migrate(text: string, ...flags: string[]): Promise<Printed> {
  let [yaml, warnings] = ['', ''];
  const command = migrateCommand({
    input: Readable.from([text]),
    output: { write: (part: string) => (yaml += part) },
    errors: { write: (part: string) => (warnings += part) },
  });
  await command.exitOverride().parseAsync(['-f', '-', ...flags], { from: 'user' });
  const manifest: unknown = parse(yaml);
  new ManifestValidator().check(manifest);
  assert.ok(!`${yaml}${warnings}`.includes('canary'), 'no secret is printed');
  return { yaml, warnings, manifest: new Json(manifest) };
}

describe('asana-connector migrate', () => {
  it('accepts the documented Secret as printed, and warns of missing quotes and of placeholders', async () => {
    const { manifest, warnings } = await migrate(AS_PRINTED);
    assert.deepEqual(manifest.value, {
      apiVersion: 'asana-connector.dev/v1alpha1',
      kind: 'AsanaConnector',
      metadata: { name: 'baton-asana' },
      spec: {
        credentials: { type: 'ServiceAccount', secretRef: { name: 'baton-asana-secrets' } },
        scim: { enabled: true },
        conductorOne: { secretRef: { name: 'baton-asana-secrets' }, provision: true },
      },
    });
    assert.match(
      warnings,
      /BATON_USE_SERVICE_ACCOUNT, BATON_PROVISIONING, BATON_USE_SCIM_API of Secret baton-asana-secrets must be in quotes/,
    );
    for (const key of [
      'BATON_TOKEN',
      'BATON_CLIENT_ID',
      'BATON_CLIENT_SECRET',
      'BATON_DEFAULT_WORKSPACE_ID',
    ]) {
      assert.match(warnings, new RegExp(`warning: ${key} still contains the placeholder`));
    }
  });

  it('puts each value of a complete Secret into its field, without warnings, and explains them in comments', async () => {
    const { manifest, warnings, yaml } = await migrate(secretOf());
    assert.deepEqual(manifest.at('spec').value, {
      credentials: { type: 'ServiceAccount', secretRef: { name: 'baton-asana-secrets' } },
      defaultWorkspace: '1200000000000001',
      scim: { enabled: true },
      conductorOne: { secretRef: { name: 'baton-asana-secrets' }, provision: true },
    });
    assert.equal(warnings, '');
    assert.match(yaml, /# Licenses, over SCIM \(BATON_USE_SCIM_API\)\.\n {2}scim:/);
    assert.match(yaml, /# Stop the baton-asana Deployment before you apply this/);
  });

  it('converts a Secret with only a token to a personal access token without ConductorOne', async () => {
    const { manifest, yaml } = await migrate(
      'kind: Secret\nmetadata: { name: tokens, namespace: iga }\nstringData: { BATON_TOKEN: canary }\n',
    );
    assert.deepEqual(manifest.at('metadata').value, { name: 'tokens', namespace: 'iga' });
    assert.deepEqual(manifest.at('spec').value, {
      credentials: { type: 'PersonalAccessToken', secretRef: { name: 'tokens' } },
    });
    assert.match(yaml, /# The Secret has no client ID/);
  });

  it('decodes the data of a Secret as kubectl prints it, and prefers stringData', async () => {
    const data = { BATON_TOKEN: 'canary\n', BATON_USE_SERVICE_ACCOUNT: 'false\n', BATON_USE_SCIM_API: 'T' };
    const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    const { manifest } = await migrate(
      JSON.stringify({
        kind: 'List',
        items: [
          {
            kind: 'Secret',
            metadata: { name: 's' },
            data: Object.fromEntries(encoded),
            stringData: { BATON_USE_SERVICE_ACCOUNT: 'TRUE' },
          },
        ],
      }),
    );
    assert.equal(manifest.at('spec', 'credentials', 'type').value, 'ServiceAccount');
    assert.equal(manifest.at('spec', 'scim', 'enabled').value, true);
  });

  it('finds the Secret among other documents of the file', async () => {
    const deployment = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: baton-asana }\n';
    const other = 'kind: Secret\nmetadata: { name: other }\nstringData: { password: canary }\n';
    const { manifest } = await migrate([deployment, other, secretOf(), ''].join('\n---\n'));
    assert.equal(manifest.at('spec', 'credentials', 'secretRef', 'name').value, 'baton-asana-secrets');
  });

  it('prefers --name and --namespace to the name and namespace of the Secret', async () => {
    const { manifest } = await migrate(
      secretOf({}, { namespace: 'one' }),
      '--name',
      'acme',
      '--namespace',
      'iga',
    );
    assert.deepEqual(manifest.at('metadata').value, { name: 'acme', namespace: 'iga' });
  });

  it('quotes a namespace that kubectl would read as a boolean', async () => {
    const { yaml } = await migrate(secretOf({}, { namespace: 'no' }));
    assert.match(yaml, /namespace: "no"/);
  });

  it('refers to SCIM_TOKEN as the SCIM token, and then accepts a personal access token', async () => {
    const { manifest } = await migrate(secretOf({ BATON_USE_SERVICE_ACCOUNT: null, SCIM_TOKEN: 'canary' }));
    assert.equal(manifest.at('spec', 'credentials', 'secretRef', 'scimTokenKey').value, 'SCIM_TOKEN');
    assert.equal(manifest.at('spec', 'credentials', 'type').value, 'PersonalAccessToken');
  });

  it('copies the workspaces to read to spec.workspaces', async () => {
    const { manifest } = await migrate(
      secretOf({ BATON_WORKSPACE_IDS: '1200000000000001, 1200000000000002' }),
    );
    assert.deepEqual(manifest.at('spec', 'workspaces').value, ['1200000000000001', '1200000000000002']);
  });

  it('copies the permission to deprovision and its limit to spec.provisioning', async () => {
    const { manifest } = await migrate(
      secretOf({ BATON_ALLOW_DEPROVISION: 'true', BATON_MAX_DEPROVISIONS: '20' }),
    );
    assert.deepEqual(manifest.at('spec', 'provisioning').value, {
      allowDeprovision: true,
      maxDeprovisions: 20,
    });
  });

  it('names the operator flag for a key without a field, and warns of a key without effect', async () => {
    const { warnings } = await migrate(secretOf({ BATON_LOG_LEVEL: 'debug', BATON_WORKERS: '3' }));
    assert.match(
      warnings,
      /BATON_LOG_LEVEL has no field .* corresponds to the flag --log-level of the operator/,
    );
    assert.match(warnings, /BATON_WORKERS has no effect/);
  });

  it('names the operator flag also for keys without the BATON_ prefix, and ignores other keys', async () => {
    const { warnings } = await migrate(
      secretOf({ ASANA_API_URL: 'https://asana.example', ACTION_TIMEOUT: '90s', password: 'canary' }),
    );
    for (const [key, flag] of [
      ['ASANA_API_URL', '--asana-api-url'],
      ['ACTION_TIMEOUT', '--action-timeout'],
    ])
      assert.match(warnings, new RegExp(`${key} has no field .* flag ${flag} of the operator`));
    assert.doesNotMatch(warnings, /password/);
  });

  it('names the chart values for the proxy and the certificate authorities', async () => {
    const { warnings } = await migrate(
      secretOf({
        HTTPS_PROXY: 'http://user:canary@proxy.example:3128',
        no_proxy: 'localhost',
        SSL_CERT_FILE: '/ca.crt',
      }),
    );
    assert.match(
      warnings,
      /HTTPS_PROXY has no field .* In the chart, set proxy\.httpsProxy, or proxy\.secretRef/,
    );
    assert.match(warnings, /no_proxy has no field .* set proxy\.noProxy/);
    assert.match(warnings, /SSL_CERT_FILE has no field .* set caBundle/);
    assert.doesNotMatch(warnings, /canary/);
  });

  for (const key of ['SCIM_TOKEN', 'BATON_SCIM_TOKEN'])
    it(`warns that ${key} still contains the placeholder of the documentation`, async () => {
      const { manifest, warnings } = await migrate(secretOf({ [key]: '<SCIM token>' }));
      assert.equal(manifest.at('spec', 'credentials', 'secretRef', 'scimTokenKey').value, key);
      assert.equal(
        warnings,
        `warning: ${key} still contains the placeholder of the documentation. Set its value.\n`,
      );
    });

  for (const { text, says, because } of [
    {
      text: secretOf({ SCIM_TOKEN: 'canary with spaces' }),
      says: /key SCIM_TOKEN: must be one line/,
      because: 'SCIM_TOKEN contains spaces',
    },
    {
      text: secretOf({ BATON_TOKEN: null }),
      says: /^Secret baton-asana-secrets, key BATON_TOKEN: is missing or empty/,
      because: 'BATON_TOKEN is missing',
    },
    {
      text: secretOf({ BATON_TOKEN: 'canary with spaces' }),
      says: /key BATON_TOKEN: must be one line/,
      because: 'BATON_TOKEN contains spaces',
    },
    {
      text: secretOf({ BATON_CLIENT_SECRET: null }),
      says: /key BATON_CLIENT_SECRET: is missing or empty/,
      because: 'the client secret is missing',
    },
    {
      text: secretOf({ BATON_CLIENT_ID: 'canary@acme.conductor.one' }),
      says: /key BATON_CLIENT_ID: must look like name-12345@tenant\.conductor\.one\/ccc/,
      because: 'the client ID has no slash',
    },
    {
      text: secretOf({ BATON_CLIENT_SECRET: 'secret-token:conductorone.com:v1:canary' }),
      says: /key BATON_CLIENT_SECRET: is truncated or altered/,
      because: 'the client secret contains no key',
    },
    {
      text: secretOf({ BATON_PROVISIONING: 'yes' }),
      says: /key BATON_PROVISIONING: must be "true" or "false"/,
      because: 'a boolean is "yes"',
    },
    {
      text: secretOf({ BATON_DEFAULT_WORKSPACE_ID: 'acme.com' }),
      says: /key BATON_DEFAULT_WORKSPACE_ID: must be the ID of a workspace/,
      because: 'the default workspace is not a gid',
    },
    {
      text: secretOf({ BATON_USE_SERVICE_ACCOUNT: null }),
      says: /key BATON_USE_SCIM_API: .*requires credentials\.type ServiceAccount/,
      because: 'SCIM is on with a personal access token',
    },
    {
      text: 'kind: Secret\nmetadata: { name: s }\ndata: { BATON_TOKEN: "can*ary" }\n',
      says: /standard input: data\.BATON_TOKEN: is not base64/,
      because: 'a value of data is not base64',
    },
    {
      text: 'kind: Secret\nmetadata: { name: s }\nstringData: { BATON_TOKEN: [canary] }\n',
      says: /standard input: stringData\.BATON_TOKEN: must be a string/,
      because: 'a value of stringData is not a string',
    },
    {
      text: 'kind: Secret\nstringData: { BATON_TOKEN: canary }\n',
      says: /standard input: metadata\.name: is missing/,
      because: 'the Secret has no name',
    },
    {
      text: 'kind: Deployment\nmetadata: { name: baton-asana }\n',
      says: /standard input: contains no Secret with BATON_ keys/,
      because: 'there is no Secret with BATON_ keys',
    },
    {
      text: `${secretOf()}\n---\n${secretOf({}, { name: 'second' })}`,
      says: /has 2 Secrets with BATON_ keys \(baton-asana-secrets, second\)/,
      because: 'there are two Secrets with BATON_ keys',
    },
    {
      text: 'kind: Secret\nstringData:\n  BATON_TOKEN: "canary\n',
      says: /standard input: line \d+ is not valid YAML/,
      because: 'the input is not valid YAML',
    },
  ]) {
    it(`prints nothing, and names the problem without repeating a secret: ${because}`, async () => {
      let printed = '';
      const output = { write: (part: string) => (printed += part) };
      const command = migrateCommand({ input: Readable.from([text]), output, errors: output });
      await assert.rejects(command.parseAsync(['-f', '-'], { from: 'user' }), (error) => {
        assert.ok(error instanceof InvalidInputError, inspect(error));
        assert.match(error.message, says);
        assert.ok(!inspect(error).includes('canary'), 'no secret, not even in a cause');
        return true;
      });
      assert.equal(printed, '');
    });
  }

  it('rejects an invalid --name or --namespace, and states the allowed characters', async () => {
    await assert.rejects(migrate(secretOf(), '--name', 'Acme'), {
      message: /^--name: must consist of lowercase letters, digits, "-" and "\.", and begin/,
    });
    await assert.rejects(migrate(secretOf(), '--namespace', 'a.b'), {
      message: /^--namespace: must consist of lowercase letters, digits and "-", and begin/,
    });
  });

  it('reads the Secret from a file, and rejects a file that cannot be read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'migrate-'));
    try {
      const path = join(folder, 'secret.yaml');
      await writeFile(path, secretOf());
      let yaml = '';
      const output = { write: (part: string) => (yaml += part) };
      const command = migrateCommand({ input: Readable.from(['']), output, errors: output });
      await command.parseAsync(['--file', path], { from: 'user' });
      assert.equal(new Json(parse(yaml)).at('metadata', 'name').value, 'baton-asana');
      await assert.rejects(command.parseAsync(['-f', join(folder, 'none')], { from: 'user' }), {
        message: /^--file: cannot read /,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
