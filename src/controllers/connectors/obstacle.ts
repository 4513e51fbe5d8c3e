import { type ConnectorReason, connectorReasons } from '../../api/reasons.ts';
import { type CodedError, InvalidInputError } from '../../core/errors.ts';

/** Something that keeps a connector, or its service mode, from working as it should. */
export interface Obstacle {
  readonly reason: ConnectorReason;
  readonly message: string;
  /** True if the last sync met it, so that the next one may find it gone. */
  readonly metBySync?: true;
}

const CREDENTIAL_REASONS: ReadonlySet<ConnectorReason> = new Set([
  'SecretNotFound',
  'SecretKeyMissing',
  'CredentialsRejected',
  'PermissionDenied',
  'PlanRefused',
]);

/** Whether a person must change the credentials or their permissions. */
export function isOfCredentials({ reason }: Obstacle): boolean {
  return CREDENTIAL_REASONS.has(reason);
}

/** Maps an error code to a condition reason; one without a reason of its own to one that tells whether it is retried. */
export function reasonOf(error: CodedError): ConnectorReason {
  if (error.code === 'Forbidden') return 'PermissionDenied';
  if (error.code in connectorReasons) return error.code as ConnectorReason;
  return error.errorClass === 'stalling' ? 'AsanaRefused' : 'AsanaUnavailable';
}

/**
 * Maps an error of the ConductorOne connection to a condition reason. Malformed credentials count as rejected; any
 * other malformed input (the proxy, the certificates) prevents the connection and counts as Disconnected.
 */
export function conductorOneReasonOf(error: CodedError): ConnectorReason {
  if (error instanceof InvalidInputError && error.field.startsWith('client-')) return 'CredentialsRejected';
  return error.code in connectorReasons ? (error.code as ConnectorReason) : 'Disconnected';
}

/** Converts an error that keeps a connector from working to an obstacle. */
export function obstacleOf(error: CodedError): Obstacle {
  return { reason: reasonOf(error), message: error.message };
}
