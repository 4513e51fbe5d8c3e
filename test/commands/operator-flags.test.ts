import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { Command } from 'commander';
import { exportCommand } from '../../src/commands/export/export-command.ts';
import { operatorCommand } from '../../src/commands/operator/operator-command.ts';
import type { OperatorFlags } from '../../src/commands/operator/run-operator.ts';
import { planCommand } from '../../src/commands/plan/plan-command.ts';
import { releaseCommand } from '../../src/commands/release/release-command.ts';
import { reviewCommand } from '../../src/commands/review/review-command.ts';
import { sandboxCommand } from '../../src/commands/sandbox/sandbox-command.ts';

/** Returns the parsed flags of the operator, given this value of LEADER_ELECT. */
async function flagsOf(
  t: TestContext,
  variable: string | undefined,
  ...words: string[]
): Promise<OperatorFlags> {
  const before = process.env['LEADER_ELECT'];
  t.after(() => setVariable(before));
  setVariable(variable);
  const command = operatorCommand(new AbortController().signal, () => {})
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  let flags: OperatorFlags | null = null;
  command.action((given: OperatorFlags) => void (flags = given));
  await command.parseAsync(words, { from: 'user' });
  return flags ?? assert.fail('the command was not run');
}

function setVariable(value: string | undefined): void {
  if (value === undefined) delete process.env['LEADER_ELECT'];
  else process.env['LEADER_ELECT'] = value;
}

suite('the operator', () => {
  for (const { variable, words, leads } of [
    { variable: undefined, words: [], leads: true },
    { variable: 'false', words: [], leads: false },
    { variable: 'true', words: [], leads: true },
    { variable: undefined, words: ['--leader-elect=false'], leads: false },
    { variable: undefined, words: ['--no-leader-elect'], leads: false },
    // The command line overrides the variable.
    { variable: 'false', words: ['--leader-elect'], leads: true },
    { variable: 'true', words: ['--no-leader-elect'], leads: false },
    // The next flag is not taken as a value.
    { variable: undefined, words: ['--leader-elect', '--concurrency', '5'], leads: true },
  ]) {
    test(`${leads ? 'needs' : 'does not need'} a lease with LEADER_ELECT=${variable ?? ''} and ${words.join(' ') || 'no flag'}`, async (t) => {
      assert.equal((await flagsOf(t, variable, ...words)).leaderElect, leads);
    });
  }

  test('rejects a LEADER_ELECT that is neither true nor false', async (t) => {
    await assert.rejects(flagsOf(t, 'no'), { message: /LEADER_ELECT.*It must be true or false/ });
  });
});

test('every flag with an environment variable takes a value', () => {
  const { signal } = new AbortController();
  const commands: Command[] = [
    operatorCommand(signal, () => {}),
    releaseCommand(signal),
    planCommand(signal),
    exportCommand(signal),
    reviewCommand(signal),
    sandboxCommand(signal),
  ];
  const options = commands.flatMap((command) => command.options).filter(({ envVar }) => envVar !== undefined);
  assert.ok(options.length > 20);
  assert.deepEqual(
    options.filter((option) => option.isBoolean()).map(({ long }) => long),
    [],
  );
});
