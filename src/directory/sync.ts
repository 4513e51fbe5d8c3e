import type { AsanaError } from '../asana/errors.ts';
import type { AsanaScim } from '../asana/scim.ts';
import type { AsanaSession } from '../asana/session.ts';
import type { Call } from '../asana/transport.ts';
import type { Clock } from '../core/clock.ts';
import type { CodedError } from '../core/errors.ts';
import type { UserTypes } from './account.ts';
import { AccountReading, indexByEmail } from './account-reading.ts';
import { DirectoryError } from './directory-error.ts';
import { Faults, outcomeOf } from './faults.ts';
import { chooseScope, type Scope } from './scope.ts';
import type { Part, Snapshot, Team, Workspace } from './snapshot.ts';
import { readTeams } from './team-reading.ts';

export interface SyncProgress {
  /** Accounts and licenses are read first; teams may be under way at the same time. */
  readonly phase: 'Accounts' | 'Teams';
  readonly accounts: number;
  /** Teams whose members are known. */
  readonly teams: number;
}

export interface SyncOptions {
  /** Gids; undefined or empty for every workspace the token sees. */
  readonly workspaces?: readonly string[] | undefined;
  readonly scim: { readonly enabled: boolean; readonly userTypes: UserTypes };
  /** Read the teams too; otherwise the teams of `previous` are carried over. */
  readonly teams: boolean;
  /** The reading before. It lends its teams, and what an incomplete listing of this one lacks. */
  readonly previous?: Snapshot | null | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly clock: Clock;
  readonly onProgress?: ((progress: SyncProgress) => void) | undefined;
  /** Called once, as soon as accounts and licenses are there; the teams part is that of `previous`, or null. */
  readonly onAccounts?: ((snapshot: Snapshot, scimIdsForeign: boolean) => void) | undefined;
}

/** Whether one of Asana's two interfaces takes the credentials and gives what is needed. */
export type SurfaceCheck = { readonly ok: true } | { readonly ok: false; readonly error: CodedError };

export interface SyncResult {
  /** Null when REST refuses the token while SCIM works, and there is a better reading already: `previous`. */
  readonly snapshot: Snapshot | null;
  readonly rest: SurfaceCheck;
  /** Null with SCIM off. Not ok with `LicensesUnavailable` where no user carries `userType`. */
  readonly scim: SurfaceCheck | null;
  /**
   * Not one SCIM id is a gid of REST, all of whose accounts were read: the two tokens belong to different organizations.
   * Nothing was joined, and the snapshot shows REST's accounts without licenses.
   */
  readonly scimIdsForeign: boolean;
}

/**
 * Reads the whole directory: 3⌈A/100⌉ + ⌈T/100⌉ + Σ⌈m/100⌉ + 2 requests for A accounts and T teams of m
 * members, all listings at once. A part whose listing fails is marked incomplete, with the reason, and keeps
 * what came.
 *
 * @throws AsanaError when REST cannot be read at all (`CredentialsRejected`, `PlanRefused`, `AsanaUnavailable`, …)
 * @throws DirectoryError `WorkspaceNotFound`, `AmbiguousOrganization`
 * @throws the signal's reason when it aborts
 */
export async function syncDirectory(session: AsanaSession, options: SyncOptions): Promise<SyncResult> {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  try {
    return await new Sync(session, options, signal).run();
  } finally {
    // Whatever is still being read is of no use once this has returned or thrown.
    stop.abort();
  }
}

interface RestReading {
  readonly scope: Scope;
  readonly self: string | null;
  readonly teams: Promise<ReadonlyMap<string, Team>> | null;
}

const NOWHERE: Scope = { workspaces: [], organizations: [], organization: null };

class Sync {
  readonly #session: AsanaSession;
  readonly #options: SyncOptions;
  readonly #scim: AsanaScim | null;
  readonly #tally = { requests: 0 };
  readonly #call: Call;
  readonly #reading = new AccountReading();
  readonly #accountFaults = new Faults();
  readonly #teamFaults = new Faults();
  readonly #begunAt: number;
  #phase: SyncProgress['phase'] = 'Accounts';
  #teamsRead = 0;

  constructor(session: AsanaSession, options: SyncOptions, signal: AbortSignal) {
    this.#session = session;
    this.#options = options;
    this.#scim = options.scim.enabled ? session.scim : null;
    this.#call = { priority: 'sync', signal, tally: this.#tally };
    this.#begunAt = options.clock.monotonic();
  }

