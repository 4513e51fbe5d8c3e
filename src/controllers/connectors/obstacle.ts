import { type ConnectorReason, connectorReasons } from '../../api/reasons.ts';
import { type CodedError, InvalidInputError } from '../../core/errors.ts';

/** Something that keeps a connector, or its service mode, from working as it should. */
export interface Obstacle {
  readonly reason: ConnectorReason;
  readonly message: string;
}

const CREDENTIAL_REASONS: ReadonlySet<ConnectorReason> = new Set([
  'SecretNotFound',
  'SecretKeyMissing',
  'CredentialsRejected',
  'PermissionDenied',
  'PlanRefused',
]);

/** It is the credentials that a person must change, or what they are allowed. */
export function isOfCredentials({ reason }: Obstacle): boolean {
  return CREDENTIAL_REASONS.has(reason);
}

/** An error's code as a reason of ours; what has no reason of its own counts as Asana being unavailable. */
export function reasonOf(error: CodedError): ConnectorReason {
  if (error.code === 'Forbidden') return 'PermissionDenied';
  return error.code in connectorReasons ? (error.code as ConnectorReason) : 'AsanaUnavailable';
}

/**
 * The same for what ConductorOne's side failed with. Credentials without their shape are credentials it would refuse;
 * what else is malformed (the proxy, the certificates) keeps us from it.
 */
export function conductorOneReasonOf(error: CodedError): ConnectorReason {
  if (error instanceof InvalidInputError && error.field.startsWith('client-')) return 'CredentialsRejected';
  return error.code in connectorReasons ? (error.code as ConnectorReason) : 'Disconnected';
}

/** An error that keeps a connector from working, in the words of a condition. */
export function obstacleOf(error: CodedError): Obstacle {
  return { reason: reasonOf(error), message: error.message };
}
