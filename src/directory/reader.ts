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
  /** Ask REST for the membership of a workspace too: whether it is active, and its role. */
  readonly membership: boolean;
  /** Which workspace; by default the organization. */
  readonly workspace?: string | undefined;
  readonly userTypes: UserTypes;
  readonly priority: Priority;
  readonly signal?: AbortSignal | undefined;
}

export interface FreshAccount {
  /** Null when Asana has no such account (any more), as far as it was asked: see `certain`. */
  readonly account: Account | null;
  /**
   * Everything that could show the account in this workspace was asked, SCIM and REST (SCIM hides guests): without an
   * account, nobody is there. Without `membership`, where SCIM is on, it never is.
   */
  readonly certain: boolean;
  /** Asana's clock, epoch milliseconds; null when it sent no Date. */
  readonly asanaDate: number | null;
}

/**
 * Reads one account afresh: exactly one SCIM request, and with `membership` (or SCIM off) one of REST beside
 * it. What was not asked for comes from the directory. SCIM hides guests: one who is in the directory stays;
 * anybody else whom SCIM does not know and REST does not show is gone.
 *
 * @throws AsanaError for everything but "not found": also where SCIM and REST contradict each other
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
 * Looks an account up by email: in SCIM by `userName`, and with `membership` (or SCIM off) in REST, which
 * shows guests too. Where only one of them finds somebody by it, the other is asked by gid: they may write the address
 * differently.
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

/** The workspace that REST is asked about, null where it is not asked, and how to call. */
function placeOf(
  { scim }: AsanaSession,
  directory: Directory,
  { membership, workspace, priority, signal }: ReadOptions,
): { readonly workspace: string | null; readonly call: Call } {
  const place = workspace ?? directory.current()?.organization?.gid ?? null;
  return { workspace: membership || scim === null ? place : null, call: { priority, signal } };
}

/** Asana found the person by this email, whatever it shows as their address. */
function answering(account: Account, email: string): Account {
  if (account.email === email) return account;
  const { address: _, ...others } = account;
  return { ...others, email };
}

/** Whom to read afresh, and where. */
export interface Subject {
  /** Null for somebody looked up by email. */
  readonly gid: string | null;
  readonly email: string | null;
  /** The workspace whose membership counts; by default the organization. */
  readonly workspace?: string | undefined;
  /** The team whose membership counts, of the organization `workspace`. */
  readonly team?: string | undefined;
}

export interface FreshReading extends FreshAccount {
  /** Null where none was asked for, too. */
  readonly teamMembership: TeamMembership | null;
}

/**
 * Reads somebody afresh, with their place in a team if one is named, and lays what was read over the snapshot, so
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
  // SCIM hides guests: its word alone takes nobody away.
  const isDoubtful = gid !== null && !seen.account && !seen.certain;
  const fresh = isDoubtful
    ? await readAccount(session, directory, gid, { ...where, membership: true })
    : seen;
  const place = fresh.certain ? (workspace ?? directory.current()?.organization?.gid ?? null) : null;
  if (fresh.account) directory.lay(fresh.account, begunAt, place);
  else if (gid !== null && fresh.certain) directory.lay({ gid, gone: true }, begunAt, place);
  const membership = (inTeam && teams?.get(team)) || null;
  if (inTeam) directory.layTeamMembership({ team, user: gid, membership }, begunAt);
  // Asana may remove a guest with their last team: which of them it is, the listing of hours ago does not tell.
  if (teams && fresh.account && isGuest(fresh.account, workspace ?? null))
    layTeamsOf(directory, { user: fresh.account.gid, organization: workspace }, teams, begunAt);
  return { ...fresh, teamMembership: membership };
}

/** Lays over what the listing of one organization says otherwise of somebody's teams there. O(teams). */
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

/** None of somebody whom Asana does not know (any more). */
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

/** What was asked about one person; null what was not. */
interface Answers {
  readonly user: Answer<ScimUserRecord | null> | null;
  readonly memberships: Answer<readonly WorkspaceMembershipRecord[] | null> | null;
  /** Where REST was asked. */
  readonly workspace: string | null;
}

/** One account out of what was just read and what was known before; null when it is gone. */
function join(
  gid: string,
  { user, memberships, workspace }: Answers,
  directory: Directory,
  userTypes: UserTypes,
): FreshAccount {
  const known = directory.account(gid);
  const scimUser = user?.value ?? null;
  const asanaDate = latest(user?.date, memberships?.date);
  // Two people may answer to one address, in SCIM the one and in REST the other.
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
 * In the organization, SCIM and REST speak of the same people, but for guests. Where one of them does not show somebody whom
 * the other calls active, it may be behind, and nothing follows from either. Whom SCIM never showed it may leave out.
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

/** REST's address, from the listing, stands until SCIM shows a rename: the two may differ for one person. */
function addressKnown(known: Account | undefined, scimUser: ScimUserRecord | null): string | null {
  const renamed = known?.scim && scimUser && known.scim.userName !== scimUser.userName;
  const address = known ? addressOf(known) : null;
  if (address !== null && !renamed) return address;
  return scimUser?.email ?? address;
}

/** Whether somebody SCIM did not show, or was not asked for, is still an account. */
function survives(
  known: Account | undefined,
  scimAsked: boolean,
  restAsked: boolean,
  places: readonly WorkspaceMembership[],
): boolean {
  if (restAsked) return places.length > 0;
  // Without REST's word: a guest was never in SCIM; whoever was, and is not now, is gone.
  return known !== undefined && (!scimAsked || known.scim === null);
}

/** The answer; where there is nobody, one without a value. */
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
