import type { AsanaConnector } from '../../api/asana-connector.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import type { ConnectorSession } from './connector-session.ts';
import { isOfCredentials, type Obstacle, obstacleOf } from './obstacle.ts';
import { failureOf } from './sync-runner.ts';

/**
 * The first obstacle in a connector's way, or null: its Secret or what is in it, another organization than before, what
 * else Asana refused at the last sync, an older connector on the same organization. While there is one, nothing is applied.
 */
export function findObstacle(
  connector: AsanaConnector,
  session: ConnectorSession,
  connectors: Iterable<AsanaConnector>,
): Obstacle | null {
  if (session.clients.obstacle) return session.clients.obstacle;
  const refusal = findRefusal(session);
  // With a token that is refused nothing is read, and a hold over a reading is not answered before the next one.
  if (refusal && isOfCredentials(refusal)) return refusal;
  return findForeignOrganization(session, refusal) ?? refusal ?? findTaker(connector, session, connectors);
}

/** The token reads another organization than before. A person can accept that once a sync has read it. */
function findForeignOrganization({ doubts }: ConnectorSession, refusal: Obstacle | null): Obstacle | null {
  const foreign = doubts.find(({ reason }) => reason === 'OrganizationChanged');
  if (!foreign) return null;
  const remedy = refusal
    ? `It cannot be acknowledged before it is read: ${refusal.message}`
    : 'If this is intended, acknowledge the hold OrganizationChanged.';
  return { reason: 'OrganizationChanged', message: `${foreign.message} Nothing is changed. ${remedy}` };
}

/** Said while nobody knows whose new tokens are. */
export const TOKENS_UNPROVEN =
  'The credentials changed. Nothing is changed in Asana until a sync has confirmed that they belong to the same organization.';

/**
 * Why nothing is applied for a connector; null when it may be. Beside its obstacles: the Secret cannot be read, and never could;
 * or REST refuses the token, so that admins and guests cannot be told, although the connector works as far as it goes; or nobody
 * knows yet whose new tokens are.
 * @returns the reason in words, and whether it lasts until a person acts
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

/** The same in words. */
export function whyNothingIsApplied(...of: Parameters<typeof findHindrance>): string | null {
  return findHindrance(...of)?.message ?? null;
}

/** What Asana refused at the last sync. To have SCIM alone is less, and no obstacle. */
function findRefusal({ syncs: { report } }: ConnectorSession): Obstacle | null {
  const refusal = report && failureOf(report);
  return refusal?.errorClass === 'stalling' ? obstacleOf(refusal) : null;
}

/** Two connectors in mode Apply on one organization would fight: the younger one stops. */
function findTaker(
  connector: AsanaConnector,
  { organizations }: ConnectorSession,
  connectors: Iterable<AsanaConnector>,
): Obstacle | null {
  if (organizations.length === 0 || connector.spec.provisioning.mode !== 'Apply') return null;
  for (const other of connectors) {
    // One that is deleted does nothing more, however long a finalizer of somebody else keeps it.
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
