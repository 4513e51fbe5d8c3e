import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { Command } from 'commander';
import { exportCommand } from '../../src/commands/export/export-command.ts';
import { kubectlAsanaCommand } from '../../src/commands/kubectl-asana/kubectl-asana-command.ts';
import { operatorCommand } from '../../src/commands/operator/operator-command.ts';
import { planCommand } from '../../src/commands/plan/plan-command.ts';
import { releaseCommand } from '../../src/commands/release/release-command.ts';
import { reviewCommand } from '../../src/commands/review/review-command.ts';

const { signal } = new AbortController();
const operator = () => operatorCommand(signal, () => {});
const release = () => releaseCommand(signal);
const plan = () => planCommand(signal);
const exporting = () => exportCommand(signal);
const review = () => reviewCommand(signal);
const plugin = (name: string) => () =>
  kubectlAsanaCommand().commands.find((command) => command.name() === name) ?? assert.fail(name);

type Flags = Readonly<Record<string, unknown>>;

/** Returns the parsed flags of a command, given these environment variables. */
async function flagsOf(
  t: TestContext,
  make: () => Command,
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Flags> {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    t.after(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
    process.env[name] = value;
  }
  const command = make()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  command.action(() => {});
  await command.parseAsync(words, { from: 'user' });
  return command.opts();
}

suite('an empty environment variable', () => {
  for (const { make, words = [], variable, field, value } of [
    { make: operator, variable: 'ASANA_REQUESTS_PER_MINUTE', field: 'asanaRequestsPerMinute', value: 1500 },
    { make: operator, variable: 'CONCURRENCY', field: 'concurrency', value: 50 },
    { make: operator, variable: 'LEADER_ELECT', field: 'leaderElect', value: true },
    { make: operator, variable: 'ACTION_TIMEOUT', field: 'actionTimeout', value: 60_000 },
    {
      make: operator,
      variable: 'ASANA_API_URL',
      field: 'asanaApiUrl',
      value: 'https://app.asana.com/api/1.0',
    },
    { make: operator, variable: 'WATCH_NAMESPACES', field: 'namespace', value: undefined },
    { make: release, words: ['--all'], variable: 'WATCH_NAMESPACES', field: 'namespace', value: undefined },
    {
      make: release,
      words: ['--all'],
      variable: 'LEADER_ELECTION_NAMESPACE',
      field: 'leaderElectionNamespace',
      value: undefined,
    },
    {
      make: operator,
      variable: 'LEADER_ELECTION_NAMESPACE',
      field: 'leaderElectionNamespace',
      value: undefined,
    },
    { make: operator, variable: 'METRICS_BIND_ADDRESS', field: 'metricsBindAddress', value: ':8080' },
    { make: operator, variable: 'HEALTH_BIND_ADDRESS', field: 'healthBindAddress', value: ':8081' },
    { make: operator, variable: 'LOG_LEVEL', field: 'logLevel', value: 'info' },
    { make: operator, variable: 'LOG_FORMAT', field: 'logFormat', value: 'json' },
    { make: operator, variable: 'BATON_C1_API_HOST', field: 'conductoroneHost', value: undefined },
    { make: operator, variable: 'AUDIT_LOG_PATH', field: 'auditLogPath', value: undefined },
    { make: operator, variable: 'OTEL_EXPORTER_OTLP_ENDPOINT', field: 'otelEndpoint', value: undefined },
    // An empty list of hosts allows none.
    {
      make: operator,
      variable: 'ALLOWED_CONDUCTORONE_HOSTS',
      field: 'allowedConductoroneHosts',
      value: [],
    },
  ]) {
    test(`gives the flag of ${variable} the value ${JSON.stringify(value)} in ${make().name()}`, async (t) => {
      assert.deepEqual((await flagsOf(t, make, words, { [variable]: '' }))[field], value);
    });
  }

  test('does not override the flag', async (t) => {
    const words = ['--asana-requests-per-minute', '150'];
    const flags = await flagsOf(t, operator, words, { ASANA_REQUESTS_PER_MINUTE: '' });
    assert.equal(flags['asanaRequestsPerMinute'], 150);
  });
});

suite('a flag', () => {
  for (const { make, words } of [
    { make: operator, words: ['--asana-requests-per-minute', ''] },
    { make: operator, words: ['--asana-requests-per-minute', ' '] },
    { make: operator, words: ['--asana-requests-per-minute', '0x96'] },
    { make: operator, words: ['--asana-requests-per-minute', '1e3'] },
    { make: operator, words: ['--asana-requests-per-minute', '-1'] },
    { make: operator, words: ['--asana-budget-percent', ''] },
    { make: operator, words: ['--concurrency', '5.0'] },
    { make: operator, words: ['--action-timeout', ''] },
    { make: operator, words: ['--leader-elect='] },
    { make: operator, words: ['--asana-api-url', ''] },
    { make: operator, words: ['--namespace', ''] },
    { make: operator, words: ['--leader-election-namespace', ''] },
    { make: operator, words: ['--metrics-bind-address', ''] },
    { make: operator, words: ['--log-level', ''] },
    { make: operator, words: ['--audit-log-path', ''] },
    { make: plan, words: ['-f', '-', '--namespace', ''] },
    { make: exporting, words: ['-f', '-', '--namespace', ''] },
    { make: release, words: ['--all', '--namespace', ''] },
    { make: release, words: ['--all', '--namespace', ' , '] },
    { make: release, words: ['--all', '--leader-election-namespace', ''] },
    { make: review, words: ['--format', 'csv', '--namespace', ''] },
    { make: review, words: ['--format', 'csv', '--filename', ''] },
    { make: plugin('status'), words: ['-n', ''] },
    { make: plugin('sync'), words: ['--timeout', ''] },
  ]) {
    test(`with an invalid value is rejected: ${make().name()} ${words.map((word) => JSON.stringify(word)).join(' ')}`, async (t) => {
      await assert.rejects(flagsOf(t, make, words), { code: 'commander.invalidArgument' });
    });
  }

  test('that is repeated collects the namespaces of all its values', async (t) => {
    const flags = await flagsOf(t, release, ['--all', '--namespace', 'iga', '--namespace', 'a, b']);
    assert.deepEqual(flags['namespace'], ['iga', 'a', 'b']);
  });
});
