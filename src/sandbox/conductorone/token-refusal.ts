import { CodedError } from '../../core/errors.ts';

/** A refused token request: RFC 6749 §5.2. */
export class TokenRefusal extends CodedError {
  readonly status: number;
  readonly error: string;

  constructor(status: number, error: string, message: string) {
    super('TokenRefused', 'stalling', message);
    this.status = status;
    this.error = error;
  }
}
