import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { BudgetRegistry } from '../../asana/budget-registry.ts';
import { openSession } from '../../asana/session.ts';
import { ConnectorSession } from '../../controllers/connectors/connector-session.ts';
import { newHoldId } from '../../controllers/connectors/hold-id.ts';
import type { Clock, Random } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { silentMeter } from '../../core/meter.ts';
import type { Redacted } from '../../core/redacted.ts';
import type { Snapshot } from '../../directory/snapshot.ts';
import type { Reading } from '../../provisioning/reading.ts';
import { Organizations } from '../../provisioning/removals/organizations.ts';

/** The directory is not known whole, or not believed: what is made of it would leave people out. */
export class ReadingError extends CodedError {
  constructor(
    code: 'ReadingIncomplete' | 'ReadingDoubtful',
    message: string,
    options: { cause?: unknown } = {},
  ) {
    super(code, 'transient', message, options);
  }
}

export interface ReadingOptions {
  readonly asanaApiUrl: string;
  readonly token: Redacted;
  readonly scimToken: Redacted | undefined;
  readonly budgets: BudgetRegistry;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/**
 * Reads the whole directory once, as a sync of the connector does, and compares it with the measure in the connector's
 * status, if it has one. Changes nothing.
 * @throws ReadingError unless every part was read to its end and nothing about it is doubtful
 * @throws AsanaError, DirectoryError when Asana refuses, or cannot be reached
 */
export async function readWholeDirectory(
  connector: AsanaConnector,
  options: ReadingOptions,
): Promise<Reading> {
  const { asanaApiUrl, token, scimToken, budgets, log, clock, random, signal } = options;
  const session = new ConnectorSession(
    { clock, random, log, newHoldId, organizations: new Organizations(), onChange: () => {} },
    connector,
    [],
  );
  try {
    await session.useCredentials('given', () =>
      openSession({
        baseUrl: asanaApiUrl,
        token,
        scimToken,
        scimEnabled: connector.spec.scim.enabled,
        budgets,
        log,
        meter: silentMeter,
        clock,
        random,
      }),
    );
    session.startUnaskedSync();
    await session.untilIdle(signal);
    return wholeReadingOf(session);
  } finally {
    await session.close();
  }
}

function wholeReadingOf(session: ConnectorSession): Reading {
  const { report, doubts } = session;
  if (report?.error) throw report.error;
  const [doubt] = doubts;
  if (doubt) {
    const message = `The directory looks wrong (${doubt.reason}): ${doubt.message} If it is right, acknowledge the hold of the connector first.`;
    throw new ReadingError('ReadingDoubtful', message);
  }
  const { rest, scim, snapshot } = report?.result ?? {};
  if (rest && !rest.ok) throw incomplete('guests, roles and further workspaces were not read', rest.error);
  if (scim && !scim.ok) throw incomplete('licenses were not read', scim.error);
  const reading = session.read('');
  if (!snapshot || !reading) throw incomplete('nothing was read');
  const missing = incompletePartsOf(snapshot);
  if (missing.length > 0) throw incomplete(missing.join('; '));
  return reading;
}

function incomplete(what: string, cause?: Error): ReadingError {
  const why = cause ? ` (${cause.message})` : '';
  const message = `The directory could not be read whole: ${what}${why}. Nothing is made of a part of it: try again.`;
  return new ReadingError('ReadingIncomplete', message, { cause });
}

function incompletePartsOf({ parts }: Snapshot): string[] {
  return Object.entries(parts).flatMap(([name, part]) => {
    if (part?.complete) return [];
    // Licenses are not asked for where SCIM is off.
    if (part === null) return name === 'licenses' ? [] : [`${name} were not read`];
    return [`${name}: ${part.incompleteBecause ?? 'the reason is unknown'}`];
  });
}
