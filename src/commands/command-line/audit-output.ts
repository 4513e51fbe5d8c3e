import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { Meter } from '../../core/meter.ts';
import type { AuditSink } from '../../provisioning/audit.ts';
import { AuditFile } from '../../telemetry/audit-file.ts';

/** Where audit lines go. */
export interface AuditOutput {
  readonly sink: AuditSink;
  close(): void;
}

export interface AuditOutputDeps {
  readonly stdout: NodeJS.WritableStream;
  readonly log: Logger;
  readonly meter: Meter;
  readonly clock: Clock;
}

/**
 * Opens the audit output: standard output, and a file if `path` names one.
 * @throws InvalidInputError if the file cannot be written
 */
export function openAuditOutput(
  path: string | undefined,
  { stdout, log, meter, clock }: AuditOutputDeps,
): AuditOutput {
  const file = path ? AuditFile.open({ flag: '--audit-log-path', path, log, meter, clock }) : null;
  // A closed pipe, or a full disk behind the stream, must not end the process between a change and its report.
  const onError = (error: Error) =>
    log.error('audit lines could not be written to standard output', { error });
  stdout.on('error', onError);
  return {
    sink: (line) => {
      stdout.write(`${line}\n`);
      file?.write(line);
    },
    close: () => {
      file?.close();
      stdout.off('error', onError);
    },
  };
}
