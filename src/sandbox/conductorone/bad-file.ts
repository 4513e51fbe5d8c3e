import { CodedError } from '../../core/errors.ts';

/** An uploaded file that is not what a c1z must be; the message says where and how. */
export class BadFileError extends CodedError {
  constructor(what: string, problem: string, cause?: unknown) {
    super('BadFile', 'stalling', `${what}: ${problem}`, cause === undefined ? {} : { cause });
  }
}
