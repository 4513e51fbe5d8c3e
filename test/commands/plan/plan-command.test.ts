import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.ts';
import { type Ending, Folder, FROM_SOURCE } from '../child.ts';

const TOKEN = 'canary-service-account';
const PERSONAL = 'canary-personal';

suite('asana-connector plan and export', () => {
  let sandbox: Sandbox;
  let folder: Folder;
  before(async () => {
    const tokens = { serviceAccount: TOKEN, personalAccessToken: PERSONAL };
    sandbox = await startSandbox({ accounts: 20, teams: 2, tokens });
    folder = await Folder.make(FROM_SOURCE);
    await write('connector.yaml', connector());
    await write('alice.yaml', license('alice', 'alice@acme.example'));
  });
  after(async () => {
    await folder[Symbol.asyncDispose]();
    await sandbox.close();
  });

  const write = (name: string, text: string) => writeFile(join(folder.path, name), text);
  const connector = () =>
    `apiVersion: asana-connector.dev/v1alpha1\nkind: AsanaConnector\nmetadata: { name: acme, namespace: iga }\nspec:\n  credentials: { type: ServiceAccount, secretRef: { name: s } }\n  defaultWorkspace: "${sandbox.workspace}"\n  scim: { enabled: true }\n`;
  const license = (name: string, email: string) =>
    `apiVersion: asana-connector.dev/v1alpha1\nkind: AsanaLicenseGrant\nmetadata: { name: ${name}, namespace: iga }\nspec:\n  connectorRef: { name: acme }\n  user: { email: ${email} }\n`;
  const run = (variables: Record<string, string>, ...flags: string[]): Promise<Ending> =>
    folder.run({ ASANA_API_URL: sandbox.asanaUrl, ...variables }, ...flags);

  test('plan exits with code 2 if there are changes, prints them, and changes nothing', async () => {
    const { code, stdout } = await run(
      { ASANA_TOKEN: TOKEN },
      'plan',
      '-f',
      'alice.yaml',
      '--connector',
      'connector.yaml',
    );
    assert.equal(code, 2);
    assert.match(stdout, /\+ +GrantEnterprise +alice@acme\.example/);
    assert.equal(sandbox.state.personByEmail('alice@acme.example')?.profile.license, 'view only');
  });

  test('export writes manifests for which plan finds no changes and exits with code 0', async () => {
    const exported = await run(
      { ASANA_TOKEN: TOKEN },
      'export',
      '-f',
      'connector.yaml',
      '--output-dir',
      'out',
    );
    assert.equal(exported.code, 0, exported.stderr);
    assert.ok((await readdir(join(folder.path, 'out'))).length > 30);
    const { code, stdout } = await run(
      { ASANA_TOKEN: TOKEN },
      'plan',
      '-f',
      'out',
      '--connector',
      'connector.yaml',
    );
    assert.equal(code, 0, stdout);
  });

  const failures: readonly (readonly [string, Record<string, string>, readonly string[], RegExp])[] = [
    ['a missing token', {}, ['-f', 'connector.yaml'], /ASANA_TOKEN: contains no token: set the variable/],
    ['a token that Asana rejects', { ASANA_TOKEN: 'canary-wrong' }, ['-f', 'connector.yaml'], /was not read/],
    [
      'a personal access token, which SCIM rejects',
      { ASANA_TOKEN: PERSONAL },
      ['-f', 'connector.yaml'],
      /was not read/,
    ],
    ['a missing --file', { ASANA_TOKEN: TOKEN }, [], /required option '-f, --file <path>'/],
    [
      'an unknown flag',
      { ASANA_TOKEN: TOKEN },
      ['-f', 'connector.yaml', '--appply'],
      /unknown option '--appply'/,
    ],
    [
      'an unknown format',
      { ASANA_TOKEN: TOKEN },
      ['-f', 'connector.yaml', '-o', 'xml'],
      /Allowed choices are table, json, markdown/,
    ],
  ];
  for (const [what, variables, flags, message] of failures) {
    test(`plan exits with code 1 and an error message for ${what}`, async () => {
      const { code, stderr } = await run(variables, 'plan', ...flags);
      assert.equal(code, 1);
      assert.match(stderr, message);
    });
  }

  test('plan exits with code 1 and prints the fault if a grant cannot work as it is declared', async () => {
    await write(
      'twice.yaml',
      [connector(), license('a', 'bob@acme.example'), license('b', 'bob@acme.example')].join('---\n'),
    );
    const { code, stdout } = await run({ ASANA_TOKEN: TOKEN }, 'plan', '-f', 'twice.yaml');
    assert.equal(code, 1);
    assert.match(stdout, /ConflictingGrant +AsanaLicenseGrant iga\/b +twice\.yaml:16/);
  });

  test('plan reads a file whose name contains a comma', async () => {
    await write('bob,license.yaml', license('bob', 'bob@acme.example'));
    const { stderr } = await run(
      { ASANA_TOKEN: TOKEN },
      'plan',
      '-f',
      'bob,license.yaml',
      '--connector',
      'connector.yaml',
    );
    assert.equal(stderr, '');
  });

  test('plan reads the token from the file of --token-file', async () => {
    await write('token', `${TOKEN}\n`);
    const { code, stderr } = await run({}, 'plan', '-f', 'connector.yaml', '--token-file', 'token');
    assert.equal(code, 0, stderr);
  });
});
