import { InvalidInputError } from '../../core/errors.ts';

/**
 * Rejects command line arguments that are neither flags nor their values. The message does not repeat them, because
 * one may be a token whose flag was forgotten.
 * @throws InvalidInputError
 */
export function refuseWords(words: readonly string[]): void {
  if (words.length === 0) return;
  throw new InvalidInputError(
    'command line',
    'contains arguments that do not belong to a flag: specify the command first, and each value after its flag (see --help)',
  );
}
