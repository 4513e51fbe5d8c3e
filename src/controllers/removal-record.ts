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
  const hold = status?.hold ? readHold(status.hold, now) : null;
  const { removals } = status ?? {};
  if (!removals) return { ...emptyLedger, hold };
  const { baseline, done, deprovisions, windowStartedAt } = removals;
  const startedAt = Date.parse(windowStartedAt ?? '');
  if (Number.isNaN(startedAt) || baseline === undefined || done === undefined || deprovisions === undefined) {
    const unreadable = {
      reason: 'TooManyRemovals' as const,
      since: now,
      token: newToken(),
      count: 0,
      pending: [],
    };
    return { window: null, hold: hold ?? unreadable };
  }
  return { window: { startedAt, baseline, done, deprovisions }, hold };
}

function readHold(
  { reason, since, token, count, pending = [] }: NonNullable<AsanaConnectorStatus['hold']>,
  now: number,
): NonNullable<RemovalLedger['hold']> {
  const began = Date.parse(since);
  return { reason, since: Number.isNaN(began) ? now : began, token, count, pending };
}
