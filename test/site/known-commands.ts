import assert from 'node:assert/strict';
import type { Command } from 'commander';
import { connectorCommand } from '../../src/commands/connector/connector-command.ts';
import { syncCommand } from '../../src/commands/connector/sync-command.ts';
import { exportCommand } from '../../src/commands/export/export-command.ts';
import { kubectlAsanaCommand } from '../../src/commands/kubectl-asana/kubectl-asana-command.ts';
import { migrateCommand } from '../../src/commands/migrate/migrate-command.ts';
import { operatorCommand } from '../../src/commands/operator/operator-command.ts';
import { planCommand } from '../../src/commands/plan/plan-command.ts';
import { releaseCommand } from '../../src/commands/release/release-command.ts';
import { reviewCommand } from '../../src/commands/review/review-command.ts';
import { sandboxCommand } from '../../src/commands/sandbox/sandbox-command.ts';

/** Placeholders in the commands of the pages. */
const PLACEHOLDERS = /\b(CONNECTOR|NAMESPACE|EMAIL|TOKEN)\b/g;

const plugin = kubectlAsanaCommand();
const aborted = AbortSignal.abort();
const program = [
  (signal: AbortSignal) => operatorCommand(signal, () => {}),
  connectorCommand,
  syncCommand,
  exportCommand,
  planCommand,
  releaseCommand,
  reviewCommand,
  sandboxCommand,
]
  .map((declare) => declare(aborted))
  .concat(migrateCommand(), plugin);

/** Returns every command of this program in the code of a page, split into words. */
export function commandsIn(text: string): string[][] {
  const code = [...text.matchAll(/```console\n([^]*?)```|`([^`\n]+)`/g)].map(
    ([, block, span]) => block ?? span ?? '',
  );
  return code
    .flatMap((part) => part.split(/\n(?:\$ )?|^\$ | \| /))
    .map((line) => line.trim())
    .filter((line) => /^(kubectl asana|asana-connector) [a-z]/.test(line))
    .map((line) =>
      line
        .replaceAll(PLACEHOLDERS, 'x')
        .replace(/ [#>|].*$/, '')
        .split(/\s+/),
    );
}

/** Fails if the program has no such command, or the command no such flag. */
export function assertKnown([first, ...words]: readonly string[]): void {
  const isPlugin = first === 'kubectl';
  const [name, ...rest] = isPlugin ? words.slice(1) : words;
  const command = (isPlugin ? plugin.commands : program).find((one: Command) => one.name() === name);
  assert.ok(command, `there is no command ${name}`);
  assert.deepEqual(command.exitOverride().parseOptions(rest).unknown, [], words.join(' '));
}
