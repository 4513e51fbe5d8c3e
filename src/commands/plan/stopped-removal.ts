import type { GrantDeps } from '../../controllers/grants/grant-context.ts';
import { openSubject } from '../../controllers/grants/grant-context.ts';
import { connectorKeyOf } from '../../controllers/grants/grant-identity.ts';
import type { KnownGrant } from '../../controllers/grants/grant-stores.ts';
import { isRemoval } from '../../provisioning/actions.ts';
import { decideGrant } from '../../provisioning/decide-grant.ts';

/** A removal that waits until a person lets it continue. */
export interface StoppedRemoval {
  readonly action: string;
  /** The email address, or else the gid. */
  readonly who: string;
  readonly why: string;
}

/**
 * Returns the removal that a grant would want if its reading were not in doubt; `null` if there is none. No status
 * contains it, because no removal may be decided on a reading in doubt.
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
