#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { ExitError } from './commands/command-line/exit-code.ts';
import { capabilitiesCommand } from './commands/connector/capabilities-command.ts';
import { configCommand } from './commands/connector/config-command.ts';
import { connectorCommand } from './commands/connector/connector-command.ts';
import { healthCheckCommand } from './commands/connector/health-check-command.ts';
import { syncCommand } from './commands/connector/sync-command.ts';
import { migrateCommand } from './commands/migrate/migrate-command.ts';
import { operatorCommand } from './commands/operator/operator-command.ts';
import { reviewCommand } from './commands/review/review-command.ts';
import { sandboxCommand } from './commands/sandbox/sandbox-command.ts';
import { CodedError } from './core/errors.ts';
import { version } from './core/version.ts';

/** After a second signal, or this long after the first, the process ends whatever is still under way. */
const HARD_STOP_MS = 60_000;

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

async function main(): Promise<number> {
  const signal = stopOnSignals();
  const program = new Command('asana-connector')
    .description(
      "Runs ConductorOne's Asana connector on Kubernetes and turns declared license grants into access in Asana.",
    )
    .version(version)
    .exitOverride()
    .showHelpAfterError('(add --help for the flags and their variables)');
  const connector = connectorCommand(signal);
  const commands = [
    operatorCommand(signal),
    connector,
    syncCommand(signal),
    capabilitiesCommand(),
    configCommand(),
    healthCheckCommand(signal),
    migrateCommand(),
    reviewCommand(signal),
    sandboxCommand(signal),
  ];
  for (const command of commands) {
    program.addCommand(
      command.exitOverride().showHelpAfterError('(add --help for the flags and their variables)'),
      // The image runs in the place of baton-asana's, whose Deployment gives no arguments.
      { isDefault: command === connector },
    );
  }
  program.addHelpText('after', () => `\nWithout a sub-command:\n\n${connector.helpInformation()}`);
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
    reportFailure(error.cause);
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
