import { Buffer } from 'node:buffer';
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  type Stats,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import type { Clock } from '../core/clock.ts';
import { codeOf, InvalidInputError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Counter, Meter } from '../core/meter.ts';

/** The calls of the system that an audit file needs; a test gives others to fill a disk. */
export interface FileCalls {
  write(fd: number, bytes: Buffer): number;
}

export interface AuditFileOptions {
  /** The flag or variable that named the path, for error messages. */
  readonly flag: string;
  readonly path: string;
  readonly log: Logger;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly calls?: FileCalls;
}

/** A line on its way to the file, its line break included. */
interface Pending {
  readonly bytes: Buffer;
  /** How much of it is in the file already: a disk that fills up takes the beginning of a line. */
  written: number;
}

/** Lines that are kept while the file cannot be written: some megabytes, and hours of changes. */
const MOST_PENDING = 10_000;
/** How often a file that could not be written is tried again. */
const RETRY_MS = 5_000;
const LINE_FEED = 0x0a;

const systemCalls: FileCalls = { write: (fd, bytes) => writeSync(fd, bytes) };

/**
 * A file that lines are appended to, one call of the system a line: a process that is killed in the middle of one tears the
 * last line at most, and the next process ends that before it writes its own. When the file is renamed or removed, as logrotate does, a new one is made at the path with the next line. While it cannot be
 * written, lines wait in memory: that is logged and counted, and nothing else stops.
 */
export class AuditFile {
  readonly #options: AuditFileOptions;
  readonly #calls: FileCalls;
  readonly #failures: Counter;
  readonly #pending: Pending[] = [];
  #fd: number | null = null;
  /** The last line of the file has no line break yet. */
  #torn = false;
  #failing = false;
  #cancelRetry: (() => void) | null = null;

  private constructor(options: AuditFileOptions) {
    this.#options = options;
    this.#calls = options.calls ?? systemCalls;
    this.#failures = options.meter.counter(
      'audit_failures_total',
      'Audit lines that could not be written to the audit file at once. Delayed lines are retried; Lost lines are on standard output only.',
      ['outcome'],
    );
    for (const outcome of ['Delayed', 'Lost']) this.#failures.add(0, { outcome });
  }

  /**
   * Opens the file, and makes it (mode 0600) where there is none.
   * @throws InvalidInputError for a path that cannot be written, that is no regular file, or on a disk that is full
   */
  static open(options: AuditFileOptions): AuditFile {
    const { flag, path } = options;
    const file = new AuditFile(options);
    try {
      file.#reopen();
      checkRoom(path);
    } catch (cause) {
      file.close();
      const why = cause instanceof Error ? cause.message : String(cause);
      const remedy = 'specify a file in a folder that exists and is writable for this user';
      throw new InvalidInputError(flag, `the audit file ${path} cannot be written (${why}): ${remedy}`, {
        cause,
      });
    }
    return file;
  }

  /** Appends a line; never throws. */
  write(line: string): void {
    this.#pending.push({ bytes: Buffer.from(`${line}\n`), written: 0 });
    if (!this.#flush()) {
      this.#failures.add(1, { outcome: 'Delayed' });
      this.#dropOldest();
      this.#retryLater();
    }
  }

  /** Tries once more to write what waits, and closes the file; what still waits is lost for it, and that is logged. */
  close(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    if (this.#pending.length > 0 && !this.#flush()) this.#tellLost(this.#pending.length);
    this.#pending.length = 0;
    this.#closeFile();
  }

  /** Writes what waits, in order; false when something still waits. */
  #flush(): boolean {
    try {
      if (this.#fd === null || !isAt(this.#options.path, fstatSync(this.#fd))) this.#reopen();
      for (let next = this.#pending[0]; next; next = this.#pending[0]) {
        this.#append(next);
        this.#pending.shift();
      }
    } catch (error) {
      this.#tellFailing(error);
      return false;
    }
    if (this.#failing)
      this.#options.log.info('the audit file is writable again', { path: this.#options.path });
    this.#failing = false;
    return true;
  }

  #append(pending: Pending): void {
    const fd = this.#fd;
    if (fd === null) throw new TypeError('the audit file is not open');
    if (this.#torn && pending.written === 0) this.#calls.write(fd, Buffer.from([LINE_FEED]));
    this.#torn = false;
    const rest = pending.bytes.subarray(pending.written);
    pending.written += this.#calls.write(fd, rest);
    if (pending.written === pending.bytes.length) return;
    throw Object.assign(new Error('only a part of the line could be written'), { code: 'ENOSPC' });
  }

  /** A new file at the path begins with a whole line; in one that was there a line may lack its end. */
  #reopen(): void {
    this.#closeFile();
    const { fd, torn } = openFile(this.#options.path);
    this.#fd = fd;
    this.#torn = torn;
    const [first] = this.#pending;
    if (first) first.written = 0;
  }

  #closeFile(): void {
    const fd = this.#fd;
    this.#fd = null;
    if (fd === null) return;
    try {
      closeSync(fd);
    } catch (error) {
      // What a network file system had not written yet is told only now.
      this.#options.log.error('the audit file could not be closed', { path: this.#options.path, error });
    }
  }

  #tellFailing(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    const { log, path } = this.#options;
    log.error('the audit file is not writable: its lines are retried, and are on standard output', {
      path,
      error,
      remedy:
        codeOf(error) === 'ENOSPC'
          ? 'free space on its disk'
          : 'restore the folder and the permissions of the path',
    });
  }

  #dropOldest(): void {
    // The first may be in the file in part: what is lost is whole lines.
    if (this.#pending.length > MOST_PENDING) this.#tellLost(this.#pending.splice(1, 1).length);
  }

  #tellLost(lines: number): void {
    this.#failures.add(lines, { outcome: 'Lost' });
    this.#options.log.error('audit lines are missing from the audit file: they are on standard output only', {
      path: this.#options.path,
      lines,
    });
  }

  #retryLater(): void {
    this.#cancelRetry ??= this.#options.clock.schedule(RETRY_MS, () => {
      this.#cancelRetry = null;
      if (!this.#flush()) this.#retryLater();
    });
  }
}

/** Opens a regular file for appending, and looks whether its last line lacks its end. */
function openFile(path: string): { readonly fd: number; readonly torn: boolean } {
  const { O_APPEND, O_CREAT, O_RDWR, O_NONBLOCK } = constants;
  // A pipe must not hold up the operator until somebody reads it.
  const fd = openSync(path, O_APPEND | O_CREAT | O_RDWR | O_NONBLOCK, 0o600);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw new Error('it is not a regular file');
    const last = Buffer.alloc(1);
    const torn = stats.size > 0 && readSync(fd, last, 0, 1, stats.size - 1) === 1 && last[0] !== LINE_FEED;
    return { fd, torn };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Whether the path still names the open file: renamed or removed, it does not. */
function isAt(path: string, open: Stats): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  return there !== undefined && there.ino === open.ino && there.dev === open.dev;
}

function checkRoom(path: string): void {
  const { bavail } = statfsSync(path);
  if (bavail === 0) throw new Error('its disk is full');
}
