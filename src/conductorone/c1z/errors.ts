import { CodedError, type CodedErrorOptions, type ErrorClass } from '../../core/errors.ts';

/**
 * Why a c1z file could not be made or read.
 * - `TempFolderFull`, `TempFolderUnusable`: the folder for temporary files; a person makes room or names another.
 * - `FileUnusable`: the file named by the user, or its folder.
 * - `SnapshotIncomplete`: a part of the directory was not read to its end; a shorter file would remove what lacks.
 * - `C1zFailed`: anything else while writing; it is tried again.
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

/** What the file system or SQLite said, in the only three words that matter here. */
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
 * SQLite's result codes (sqlite.org/rescode.html): READONLY 8, FULL 13, CANTOPEN 14; IOERR_WRITE 778 is a quota or
 * a limit on the size of files.
 */
const SQLITE_FAULTS: Readonly<Record<number, StorageFault>> = {
  8: 'unusable',
  13: 'full',
  14: 'unusable',
  778: 'full',
};

/** Reads the fault out of an error of node:fs or node:sqlite. */
export function storageFault(error: unknown): StorageFault {
  if (!(error instanceof Error)) return 'other';
  const { code, errcode } = error as Error & { readonly code?: unknown; readonly errcode?: unknown };
  if (typeof errcode === 'number') return SQLITE_FAULTS[errcode] ?? SQLITE_FAULTS[errcode & 0xff] ?? 'other';
  return typeof code === 'string' ? (FAULTS[code] ?? 'other') : 'other';
}

/** The error of a temporary folder that let us down, or `C1zFailed`. */
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

/** The error of a file that the user named, or `C1zFailed`. */
export function fileError(path: string, fault: StorageFault, cause: unknown): C1zError {
  if (fault === 'other') return new C1zError('C1zFailed', `${path} could not be written.`, { cause });
  const why =
    fault === 'full'
      ? 'its file system is full: free some space'
      : 'it cannot be read or written: correct the path or its permissions';
  return new C1zError('FileUnusable', `${path}: ${why}, or specify another file with --file.`, { cause });
}

/** A c1z that cannot be read. */
export function damagedFile(path: string, cause?: unknown): C1zError {
  return new C1zError(
    'FileUnusable',
    `${path} is not a c1z file, or it is damaged. Specify another file with --file.`,
    {
      cause,
    },
  );
}

/** True for what SQLite says of a file that is no database: CORRUPT 11, NOTADB 26. */
export function isDamage(error: unknown): boolean {
  const errcode = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof errcode === 'number' && [11, 26].includes(errcode & 0xff);
}
