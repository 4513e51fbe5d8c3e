import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { Code } from '@connectrpc/connect';
import { Command } from 'commander';
import { readConfigFile } from '../../src/commands/baton-settings/config-file.ts';
import { oneShotOf } from '../../src/commands/baton-settings/one-shot-request.ts';
import { readSettings, type Sources } from '../../src/commands/baton-settings/read-settings.ts';
import { type SettingGroup, variableOf } from '../../src/commands/baton-settings/setting.ts';
import { addSettings } from '../../src/commands/baton-settings/setting-flags.ts';
import {
  checkTogether,
  clientCredentials,
  requireToken,
} from '../../src/commands/baton-settings/setting-rules.ts';
import { settingWarnings } from '../../src/commands/baton-settings/setting-warnings.ts';
import { type Settings, settingsList } from '../../src/commands/baton-settings/settings-table.ts';
import { refuseUnsupported } from '../../src/commands/baton-settings/unsupported-request.ts';
import { grpcCodeOf } from '../../src/conductorone/status.ts';
import { CodedError, InvalidInputError } from '../../src/core/errors.ts';
import { clientSecret } from './credentials.ts';
import { goFlags } from './go-settings.ts';

const ALL: readonly SettingGroup[] = [...new Set(settingsList.map(([, { group }]) => group))];

function read(sources: Partial<Sources>): Settings {
  return readSettings(ALL, { flags: {}, environment: {}, file: null, ...sources });
}

function fromVariables(environment: Record<string, string>): Settings {
  return read({ environment });
}

/** Returns the flags that commander parses from these words. */
function parse(...words: string[]): Sources['flags'] {
  const command = addSettings(new Command('connector').exitOverride(), ALL);
  return command.parse(words, { from: 'user' }).opts();
}

describe('the table of settings', () => {
  it('names every setting as commander names the value of its flag', () => {
    const command = addSettings(new Command(), ALL);
    assert.deepEqual(
      command.options.map((option) => option.attributeName()),
      settingsList.map(([name]) => name),
    );
  });

  it('uses every flag, short flag and variable for only one setting', () => {
    const words = settingsList.flatMap(([, { flag, short = flag, variables }]) => [
      ...new Set([flag, short, ...variables]),
    ]);
    assert.equal(new Set(words).size, words.length);
  });

  it('shows every flag with all its variables in the help', () => {
    const help = addSettings(new Command().configureHelp({ helpWidth: 1000 }), ALL).helpInformation();
    for (const [, { flag, variables }] of settingsList) {
      assert.match(help, new RegExp(`--${flag} .*\\(env: ${variables.join(', ')}[;)]`), flag);
    }
  });
});

