import { Code, ConnectError } from '@connectrpc/connect';
import { codeOf } from '../core/errors.ts';
import { type ConductorOneCode, ConductorOneError } from './errors.ts';

/** Codes for which a retry is useless; baton-sdk gives up its first Hello on them (pkg/tasks/c1api/manager.go). */
const FINAL: ReadonlyMap<Code, ConductorOneCode> = new Map([
  [Code.Unauthenticated, 'CredentialsRejected'],
  [Code.PermissionDenied, 'CredentialsRejected'],
  [Code.InvalidArgument, 'ConductorOneRefused'],
  [Code.Unimplemented, 'ConductorOneRefused'],
  [Code.FailedPrecondition, 'ConductorOneRefused'],
  [Code.NotFound, 'ConductorOneRefused'],
]);

/** Calls about one task. Credentials that may ask for tasks may make these, so a refusal concerns the task. */
const ABOUT_A_TASK: ReadonlySet<string> = new Set(['Heartbeat', 'FinishTask', 'UploadAsset']);

const REMEDIES: Readonly<Record<'CredentialsRejected' | 'ConductorOneRefused' | 'Disconnected', string>> = {
  CredentialsRejected:
    'create a new client ID and secret on the page of the connector in ConductorOne, and replace both.',
  ConductorOneRefused:
    'check that the connector still exists in ConductorOne, and check for a newer release of this program.',
  Disconnected: 'the request is retried.',
};

/** Converts the error of a call: the message has operation, gRPC code and remedy, but none of the server's text. */
export function explainFailure(operation: string, host: string, error: unknown): ConductorOneError {
  const failure = ConnectError.from(error);
  // The token is requested inside the call; its own error is more specific.
  if (failure.cause instanceof ConductorOneError) return failure.cause;
  const aboutTask = ABOUT_A_TASK.has(operation) && failure.code !== Code.Unauthenticated;
  const general = FINAL.get(failure.code) ?? 'Disconnected';
  const code = aboutTask && general === 'CredentialsRejected' ? 'ConductorOneRefused' : general;
  const remedy =
    aboutTask && code === 'ConductorOneRefused'
      ? 'the task is no longer assigned to this process. ConductorOne assigns it again if it is still required.'
      : REMEDIES[code as keyof typeof REMEDIES];
  return new ConductorOneError(code, `${operation} at ${host} failed with ${Code[failure.code]}: ${remedy}`, {
    grpcCode: failure.code,
    cause: causeOf(failure),
  });
}

/** Returns the cause if it arose on this side (ECONNREFUSED, a bad certificate), never the server's text. */
function causeOf({ cause }: ConnectError): unknown {
  return codeOf(cause) === null ? undefined : cause;
}
