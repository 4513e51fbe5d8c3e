import type { Command } from 'commander';

/** A purpose, and the command line that achieves it. */
export type Example = readonly [purpose: string, line: string];

/** Adds examples to the end of a command's help. */
export function addExamples(command: Command, ...examples: readonly Example[]): Command {
  const lines = examples.map(([purpose, line]) => `  # ${purpose}\n  ${line}\n`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