describe('reading settings', () => {
  it('prefers a flag to a variable, a variable to the file, and the file to the default', () => {
    const file = { path: '.baton.yaml', unknown: [], values: new Map([['log-level', 'error']]) };
    const environment = { BATON_LOG_LEVEL: 'warn' };
    const flags = { logLevel: 'debug' };
    assert.equal(read({ flags, environment, file }).logLevel, 'debug');
    assert.equal(read({ environment, file }).logLevel, 'warn');
    assert.equal(read({ file }).logLevel, 'error');
    assert.equal(read({}).logLevel, 'info');
  });

  it('prefers the first variable of a setting to its other names, and ignores an empty variable', () => {
    const urls = { ASANA_API_URL: 'https://second.example', BATON_ASANA_API_URL: 'https://first.example' };
    assert.equal(fromVariables(urls).asanaApiUrl, 'https://first.example');
    assert.equal(fromVariables({ ...urls, BATON_ASANA_API_URL: ' ' }).asanaApiUrl, 'https://second.example');
    assert.equal(fromVariables({ BATON_CLIENT_ID: '' }).clientId, null);
  });

  for (const [text, value] of [
    ['1', true],
    ['t', true],
    ['T', true],
    ['TRUE', true],
    ['true', true],
    ['True', true],
    ['true\n', true],
    ['0', false],
    ['f', false],
    ['F', false],
    ['FALSE', false],
    ['false', false],
    ['False', false],
  ] as const) {
    it(`reads ${JSON.stringify(text)} as ${value}, as strconv.ParseBool does`, () => {
      assert.equal(fromVariables({ BATON_PROVISIONING: text }).provisioning, value);
    });
  }

  for (const { flags, because, name, value } of [
    {
      flags: ['--provisioning'],
      because: 'a switch without a value is true',
      name: 'provisioning',
      value: true,
    },
    { flags: ['-p'], because: 'a short switch without a value is true', name: 'provisioning', value: true },
    {
      flags: ['-p=false'],
      because: 'a short switch takes a value after an equals sign, as in pflag',
      name: 'provisioning',
      value: false,
    },
    {
      flags: ['--provisioning=false'],
      because: 'a switch takes a value after an equals sign',
      name: 'provisioning',
      value: false,
    },
    {
      flags: ['-f', 'a.c1z'],
      because: 'a short flag takes the next argument as its value',
      name: 'file',
      value: 'a.c1z',
    },
    {
      flags: ['-fa.c1z'],
      because: 'a short flag takes a value without a space',
      name: 'file',
      value: 'a.c1z',
    },
    {
      flags: ['--sync-resource-types', 'team,user', '--sync-resource-types=workspace'],
      because: 'the flag of a list may be repeated',
      name: 'syncResourceTypes',
      value: ['team', 'user', 'workspace'],
    },
  ] as const) {
    it(`reads ${flags.join(' ')} from the command line: ${because}`, () => {
      assert.deepEqual(read({ flags: parse(...flags) })[name], value);
    });
  }

  for (const text of ['user,team', 'user team', ' user,  team\t', 'user\nteam\n']) {
    it(`splits the variable of a list at commas and at white space: ${JSON.stringify(text)}`, async () => {
      assert.deepEqual(fromVariables({ BATON_SYNC_RESOURCE_TYPES: text }).syncResourceTypes, [
        'user',
        'team',
      ]);
    });
  }

  it('splits the flag of a list only at commas, because a path may contain a space', () => {
    const { logPath } = read({ flags: parse('--log-path', 'my log.txt,stderr') });
    assert.deepEqual(logPath, ['my log.txt', 'stderr']);
  });

  for (const { variable, text, says } of [
    { variable: 'BATON_PROVISIONING', text: 'yes', says: 'must be "true" or "false"' },
    { variable: 'BATON_USE_SCIM_API', text: 'on', says: 'must be "true" or "false"' },
    { variable: 'BATON_TASK_CONCURRENCY', text: '101', says: 'must be a whole number from 1 to 100' },
    { variable: 'BATON_TASK_CONCURRENCY', text: '1e1', says: 'must be a whole number from 1 to 100' },
    { variable: 'BATON_HEALTH_CHECK_PORT', text: '70000', says: 'must be a whole number from 1 to 65535' },
    { variable: 'BATON_ACTION_TIMEOUT', text: '75', says: 'must be a duration greater than zero' },
    { variable: 'BATON_DEFAULT_WORKSPACE_ID', text: 'acme', says: 'must be the ID of a workspace' },
    {
      variable: 'BATON_SYNC_RESOURCE_TYPES',
      text: 'user role',
      says: 'must be resource types, separated by commas',
    },
    { variable: 'BATON_SYNC_RESOURCES', text: 'team:501', says: 'such as bid:r:team/501' },
    { variable: 'BATON_HOST_ID', text: 'h\u00f6st', says: 'must be 1 to 256 printable characters' },
    { variable: 'BATON_TOKEN', text: 'two words', says: 'must be one line of printable characters' },
    { variable: 'BATON_CLIENT_SECRET', text: 'a\nb', says: 'must be one line of printable characters' },
  ]) {
    it(`rejects ${variable}=${JSON.stringify(text)}, and names the variable and the valid values`, () => {
      assert.throws(
        () => fromVariables({ [variable]: text }),
        (error) => {
          assert.ok(error instanceof InvalidInputError);
          assert.equal(error.field, variable);
          assert.match(error.message, new RegExp(says.replaceAll('(', '\\(')));
          assert.ok(!error.message.includes(text), 'the value, which may be a secret, is not repeated');
          return true;
        },
      );
    });
  }

  it('leaves settings of other groups at their defaults, and does not check their variables', () => {
    const environment = { BATON_TASK_CONCURRENCY: 'many', BATON_TOKEN: 'abc' };
    const settings = readSettings(['asana'], { flags: {}, environment, file: null });
    assert.equal(settings.taskConcurrency, 3);
    assert.equal(settings.token?.reveal(), 'abc');
  });

  it('returns settings that inspect and JSON.stringify print without secrets', () => {
    const canary = 'canary-secret';
    const settings = fromVariables({
      BATON_TOKEN: canary,
      BATON_CLIENT_SECRET: canary,
      SCIM_TOKEN: canary,
    });
    assert.ok(!inspect(settings, { depth: 9 }).includes(canary));
    assert.ok(!JSON.stringify(settings).includes(canary));
    assert.equal(settings.scimToken?.reveal(), canary);
  });
});

