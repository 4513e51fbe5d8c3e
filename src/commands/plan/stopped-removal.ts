import type { GrantDeps } from '../../controllers/grants/grant-context.ts';
import { openSubject } from '../../controllers/grants/grant-context.ts';
import { connectorKeyOf } from '../../controllers/grants/grant-identity.ts';
import type { KnownGrant } from '../../controllers/grants/grant-stores.ts';
import { isRemoval } from '../../provisioning/actions.ts';
import { decideGrant } from '../../provisioning/decide-grant.ts';

/** A removal that waits until a person goes on with it. */
export interface StoppedRemoval {
  readonly action: string;
  /** The email address, else the gid. */
  readonly who: string;
  readonly why: string;
}

/**
 * What would be removed if nobody doubted the reading: no status says so, since nothing may be decided on one in doubt.
 * Null for a grant that wants nothing taken.
 */
export function findStoppedRemoval(deps: GrantDeps, known: KnownGrant): StoppedRemoval | null {
  const connector = deps.connectors.get(connectorKeyOf(known.object));
  if (!connector) return null;
  const { view, context } = openSubject(deps, known, connector, { lookedUp: true, now: deps.clock.now() });
  const reading = context.reading && { ...context.reading, doubtAbout: () => null };
  const decision = decideGrant(view, { ...context, reading });
  if (decision.kind !== 'Act' || !isRemoval(decision.action)) return null;
  const { action, message } = decision;
  return { action: action.type, who: action.email ?? action.gid ?? view.object.name, why: message };
}
