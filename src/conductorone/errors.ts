import { CodedError, type CodedErrorOptions, type ErrorClass } from '../core/errors.ts';

/**
 * Failures of the connection to ConductorOne.
 * - `CredentialsRejected`: the client credentials are rejected; a person must replace them.
 * - `ClockSkew`: they are rejected, and this machine's clock is too far off for them to be accepted.
 * - `HostNotAllowed`: the client ID names a host that is not in the list of allowed hosts.
 * - `ConductorOneRefused`: the call itself was refused; repeating it changes nothing.
 * - `Disconnected`: no usable answer; retried.
 */
export type ConductorOneCode =
  | 'CredentialsRejected'
  | 'ClockSkew'
  | 'HostNotAllowed'
  | 'ConductorOneRefused'
  | 'Disconnected';

const CLASSES: Readonly<Record<ConductorOneCode, ErrorClass>> = {
  CredentialsRejected: 'stalling',
  ClockSkew: 'waiting',
  HostNotAllowed: 'stalling',
  ConductorOneRefused: 'stalling',
  Disconnected: 'transient',
};

export interface ConductorOneErrorOptions extends CodedErrorOptions {
  /** The gRPC status code, if a call failed. */
  readonly grpcCode?: number | undefined;
}

/** A failure of the connection to ConductorOne. Messages never repeat text that the server sent. */
export class ConductorOneError extends CodedError {
  declare readonly code: ConductorOneCode;
  readonly grpcCode: number | undefined;

  constructor(code: ConductorOneCode, message: string, options: ConductorOneErrorOptions = {}) {
    super(code, CLASSES[code], message, options);
    this.grpcCode = options.grpcCode;
  }
}

/** A task of a type that this connector does not carry out. */
export class UnsupportedTaskError extends CodedError {
  declare readonly code: 'UnsupportedTask';

  constructor() {
    // The same text as in the Go SDK.
    super('UnsupportedTask', 'stalling', 'unsupported task type');
  }
}