describe('the log level', () => {
  for (const [text, level] of [
    ['trace', 'debug'],
    ['DEBUG', 'debug'],
    ['warning', 'warn'],
    ['dpanic', 'error'],
    ['panic', 'error'],
    ['fatal', 'error'],
    ['loud', 'info'],
  ] as const) {
    it(`is ${level} for ${text}`, () => {
      assert.equal(fromVariables({ BATON_LOG_LEVEL: text }).logLevel, level);
    });
  }

  it('has an expiry for debug in RFC 3339, and none for any other text', () => {
    const at = (text: string) =>
      fromVariables({ BATON_LOG_LEVEL_DEBUG_EXPIRES_AT: text }).logLevelDebugExpiresAt;
    assert.equal(at('2027-01-31T01:00:00+01:00'), Date.UTC(2027, 0, 31));
    assert.equal(at('2027-01-31T00:00:00.123456789Z'), Date.UTC(2027, 0, 31, 0, 0, 0, 123));
    assert.equal(at('tomorrow'), null);
  });
});

describe('warnings about settings', () => {
  const warnings = (sources: Partial<Sources>, isService = false) =>
    settingWarnings(ALL, { flags: {}, environment: {}, file: null, ...sources }, isService);
  const namesOf = (sources: Partial<Sources>, isService = false) =>
    warnings(sources, isService).map(({ names }) => names);

  it('name unknown variables, but not those that Kubernetes sets for services', () => {
    const [warning, ...more] = warnings({
      environment: {
        BATON_UNHEARD_OF: '3',
        BATON_TOKN: 'canary',
        BATON_TOKEN: 'abc',
        BATON_TMPDIR: '/tmp',
        BATON_C1_API_HOST: 'x',
        BATON_CONFIG_PATH: 'x',
        BATON_ASANA_SERVICE_HOST: '10.0.0.1',
        BATON_ASANA_SERVICE_PORT: '80',
        BATON_ASANA_PORT: 'tcp://10.0.0.1:80',
        BATON_ASANA_PORT_80_TCP_ADDR: '10.0.0.1',
        PATH: '/bin',
      },
    });
    assert.deepEqual(more, []);
    assert.equal(warning?.message, 'unknown settings');
    assert.deepEqual(warning.names, ['BATON_TOKN', 'BATON_UNHEARD_OF']);
  });

  it('group the settings that have the same effect', () => {
    const environment = { BATON_WORKERS: '4', BATON_PARALLEL_SYNC: 'true', BATON_AUTH_METHOD: 'x' };
    assert.deepEqual(namesOf({ environment }), [
      ['BATON_PARALLEL_SYNC', 'BATON_WORKERS'],
      ['BATON_AUTH_METHOD'],
    ]);
  });

  for (const environment of [
    { BATON_TICKETING: 'false' },
    { BATON_STORAGE_ENGINE: 'sqlite' },
    { BATON_OTEL_TRACING_DISABLED: 'True' },
    { BATON_WORKERS: '' },
  ] as readonly Record<string, string>[]) {
    it(`are not issued for ${JSON.stringify(environment)}, which requests nothing unsupported`, () => {
      assert.deepEqual(warnings({ environment }), []);
    });
  }

  it('say that a value is not understood, without repeating it', () => {
    const [warning, ...more] = warnings({ environment: { BATON_LOG_LEVEL: 'canary' } });
    assert.deepEqual(more, []);
    assert.deepEqual(warning?.names, ['BATON_LOG_LEVEL']);
    assert.match(warning.effect, /default is used\. Minimum log level: debug, info, warn or error\./);
    assert.ok(!JSON.stringify(warning).includes('canary'));
  });

  it('name the flags of a single change only in service mode', () => {
    const flags = { grantEntitlement: 'enterprise', createAccountLogin: 'ada' };
    assert.deepEqual(namesOf({ flags }), []);
    assert.deepEqual(namesOf({ flags }, true), [['--grant-entitlement', '--create-account-login']]);
  });

  it('name the settings that limit a sync only in service mode, except for the resource types', () => {
    const environment = {
      BATON_SYNC_RESOURCES: 'bid:r:team/501',
      BATON_SKIP_GRANTS: 'true',
      BATON_SKIP_ENTITLEMENTS_AND_GRANTS: 'false',
      BATON_SYNC_RESOURCE_TYPES: 'user',
    };
    assert.deepEqual(namesOf({ environment }), []);
    assert.deepEqual(namesOf({ environment }, true), [['BATON_SYNC_RESOURCES', 'BATON_SKIP_GRANTS']]);
  });
});

