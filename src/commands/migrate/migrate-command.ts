import { Command } from 'commander';
import { addExamples } from '../command-line/examples.ts';
import type { MigrateFlags, MigrateStreams } from './run-migrate.ts';

/** `asana-connector migrate`: prints the Secret of a baton-asana Deployment as an AsanaConnector. */
export function migrateCommand(
  streams: MigrateStreams = { input: process.stdin, output: process.stdout, errors: process.stderr },
): Command {
  const command = new Command('migrate')
    .summary('Convert the Secret of baton-asana to an AsanaConnector')
    .description(
      'Print an AsanaConnector that means the same as the Secret of a baton-asana Deployment, and refers to it. Nothing secret is printed, and nothing is sent.',
    )
    .requiredOption('-f, --file <path>', 'Manifest of the Secret, or - for standard input. Required.')
    .option('--name <name>', 'Name of the AsanaConnector. Default: the name of the Secret, without -secrets.')
    .option(
      '--namespace <namespace>',
      'Namespace of the AsanaConnector. Default: the namespace of the Secret.',
    )
    .action(async (flags: MigrateFlags) => {
      const { runMigrate } = await import('./run-migrate.ts');
      await runMigrate(flags, streams);
    });
  return addExamples(command, [
    'Convert a Secret in the cluster',
    'kubectl get secret baton-asana-secrets -o yaml | asana-connector migrate -f - > acme.yaml',
  ]);
}
