import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { InvalidInputError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { createLogger } from '../../telemetry/log.ts';
import { nameOf } from '../baton-settings/setting-rules.ts';
import type { Settings } from '../baton-settings/settings-table.ts';

export interface ConnectorLog extends Logger {
  /** Writes out what is buffered. */
  close(): Promise<void>;
}

/**
 * The log that the settings ask for: on standard error, or added to a file.
 * @throws InvalidInputError for a file that cannot be written
 */
export async function openLog({
  logLevel,
  logFormat,
  logPath,
}: Pick<Settings, 'logLevel' | 'logFormat' | 'logPath'>): Promise<ConnectorLog> {
  const format = logFormat ?? (process.stderr.isTTY ? 'console' : 'json');
  if (logPath === null) return closing(createLogger({ level: logLevel, format }), () => Promise.resolve());
  const stream = createWriteStream(logPath, { flags: 'a' });
  try {
    await once(stream, 'open');
  } catch (cause) {
    throw new InvalidInputError(
      nameOf('logPath'),
      `cannot write ${logPath}: correct the path or its permissions`,
      { cause },
    );
  }
  // A disk that is full later must not end the connector; nobody could read about it in that file.
  stream.on('error', () => {});
  return closing(createLogger({ level: logLevel, format: logFormat ?? 'json', stream }), async () => {
    stream.end();
    if (!stream.errored) await once(stream, 'close');
  });
}

function closing(log: Logger, close: () => Promise<void>): ConnectorLog {
  return { ...log, close };
}