describe('a request that only the Go connector supports', () => {
  const requests = [
    'create-ticket',
    'bulk-create-ticket',
    'get-ticket',
    'list-ticket-schemas',
    'event-feed',
    'list-action-schemas',
    'list-resource-actions',
    'invoke-action',
    'invoke-resource-action',
    'delete-resource',
    'rotate-credentials',
    'diff-syncs',
    'compact-syncs',
  ];
  const given = (environment: Record<string, string>) => () =>
    refuseUnsupported({ flags: {}, environment, file: null });

  for (const { flag, value } of goFlags.filter((known) => requests.includes(known.flag))) {
    it(`is rejected with Unimplemented and the name of its variable: ${flag}`, () => {
      const variable = variableOf(flag);
      assert.throws(given({ [variable]: value }), (error) => {
        assert.ok(error instanceof CodedError && error.message.startsWith(`${variable} is not supported: `));
        assert.equal(grpcCodeOf(error), Code.Unimplemented);
        return true;
      });
    });
  }

  it('is not found in any other flag of the Go connector, or in a switch that is off', () => {
    const others = goFlags.filter(({ flag }) => !requests.includes(flag));
    assert.equal(requests.length + others.length, goFlags.length);
    for (const { flag, value } of others) assert.doesNotThrow(given({ [variableOf(flag)]: value }), flag);
    const off = goFlags.filter(({ flag, shape }) => requests.includes(flag) && shape === 'switch');
    assert.ok(off.length > 0);
    for (const { flag } of off) assert.doesNotThrow(given({ [variableOf(flag)]: 'F' }), flag);
  });
});

describe('an error about the command line', () => {
  for (const { words, because } of [
    { words: ['--tokn=canary-secret'], because: 'the flag is misspelt' },
    { words: ['--token=a', '--canary=canary-secret'], because: 'the flag is unknown' },
  ]) {
    it(`does not repeat the value if ${because}`, () => {
      let written = '';
      const command = addSettings(new Command('connector').exitOverride(), ALL);
      command.configureOutput({ writeErr: (text) => (written += text) });
      assert.throws(() => command.parse(words, { from: 'user' }), { code: 'commander.unknownOption' });
      assert.match(written, /unknown option '--\w+=…'/);
      assert.ok(!written.includes('canary-secret'));
    });
  }
});

