import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { InvalidInputError } from '../../core/errors.ts';
import type { Output } from '../command-line/output.ts';
import { migrateSecret } from './migration.ts';
import { printConnector } from './print-connector.ts';
import { readSecretManifests, type SecretManifest } from './secret-manifest.ts';

export interface MigrateFlags {
  /** A path, or `-` for standard input. */
  readonly file: string;
  readonly name?: string;
  readonly namespace?: string;
}

export interface MigrateStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: Output;
  /** For warnings. */
  readonly errors: Output;
}

/**
 * Prints the AsanaConnector of a Secret to `output`, and warnings to `errors`.
 * @throws InvalidInputError
 */
export async function runMigrate(flags: MigrateFlags, streams: MigrateStreams): Promise<void> {
  const source = flags.file === '-' ? 'standard input' : flags.file;
  const secret = theOne(source, readSecretManifests(source, await read(flags.file, streams.input)));
  const { manifest, warnings } = migrateSecret(secret, {
    name: checkName('--name', flags.name ?? secret.name.replace(/-secrets?$/, ''), OBJECT_NAME),
    namespace: checkNamespace(flags.namespace ?? secret.namespace),
  });
  for (const warning of warnings) streams.errors.write(`warning: ${warning}\n`);
  streams.output.write(printConnector(manifest));
}

async function read(file: string, input: NodeJS.ReadableStream): Promise<string> {
  if (file === '-') return text(input as NodeJS.ReadStream);
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new InvalidInputError('--file', `cannot read ${file}: correct the path or its permissions`, {
      cause,
    });
  }
}

function theOne(source: string, secrets: readonly SecretManifest[]): SecretManifest {
  const [secret, ...others] = secrets;
  if (secret && others.length === 0) return secret;
  throw new InvalidInputError(
    source,
    secret
      ? `has ${secrets.length} Secrets with BATON_ keys (${secrets.map(({ name }) => name).join(', ')}): specify them one at a time`
      : 'contains no Secret with BATON_ keys: specify the file with the Secret of the baton-asana Deployment',
  );
}

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
/** The pattern of a name, and its allowed characters in words. */
const OBJECT_NAME = {
  pattern: new RegExp(`^(?=.{1,253}$)${LABEL}([.]${LABEL})*$`),
  characters: 'lowercase letters, digits, "-" and "."',
};
const NAMESPACE = {
  pattern: new RegExp(`^(?=.{1,63}$)${LABEL}$`),
  characters: 'lowercase letters, digits and "-"',
};

function checkNamespace(namespace: string | null): string | null {
  return namespace === null ? null : checkName('--namespace', namespace, NAMESPACE);
}

function checkName(field: string, name: string, { pattern, characters }: typeof OBJECT_NAME): string {
  if (pattern.test(name)) return name;
  throw new InvalidInputError(
    field,
    `must consist of ${characters}, and begin and end with a letter or digit, such as baton-asana`,
  );
}
