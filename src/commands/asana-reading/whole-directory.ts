import type { AsanaConnector } from '../../api/asana-connector.ts';
import { ConnectorSession } from '../../controllers/connectors/connector-session.ts';
import { newHoldId } from '../../controllers/connectors/hold-id.ts';
import { CodedError } from '../../core/errors.ts';
import type { Reading } from '../../provisioning/reading.ts';
import { Organizations } from '../../provisioning/removals/organizations.ts';
import { type AsanaAccess, DirectoryUnreadableError, readDirectory } from './directory-reading.ts';

/** The directory was read, but the reading is in doubt: output made from it could leave people out. */
export class DirectoryDoubtfulError extends CodedError {
  constructor(connector: string, why: string) {
    super('DirectoryDoubtful', 'stalling', `The reading of AsanaConnector ${connector} is in doubt: ${why}`);
  }
}

/**
 * Reads the whole directory once, as a sync of the connector does, for commands that report who has which access. The
 * reading is compared with the measure in the connector's status, if it has one.
 * @throws DirectoryUnreadableError if any part of the directory is missing
 * @throws DirectoryDoubtfulError if a person must first confirm the reading
 */
export async function readWholeDirectory(
  connector: AsanaConnector,
  access: AsanaAccess,
  signal: AbortSignal,
): Promise<Reading> {
  const { clock, log } = access;
  const organizations = new Organizations(clock);
  const session = new ConnectorSession(
    { clock, random: Math.random, log, newHoldId, organizations, onChange: () => {} },
    connector,
    [],
  );
  try {
    await readDirectory(connector, session, access, signal);
    const [doubt] = session.doubts;
    if (doubt) {
      const remedy = 'If it is correct, acknowledge the hold of the connector first.';
      throw new DirectoryDoubtfulError(session.key, `${doubt.message} (${doubt.reason}) ${remedy}`);
    }
    const scim = session.syncs.report?.result?.scim;
    // Otherwise, licenses that Asana does not show would be missing silently.
    if (scim && !scim.ok) throw new DirectoryUnreadableError(session.key, scim.error.message);
    const reading = session.read('');
    if (!reading) throw new DirectoryUnreadableError(session.key, 'admins and guests cannot be identified.');
    return reading;
  } finally {
    await session.close();
  }
}
