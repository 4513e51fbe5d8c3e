import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { Clock } from '../../core/clock.ts';
import type { DirectoryReading } from '../../provisioning/decision.ts';
import { intervalsOf } from './connector-policies.ts';
import type { ConnectorSession } from './connector-session.ts';

/** A reading older than so many intervals justifies no removal and no creation (DESIGN §4). */
const STALE_INTERVALS = 3;

/**
 * The directory as a decision about `grantUid` may read it; null while accounts or licenses were never read, or
 * while REST refuses the token, since then admins and guests cannot be told.
 */
export function viewDirectory(
  session: ConnectorSession,
  connector: AsanaConnector,
  grantUid: string,
  clock: Clock,
): DirectoryReading | null {
  const snapshot = session.directory.current();
  if (!snapshot || session.restRefused) return null;
  return {
    snapshot,
    account: (gid) => session.directory.account(gid),
    accountByEmail: (email) => session.directory.accountByEmail(email),
    enterpriseLicenses: () =>
      session.directory.counts().enterpriseLicenses + session.seatsTakenBeside(grantUid),
    untrusted: () => {
      const { hold } = session.removals.ledger;
      if (hold && hold.reason !== 'TooManyRemovals') {
        return { reason: 'RemovalsPaused', message: `the connector holds removals (${hold.reason})` };
      }
      const parts = [snapshot.parts.accounts, snapshot.parts.licenses].filter((part) => part !== null);
      const incomplete = parts.find((part) => !part.complete);
      if (incomplete)
        return {
          reason: 'AsanaUnavailable',
          message: `not all of it was read (${incomplete.incompleteBecause ?? 'unknown'})`,
        };
      const { intervalMs } = intervalsOf(connector);
      const age = clock.monotonic() - Math.min(...parts.map((part) => part.begunAt));
      if (age > STALE_INTERVALS * intervalMs)
        return {
          reason: 'AsanaUnavailable',
          message: 'the last whole reading is older than three intervals',
        };
      return null;
    },
  };
}
