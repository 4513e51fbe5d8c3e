import type { AsanaConnector } from '../../api/asana-connector.ts';
import { durationMs } from '../../api/duration.ts';
import type { Policies } from '../../provisioning/policies.ts';
import type { RemovalLimits } from '../../provisioning/removals/demand.ts';
import type { PartIntervals } from '../../directory/doubt.ts';

/** The connector's spec as decisions read it. */
export function policiesOf({ spec }: AsanaConnector): Policies {
  const { provisioning } = spec;
  return {
    mode: provisioning.mode,
    suspended: spec.suspend,
    scimEnabled: spec.scim.enabled,
    allowDeprovision: provisioning.allowDeprovision,
    protectedUsers: provisioning.protectedUsers ?? [],
    protectAdmins: provisioning.protectAdmins,
    maxEnterpriseLicenses: provisioning.maxEnterpriseLicenses ?? null,
    defaultWorkspace: spec.defaultWorkspace ?? null,
    maxDurationMs: provisioning.maxDuration === undefined ? null : durationMs(provisioning.maxDuration),
  };
}

/** The connector's bounds on removals. */
export function removalLimitsOf({ spec }: AsanaConnector): RemovalLimits {
  const { maxRemovals, maxDeprovisions } = spec.provisioning;
  return {
    percent: maxRemovals.percent,
    atLeast: maxRemovals.atLeast,
    windowMs: durationMs(maxRemovals.window),
    maxDeprovisions,
  };
}

/** Time between syncs, and between readings of the teams. */
export function intervalsOf({ spec }: AsanaConnector): PartIntervals {
  const intervalMs = durationMs(spec.sync.interval);
  return {
    intervalMs,
    teamIntervalMs: spec.sync.teamInterval === undefined ? intervalMs : durationMs(spec.sync.teamInterval),
  };
}
