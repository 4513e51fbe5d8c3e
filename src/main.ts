#!/usr/bin/env node
import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import { basename } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { addExamples } from './commands/command-line/examples.ts';
import { ExitError } from './commands/command-line/exit-code.ts';
import { withoutUnknownWord, wordsToParse } from './commands/command-line/unknown-words.ts';
import { completionCommands } from './commands/completion/completion-command.ts';
import { capabilitiesCommand } from './commands/connector/capabilities-command.ts';
import { configCommand } from './commands/connector/config-command.ts';
import { connectorCommand } from './commands/connector/connector-command.ts';
import { healthCheckCommand } from './commands/connector/health-check-command.ts';
import { syncCommand } from './commands/connector/sync-command.ts';
import { exportCommand } from './commands/export/export-command.ts';
import { kubectlAsanaCommand } from './commands/kubectl-asana/kubectl-asana-command.ts';
import { migrateCommand } from './commands/migrate/migrate-command.ts';
import { operatorCommand } from './commands/operator/operator-command.ts';
import { planCommand } from './commands/plan/plan-command.ts';
import { releaseCommand } from './commands/release/release-command.ts';
import { reviewCommand } from './commands/review/review-command.ts';
import { CodedError, isAbort } from './core/errors.ts';
import { version } from './core/version.ts';

/** Defined only in the bundle (src/core/version.ts). */
declare const ASANA_CONNECTOR_VERSION: string | undefined;

/** Milliseconds after which a stopping process exits, whatever is in progress; a second signal ends it at once. */
const HARD_STOP_MS = 60_000;

/** The executable name that kubectl looks for as the plugin `asana`. */
const PLUGIN = 'kubectl-asana';

/** Signals this close count as one: one sent to the process group arrives directly and through npm's wrapper. */
const SAME_SIGNAL_MS = 1_000;

/**
 * Node tries the addresses of a host name in turn and abandons each for good after 250 ms, except the last. That is too
 * short if the first packet is lost, since it is sent again only after a second.
 */
const ADDRESS_ATTEMPT_MS = 2_500;

/** Makes the process exit after `HARD_STOP_MS` even if something hangs. The timer does not keep it alive. */
function endSoon(): void {
  setTimeout(() => process.exit(1), HARD_STOP_MS).unref();
}

/** Returns a signal that SIGTERM or SIGINT aborts: every command then drains and returns. A second signal exits. */
function stopOnSignals(): AbortSignal {
  const controller = new AbortController();
  let firstAt: number | null = null;
  const stop = (name: NodeJS.Signals) => {
    const now = performance.now();
    if (firstAt === null) {
      firstAt = now;
      controller.abort(new DOMException(`received ${name}`, 'AbortError'));
      endSoon();
    } else if (now - firstAt > SAME_SIGNAL_MS) {
      process.exit(128 + (name === 'SIGINT' ? 2 : 15));
    }
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  return controller.signal;
}

/**
 * Ends the process when the reader of standard output is gone, as in `export | head`, or a disk is full. A command that
 * has work to finish, whatever becomes of its output, listens for the error itself.
 */
function endWithoutOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (process.stdout.listenerCount('error') > 1) return;
    // A shell shows 128 + SIGPIPE (13) for a program that a closed pipe ended.
    if (error.code === 'EPIPE') process.exit(128 + 13);
    console.error(`standard output: ${error.message}`);
    process.exit(1);
  });
}

/**
 * Returns the simulators, which are for developers. In the bundle the list is empty and the import is dropped: the
 * bundler can evaluate the condition because it is in this file.
 */
async function commandsFromSource(signal: AbortSignal): Promise<readonly Command[]> {
  return typeof ASANA_CONNECTOR_VERSION === 'string'
    ? []
    : [(await import('./commands/sandbox/sandbox-command.ts')).sandboxCommand(signal)];
}

/** Builds the command tree of `asana-connector`; the kubectl plugin has its own. */
async function asanaConnector(signal: AbortSignal): Promise<Command> {
  const program = new Command('asana-connector').description(
    "Run ConductorOne's Asana connector on Kubernetes, and turn declared license grants into access in Asana.",
  );
  const connector = connectorCommand(signal);
  const groups: Readonly<Record<string, readonly Command[]>> = {
    'Kubernetes operator:': [operatorCommand(signal, endSoon), releaseCommand(signal), kubectlAsanaCommand()],
    'Grants in Git and access reviews:': [planCommand(signal), exportCommand(signal), reviewCommand(signal)],
    'Connector without Kubernetes:': [
      connector,
      syncCommand(signal),
      capabilitiesCommand(),
      configCommand(),
      healthCheckCommand(signal),
      migrateCommand(),
    ],
    'Other commands:': await commandsFromSource(signal),
  };
  for (const [heading, commands] of Object.entries(groups)) {
    for (const command of commands) program.addCommand(command.helpGroup(heading));
  }
  program.commandsGroup('Other commands:');
  const [completion, completeWords] = completionCommands(program);
  program.addCommand(completion).addCommand(completeWords, { hidden: true });
  addExamples(
    program,
    ['Run the operator against the current kubeconfig', 'asana-connector operator'],
    ['See what applying a folder of grants would change', 'asana-connector plan -f grants/'],
    ['Run the connector with the variables of baton-asana', 'BATON_TOKEN=… asana-connector'],
  );
  program.addHelpText('after', () => `Without a command:\n\n${connector.helpInformation()}`);
  return program;
}

/** Adds the `connector` command to flags alone: the image replaces that of baton-asana, whose Deployment names none. */
function namingConnector(words: readonly string[]): readonly string[] {
  const [first = '', ...others] = words;
  const isForProgram = others.length === 0 && /^(-h|--help|-v|--version)$/.test(first);
  return isForProgram || /^[^-]/.test(first) ? words : ['connector', ...words];
}

/** Makes every command in the tree throw its failures, and gives help and failures the wording of this program. */
function wordHelp(command: Command): Command {
  command
    .exitOverride()
    .addHelpOption(new Option('-h, --help', 'Show this help.').helpGroup('Options:'))
    .showHelpAfterError('Run the command with --help to see its flags and their variables.');
  if (command.commands.length > 0) command.helpCommand('help [command]', 'Show the help of a command');
  command.commands.forEach(wordHelp);
  return command;
}

async function main(): Promise<number> {
  const isPlugin = basename(process.argv[1] ?? '').startsWith(PLUGIN);
  const given = process.argv.slice(2);
  const program = isPlugin ? kubectlAsanaCommand() : await asanaConnector(stopOnSignals());
  const words = isPlugin ? given : namingConnector(given);
  wordHelp(program)
    .version(version, '-v, --version', 'Show the version.')
    .configureOutput({ outputError: (text, write) => write(withoutUnknownWord(text)) });
  try {
    await program.parseAsync(wordsToParse(program, words), { from: 'user' });
    return 0;
  } catch (error) {
    return reportFailure(error);
  }
}

/** Prints a failure and returns its exit code; commander has already printed its own. */
function reportFailure(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode;
  if (error instanceof ExitError) {
    // Without a cause, the command has already reported everything.
    if (error.cause !== null) reportFailure(error.cause);
    return error.exitCode;
  }
  if (isAbort(error)) {
    console.error('The command was interrupted.');
    return 1;
  }
  if (error instanceof CodedError) {
    console.error(`${error.code}: ${error.message}`);
    return 1;
  }
  console.error(error);
  return 1;
}

endWithoutOutput();
setDefaultAutoSelectFamilyAttemptTimeout(ADDRESS_ATTEMPT_MS);
process.exitCode = await main();
