import type { AsanaError } from '../asana/errors.ts';
import type { RestClient } from '../asana/session.ts';
import type { Call } from '../asana/transport.ts';
import type { AccountReading } from './account-reading.ts';
import { type Faults, outcomeOf } from './faults.ts';
import { chooseScope, leaveOutRefused, requireOneOrganization, type Scope } from './scope.ts';
import type { Workspace } from './snapshot.ts';

/** What is needed to find out what the token sees. */
export interface ScopeOptions {
  readonly rest: RestClient;
  readonly call: Call;
  /** Gids that the connector names; undefined or empty for all in which the token's account is a member. */
  readonly workspaces: readonly string[] | undefined;
  /** True if SCIM is on: exactly one organization must be in scope. */
  readonly scim: boolean;
  /** Called with every workspace that the token is shown, once all are known. */
  readonly onWorkspaces: (gids: readonly string[]) => void;
}

export interface RestReadingOptions extends ScopeOptions {
  /** Collects the accounts; `faults` collects why they are incomplete. */
  readonly reading: AccountReading;
  readonly faults: Faults;
  /** Called after each page. */
  readonly onPage: () => void;
  /** Called once the organizations are known, to start what is read in parallel with the accounts. */
  readonly onOrganizations: (organizations: readonly Workspace[]) => void;
}

/** What the token sees over REST. */
export interface RestReading {
  readonly scope: Scope;
  /** The gid of the token's account; `null` if it could not be read. */
  readonly self: string | null;
}

/** The workspaces that the connector reads, before any account is read. */
export interface FoundScope extends RestReading {
  /** Why the token's own account, or the workspaces in which it is a guest, are not known for certain. */
  readonly doubts: readonly AsanaError[];
}

/**
 * Finds out what the token sees, and reads the accounts of each workspace: two listings per workspace, all in parallel.
 * @returns the error, if not even the workspaces can be read
 * @throws AsanaError if no account at all can be read
 * @throws DirectoryError `WorkspaceNotFound`, `AmbiguousOrganization`
 */
export async function readRest(
  options: RestReadingOptions,
): Promise<RestReading | { readonly error: AsanaError }> {
  const found = await findScope(options);
  if ('error' in found) return found;
  const { scope, self, doubts } = found;
  for (const doubt of doubts) options.faults.add(doubt);
  options.onOrganizations(scope.organizations);
  return { scope: await readAccounts(options, scope), self };
}

/**
 * Finds out what the token sees, and chooses what to read of it.
 * @returns the error, if not even the workspaces can be read
 * @throws DirectoryError `WorkspaceNotFound`, `AmbiguousOrganization`
 */
export async function findScope(options: ScopeOptions): Promise<FoundScope | { readonly error: AsanaError }> {
  const { rest, call, workspaces, scim } = options;
  const seen: Workspace[] = [];
  const guestIn = new Set<string>();
  let self: string | null = null;
  const [error, ...ownErrors] = await Promise.all([
    outcomeOf(listWorkspaces(options, seen)),
    outcomeOf(rest.me(call).then(({ value }) => (self = value.gid))),
    isNamed(options) ? null : outcomeOf(askWhereGuest(options, guestIn)),
  ]);
  if (error) return { error };
  // A rejection is a property of the token. An outage leaves open which account to protect and whose directory it is.
  const doubts = ownErrors
    .filter((own) => own !== null)
    .filter(({ errorClass }) => errorClass !== 'stalling');
  const chosen = chooseScope(seen, { workspaces, guestIn });
  const scope = isNamed(options) || !scim ? chosen : await leaveOutIfAmbiguous(options, chosen);
  if (scim) requireOneOrganization(scope);
  return { scope, self, doubts };
}

/** Whether the connector names the workspaces that it reads. */
function isNamed({ workspaces }: Pick<ScopeOptions, 'workspaces'>): boolean {
  return workspaces !== undefined && workspaces.length > 0;
}

async function listWorkspaces({ rest, call, onWorkspaces }: ScopeOptions, seen: Workspace[]): Promise<void> {
  await rest.workspaces((items) => seen.push(...items), call);
  onWorkspaces(seen.map(({ gid }) => gid));
}

async function askWhereGuest({ rest, call }: ScopeOptions, guestIn: Set<string>): Promise<void> {
  await rest.ownMemberships((items) => {
    for (const { workspace, active, guest } of items) if (active && guest) guestIn.add(workspace);
  }, call);
}

/** Leaves out organizations that reject the token if there are several: SCIM needs exactly one. */
async function leaveOutIfAmbiguous({ rest, call }: ScopeOptions, scope: Scope): Promise<Scope> {
  if (scope.organizations.length < 2) return scope;
  const refused = new Set<string>();
  const asked = scope.organizations.map(async ({ gid }) => {
    const error = await outcomeOf(rest.workspaceMembershipsOf(gid, 'me', call));
    if (error?.code === 'Forbidden') refused.add(gid);
  });
  await Promise.all(asked);
  return leaveOutRefused(scope, refused);
}

/** Returns the scope without the workspaces that reject the token and were not named. */
async function readAccounts(options: RestReadingOptions, scope: Scope): Promise<Scope> {
  const { reading, faults, scim } = options;
  const refused = new Set<string>();
  let first: AsanaError | null = null;
  for (const { workspace, error, isEmpty } of await Promise.all(startListings(options, scope))) {
    if (!error) continue;
    // The token was revoked during the reading: all further requests would fail too.
    if (error.code === 'CredentialsRejected') throw error;
    first ??= error;
    if (error.code === 'Forbidden' && isEmpty && !isNamed(options)) refused.add(workspace);
    else faults.add(error);
  }
  for (const workspace of refused) reading.drop(workspace);
  if (first && reading.size === 0) throw first;
  const readable = leaveOutRefused(scope, refused);
  if (first && scim && !readable.organization) throw first;
  return readable;
}

interface ListingEnd {
  readonly workspace: string;
  /** `null` if the listing was read to its end. */
  readonly error: AsanaError | null;
  /** True if no page arrived. */
  readonly isEmpty: boolean;
}

function startListings(
  { rest, call, reading, onPage }: RestReadingOptions,
  { workspaces }: Scope,
): Promise<ListingEnd>[] {
  const follow = async (
    workspace: string,
    list: (take: (add: () => void) => void) => Promise<void>,
  ): Promise<ListingEnd> => {
    let isEmpty = true;
    const take = (add: () => void) => {
      isEmpty = false;
      add();
      onPage();
    };
    return { workspace, error: await outcomeOf(list(take)), isEmpty };
  };
  return workspaces.flatMap(({ gid }) => [
    follow(gid, (take) => rest.users(gid, (users) => take(() => reading.addUsers(gid, users)), call)),
    follow(gid, (take) =>
      rest.workspaceMemberships(gid, (records) => take(() => reading.addMemberships(gid, records)), call),
    ),
  ]);
}
