import { CodedError, type CodedErrorOptions, type ErrorClass } from '../../core/errors.ts';

/**
 * Reasons why a c1z file could not be written or read.
 * - `TempFolderFull`, `TempFolderUnusable`: the folder for temporary files; a person must free space or name another.
 * - `FileUnusable`: the file that the user named, or its folder.
 * - `SnapshotIncomplete`: a part of the directory is incomplete; ConductorOne would remove what the file lacks.
 * - `C1zFailed`: any other failure while writing; retried.
 */
export type C1zCode =
  | 'TempFolderFull'
  | 'TempFolderUnusable'
  | 'FileUnusable'
  | 'SnapshotIncomplete'
  | 'C1zFailed';

const CLASSES: Readonly<Record<C1zCode, ErrorClass>> = {
  TempFolderFull: 'transient',
  TempFolderUnusable: 'stalling',
  FileUnusable: 'stalling',
  SnapshotIncomplete: 'transient',
  C1zFailed: 'transient',
};

export class C1zError extends CodedError {
  declare readonly code: C1zCode;

  constructor(code: C1zCode, message: string, options: CodedErrorOptions = {}) {
    super(code, CLASSES[code], message, options);
  }
}

/** An error of the file system or SQLite, reduced to the three cases that matter here. */
export type StorageFault = 'full' | 'unusable' | 'other';

const FAULTS: Readonly<Record<string, StorageFault>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EROFS: 'unusable',
  EACCES: 'unusable',
  EPERM: 'unusable',
  ENOENT: 'unusable',
  ENOTDIR: 'unusable',
  EISDIR: 'unusable',
};

/**
 * SQLite's result codes (sqlite.org/rescode.html): READONLY 8, FULL 13, CANTOPEN 14; IOERR_WRITE 778 means a quota or a
 * limit on file sizes.
 */
const SQLITE_FAULTS: Readonly<Record<number, StorageFault>> = {
  8: 'unusable',
  13: 'full',
  14: 'unusable',
  778: 'full',
};

/** Returns the fault behind an error of node:fs or node:sqlite. */
export function storageFault(error: unknown): StorageFault {
  if (!(error instanceof Error)) return 'other';
  const { code, errcode } = error as Error & { readonly code?: unknown; readonly errcode?: unknown };
  if (typeof errcode === 'number') return SQLITE_FAULTS[errcode] ?? SQLITE_FAULTS[errcode & 0xff] ?? 'other';
  return typeof code === 'string' ? (FAULTS[code] ?? 'other') : 'other';
}

/** Returns the error for a fault of the temporary folder; `C1zFailed` for any other fault. */
export function tempFolderError(folder: string, fault: StorageFault, cause: unknown): C1zError {
  const elsewhere = 'or specify another folder with --c1z-temp-dir (BATON_TMPDIR)';
  if (fault === 'full') {
    return new C1zError(
      'TempFolderFull',
      `The folder for temporary files, ${folder}, is full: free some space, ${elsewhere}.`,
      { cause },
    );
  }
  if (fault === 'unusable') {
    return new C1zError(
      'TempFolderUnusable',
      `The folder for temporary files, ${folder}, is not writable: mount a writable volume there, ${elsewhere}.`,
      { cause },
    );
  }
  return new C1zError('C1zFailed', 'The c1z file could not be written. The next sync tries again.', {
    cause,
  });
}

/** Returns the error for a fault of a file that the user named; `C1zFailed` for any other fault. */
export function fileError(path: string, fault: StorageFault, cause: unknown): C1zError {
  if (fault === 'other') return new C1zError('C1zFailed', `${path} could not be read or written.`, { cause });
  const why =
    fault === 'full'
      ? 'its file system is full: free some space'
      : 'it cannot be read or written: correct the path or its permissions';
  return new C1zError('FileUnusable', `${path}: ${why}, or specify another file with --file.`, { cause });
}

/** Returns the error for a c1z that cannot be read. */
export function damagedFile(path: string, cause?: unknown): C1zError {
  return new C1zError(
    'FileUnusable',
    `${path} is not a c1z file, or it is damaged. Specify another file with --file.`,
    {
      cause,
    },
  );
}

/** Whether SQLite reports that a file is damaged or not a database: CORRUPT 11, NOTADB 26. */
export function isDamage(error: unknown): boolean {
  const errcode = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof errcode === 'number' && [11, 26].includes(errcode & 0xff);
}
