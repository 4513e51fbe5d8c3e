import type { AsanaSession } from '../asana/session.ts';
import type { Call } from '../asana/transport.ts';
import type { Clock } from '../core/clock.ts';
import type { UserTypes } from './account.ts';
import { Directory } from './directory.ts';
import { refresh } from './reader.ts';
import { findScope } from './rest-reading.ts';
import type { Scope } from './scope.ts';
import type { Part, Snapshot, Team } from './snapshot.ts';

/** One account, and the place of its right. */
export interface SinglePlace {
  readonly gid: string;
  readonly team?: string | undefined;
  readonly workspace?: string | undefined;
}

export interface SingleReadingOptions {
  /** Gids that the connector names; undefined or empty for all in which the token's account is a member. */
  readonly workspaces: readonly string[] | undefined;
  readonly scim: { readonly enabled: boolean; readonly userTypes: UserTypes };
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called with every workspace that the token is shown, before any account is read. */
  readonly onWorkspaces: (gids: readonly string[]) => void;
}

/**
 * Reads one account, its organization and one place in it, at a cost that does not depend on the size of the directory:
 * at most eight requests in three rounds. If SCIM is on and several unnamed organizations are in scope, one more round
 * asks each. Every part is incomplete, because nothing is known of other accounts.
 * @throws AsanaError for whatever could not be read, including a team that does not exist
 * @throws DirectoryError `WorkspaceNotFound`, `AmbiguousOrganization`
 */
export async function readSingle(
  session: AsanaSession,
  { gid, team, workspace }: SinglePlace,
  options: SingleReadingOptions,
): Promise<Directory> {
  const { scim, clock, signal, workspaces, onWorkspaces } = options;
  const { rest } = session;
  const begun = { now: clock.now(), monotonic: clock.monotonic() };
  const call: Call = { priority: 'action', signal };
  const [found, home] = await Promise.all([
    findScope({ rest, call, workspaces, scim: scim.enabled, onWorkspaces }),
    team === undefined ? null : rest.team(team, call).then(({ value }) => value),
  ]);
  if ('error' in found) throw found.error;
  const [doubt] = found.doubts;
  if (doubt) throw doubt;
  const { scope } = found;
  const directory = new Directory(clock);
  const teams = home && isIn(scope, home.organization) ? [{ ...home, memberships: [] }] : [];
  directory.adopt(snapshotOf(scope, teams, scim.enabled, begun));
  const [place] = teams;
  const organization = place?.organization ?? scope.organization?.gid;
  const person = { gid, email: null };
  const read = { membership: true, userTypes: scim.userTypes, priority: 'action', signal } as const;
  await refresh(session, directory, { ...person, workspace: organization, team: place?.gid }, read);
  if (workspace !== undefined && workspace !== organization && isIn(scope, workspace))
    await refresh(session, directory, { ...person, workspace }, read);
  return directory;
}

function isIn({ workspaces }: Scope, workspace: string): boolean {
  return workspaces.some(({ gid }) => gid === workspace);
}

/** Returns a snapshot without accounts, with the given teams. */
function snapshotOf(
  { workspaces, leftOut, organization }: Scope,
  teams: readonly Team[],
  scim: boolean,
  begun: { readonly now: number; readonly monotonic: number },
): Snapshot {
  const part: Part = {
    at: begun.now,
    startedAt: begun.now,
    begunAt: begun.monotonic,
    complete: false,
    incompleteBecause: 'one account alone was read.',
  };
  return {
    parts: { accounts: part, licenses: scim ? part : null, teams: part },
    workspaces,
    leftOut,
    organization,
    scimOnly: false,
    scimIdsForeign: false,
    self: null,
    accounts: new Map(),
    gidsByEmail: new Map(),
    teams: new Map(teams.map((team) => [team.gid, team])),
    requests: 0,
  };
}
