import { InvalidInputError } from '../../core/errors.ts';

/**
 * Refuses what stands on a command line beside flags and their values. It is not repeated: it may be a token whose
 * flag was forgotten.
 * @throws InvalidInputError
 */
export function refuseWords(words: readonly string[]): void {
  if (words.length === 0) return;
  throw new InvalidInputError(
    'command line',
    `has ${words.length === 1 ? 'a word' : `${words.length} words`} that belong to no flag: put a sub-command first, and every value behind its flag (--help lists them)`,
  );
}
