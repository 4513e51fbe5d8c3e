import type { Command } from 'commander';

/**
 * Returns the words that can follow: the sub-commands, or, for a command without any, its argument values and flags.
 * @param words the words after the program name; the last one is incomplete and may be empty
 */
export function completeWords(program: Command, words: readonly string[]): string[] {
  const current = words.at(-1) ?? '';
  let command = program;
  for (const word of words.slice(0, -1)) {
    command = command.commands.find((candidate) => candidate.name() === word) ?? command;
  }
  const names = command.commands.flatMap((candidate) => (isHidden(candidate) ? [] : [candidate.name()]));
  const values = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices);
  const choices = names.length > 0 ? names : [...values, ...flagsOf(command)];
  return choices.filter((choice) => choice.startsWith(current)).toSorted();
}

function isHidden(command: Command): boolean {
  return command.name() === COMPLETE_WORDS;
}

/** Name of the hidden command that the shell scripts call. */
export const COMPLETE_WORDS = 'complete-words';

function flagsOf(command: Command): string[] {
  return command.options.flatMap(({ short, long, hidden }) =>
    hidden ? [] : [short, long].filter((flag) => typeof flag === 'string'),
  );
}
