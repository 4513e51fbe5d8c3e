import { CodedError, type CodedErrorOptions } from '../../core/errors.ts';

/** Something is wrong in a manifest: names file, line, field and remedy. */
export class ManifestError extends CodedError {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** As the manifest writes it (`spec.user.email`); empty for the whole object. */
  readonly field: string;
  /** What is wrong with the field, without its place. */
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

/** Never more than this many errors are shown: nobody reads on. */
const MOST_SHOWN = 100;

/** All that is wrong in the manifests of one run, a line each. */
export class ManifestErrors extends CodedError {
  readonly errors: readonly ManifestError[];

  constructor(errors: readonly ManifestError[]) {
    const shown = errors.slice(0, MOST_SHOWN).map(({ message }) => message);
    const more = errors.length - shown.length;
    super('InvalidManifest', 'stalling', [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'));
    this.errors = errors;
  }
}
