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

/** How a command accesses Asana. */
export interface AsanaAccess {
  readonly tokens: AsanaTokens;
  readonly apiUrl: string;
  /** Requests per minute that Asana allows the token; 0 for no limit. */
  readonly requestsPerMinute: number;
  /** Percentage of `requestsPerMinute` that the command may use. */
  readonly budgetPercent: number;
  /** Transport of the read requests; HTTP by default. */
  readonly carrier?: AxiosAdapter | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Returns the Asana access that the flags of a command describe. */
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

/** The directory could not be read completely. A partial reading is not used. */
export class DirectoryUnreadableError extends CodedError {
  constructor(connector: string, why: string) {
    super(
      'DirectoryUnreadable',
      'transient',
      `The directory of AsanaConnector ${connector} was not read: ${why}`,
    );
  }
}

/** Identifies the tokens of a command in its session, which has no others. */
export const READ_TOKENS = 'the reading';

/**
 * Reads the directory of a connector once, into its session. Sends read requests only.
 * @throws DirectoryUnreadableError if any part of the directory is missing
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
  // A doubtful reading that a person accepted by annotation counts like any other.
  if (!connector.spec.suspend) session.takeAnswers(connector);
  const snapshot = session.directory.current();
  const why = whyUnread(connector, session, snapshot);
  if (why !== null || !snapshot) throw new DirectoryUnreadableError(session.key, why ?? 'nothing came.');
  return snapshot;
}

/** Describes what is missing in a reading; `null` if it is complete. */
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
