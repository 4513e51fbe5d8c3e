import type { Command } from 'commander';

/**
 * The words that may follow: sub-commands first, then the values of an argument or the flags of the one that was
 * written.
 * @param words what stands behind the name of the program; the last one is not finished, and may be empty
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

/** The hidden command that the scripts of the shells ask. */
export const COMPLETE_WORDS = 'complete-words';

function flagsOf(command: Command): string[] {
  return command.options.flatMap(({ short, long, hidden }) =>
    hidden ? [] : [short, long].filter((flag) => typeof flag === 'string'),
  );
}