describe('.baton.yaml', () => {
  async function withFile<T>(text: string, use: (path: string) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), 'config-file-'));
    try {
      const path = join(folder, 'config.yaml');
      await writeFile(path, text);
      return await use(path);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  const load = (text: string) => withFile(text, (path) => readConfigFile({ BATON_CONFIG_PATH: path }));

  it('contains settings under the names of their flags, also large numbers and lists', async () => {
    const file = await load(
      'token: abc\nprovisioning: true\nDefault-Workspace-Id: 12000000000000000001\nsync-resource-types: [user, team]\nworkers: 2\nunheard-of: 2\n',
    );
    const settings = read({ file });
    assert.equal(settings.token?.reveal(), 'abc');
    assert.equal(settings.provisioning, true);
    assert.equal(settings.defaultWorkspaceId, '12000000000000000001');
    assert.deepEqual(settings.syncResourceTypes, ['user', 'team']);
    assert.deepEqual(file?.unknown, ['unheard-of']);
  });

  it('accepts a list as one text with commas or white space, and a YAML list with spaces in its values', async () => {
    const lists = ['user,team', 'user team', '[user, team]'];
    for (const list of lists)
      assert.deepEqual(read({ file: await load(`sync-resource-types: ${list}\n`) }).syncResourceTypes, [
        'user',
        'team',
      ]);
    const { logPath } = read({ file: await load('log-path: [my log.txt, stderr]\n') });
    assert.deepEqual(logPath, ['my log.txt', 'stderr']);
  });

  it('may be empty', async () => {
    assert.deepEqual([...((await load('# nothing\n'))?.values ?? [])], []);
  });

  for (const { text, says, because } of [
    { text: 'token: "canary', says: /line \d+ is not valid YAML/, because: 'an unterminated quote' },
    { text: '- canary\n', says: /must contain names of flags/, because: 'a list' },
    {
      text: 'token: { canary: 1 }\n',
      says: /token in .*must be a single value/,
      because: 'a mapping instead of a token',
    },
  ]) {
    it(`is rejected without repeating its content: ${because}`, async () => {
      await assert.rejects(load(text), (error) => {
        assert.ok(error instanceof InvalidInputError);
        assert.match(error.message, says);
        assert.ok(!inspect(error).includes('canary'));
        return true;
      });
    });
  }

  it('must exist when BATON_CONFIG_PATH names it', async () => {
    await assert.rejects(readConfigFile({ BATON_CONFIG_PATH: '/nowhere/config.yaml' }), {
      message: /^BATON_CONFIG_PATH: cannot read \/nowhere/,
    });
  });

  it('is named in the error about an invalid value in it', async () => {
    const file = await load('provisioning: maybe\n');
    assert.throws(() => read({ file }), { message: /^provisioning in .*config\.yaml: must be "true"/ });
  });
});

describe('combinations of settings', () => {
  const together = (environment: Record<string, string>) => () => checkTogether(fromVariables(environment));

  for (const { environment, says, because } of [
    {
      environment: { BATON_USE_SCIM_API: 'true' },
      says: /^--use-scim-api \(BATON_USE_SCIM_API\): requires the token of a service account/,
      because: 'SCIM with a personal access token',
    },
    {
      environment: { BATON_ALLOW_DEPROVISION: 'true' },
      says: /^--allow-deprovision .*BATON_USE_SERVICE_ACCOUNT/,
      because: 'deprovisioning with a personal access token',
    },
    {
      environment: { BATON_SKIP_GRANTS: 'true' },
      says: /^--skip-grants .*BATON_SYNC_RESOURCES/,
      because: 'a full sync without grants',
    },
    {
      environment: { ASANA_API_URL: 'http://asana.example/api' },
      says: /^asana-api-url: must be https/,
      because: 'an API URL without https',
    },
  ]) {
    it(`are rejected: ${because}`, () => {
      assert.throws(together(environment), { code: 'InvalidInput', message: says });
    });
  }

  it('may contain a second token for SCIM beside a personal access token', () => {
    together({ BATON_USE_SCIM_API: 'true', SCIM_TOKEN: 'abc' })();
    assert.equal(fromVariables({ SCIM_TOKEN: 'abc' }).scimToken?.reveal(), 'abc');
  });

  it('select service mode with both ConductorOne credentials, not with none, and are rejected with one', () => {
    const both = { BATON_CLIENT_ID: 'a@b/c', BATON_CLIENT_SECRET: clientSecret('k') };
    assert.equal(clientCredentials(fromVariables(both))?.clientId, 'a@b/c');
    assert.equal(clientCredentials(fromVariables({})), null);
    assert.throws(() => clientCredentials(fromVariables({ BATON_CLIENT_ID: 'a@b/c' })), {
      message: /^--client-secret \(BATON_CLIENT_SECRET\): is missing/,
    });
    assert.throws(() => clientCredentials(fromVariables({ BATON_CLIENT_SECRET: 's' })), {
      message: /^--client-id \(BATON_CLIENT_ID\): is missing/,
    });
  });

  it('require a token', () => {
    assert.throws(() => requireToken(fromVariables({})), { message: /^--token \(BATON_TOKEN\): is missing/ });
  });
});

