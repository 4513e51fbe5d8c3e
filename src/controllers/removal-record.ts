import type { AsanaConnectorStatus } from '../api/asana-connector.ts';
import { emptyLedger, type RemovalLedger } from '../provisioning/removal-ledger.ts';

/**
 * The ledger of removals as the connector's status recorded it. A record that cannot be read is not forgotten: it
 * becomes a hold, since nobody knows how much of the limit is used up.
 */
export function readRemovalRecord(
  status: AsanaConnectorStatus | undefined,
  now: number,
  newToken: () => string,
): RemovalLedger {
  const hold = status?.hold;
  const readable: RemovalLedger['hold'] = hold
    ? {
        reason: hold.reason,
        since: Date.parse(hold.since),
        token: hold.token,
        count: hold.count,
        pending: hold.pending ?? [],
      }
    : null;
  const removals = status?.removals;
  if (removals?.windowStartedAt === undefined) return { ...emptyLedger, hold: readable };
  const { baseline, done, deprovisions } = removals;
  const startedAt = Date.parse(removals.windowStartedAt);
  if (Number.isNaN(startedAt) || baseline === undefined || done === undefined || deprovisions === undefined) {
    const unreadable = {
      reason: 'TooManyRemovals' as const,
      since: now,
      token: newToken(),
      count: 0,
      pending: [],
    };
    return { window: null, hold: readable ?? unreadable };
  }
  return { window: { startedAt, baseline, done, deprovisions }, hold: readable };
}
