import { Command } from 'commander';
import type { MigrateFlags, MigrateStreams } from './run-migrate.ts';

/** `asana-connector migrate`: the Secret of a baton-asana Deployment as an AsanaConnector, on standard output. */
export function migrateCommand(
  streams: MigrateStreams = { input: process.stdin, output: process.stdout, errors: process.stderr },
): Command {
  return new Command('migrate')
    .description(
      'Prints the Secret of a baton-asana Deployment as an AsanaConnector that refers to it. Prints nothing secret, sends nothing.',
    )
    .requiredOption('-f, --file <path>', 'manifest with the Secret; - for standard input')
    .option('--name <name>', "name of the AsanaConnector; default the Secret's, without -secrets")
    .option('--namespace <namespace>', "its namespace; default the Secret's")
    .action(async (flags: MigrateFlags) => {
      const { runMigrate } = await import('./run-migrate.ts');
      await runMigrate(flags, streams);
    });
}
