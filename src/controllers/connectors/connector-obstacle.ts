import type { AsanaConnector } from '../../api/asana-connector.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import type { ConnectorSession } from './connector-session.ts';
import { isOfCredentials, type Obstacle, obstacleOf } from './obstacle.ts';
import { failureOf } from './sync-runner.ts';

/**
 * Returns the first obstacle of a connector, or `null`: its Secret or credentials, a change of organization, anything
 * else that Asana refused at the last sync, or an older connector on the same organization. While there is one, nothing
 * is applied.
 */
export function findObstacle(
  connector: AsanaConnector,
  session: ConnectorSession,
  connectors: Iterable<AsanaConnector>,
): Obstacle | null {
  if (session.clients.obstacle) return session.clients.obstacle;
  const refusal = findRefusal(session);
  // A refused token comes before a hold over a reading: nothing is read with it, and the hold cannot be answered before
  // the next reading.
  if (refusal && isOfCredentials(refusal)) return refusal;
  return findForeignOrganization(session, refusal) ?? refusal ?? findTaker(connector, session, connectors);
}

/** Returns the obstacle if the token reads another organization. A person can accept that once a sync has read it. */
function findForeignOrganization({ doubts }: ConnectorSession, refusal: Obstacle | null): Obstacle | null {
  const foreign = doubts.find(({ reason }) => reason === 'OrganizationChanged');
  if (!foreign) return null;
  const remedy = refusal
    ? `It cannot be acknowledged before it is read: ${refusal.message}`
    : 'If this is intended, acknowledge the hold OrganizationChanged.';
  return { reason: 'OrganizationChanged', message: `${foreign.message} Nothing is changed. ${remedy}` };
}

/** The message while it is not known which organization new tokens belong to. */
export const TOKENS_UNPROVEN =
  'The credentials changed. Nothing is changed in Asana until a sync has confirmed that they belong to the same organization.';

/**
 * Returns why nothing is applied for a connector; `null` if it may act. Besides its obstacles: the Secret cannot be
 * read and there are no clients from an earlier read; REST refuses the token, so that admins and guests cannot be
 * recognized although the connector works otherwise; or it is not known yet which organization new tokens belong to.
 * @returns the reason as a message, and whether it lasts until a person acts
 */
export function findHindrance(
  connector: AsanaConnector,
  session: ConnectorSession,
  connectors: Iterable<AsanaConnector>,
): { readonly message: string; readonly lasts: boolean } | null {
  const obstacle = findObstacle(connector, session, connectors);
  if (obstacle) return { message: obstacle.message, lasts: true };
  const { unreadable } = session.clients;
  if (unreadable && !session.asana) return { message: unreadable.message, lasts: false };
  const rest = session.syncs.report?.result?.rest;
  if (rest?.ok === false) return { message: rest.error.message, lasts: rest.error.errorClass === 'stalling' };
  return session.clients.areUnproven ? { message: TOKENS_UNPROVEN, lasts: false } : null;
}

/** Returns only the message of `findHindrance`. */
export function whyNothingIsApplied(...of: Parameters<typeof findHindrance>): string | null {
  return findHindrance(...of)?.message ?? null;
}

/** Returns what Asana refused at the last sync. Reading over SCIM alone is a limitation, not an obstacle. */
function findRefusal({ syncs: { report } }: ConnectorSession): Obstacle | null {
  const refusal = report && failureOf(report);
  return refusal?.errorClass === 'stalling' ? { ...obstacleOf(refusal), metBySync: true } : null;
}

/** Finds an older connector in mode Apply on the same organization. Two would conflict, so the younger one stops. */
function findTaker(
  connector: AsanaConnector,
  { organizations }: ConnectorSession,
  connectors: Iterable<AsanaConnector>,
): Obstacle | null {
  if (organizations.length === 0 || connector.spec.provisioning.mode !== 'Apply') return null;
  for (const other of connectors) {
    // A deleted connector no longer acts, however long a foreign finalizer keeps the object.
    const gone = other.metadata.deletionTimestamp !== undefined;
    const applies = other.spec.provisioning.mode === 'Apply' && !other.spec.suspend && !gone;
    const shared = other.status?.organizations?.find((gid) => organizations.includes(gid));
    if (keyOf(other) === keyOf(connector) || !applies || shared === undefined || !isOlder(other, connector))
      continue;
    return {
      reason: 'OrganizationTaken',
      message: `AsanaConnector ${keyOf(other)} is older and applies grants to organization ${shared}. Set one of the two to mode Plan.`,
    };
  }
  return null;
}

function isOlder(a: AsanaConnector, b: AsanaConnector): boolean {
  const [x, y] = [Date.parse(a.metadata.creationTimestamp), Date.parse(b.metadata.creationTimestamp)];
  return x === y ? keyOf(a) < keyOf(b) : x < y;
}
