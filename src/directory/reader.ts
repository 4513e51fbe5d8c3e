import type { Answer } from '../asana/answer.ts';
import { AsanaError, isAsanaError } from '../asana/errors.ts';
import type { Priority } from '../asana/lanes.ts';
import type { WorkspaceMembershipRecord } from '../asana/rest-records.ts';
import type { ScimUserRecord } from '../asana/scim-records.ts';
import type { AsanaSession } from '../asana/session.ts';
import type { Call } from '../asana/transport.ts';
import {
  addressed,
  addressOf,
  isGuest,
  licenseOf,
  reduceMemberships,
  scimRecordOf,
  type UserTypes,
} from './account.ts';
import type { Directory } from './directory.ts';
import type { Account, TeamMembership, WorkspaceMembership } from './snapshot.ts';

export interface ReadOptions {
  /** Also ask REST for the membership of a workspace: its role, and whether it is active. */
  readonly membership: boolean;
  /** The workspace to ask about; by default the organization. */
  readonly workspace?: string | undefined;
  readonly userTypes: UserTypes;
  readonly priority: Priority;
  readonly signal?: AbortSignal | undefined;
}

export interface FreshAccount {
  /** `null` if Asana does not have the account (any more), as far as it was asked: see `certain`. */
  readonly account: Account | null;
  /**
   * True if everything that could show the account in this workspace was asked, SCIM and REST (SCIM hides guests): then
   * `null` means the account is not there. With SCIM on, never true without `membership`.
   */
  readonly certain: boolean;
  /** Asana's clock, epoch milliseconds; `null` if it sent no Date. */
  readonly asanaDate: number | null;
}

/**
 * Reads one account afresh with one SCIM request and, with `membership`, one REST request in parallel; with SCIM off,
 * with the REST request only. The directory supplies what was not asked for. SCIM hides guests: a guest in the
 * directory remains; any other account that SCIM does not know and REST does not show is gone.
 *
 * @throws AsanaError for everything but "not found", including SCIM and REST contradicting each other
 */
export async function readAccount(
  session: AsanaSession,
  directory: Directory,
  gid: string,
  options: ReadOptions,
): Promise<FreshAccount> {
  const { scim, rest } = session;
  const { workspace, call } = placeOf(session, directory, options);
  const [user, memberships] = await Promise.all([
    scim ? orNothing(scim.user(gid, call)) : null,
    workspace === null ? null : orNothing(rest.workspaceMembershipsOf(workspace, gid, call)),
  ]);
  return join(gid, { user, memberships, workspace }, directory, options.userTypes);
}

/**
 * Looks an account up by email: in SCIM by `userName` and, with `membership` (or SCIM off), in REST, which also shows
 * guests. If only one of them finds it, asks the other by gid, because they may write the address differently.
 */
export async function findAccount(
  session: AsanaSession,
  directory: Directory,
  email: string,
  options: ReadOptions,
): Promise<FreshAccount> {
  const { scim, rest } = session;
  const { workspace, call } = placeOf(session, directory, options);
  const [user, memberships] = await Promise.all([
    scim ? scim.findByUserName(email, call) : null,
    workspace === null ? null : orNothing(rest.workspaceMembershipsOf(workspace, email, call)),
  ]);
  const gid = user?.value?.id ?? memberships?.value?.[0]?.user.gid;
  if (gid === undefined) {
    return { account: null, certain: memberships !== null, asanaDate: latest(user?.date, memberships?.date) };
  }
  const isInBoth =
    (!user || user.value?.id === gid) &&
    (!memberships || (memberships.value ?? []).some((record) => record.user.gid === gid));
  const fresh = isInBoth
    ? join(gid, { user, memberships, workspace }, directory, options.userTypes)
    : await readAccount(session, directory, gid, options);
  return { ...fresh, account: fresh.account && answering(fresh.account, email.toLowerCase()) };
}

