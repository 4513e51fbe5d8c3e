import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { acceptedSettings } from '../../src/commands/baton-settings/accepted-settings.ts';
import { variableOf } from '../../src/commands/baton-settings/setting.ts';
import { settingsList } from '../../src/commands/baton-settings/settings-table.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { Bundle, Child, Folder, freePort, linesOf, type Variables } from './child.ts';
import { type GoFlag, goAsanaFlags, goFlags, goVariables } from './go-settings.ts';

const everyFlag = [...goFlags, ...goAsanaFlags];

/** Flags without effect in service mode, and flags without effect anywhere. */
const withoutEffect = new Set<string | null>([
  ...acceptedSettings.map(({ flag }) => flag),
  ...settingsList.flatMap(([, { flag, group }]) => (group === 'oneShot' ? [flag] : [])),
  'sync-resources',
  'skip-entitlements-and-grants',
  'skip-grants',
]);

describe('the settings of the Go connector', () => {
  it('are 82 flags of every Baton connector, and five flags of its own', () => {
    assert.deepEqual([goFlags.length, goAsanaFlags.length], [82, 5]);
    assert.equal(new Set(everyFlag.map(({ flag }) => flag)).size, 87);
  });

  it('are all in the tables of settings, with the same names and shapes', () => {
    const shapes = new Map([
      ...settingsList.map(([, { flag, shape }]) => [flag, shape === 'switch' ? 'switch' : 'value'] as const),
      ...acceptedSettings.flatMap(({ flag, shape }) => (flag === null ? [] : [[flag, shape] as const])),
    ]);
    for (const { flag } of everyFlag) assert.ok(shapes.has(flag), flag);
    for (const { flag, shape } of everyFlag.filter((known) => known.shape === 'switch'))
      assert.equal(shapes.get(flag), shape, flag);
    const variables = new Set([
      'BATON_CONFIG_PATH',
      ...settingsList.flatMap(([, setting]) => setting.variables),
      ...acceptedSettings.map(({ variable }) => variable),
    ]);
    for (const { flag } of everyFlag) assert.ok(variables.has(variableOf(flag)), flag);
    for (const variable of goVariables) assert.ok(variables.has(variable), variable);
  });

  it('are accepted without effect only if the Go connector has them', () => {
    const known = new Set<string | null>(everyFlag.map(({ flag }) => flag));
    for (const { flag, variable } of acceptedSettings)
      assert.ok(flag === null ? goVariables.includes(variable) : known.has(flag), variable);
  });
});

describe('a pod of the Go connector', () => {
  let program: Bundle;
  let sandbox: Sandbox;
  let folder: Folder;
  /** The values that depend on this machine. */
  let here: Readonly<Record<string, string>>;

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
    here = {
      'client-id': sandbox.conductorOne.clientId,
      'client-secret': sandbox.conductorOne.clientSecret,
      token: sandbox.tokens.serviceAccount,
      'default-workspace-id': sandbox.workspace,
      'asana-api-url': sandbox.asanaUrl,
      'c1z-temp-dir': folder.temp,
      'health-check-port': String(await freePort()),
    };
  });

  const textOf = ({ flag, value }: GoFlag) => here[flag] ?? value;

  /** Starts the connector, waits until ConductorOne knows it, and ends it; returns its log. */
  async function serve(variables: Variables, flags: readonly string[]) {
    const hostId = `host-${folder.path.slice(-6)}`;
    const around = { SSL_CERT_FILE: sandbox.conductorOne.caFile, BATON_HOST_ID: hostId };
    const child = new Child(folder, { ...around, ...variables }, flags);
    try {
      await child.until('hello', () =>
        sandbox.conductorOne.instances.list().some(({ instance }) => instance.hostId === hostId)
          ? true
          : null,
      );
    } finally {
      child.kill('SIGTERM');
    }
    const { code, stderr } = await child.end();
    assert.equal(code, 0, stderr);
    return linesOf(stderr);
  }

  /** Asserts that every setting without effect has exactly one warning, and that no other setting has any. */
  function assertWarnings(lines: Awaited<ReturnType<typeof serve>>, nameOf: (flag: string) => string): void {
    const warnings = lines.filter(({ level }) => level === 'warn');
    const warned = warnings.flatMap(({ names }) => names as string[]);
    const expected = everyFlag.filter(({ flag }) => withoutEffect.has(flag)).map(({ flag }) => nameOf(flag));
    assert.deepEqual(warned.toSorted(), expected.toSorted());
    for (const { effect } of warnings) assert.match(String(effect), /^[A-Z].*\.$/);
  }

  it('starts with every flag in its args, and warns once of each without effect', async () => {
    const flags = everyFlag.flatMap((known) => {
      if (known.shape === 'switch') return [`--${known.flag}`];
      return [`--${known.flag}`, textOf(known)];
    });
    assertWarnings(await serve({}, flags), (flag) => `--${flag}`);
  });

  it('starts with every flag written with an equals sign, and warns once of each without effect', async () => {
    const flags = everyFlag.map((known) => `--${known.flag}=${textOf(known)}`);
    assertWarnings(await serve({}, flags), (flag) => `--${flag}`);
  });

  it('starts with every variable, and warns once of each without effect', async () => {
    const variables = Object.fromEntries(everyFlag.map((known) => [variableOf(known.flag), textOf(known)]));
    assertWarnings(await serve(variables, []), variableOf);
  });

  it('starts with every setting in .baton.yaml, and warns once of each without effect', async () => {
    const lines = everyFlag.map((known) => `${known.flag}: ${JSON.stringify(textOf(known))}\n`);
    await writeFile(join(folder.path, '.baton.yaml'), lines.join(''));
    assertWarnings(await serve({}, []), (flag) => `${flag} in .baton.yaml`);
  });

  it('starts with its variables that have no flag, and warns once of each without effect', async () => {
    const credentials = Object.entries(here).map(([flag, text]) => [variableOf(flag), text] as const);
    const names = acceptedSettings.flatMap(({ flag, variable }) => (flag === null ? [variable] : []));
    const variables = Object.fromEntries([...credentials, ...names.map((name) => [name, '1'] as const)]);
    const lines = await serve(variables, []);
    const warned = lines.flatMap(({ level, names: warnedOf }) =>
      level === 'warn' ? (warnedOf as string[]) : [],
    );
    assert.deepEqual(warned.toSorted(), names.toSorted());
  });

  it('makes one sync without a client ID, with every flag that has no effect and requests nothing', async () => {
    const flags = everyFlag
      .filter(({ flag }) => acceptedSettings.some((row) => row.flag === flag && !row.isRequest))
      .map((known) => `--${known.flag}=${textOf(known)}`);
    const token = { BATON_TOKEN: here['token'] ?? '', ASANA_API_URL: sandbox.asanaUrl };
    const { code, stderr } = await folder.run(token, ...flags);
    assert.equal(code, 0, stderr);
    assert.ok(linesOf(stderr).some(({ message }) => message === 'sync written'));
  });

  it('accepts every flag also with capabilities, config and health-check, as cobra does', async () => {
    const flags = everyFlag.map((known) => `--${known.flag}=${textOf(known)}`);
    for (const command of ['capabilities', 'config']) {
      const { code, stdout, stderr } = await folder.run({}, command, ...flags);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^\{\n/);
    }
    const { code, stderr } = await folder.run({}, 'health-check', ...flags);
    assert.equal(code, 1);
    assert.match(stderr, /^Unhealthy: http:\/\/127\.0\.0\.1:\d+\/health did not respond/);
  });
});
