import { createInterface } from 'node:readline/promises';
import { InvalidInputError } from '../../core/errors.ts';

/**
 * Asks a question on the terminal. Only `y` or `yes` counts as a yes.
 * @throws InvalidInputError if stdin is not a terminal
 */
export async function askYesNo(question: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new InvalidInputError(
      '-y',
      'is required without a terminal, because it cannot ask for confirmation',
    );
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