/** Returns the workspace to ask REST about (`null` to skip REST) and the call options. */
function placeOf(
  { scim }: AsanaSession,
  directory: Directory,
  { membership, workspace, priority, signal }: ReadOptions,
): { readonly workspace: string | null; readonly call: Call } {
  const place = workspace ?? directory.current()?.organization?.gid ?? null;
  return { workspace: membership || scim === null ? place : null, call: { priority, signal } };
}

/** Returns the account with the email that Asana found it by, even if Asana shows another address. */
function answering(account: Account, email: string): Account {
  if (account.email === email) return account;
  const { address: _, ...others } = account;
  return { ...others, email };
}

/** An account to read afresh, and where. */
export interface Subject {
  /** `null` to look the account up by email. */
  readonly gid: string | null;
  readonly email: string | null;
  /** The workspace whose membership counts; by default the organization. */
  readonly workspace?: string | undefined;
  /** The team whose membership counts; a team of the organization `workspace`. */
  readonly team?: string | undefined;
}

export interface FreshReading extends FreshAccount {
  /** `null` also if none was asked for. */
  readonly teamMembership: TeamMembership | null;
}

/**
 * Reads an account afresh, with its membership of a team if one is named, and lays the result over the snapshot, so
 * that the next decision sees it.
 * @throws AsanaError for everything but "not found"
 */
export async function refresh(
  session: AsanaSession,
  directory: Directory,
  { gid, email, workspace, team }: Subject,
  options: Omit<ReadOptions, 'workspace'>,
): Promise<FreshReading> {
  const where = { ...options, workspace };
  const call: Call = { priority: options.priority, signal: options.signal };
  const begunAt = directory.now();
  const inTeam = gid !== null && workspace !== undefined && team !== undefined;
  const [seen, teams] = await Promise.all([
    gid === null
      ? findAccount(session, directory, email ?? '', where)
      : readAccount(session, directory, gid, where),
    inTeam ? readTeamsOf(session, { user: gid, organization: workspace }, call) : null,
  ]);
  // SCIM hides guests, so SCIM alone cannot prove that an account is gone.
  const isDoubtful = gid !== null && !seen.account && !seen.certain;
  const fresh = isDoubtful
    ? await readAccount(session, directory, gid, { ...where, membership: true })
    : seen;
  const place = fresh.certain ? (workspace ?? directory.current()?.organization?.gid ?? null) : null;
  if (fresh.account) directory.lay(fresh.account, begunAt, place);
  else if (gid !== null && fresh.certain) directory.lay({ gid, gone: true }, begunAt, place);
  const membership = (inTeam && teams?.get(team)) || null;
  if (inTeam) directory.layTeamMembership({ team, user: gid, membership }, begunAt);
  // Asana may remove a guest along with their last team, and an hours-old listing does not show which team is the last.
  if (teams && fresh.account && isGuest(fresh.account, workspace ?? null))
    layTeamsOf(directory, { user: fresh.account.gid, organization: workspace }, teams, begunAt);
  return { ...fresh, teamMembership: membership };
}

/** Lays over the differences between a user's fresh list of teams in one organization and the directory. O(teams). */
function layTeamsOf(
  directory: Directory,
  { user, organization }: { readonly user: string; readonly organization: string | undefined },
  teams: ReadonlyMap<string, TeamMembership>,
  begunAt: number,
): void {
  for (const known of directory.current()?.teams.values() ?? []) {
    if (known.organization !== organization) continue;
    const { gid: team } = known;
    const membership = teams.get(team) ?? null;
    if ((directory.teamMembership(team, user) === null) !== (membership === null))
      directory.layTeamMembership({ team, user, membership }, begunAt);
  }
}

/** Returns no teams for a user whom Asana does not know (any more). */
async function readTeamsOf(
  { rest }: AsanaSession,
  place: { readonly user: string; readonly organization: string },
  call: Call,
): Promise<ReadonlyMap<string, TeamMembership>> {
  try {
    return await rest.teamMembershipsOf(place, call);
  } catch (error) {
    if (!isAsanaError(error, 'NotFound')) throw error;
    return new Map();
  }
}

