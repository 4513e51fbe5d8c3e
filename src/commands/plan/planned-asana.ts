import type { Answer } from '../../asana/answer.ts';
import { AsanaError, type Surface } from '../../asana/errors.ts';
import type {
  TeamMembershipRecord,
  UserRecord,
  WorkspaceMembershipRecord,
} from '../../asana/rest-records.ts';
import type { NewScimUser } from '../../asana/scim.ts';
import type { ScimUserRecord } from '../../asana/scim-records.ts';
import type { AsanaSession, RestClient, ScimClient } from '../../asana/session.ts';
import type { Call } from '../../asana/transport.ts';
import type { Clock } from '../../core/clock.ts';
import { addressOf } from '../../directory/account.ts';
import type { Directory } from '../../directory/directory.ts';
import type { Account } from '../../directory/snapshot.ts';
import { membershipsOf, PlannedDirectory, scimUserOf } from './planned-directory.ts';

/**
 * Opens an in-memory Asana: it answers from one reading of the real Asana, and keeps changes in memory. The operator's
 * own code acts on it as it would act on Asana, and the changes it makes are the plan. Nothing is sent.
 */
export function openPlannedAsana(directory: Directory, clock: Clock, scimEnabled: boolean): AsanaSession {
  const planned = new PlannedDirectory(directory);
  return {
    rest: new PlannedRest(planned, clock),
    scim: scimEnabled ? new PlannedScim(planned, clock) : null,
    sharedToken: true,
    close: () => {},
  };
}

/** Answers as Asana's REST API would. */
class PlannedRest implements RestClient {
  readonly #directory: PlannedDirectory;
  readonly #clock: Clock;

  constructor(directory: PlannedDirectory, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  readonly me = readOnce;
  readonly workspaces = readOnce;
  readonly ownMemberships = readOnce;
  readonly users = readOnce;
  readonly workspaceMemberships = readOnce;
  readonly teams = readOnce;
  readonly team = readOnce;
  readonly teamMemberships = readOnce;

  async workspaceMembershipsOf(
    workspace: string,
    user: string,
  ): Promise<Answer<readonly WorkspaceMembershipRecord[]>> {
    const account = this.#directory.find(user);
    return answer(this.#clock, account ? membershipsOf(account, workspace) : []);
  }

  async teamMembershipsOf({ user }: { user: string }): Promise<ReadonlyMap<string, TeamMembershipRecord>> {
    return this.#directory.teamsOf(user);
  }

  async addUserToWorkspace(workspace: string, user: string, call: Call): Promise<Answer<UserRecord>> {
    await beforeChange(call);
    const known = this.#directory.find(user);
    if (known && hasLeft(known, workspace)) throw refuse('rest', 'Forbidden', 403);
    const account = known ?? this.#directory.create(user, user.split('@')[0] ?? user);
    const { gid, name } = this.#directory.setMembership(account, workspace, true);
    return answer(this.#clock, { gid, name, email: addressOf(account) });
  }

  async removeUserFromWorkspace(workspace: string, user: string, call: Call): Promise<Answer<void>> {
    await beforeChange(call);
    const account = this.#find(user);
    this.#directory.setMembership(account, workspace, false);
    return answer(this.#clock, undefined);
  }

  async addUserToTeam(team: string, user: string, call: Call): Promise<Answer<TeamMembershipRecord>> {
    await beforeChange(call);
    return answer(this.#clock, this.#directory.joinTeam(team, this.#find(user).gid));
  }

  async removeUserFromTeam(team: string, user: string, call: Call): Promise<Answer<void>> {
    await beforeChange(call);
    this.#directory.leaveTeam(team, this.#find(user).gid);
    return answer(this.#clock, undefined);
  }

  #find(user: string): Account {
    const account = this.#directory.find(user);
    if (!account) throw refuse('rest', 'NotFound', 400);
    return account;
  }
}

/** Answers as Asana's SCIM API would. */
class PlannedScim implements ScimClient {
  readonly #directory: PlannedDirectory;
  readonly #clock: Clock;

  constructor(directory: PlannedDirectory, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  readonly probe = readOnce;
  readonly users = readOnce;
  readonly groups = readOnce;
  readonly group = readOnce;

  async user(id: string): Promise<Answer<ScimUserRecord>> {
    return answer(this.#clock, recordOf(this.#find(id)));
  }

  async findByUserName(email: string): Promise<Answer<ScimUserRecord | null>> {
    const account = this.#directory.find(email);
    return answer(this.#clock, account && scimUserOf(account));
  }

  /** Conflicts if any account has the address, be it a guest or removed: Asana's API cannot re-add an account. */
  async createUser(
    { email, name, userType }: NewScimUser,
    call: Call,
  ): Promise<Answer<ScimUserRecord | null>> {
    await beforeChange(call);
    if (this.#directory.find(email)) throw refuse('scim', 'Conflict', 409);
    const { organization } = this.#directory;
    const created = this.#directory.create(email, name);
    const member =
      organization === null ? created : this.#directory.setMembership(created, organization, true);
    return answer(this.#clock, scimUserOf(this.#directory.setScim(member, { userName: email, userType })));
  }

  async setUserType(id: string, userType: string, call: Call): Promise<Answer<ScimUserRecord | null>> {
    await beforeChange(call);
    return answer(this.#clock, scimUserOf(this.#directory.setScim(this.#find(id), { userType })));
  }

  async deactivate(id: string, call: Call): Promise<Answer<ScimUserRecord | null>> {
    await beforeChange(call);
    const { organization } = this.#directory;
    const account = this.#find(id);
    const left =
      organization === null ? account : this.#directory.setMembership(account, organization, false);
    return answer(this.#clock, scimUserOf(this.#directory.setScim(left, { active: false })));
  }

  #find(id: string): Account {
    const account = this.#directory.find(id);
    if (!account?.scim) throw refuse('scim', 'NotFound', 404);
    return account;
  }
}

function recordOf(account: Account): ScimUserRecord {
  const record = scimUserOf(account);
  if (!record) throw refuse('scim', 'NotFound', 404);
  return record;
}

/** Whether an account was removed from a workspace. Asana's API cannot re-add it. */
function hasLeft({ memberships }: Account, workspace: string): boolean {
  const stays = memberships.filter((membership) => membership.workspace === workspace);
  return stays.length > 0 && !stays.some(({ active }) => active);
}

/** Asks the guard and counts the request, as before a real change. */
async function beforeChange({ guard, tally }: Call): Promise<void> {
  await guard?.();
  if (tally) tally.requests += 1;
}

/** Returns an answer with the time of the local clock, since decisions use the time that Asana answers with. */
function answer<T>(clock: Clock, value: T): Answer<T> {
  return { value, date: clock.now(), requestId: null };
}

function refuse(surface: Surface, code: 'NotFound' | 'Conflict' | 'Forbidden', status: number): AsanaError {
  return new AsanaError(code, 'The directory as it was read says so.', { surface, status });
}

function readOnce(): Promise<never> {
  return Promise.reject(new TypeError('the directory is read once, before anything is planned'));
}
