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

/** The system calls that an audit file needs; tests replace them to simulate a full disk. */
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

/** A line that is not completely written yet, including its line break. */
interface Pending {
  readonly bytes: Buffer;
  /** Bytes already in the file: a disk that fills up may take only the beginning of a line. */
  written: number;
}

/** Lines kept while the file is not writable: some megabytes, and hours of changes. */
const MOST_PENDING = 10_000;
/** Milliseconds until writing is retried. */
const RETRY_MS = 5_000;
const LINE_FEED = 0x0a;

const systemCalls: FileCalls = { write: (fd, bytes) => writeSync(fd, bytes) };

/**
 * A file that lines are appended to, with one system call per line: a process that is killed leaves at most one torn
 * line, which the next process terminates before it writes its own. If the file was renamed or removed, as logrotate
 * does, the next line creates a new one at the path. While the file is not writable, lines wait in memory; this is
 * logged and counted, and does not stop anything else.
 */
export class AuditFile {
  readonly #options: AuditFileOptions;
  readonly #calls: FileCalls;
  readonly #failures: Counter;
  readonly #pending: Pending[] = [];
  #fd: number | null = null;
  /** True if the last line of the file has no line break. */
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
   * Opens the file; creates it with mode 0600 if it does not exist.
   * @throws InvalidInputError if the path is not writable or not a regular file, or if the disk is full
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

  /** Tries once more to write the waiting lines, then closes the file. Logs how many lines are lost, if any. */
  close(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    if (this.#pending.length > 0 && !this.#flush()) this.#tellLost(this.#pending.length);
    this.#pending.length = 0;
    this.#closeFile();
  }

  /** Writes the waiting lines in order; returns false if some still wait. */
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

  /** Reopens the path. A partly written line restarts, so that a new file begins whole; an old one may end torn. */
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
      // Network file systems report failed writes only here.
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
    // The first line may be partly written, so the second is dropped: only complete lines are lost.
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

/** Opens a regular file for appending, and checks whether its last line is torn. */
function openFile(path: string): { readonly fd: number; readonly torn: boolean } {
  const { O_APPEND, O_CREAT, O_RDWR, O_NONBLOCK } = constants;
  // O_NONBLOCK: opening a named pipe must not block the operator until another process reads from it.
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

/** Whether the path still refers to the open file; false after the file was renamed or removed. */
function isAt(path: string, open: Stats): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  return there !== undefined && there.ino === open.ino && there.dev === open.dev;
}

function checkRoom(path: string): void {
  const { bavail } = statfsSync(path);
  if (bavail === 0) throw new Error('its disk is full');
}
