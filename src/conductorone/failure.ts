import { Code, ConnectError } from '@connectrpc/connect';
import { codeOf } from '../core/errors.ts';
import { type ConductorOneCode, ConductorOneError } from './errors.ts';

/** Codes that no repetition mends; baton-sdk gives up its first Hello at these (pkg/tasks/c1api/manager.go). */
const FINAL: ReadonlyMap<Code, ConductorOneCode> = new Map([
  [Code.Unauthenticated, 'CredentialsRejected'],
  [Code.PermissionDenied, 'CredentialsRejected'],
  [Code.InvalidArgument, 'ConductorOneRefused'],
  [Code.Unimplemented, 'ConductorOneRefused'],
  [Code.FailedPrecondition, 'ConductorOneRefused'],
  [Code.NotFound, 'ConductorOneRefused'],
]);

/** Calls about one task. Whoever may ask for tasks may make them; a refusal is about the task. */
const ABOUT_A_TASK: ReadonlySet<string> = new Set(['Heartbeat', 'FinishTask', 'UploadAsset']);

const REMEDIES: Readonly<Record<'CredentialsRejected' | 'ConductorOneRefused' | 'Disconnected', string>> = {
  CredentialsRejected:
    'create a new client ID and secret on the page of the connector in ConductorOne, and replace both.',
  ConductorOneRefused:
    'check that the connector still exists in ConductorOne, and check for a newer release of this program.',
  Disconnected: 'the request is retried.',
};

/** A failed call in our terms: the operation, the gRPC code and the remedy; nothing of what the server wrote. */
export function explainFailure(operation: string, host: string, error: unknown): ConductorOneError {
  const failure = ConnectError.from(error);
  // The token is asked for inside the call; its own error says more.
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

/** What this side of the connection knows (ECONNREFUSED, a bad certificate); never what the server sent. */
function causeOf({ cause }: ConnectError): unknown {
  return codeOf(cause) === null ? undefined : cause;
}
