import type { AxiosAdapter } from 'axios';
import type { AsanaConnector } from '../../api/asana-connector.ts';
import { BudgetRegistry } from '../../asana/budget-registry.ts';
import { openSession } from '../../asana/session.ts';
import { whyNothingIsApplied } from '../../controllers/connectors/connector-obstacle.ts';
import type { ConnectorSession } from '../../controllers/connectors/connector-session.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { silentMeter } from '../../core/meter.ts';
import { describeIncomplete } from '../../directory/doubt.ts';
import type { Snapshot } from '../../directory/snapshot.ts';
import type { AsanaFlags } from './asana-flags.ts';
import type { AsanaTokens } from './asana-tokens.ts';
import { readOnlyAdapter } from './read-only.ts';

/** How a command gets at Asana. */
export interface AsanaAccess {
  readonly tokens: AsanaTokens;
  readonly apiUrl: string;
  /** What Asana grants the token a minute; 0 for no limit. */
  readonly requestsPerMinute: number;
  /** Share of it that is planned with. */
  readonly budgetPercent: number;
  /** What carries the requests that read; by default HTTP. */
  readonly carrier?: AxiosAdapter | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How a command with these flags gets at Asana. */
export function accessOf(
  { asanaApiUrl, asanaRequestsPerMinute, asanaBudgetPercent }: AsanaFlags,
  means: Pick<AsanaAccess, 'tokens' | 'carrier' | 'clock' | 'log'>,
): AsanaAccess {
  return {
    ...means,
    apiUrl: asanaApiUrl,
    requestsPerMinute: asanaRequestsPerMinute,
    budgetPercent: asanaBudgetPercent,
  };
}

/** The directory could not be read, or not all of it: nothing follows from a part. */
export class DirectoryUnreadableError extends CodedError {
  constructor(connector: string, why: string) {
    super(
      'DirectoryUnreadable',
      'transient',
      `The directory of AsanaConnector ${connector} was not read: ${why}`,
    );
  }
}

/** What the tokens of a command go by in the session: it has no others. */
export const READ_TOKENS = 'the reading';

/**
 * Reads the directory of a connector once, into its session. Only requests that read can leave.
 * @throws DirectoryUnreadableError when any part of it is missing
 */
export async function readDirectory(
  connector: AsanaConnector,
  session: ConnectorSession,
  access: AsanaAccess,
  signal: AbortSignal,
): Promise<Snapshot> {
  const { clock, log, requestsPerMinute, budgetPercent: percent, apiUrl, tokens, carrier } = access;
  const budgets = new BudgetRegistry({ requestsPerMinute, percent }, { clock, meter: silentMeter });
  await session.useCredentials(READ_TOKENS, () =>
    openSession({
      baseUrl: apiUrl,
      ...tokens,
      scimEnabled: connector.spec.scim.enabled,
      budgets,
      adapter: readOnlyAdapter(carrier),
      log,
      meter: silentMeter,
      clock,
      random: Math.random,
    }),
  );
  session.startUnaskedSync();
  try {
    await session.syncs.untilIdle(signal);
  } finally {
    await session.syncs.stop('nobody waits for it');
  }
  // A reading that a person has accepted by annotation is as good as any other.
  if (!connector.spec.suspend) session.takeAnswers(connector);
  const snapshot = session.directory.current();
  const why = whyUnread(connector, session, snapshot);
  if (why !== null || !snapshot) throw new DirectoryUnreadableError(session.key, why ?? 'nothing came.');
  return snapshot;
}

/** What is missing in a reading, in words; null when all of it is there. */
function whyUnread(
  connector: AsanaConnector,
  session: ConnectorSession,
  snapshot: Snapshot | null,
): string | null {
  const refused = session.syncs.report?.error?.message ?? whyNothingIsApplied(connector, session, []);
  if (refused) return refused;
  const scim = session.syncs.report?.result?.scim;
  if (scim && !scim.ok && scim.error.code !== 'LicensesUnavailable') return scim.error.message;
  if (!snapshot) return 'nothing came.';
  const missing = describeIncomplete(snapshot);
  return missing.length === 0 ? null : `${missing.join(' ')} Run the command again.`;
}
