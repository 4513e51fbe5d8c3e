import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { Writable } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { InvalidInputError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { createLogger } from '../../telemetry/log.ts';
import { nameOf } from '../baton-settings/setting-rules.ts';
import { inSettingWords } from '../baton-settings/setting-words.ts';
import type { Settings } from '../baton-settings/settings-table.ts';

export interface ConnectorLog extends Logger {
  /** Flushes buffered lines, and closes the files. */
  close(): Promise<void>;
}

type LogSettings = Pick<Settings, 'logLevel' | 'logLevelDebugExpiresAt' | 'logFormat' | 'logPath'>;

/**
 * Opens the log that the settings describe: standard error, standard output, files to append to, or several of these.
 * @throws InvalidInputError if a file cannot be written
 */
export async function openLog(settings: LogSettings, clock: Clock): Promise<ConnectorLog> {
  const { logLevel: level, logLevelDebugExpiresAt: expiresAt } = settings;
  const paths = settings.logPath.length === 0 ? ['stderr'] : [...new Set(settings.logPath)];
  const files = await Promise.all(paths.filter((path) => !STANDARD.has(path)).map(openFile));
  const standard = paths.flatMap((path) => STANDARD.get(path) ?? []);
  const isTerminal = files.length === 0 && standard.every(({ isTTY }) => isTTY);
  const format = settings.logFormat ?? (isTerminal ? 'console' : 'json');
  const stream = Object.assign(new LogLines([...standard, ...files]), { isTTY: isTerminal });
  const log = createLogger({ level, format, stream });
  const shown = expiresAt === null ? log : withoutDebug(log, () => clock.now() >= expiresAt);
  return { ...shown, close: () => closeAll(files) };
}

const STANDARD: ReadonlyMap<string, NodeJS.WriteStream> = new Map<string, NodeJS.WriteStream>([
  ['stdout', process.stdout],
  ['stderr', process.stderr],
]);

/** Writes each line to several places, and names fields of the AsanaConnector by the settings that they come from. */
class LogLines extends Writable {
  readonly #places: readonly NodeJS.WritableStream[];

  constructor(places: readonly NodeJS.WritableStream[]) {
    super({ decodeStrings: false });
    this.#places = places;
  }

  override _write(line: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    for (const place of this.#places) place.write(inSettingWords(line.toString()));
    done();
  }
}

async function openFile(path: string): Promise<WriteStream> {
  const stream = createWriteStream(path, { flags: 'a' });
  try {
    await once(stream, 'open');
  } catch (cause) {
    throw new InvalidInputError(
      nameOf('logPath'),
      `cannot write ${path}: correct the path or its permissions`,
      { cause },
    );
  }
  // A disk that becomes full must not end the connector. The error could not be logged in this file anyway.
  stream.on('error', () => {});
  return stream;
}

async function closeAll(files: readonly WriteStream[]): Promise<void> {
  for (const file of files) {
    file.end();
    if (!file.errored) await once(file, 'close');
  }
}

function withoutDebug(log: Logger, isOver: () => boolean): Logger {
  return {
    ...log,
    debug: (message, fields) => {
      if (!isOver()) log.debug(message, fields);
    },
    child: (fields) => withoutDebug(log.child(fields), isOver),
  };
}
