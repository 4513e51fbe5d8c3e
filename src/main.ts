#!/usr/bin/env node
import { basename } from 'node:path';
import { Command, CommanderError } from 'commander';
import { ExitError } from './commands/command-line/exit-code.ts';
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
import { sandboxCommand } from './commands/sandbox/sandbox-command.ts';
import { CodedError } from './core/errors.ts';
import { version } from './core/version.ts';

/** After a second signal, or this long after the first, the process ends whatever is still under way. */
const HARD_STOP_MS = 60_000;

/** The name under which kubectl looks for the plugin `asana`. */
const PLUGIN = 'kubectl-asana';

/** A process group's kill reaches us once by itself and once through npm's wrapper: that is one signal, not two. */
const SAME_SIGNAL_MS = 1_000;

/** Aborted by SIGTERM or SIGINT: every command drains and returns; a later second signal does not wait for it. */
function stopOnSignals(): AbortSignal {
  const controller = new AbortController();
  let firstAt: number | null = null;
  const stop = (name: NodeJS.Signals) => {
    const now = performance.now();
    if (firstAt === null) {
      firstAt = now;
      controller.abort(new DOMException(`received ${name}`, 'AbortError'));
      setTimeout(() => process.exit(1), HARD_STOP_MS).unref();
    } else if (now - firstAt > SAME_SIGNAL_MS) {
      process.exit(128 + (name === 'SIGINT' ? 2 : 15));
    }
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  return controller.signal;
}

/** The program under its own name. */
function asanaConnectorProgram(signal: AbortSignal): Command {
  const program = new Command('asana-connector').description(
    "Runs ConductorOne's Asana connector on Kubernetes and turns declared license grants into access in Asana.",
  );
  const connector = connectorCommand(signal);
  const commands = [
    operatorCommand(signal),
    connector,
    syncCommand(signal),
    capabilitiesCommand(),
    configCommand(),
    healthCheckCommand(signal),
    planCommand(signal),
    exportCommand(signal),
    migrateCommand(),
    releaseCommand(signal),
    kubectlAsanaCommand(),
    reviewCommand(signal),
    sandboxCommand(signal),
  ];
  for (const command of commands) {
    // The image runs in the place of baton-asana's, whose Deployment gives no arguments.
    program.addCommand(command, { isDefault: command === connector });
  }
  return program.addHelpText('after', () => `\nWithout a sub-command:\n\n${connector.helpInformation()}`);
}

/** Failures are thrown, wherever in the tree of commands, and say where to find the flags. */
function throwFailures(command: Command): Command {
  command.exitOverride().showHelpAfterError('(add --help for the flags and their variables)');
  command.commands.forEach(throwFailures);
  return command;
}

async function main(): Promise<number> {
  // kubectl runs the program that is called kubectl-asana as its plugin.
  const called = basename(process.argv[1] ?? '');
  const program = called.startsWith(PLUGIN) ? kubectlAsanaCommand() : asanaConnectorProgram(stopOnSignals());
  throwFailures(program.version(version));
  try {
    await program.parseAsync(process.argv);
    return 0;
  } catch (error) {
    return reportFailure(error);
  }
}

/** Exit code of a failure; commander has already printed its own. */
function reportFailure(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode;
  if (error instanceof ExitError) {
    // The command has said it all where there is no cause.
    if (error.cause !== null) reportFailure(error.cause);
    return error.exitCode;
  }
  if (error instanceof CodedError) {
    console.error(`${error.code}: ${error.message}`);
    return 1;
  }
  console.error(error);
  return 1;
}

process.exitCode = await main();
