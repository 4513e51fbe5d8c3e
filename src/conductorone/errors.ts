import { CodedError, type CodedErrorOptions, type ErrorClass } from '../core/errors.ts';

/**
 * What can go wrong between us and ConductorOne.
 * - `CredentialsRejected`: the client credentials are not taken; a person must put others there.
 * - `ClockSkew`: they are not taken, and this machine's clock is too far off for them to be.
 * - `HostNotAllowed`: the client ID names a host that the operator does not allow.
 * - `ConductorOneRefused`: the call itself was refused; repeating it changes nothing.
 * - `Disconnected`: no usable answer; it is tried again.
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
  /** The gRPC status code of the call, when it was a call that failed. */
  readonly grpcCode?: number | undefined;
}

/** A failure of the connection with ConductorOne. Messages never repeat what the server sent. */
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
    // The Go SDK's words.
    super('UnsupportedTask', 'stalling', 'unsupported task type');
  }
}