describe('a single change on the command line', () => {
  const shot = (environment: Record<string, string>) => oneShotOf(fromVariables(environment));
  const grant = {
    BATON_GRANT_ENTITLEMENT: 'team:501:Team Member',
    BATON_GRANT_PRINCIPAL: '905',
    BATON_GRANT_PRINCIPAL_TYPE: 'user',
  };

  it('is not requested without its flags', () => {
    assert.equal(shot({ BATON_PROVISIONING: 'true' }), null);
  });

  it('is a grant with all three grant flags, and is rejected with fewer', () => {
    assert.deepEqual(shot(grant), {
      kind: 'Grant',
      entitlement: 'team:501:Team Member',
      principal: '905',
      type: 'user',
    });
    assert.throws(() => shot({ ...grant, BATON_GRANT_PRINCIPAL_TYPE: '' }), {
      message: /^--grant-principal-type \(BATON_GRANT_PRINCIPAL_TYPE\): is missing/,
    });
    assert.throws(() => shot({ BATON_GRANT_PRINCIPAL_TYPE: 'user' }), {
      message: /^--grant-entitlement .*, --grant-principal \(BATON_GRANT_PRINCIPAL\): is missing/,
    });
  });

  it('is an account creation with a login, or with an email address and a profile', () => {
    const profile = '{"first_name":"Ada"}';
    assert.deepEqual(
      shot({ BATON_CREATE_ACCOUNT_EMAIL: 'ada@acme.com', BATON_CREATE_ACCOUNT_PROFILE: profile }),
      {
        kind: 'CreateAccount',
        login: null,
        email: 'ada@acme.com',
        profile: { first_name: 'Ada' },
      },
    );
    assert.deepEqual(
      shot({ BATON_CREATE_ACCOUNT_LOGIN: 'ada', BATON_CREATE_ACCOUNT_RESOURCE_TYPE: 'user' }),
      {
        kind: 'CreateAccount',
        login: 'ada',
        email: null,
        profile: {},
      },
    );
  });

  for (const { environment, says, because } of [
    {
      environment: { BATON_CREATE_ACCOUNT_RESOURCE_TYPE: 'user' },
      says: /^--create-account-login .*is missing/,
      because: 'a resource type without an account',
    },
    {
      environment: { BATON_CREATE_ACCOUNT_EMAIL: 'ada@acme.example' },
      says: /^--create-account-login .*is missing.*login or a profile/,
      because: 'an email address without a login or profile, which the Go connector ignores',
    },
    {
      environment: { BATON_CREATE_ACCOUNT_LOGIN: 'ada', BATON_CREATE_ACCOUNT_RESOURCE_TYPE: 'team' },
      says: /^--create-account-resource-type .*must be user/,
      because: 'the creation of a team',
    },
    {
      environment: { BATON_CREATE_ACCOUNT_PROFILE: '["canary"]' },
      says: /must be a JSON object/,
      because: 'a profile that is a list',
    },
    {
      environment: { BATON_CREATE_ACCOUNT_PROFILE: '{canary' },
      says: /must be a JSON object/,
      because: 'a profile that is not JSON',
    },
    {
      environment: { ...grant, BATON_REVOKE_GRANT: 'enterprise:905' },
      says: /only one change can be made at a time/,
      because: 'a grant together with a revocation',
    },
    {
      environment: { BATON_REVOKE_GRANT: 'enterprise:905', BATON_CREATE_ACCOUNT_LOGIN: 'ada' },
      says: /only one change can be made at a time/,
      because: 'a revocation together with an account creation',
    },
  ]) {
    it(`is rejected: ${because}`, () => {
      assert.throws(
        () => shot(environment),
        (error) => {
          assert.ok(error instanceof InvalidInputError);
          assert.match(error.message, says);
          assert.ok(!inspect(error).includes('canary'));
          return true;
        },
      );
    });
  }
});
