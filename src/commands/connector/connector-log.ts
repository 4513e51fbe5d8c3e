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
  /** Writes out what is buffered. */
  close(): Promise<void>;
}

type LogSettings = Pick<Settings, 'logLevel' | 'logLevelDebugExpiresAt' | 'logFormat' | 'logPath'>;

/**
 * The log that the settings ask for: on standard error, on standard output, added to files, or several of these.
 * @throws InvalidInputError for a file that cannot be written
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

/** Every line to several places, with the settings called what their user calls them. */
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
  // A disk that is full later must not end the connector; nobody could read about it in that file.
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
