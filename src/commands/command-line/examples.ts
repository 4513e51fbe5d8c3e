import type { Command } from 'commander';

/** What somebody wants, and the line that does it. */
export type Example = readonly [purpose: string, line: string];

/** Ends the help of a command with examples. */
export function addExamples(command: Command, ...examples: readonly Example[]): Command {
  const lines = examples.map(([purpose, line]) => `  # ${purpose}\n  ${line}\n`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
