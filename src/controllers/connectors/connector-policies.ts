import type { AsanaConnector } from '../../api/asana-connector.ts';
import { durationMs } from '../../api/duration.ts';
import type { PartIntervals } from '../../directory/doubt.ts';
import type { Policies } from '../../provisioning/policies.ts';
import type { RemovalLimits } from '../../provisioning/removals/demand.ts';

/** Returns the connector's spec in the form that decisions use. */
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

/** Returns the connector's limits on removals. */
export function removalLimitsOf({ spec }: AsanaConnector): RemovalLimits {
  const { maxRemovals, maxDeprovisions } = spec.provisioning;
  return {
    percent: maxRemovals.percent,
    atLeast: maxRemovals.atLeast,
    windowMs: durationMs(maxRemovals.window),
    maxDeprovisions,
  };
}

/** Returns the intervals between syncs and between readings of the teams. */
export function intervalsOf({ spec }: AsanaConnector): PartIntervals {
  const intervalMs = durationMs(spec.sync.interval);
  return {
    intervalMs,
    teamIntervalMs: spec.sync.teamInterval === undefined ? intervalMs : durationMs(spec.sync.teamInterval),
  };
}
