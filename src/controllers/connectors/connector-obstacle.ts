import type { AsanaConnector } from '../../api/asana-connector.ts';
import { type ConnectorReason, connectorReasons } from '../../api/reasons.ts';
import { type CodedError, InvalidInputError } from '../../core/errors.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import type { ConnectorSession } from './connector-session.ts';

/** Something that keeps a connector from working until a person acts; while there is one, nothing is applied. */
export interface Obstacle {
  readonly reason: ConnectorReason;
  readonly message: string;
}

/**
 * The first obstacle in a connector's way, or null: its Secret, another organization than before, what Asana
 * refused at the last sync, an older connector on the same organization.
 */
export function findObstacle(
  connector: AsanaConnector,
  session: ConnectorSession,
  connectors: Iterable<AsanaConnector>,
): Obstacle | null {
  if (session.credentialsObstacle) return session.credentialsObstacle;
  const { report } = session;
  if (session.removals.ledger.hold?.reason === 'OrganizationChanged') {
    return {
      reason: 'OrganizationChanged',
      message:
        'The token reads none of the organizations recorded in status.organizations, or SCIM (with a token of its own, perhaps) another one: nothing is changed. If that is meant, acknowledge the hold.',
    };
  }
  const rest = report?.result?.rest;
  const refusal = report?.error ?? (rest && !rest.ok ? rest.error : null);
  if (refusal?.errorClass === 'stalling') return { reason: reasonOf(refusal), message: refusal.message };
  return findTaker(connector, session, connectors);
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

/** Two connectors in mode Apply on one organization would fight: the younger one stops. */
function findTaker(
  connector: AsanaConnector,
  session: ConnectorSession,
  connectors: Iterable<AsanaConnector>,
): Obstacle | null {
  const organization = session.directory.current()?.organization?.gid;
  if (organization === undefined || connector.spec.provisioning.mode !== 'Apply') return null;
  for (const other of connectors) {
    const applies = other.spec.provisioning.mode === 'Apply' && !other.spec.suspend;
    const same = other.status?.organizations?.includes(organization) ?? false;
    if (keyOf(other) === keyOf(connector) || !applies || !same || !isOlder(other, connector)) continue;
    return {
      reason: 'OrganizationTaken',
      message: `AsanaConnector ${keyOf(other)} is older and applies grants to organization ${organization}: set one of the two to mode Plan.`,
    };
  }
  return null;
}

function isOlder(a: AsanaConnector, b: AsanaConnector): boolean {
  const [x, y] = [Date.parse(a.metadata.creationTimestamp), Date.parse(b.metadata.creationTimestamp)];
  return x === y ? keyOf(a) < keyOf(b) : x < y;
}
