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
  /** True if no other connector reads the organization, so that it need not be on record yet. */
  readonly alone: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Reads the one account that a task gives something to, while the connector has no reading without doubts: right after
 * a start, or with an incomplete part, the task does not wait for the directory. `null` if that is not, or may not be,
 * enough: then the whole reading decides, and says what is wrong.
 */
export async function lookAtOne(
  { want, wish, user }: TaskRequest,
  { session, asana, connector, alone, clock, signal }: LookAtOneOptions,
): Promise<Directory | null> {
  if (want !== 'Give' || !('gid' in user)) return null;
  // REST still refuses what it refused at the last sync; it is asked again when something has changed.
  if (session.syncs.finished?.outcome === 'Stalled' || session.syncs.report?.result?.rest.ok === false)
    return null;
  // An older connector may have the organization, which cannot be known until it is on record.
  if (session.organizations.length === 0 && !alone) return null;
  // A reading of one account does not show which organization new tokens belong to.
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

/** Whether the organizations found are on record; otherwise the whole reading has to be judged before any change. */
function isOurs(directory: Directory, { organizations: recorded, isForeign }: ConnectorSession): boolean {
  if (isForeign) return false;
  if (recorded.length === 0) return true;
  const found = directory.current()?.workspaces.filter(({ organization }) => organization) ?? [];
  return found.length > 0 && found.every(({ gid }) => recorded.includes(gid));
}

/** Returns the place to read; `null` if the right is not one of a single existing account. */
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
