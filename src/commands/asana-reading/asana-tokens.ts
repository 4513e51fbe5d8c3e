import { readFile } from 'node:fs/promises';
import { InvalidInputError } from '../../core/errors.ts';
import { Redacted } from '../../core/redacted.ts';

/** The tokens a command reads Asana with. */
export interface AsanaTokens {
  readonly token: Redacted;
  /** A second token, for SCIM only. */
  readonly scimToken: Redacted | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the token from `--token-file`, or else from `ASANA_TOKEN`, and the SCIM token from `ASANA_SCIM_TOKEN`.
 * @throws InvalidInputError if no token can be read; the message never contains a token
 */
export async function readTokens(
  tokenFile: string | undefined,
  environment: Environment,
): Promise<AsanaTokens> {
  const text = tokenFile === undefined ? environment['ASANA_TOKEN'] : await readTokenFile(tokenFile);
  const source = tokenFile === undefined ? 'ASANA_TOKEN' : '--token-file';
  const token = (text ?? '').trim();
  if (token === '') {
    const remedy =
      'set the variable ASANA_TOKEN to the token of the connector, or specify a file with --token-file';
    throw new InvalidInputError(source, `contains no token: ${remedy}`);
  }
  const scimToken = (environment['ASANA_SCIM_TOKEN'] ?? '').trim();
  return { token: new Redacted(token), scimToken: scimToken === '' ? undefined : new Redacted(scimToken) };
}

async function readTokenFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new InvalidInputError('--token-file', `cannot read ${path}: correct the path or its permissions`, {
      cause,
    });
  }
}
