import { readFile } from 'node:fs/promises';
import { InvalidInputError } from '../../core/errors.ts';
import { Redacted } from '../../core/redacted.ts';

export interface AsanaTokens {
  readonly token: Redacted;
  /** For SCIM alone; undefined where one token serves both. */
  readonly scimToken: Redacted | undefined;
}

/**
 * The tokens of a person at a terminal, or of a pipeline: never an argument, which other users of the machine could see.
 * @throws InvalidInputError without a token
 */
export async function readTokens(
  file: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<AsanaTokens> {
  const token = file === undefined ? environment['ASANA_TOKEN'] : await read(file);
  if (!token?.trim()) {
    throw new InvalidInputError(
      'ASANA_TOKEN',
      'no token: put a token of Asana into this variable, or into a file and name it with --token-file',
    );
  }
  const scimToken = environment['ASANA_SCIM_TOKEN'];
  return {
    token: new Redacted(token.trim()),
    scimToken: scimToken?.trim() ? new Redacted(scimToken.trim()) : undefined,
  };
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new InvalidInputError('--token-file', `cannot read ${file}: correct the path or its permissions`, {
      cause,
    });
  }
}
