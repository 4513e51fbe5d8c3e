import type { AsanaConnector } from '../../src/api/asana-connector.ts';
import { readWholeDirectory } from '../../src/commands/asana-reading/whole-directory.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { Redacted } from '../../src/core/redacted.ts';
import type { Reading } from '../../src/provisioning/reading.ts';
import type { Person, Team, Workspace } from '../../src/sandbox/records.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';

/** Reads the sandbox as `review` does; with the personal token, SCIM uses a separate token. */
export function readSandbox(
  sandbox: Sandbox,
  connector: AsanaConnector,
  as: 'serviceAccount' | 'personalAccessToken' = 'serviceAccount',
): Promise<Reading> {
  const scimToken = as === 'serviceAccount' ? undefined : new Redacted(sandbox.tokens.scimOnly);
  const access = {
    tokens: { token: new Redacted(sandbox.tokens[as]), scimToken },
    apiUrl: sandbox.asanaUrl,
    requestsPerMinute: 0,
    budgetPercent: 100,
    log: silentLogger,
    clock: systemClock,
  };
  return readWholeDirectory(connector, access, new AbortController().signal);
}

/** Returns one line per right of any account in the sandbox that this token can see. */
export function rightsIn(
  sandbox: Sandbox,
  as: 'serviceAccount' | 'personalAccessToken' = 'serviceAccount',
): string[] {
  const { state } = sandbox;
  const reader = as === 'serviceAccount' ? null : sandbox.people.root;
  const places = [...state.workspaces].filter((place) =>
    reader === null ? place === state.organization : state.activeMembership(reader, place) !== undefined,
  );
  return places.flatMap((place) => rightsInPlace(sandbox, place, reader)).toSorted();
}

function rightsInPlace({ state, settings }: Sandbox, place: Workspace, reader: Person | null): string[] {
  const isHome = place === state.organization;
  const people = place.people.filter((person) => state.activeMembership(person, place) !== undefined);
  return [
    ...people.map(
      (person) => `${person.gid} ${isHome ? 'Account' : 'Workspace'} ${place.gid} ${roleOf(person, isHome)}`,
    ),
    ...people
      .filter(({ kind }) => isHome && kind === 'member' && settings.viewOnlyDomain)
      .map(
        ({ gid, profile }) =>
          `${gid} License ${place.gid} ${profile.license === 'enterprise' ? 'Enterprise' : 'ViewOnly'}`,
      ),
    ...place.teams.filter((team) => sees(reader, team)).flatMap(membersOf),
  ];
}

function sees(reader: Person | null, { visibility, memberships }: Team): boolean {
  return reader === null || visibility !== 'secret' || memberships.some(({ person }) => person === reader);
}

function membersOf({ gid, memberships }: Team): string[] {
  return memberships.map(({ person, isAdmin, isLimitedAccess }) => {
    const role = isAdmin ? 'Admin' : isLimitedAccess ? 'LimitedAccess' : 'Member';
    return `${person.gid} Team ${gid} ${person.kind === 'guest' ? 'Guest' : role}`;
  });
}

function roleOf({ kind, profile }: Person, isHome: boolean): string {
  if (kind === 'guest' && isHome) return 'Guest';
  return profile.admin && isHome ? 'Admin' : 'Member';
}
