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
    'contains arguments that do not belong to a flag: specify the command first, and each value after its flag (see --help)',
  );
}
