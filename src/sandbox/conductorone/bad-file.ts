import { CodedError } from '../../core/errors.ts';

/** An uploaded file that is not a valid c1z. The message names the place and the problem. */
export class BadFileError extends CodedError {
  constructor(what: string, problem: string, cause?: unknown) {
    super('BadFile', 'stalling', `${what}: ${problem}`, cause === undefined ? {} : { cause });
  }
}
