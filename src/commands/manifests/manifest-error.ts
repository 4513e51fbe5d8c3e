import { CodedError, type CodedErrorOptions } from '../../core/errors.ts';

/** An error in a manifest. Its message names the file, line, field and remedy. */
export class ManifestError extends CodedError {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Path of the field in the manifest (`spec.user.email`); empty for the whole object. */
  readonly field: string;
  /** The message without the file, line and field. */
  readonly complaint: string;

  constructor(file: string, line: number, field: string, complaint: string, options: CodedErrorOptions = {}) {
    const place = `${file}:${line}`;
    super(
      'InvalidManifest',
      'stalling',
      `${place}: ${field === '' ? '' : `${field}: `}${complaint}`,
      options,
    );
    this.file = file;
    this.line = line;
    this.field = field;
    this.complaint = complaint;
  }
}

/** Maximum number of errors that are shown. */
const MOST_SHOWN = 100;

/** All errors in the manifests of one run, one per line. */
export class ManifestErrors extends CodedError {
  readonly errors: readonly ManifestError[];

  constructor(errors: readonly ManifestError[]) {
    const shown = errors.slice(0, MOST_SHOWN).map(({ message }) => message);
    const more = errors.length - shown.length;
    super('InvalidManifest', 'stalling', [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'));
    this.errors = errors;
  }
}