/** The answers about one person; `null` for what was not asked. */
interface Answers {
  readonly user: Answer<ScimUserRecord | null> | null;
  readonly memberships: Answer<readonly WorkspaceMembershipRecord[] | null> | null;
  /** The workspace that REST was asked about; `null` if it was not asked. */
  readonly workspace: string | null;
}

/** Combines what was just read with what was known before; the result's account is `null` if it is gone. */
function join(
  gid: string,
  { user, memberships, workspace }: Answers,
  directory: Directory,
  userTypes: UserTypes,
): FreshAccount {
  const known = directory.account(gid);
  const scimUser = user?.value ?? null;
  const asanaDate = latest(user?.date, memberships?.date);
  // Two people may share an address: one in SCIM, the other in REST.
  const records = memberships?.value?.filter((record) => record.user.gid === gid) ?? [];
  const fresh = workspace === null ? null : reduceMemberships(workspace, records);
  const isHome = workspace !== null && workspace === directory.current()?.organization?.gid;
  if (isHome && user && contradict(scimUser, fresh, known)) throw inconsistent(asanaDate);
  const others = (known?.memberships ?? []).filter((place) => place.workspace !== workspace);
  const places = fresh ? [fresh, ...others] : others;
  const certain = memberships !== null;
  if (!scimUser && !survives(known, user !== null, certain, places))
    return { account: null, certain, asanaDate };
  const shown = records.find((record) => record.user.email !== null)?.user.email ?? null;
  const own = addressed(shown ?? addressKnown(known, scimUser));
  const account: Account = {
    gid,
    ...own,
    name: known?.name || scimUser?.name || records[0]?.user.name || own.email || gid,
    memberships: places,
    scim: scimUser && scimRecordOf(scimUser, { gid, ...own }),
    license: licenseOf(scimUser?.userType ?? null, userTypes),
  };
  return { account, certain, asanaDate };
}

/**
 * Whether SCIM and REST contradict each other. In the organization, both show the same people, except guests. If one
 * does not show a person whom the other calls active, it may lag behind, and neither can be relied on. No contradiction
 * if SCIM never showed the person, because it may omit people.
 */
function contradict(
  scimUser: ScimUserRecord | null,
  place: WorkspaceMembership | null,
  known: Account | undefined,
): boolean {
  if (scimUser) return scimUser.active && place === null;
  return place !== null && place.active && place.role !== 'Guest' && known?.scim?.active === true;
}

function inconsistent(date: number | null): AsanaError {
  return new AsanaError(
    'Inconsistent',
    'Asana is inconsistent: of SCIM and the REST API, one shows the account as active in the organization and the other does not show it. Nothing is changed until the two agree.',
    { surface: 'rest', operation: 'workspace_memberships.list', date },
  );
}

/** Returns REST's address, from the listing, until SCIM shows a rename: the two may differ for one person. */
function addressKnown(known: Account | undefined, scimUser: ScimUserRecord | null): string | null {
  const renamed = known?.scim && scimUser && known.scim.userName !== scimUser.userName;
  const address = known ? addressOf(known) : null;
  if (address !== null && !renamed) return address;
  return scimUser?.email ?? address;
}

/** Whether an account that SCIM did not show, or was not asked about, still exists. */
function survives(
  known: Account | undefined,
  scimAsked: boolean,
  restAsked: boolean,
  places: readonly WorkspaceMembership[],
): boolean {
  if (restAsked) return places.length > 0;
  // REST was not asked. An account that SCIM never showed is a guest; one that it showed before and not now is gone.
  return known !== undefined && (!scimAsked || known.scim === null);
}

/** Returns the answer, with the value `null` for "not found". */
async function orNothing<T>(read: Promise<Answer<T>>): Promise<Answer<T | null>> {
  try {
    return await read;
  } catch (error) {
    if (!isAsanaError(error, 'NotFound')) throw error;
    return { value: null, date: error.date, requestId: error.requestId };
  }
}

function latest(...dates: readonly (number | null | undefined)[]): number | null {
  const known = dates.filter((date) => typeof date === 'number');
  return known.length === 0 ? null : Math.max(...known);
}
