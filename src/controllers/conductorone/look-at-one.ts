import type { AsanaConnector } from '../../api/asana-connector.ts';
import { AsanaError } from '../../asana/errors.ts';
import type { AsanaSession } from '../../asana/session.ts';
import type { Clock } from '../../core/clock.ts';
import type { Directory } from '../../directory/directory.ts';
import { DirectoryError } from '../../directory/directory-error.ts';
import { readSingle, type SinglePlace } from '../../directory/single-reading.ts';
import type { Wish } from '../../provisioning/right.ts';
import type { TaskRequest } from '../../provisioning/task-request.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';

export interface LookAtOneOptions {
  readonly session: ConnectorSession;
  readonly asana: AsanaSession;
  readonly connector: AsanaConnector;
  /** Nobody else reads the organization, so that it need not be known already. */
  readonly alone: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Looks at the one account that a task gives something to, while the connector has no reading that nobody doubts: right after a
 * start, or where a part is not whole, nobody waits for the directory. Null where that is not enough, or not known to be: then
 * the whole reading decides, and says what is wrong.
 */
export async function lookAtOne(
  { want, wish, user }: TaskRequest,
  { session, asana, connector, alone, clock, signal }: LookAtOneOptions,
): Promise<Directory | null> {
  if (want !== 'Give' || !('gid' in user)) return null;
  // What REST refused at the last sync it refuses now, and is asked for when something has changed.
  if (session.syncs.finished?.outcome === 'Stalled' || session.syncs.report?.result?.rest.ok === false)
    return null;
  // Another connector may have the organization, and be older: without a record of it nobody can tell.
  if (session.organizations.length === 0 && !alone) return null;
  // Whose new tokens are, a look at one account does not show.
  if (session.clients.areUnproven) return null;
  const place = placeOf(wish, user.gid);
  if (!place) return null;
  const { workspaces, scim } = connector.spec;
  const onWorkspaces = (gids: readonly string[]) => session.see(gids);
  try {
    const directory = await readSingle(asana, place, { workspaces, scim, clock, signal, onWorkspaces });
    return isOurs(directory, session) ? directory : null;
  } catch (error) {
    if (error instanceof AsanaError || error instanceof DirectoryError) return null;
    throw error;
  }
}

/** Of organizations that are not on record nothing is changed before the whole reading has been judged. */
function isOurs(directory: Directory, { organizations: recorded, isForeign }: ConnectorSession): boolean {
  if (isForeign) return false;
  if (recorded.length === 0) return true;
  const found = directory.current()?.workspaces.filter(({ organization }) => organization) ?? [];
  return found.length > 0 && found.every(({ gid }) => recorded.includes(gid));
}

/** Null for what is no right of one existing account. */
function placeOf(wish: Wish, gid: string): SinglePlace | null {
  switch (wish.type) {
    case 'License':
      return { gid };
    case 'Workspace':
      return { gid, workspace: wish.workspace };
    case 'Team':
      return 'gid' in wish.team ? { gid, team: wish.team.gid } : null;
    case 'Account':
      return null;
  }
}