  async run(): Promise<SyncResult> {
    const [rest, scimError] = await Promise.all([this.#readRest(), this.#readScim()]);
    const restError = 'error' in rest ? this.#judgeRest(rest.error, scimError) : null;
    const { scope, self, teams }: RestReading =
      'error' in rest ? { scope: NOWHERE, self: null, teams: null } : rest;
    const useless = restError !== null && this.#options.previous;
    // Half a listing of each need not meet; that says nothing of the organizations.
    const scimIdsForeign = this.#reading.scimIdsForeign && this.#accountFaults.isEmpty();
    const accounts = useless ? null : this.#assemble(scope, self, scimError);
    if (accounts) this.#options.onAccounts?.(accounts, scimIdsForeign);
    return {
      snapshot: accounts && (await this.#complete(accounts, teams)),
      rest: restError ? { ok: false, error: restError } : { ok: true },
      scim: this.#scim ? this.#judgeScim(scimError) : null,
      scimIdsForeign,
    };
  }

  /** Waits for the teams. */
  async #complete(accounts: Snapshot, teams: RestReading['teams']): Promise<Snapshot> {
    this.#phase = 'Teams';
    this.#report();
    if (!teams) return accounts;
    const read = await teams;
    const parts = { ...accounts.parts, teams: this.#part(this.#teamFaults.describe()) };
    return { ...accounts, parts, teams: read, requests: this.#tally.requests };
  }

  /** Everything of REST. Resolves when accounts are read, with the teams still on their way. */
  async #readRest(): Promise<RestReading | { readonly error: AsanaError }> {
    const { rest } = this.#session;
    const seen: Workspace[] = [];
    let self: string | null = null;
    const [selfError, error] = await Promise.all([
      outcomeOf(rest.me(this.#call).then(({ value }) => (self = value.gid))),
      outcomeOf(rest.workspaces((items) => seen.push(...items), this.#call)),
    ]);
    if (error) return { error };
    // A refusal is the token's nature; an outage leaves open who must be protected from removal.
    if (selfError && selfError.errorClass !== 'stalling') this.#accountFaults.add(selfError);
    const scope = chooseScope(seen, { workspaces: this.#options.workspaces, scim: this.#scim !== null });
    const teams = this.#options.teams ? this.#startTeams(scope) : null;
    await this.#readAccounts(scope);
    return { scope, self, teams };
  }

  #startTeams({ organizations }: Scope): Promise<ReadonlyMap<string, Team>> {
    const teams = readTeams({
      rest: this.#session.rest,
      organizations: organizations.map(({ gid }) => gid),
      call: this.#call,
      faults: this.#teamFaults,
      previous: this.#options.previous?.teams ?? null,
      onTeam: (count) => {
        this.#teamsRead = count;
        this.#report();
      },
    });
    // Awaited after the accounts; a failure before that must not count as unhandled.
    teams.catch(() => {});
    return teams;
  }

  async #readAccounts({ workspaces }: Scope): Promise<void> {
    const { rest } = this.#session;
    const listings = workspaces.flatMap(({ gid }) => [
      rest.users(gid, (users) => this.#take(() => this.#reading.addUsers(users)), this.#call),
      rest.workspaceMemberships(
        gid,
        (records) => this.#take(() => this.#reading.addMemberships(gid, records)),
        this.#call,
      ),
    ]);
    for (const error of await Promise.all(listings.map(outcomeOf))) {
      if (!error) continue;
      // Revoked while we were reading: nothing that follows would be answered either.
      if (error.code === 'CredentialsRejected') throw error;
      this.#accountFaults.add(error);
      if (this.#reading.size === 0) throw error;
    }
  }

  #readScim(): Promise<AsanaError | null> {
    if (!this.#scim) return Promise.resolve(null);
    return outcomeOf(
      this.#scim.users((users) => this.#take(() => this.#reading.addScimUsers(users)), this.#call),
    );
  }

  #take(add: () => void): void {
    add();
    this.#report();
  }

  #report(): void {
    const accounts = Math.max(this.#reading.size, this.#reading.scimSize);
    this.#options.onProgress?.({ phase: this.#phase, accounts, teams: this.#teamsRead });
  }

  /** REST refuses the token and SCIM works: that is worth telling apart. Any other failure ends the sync. */
  #judgeRest(error: AsanaError, scimError: AsanaError | null): CodedError {
    const refused = ['CredentialsRejected', 'Forbidden', 'RouteNotFound'].includes(error.code);
    if (!refused || !this.#scim || scimError) throw error;
    const judged = this.#session.sharedToken ? scimOnly(error) : error;
    this.#accountFaults.add(judged);
    return judged;
  }

  #judgeScim(error: AsanaError | null): SurfaceCheck {
    if (error) return { ok: false, error };
    if (this.#reading.scimSize === 0 || this.#reading.hasUserTypes) return { ok: true };
    const unavailable = new DirectoryError(
      'LicensesUnavailable',
      'No user carries a license type (userType): Asana shows it only where the organization has view-only licenses. Ask Asana for them, or turn spec.scim off.',
    );
    return { ok: false, error: unavailable };
  }

  #assemble(
    { workspaces, organization }: Scope,
    self: string | null,
    scimError: AsanaError | null,
  ): Snapshot {
    const previous = this.#previousOf(organization);
    const accountsPart = this.#part(this.#accountFaults.describe());
    const accounts = this.#reading.assemble(this.#options.scim.userTypes, {
      accounts: previous?.accounts ?? null,
      keepAccounts: !accountsPart.complete,
      keepLicenses: scimError !== null || (this.#reading.scimIdsForeign && !accountsPart.complete),
    });
    return {
      parts: {
        accounts: accountsPart,
        licenses: this.#scim ? this.#part(scimError?.message ?? null) : null,
        teams: previous?.parts.teams ?? null,
      },
      workspaces,
      organization,
      self,
      accounts,
      gidsByEmail: indexByEmail(accounts, organization?.gid ?? null),
      teams: previous?.teams ?? new Map(),
      requests: this.#tally.requests,
    };
  }

  /** The reading before, if it was of the same organization: another one's accounts must not mix in. */
  #previousOf(organization: Workspace | null): Snapshot | null {
    const { previous } = this.#options;
    return previous && previous.organization?.gid === organization?.gid ? previous : null;
  }

  #part(incompleteBecause: string | null): Part {
    const { clock } = this.#options;
    return {
      at: clock.now(),
      begunAt: this.#begunAt,
      complete: incompleteBecause === null,
      incompleteBecause,
    };
  }
}

/** A service account with SCIM's permissions alone: what it lacks, and what that means. */
function scimOnly(error: AsanaError): DirectoryError {
  return new DirectoryError(
    'CredentialsRejected',
    `SCIM takes the token, the REST API does not (${error.status}): with only the permissions Users and Teams a service account can do SCIM alone. Admins and guests cannot be told without REST, so nothing is changed. Give the service account full permissions, or put a token that has them under tokenKey and this one under scimTokenKey.`,
    error,
  );
}
