import type { AsanaError } from '../asana/errors.ts';
import type { AsanaSession, ScimClient } from '../asana/session.ts';
import type { Call, Tally } from '../asana/transport.ts';
import type { Clock } from '../core/clock.ts';
import type { CodedError } from '../core/errors.ts';
import { Turns } from '../core/turns.ts';
import type { UserTypes } from './account.ts';
import { AccountReading, asMembers, indexByEmail } from './account-reading.ts';
import { DirectoryError, permissionLost, scimOnly } from './directory-error.ts';
import { Faults, outcomeOf } from './faults.ts';
import { readRest } from './rest-reading.ts';
import { type Scope, scopeOverScim } from './scope.ts';
import { missingOf, type Part, type Snapshot, type Team, type Workspace } from './snapshot.ts';
import { readTeams, type TeamSource, teamsOverRest, teamsOverScim } from './team-reading.ts';

export interface SyncProgress {
  /** Accounts and licenses come first; teams may be read at the same time. */
  readonly phase: 'Accounts' | 'Teams';
  readonly accounts: number;
  /** Teams whose members are known. */
  readonly teams: number;
}

export interface SyncOptions {
  /** Gids; undefined or empty for every workspace in which the token's account is a member, not a guest. */
  readonly workspaces?: readonly string[] | undefined;
  /** Names the organization of a token that only SCIM accepts. */
  readonly defaultWorkspace?: string | undefined;
  /** True if REST accepted the token before. A rejection now is a loss, not a reason to fall back to SCIM. */
  readonly restKnown?: boolean | undefined;
  /** How many announced items listings may lack and still count as complete. */
  readonly acceptedShortfall?: number | null | undefined;
  readonly scim: { readonly enabled: boolean; readonly userTypes: UserTypes };
  /** Read the teams too; otherwise the teams of `previous` are carried over. */
  readonly teams: boolean;
  /** The previous reading. Supplies its teams, and what incomplete listings of this one lack. */
  readonly previous?: Snapshot | null | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Counts the requests, including those of a sync that fails. */
  readonly tally?: Tally | undefined;
  readonly clock: Clock;
  readonly onProgress?: ((progress: SyncProgress) => void) | undefined;
  /** Called once, before any account is read, with every workspace that the token is shown. */
  readonly onWorkspaces?: ((gids: readonly string[]) => void) | undefined;
  /** Called once, when accounts and licenses have been read; the teams part is that of `previous`, or `null`. */
  readonly onAccounts?: ((snapshot: Snapshot) => void) | undefined;
}

/** Whether one of Asana's two interfaces accepts the credentials and returns what is needed. */
export type SurfaceCheck = { readonly ok: true } | { readonly ok: false; readonly error: CodedError };

export interface SyncResult {
  /** `null` if REST rejects a token that it accepted before, or that is not the one SCIM uses. */
  readonly snapshot: Snapshot | null;
  /** Not ok with `ScimOnly` if REST never accepted the token: then the snapshot is what SCIM shows. */
  readonly rest: SurfaceCheck;
  /** `null` with SCIM off. Not ok with `LicensesUnavailable` if no user has a `userType`. */
  readonly scim: SurfaceCheck | null;
}

/**
 * Reads the whole directory: 3⌈A/100⌉ + ⌈T/100⌉ + Σ⌈m/100⌉ + 3 requests for A accounts and T teams of m members, all
 * listings in parallel. A part whose listing fails is marked incomplete, with the reason, and keeps what was read. With
 * a token that only SCIM accepts: ⌈A/100⌉ + ⌈T/100⌉ + T + 3.
 *
 * @throws AsanaError if REST cannot be read at all (`CredentialsRejected`, `PlanRefused`, `AsanaUnavailable`, …)
 * @throws DirectoryError `WorkspaceNotFound`, `AmbiguousOrganization`, `WorkspaceNotSet`
 * @throws the signal's reason if it aborts
 */
export async function syncDirectory(session: AsanaSession, options: SyncOptions): Promise<SyncResult> {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  try {
    return await new Sync(session, options, signal).run();
  } finally {
    // Stops requests that are still running, whose results are no longer needed.
    stop.abort();
  }
}

/** The teams of one organization, while they are being read. */
interface StartedTeams {
  readonly organization: string;
  readonly faults: Faults;
  readonly teams: Promise<ReadonlyMap<string, Team>>;
}

/** What determines which accounts a snapshot has. */
interface AccountsFound {
  readonly scope: Scope;
  readonly self: string | null;
  readonly scimOnly: boolean;
}

class Sync {
  readonly #session: AsanaSession;
  readonly #options: SyncOptions;
  readonly #scim: ScimClient | null;
  readonly #tally: Tally;
  readonly #call: Call;
  readonly #reading = new AccountReading();
  readonly #accountFaults = new Faults();
  readonly #licenseFaults = new Faults();
  readonly #begunAt: number;
  readonly #startedAt: number;
  #startedTeams: readonly StartedTeams[] = [];
  #phase: SyncProgress['phase'] = 'Accounts';
  #teamsRead = 0;
  /** True if teams are due, or if the previous reading has none to carry over. */
  #readsTeams: boolean;

  constructor(session: AsanaSession, options: SyncOptions, signal: AbortSignal) {
    this.#session = session;
    this.#options = options;
    this.#scim = options.scim.enabled ? session.scim : null;
    this.#tally = options.tally ?? { requests: 0 };
    this.#call = { priority: 'sync', signal, tally: this.#tally };
    this.#readsTeams = options.teams;
    this.#begunAt = options.clock.monotonic();
    this.#startedAt = options.clock.now();
  }

  async run(): Promise<SyncResult> {
    const [rest, scimError] = await Promise.all([this.#readRest(), this.#readScim()]);
    if (scimError) this.#licenseFaults.add(scimError);
    if ('error' in rest) return this.#goOnOverScim(rest.error, scimError);
    const snapshot = await this.#complete(await this.#assemble({ ...rest, scimOnly: false }));
    return { snapshot, rest: { ok: true }, scim: this.#judgeScim(snapshot, scimError) };
  }

  /**
   * Continues over SCIM alone if REST rejects the token, SCIM accepts the same one, and REST never accepted it. Any
   * other failure of REST ends the sync.
   */
  async #goOnOverScim(error: AsanaError, scimError: AsanaError | null): Promise<SyncResult> {
    const scim = this.#scim;
    const refused = ['CredentialsRejected', 'Forbidden', 'RouteNotFound'].includes(error.code);
    if (!refused || !scim || (scimError && !scimError.shortfall)) throw error;
    const { sharedToken } = this.#session;
    const { restKnown, previous } = this.#options;
    if (!sharedToken || restKnown || previous?.scimOnly === false) {
      const judged = sharedToken ? permissionLost(error) : error;
      return { snapshot: null, rest: { ok: false, error: judged }, scim: { ok: true } };
    }
    const scope = scopeOverScim(this.#options);
    const accounts = await this.#assemble({ scope, self: null, scimOnly: true });
    this.#startTeams(scope.organizations, () => teamsOverScim(scim, this.#call));
    const snapshot = await this.#complete(accounts);
    const check: SurfaceCheck = { ok: false, error: scimOnly(error) };
    return { snapshot, rest: check, scim: this.#judgeScim(snapshot, scimError) };
  }

  #readRest() {
    const { rest } = this.#session;
    return readRest({
      rest,
      call: this.#call,
      workspaces: this.#options.workspaces,
      scim: this.#scim !== null,
      reading: this.#reading,
      faults: this.#accountFaults,
      onPage: () => this.#report(),
      onWorkspaces: (gids) => this.#options.onWorkspaces?.(gids),
      onOrganizations: (organizations) =>
        this.#startTeams(organizations, ({ gid }) => teamsOverRest(rest, gid, this.#call)),
    });
  }

  #readScim(): Promise<AsanaError | null> {
    if (!this.#scim) return Promise.resolve(null);
    const listing = this.#scim.users((users) => {
      this.#reading.addScimUsers(users);
      this.#report();
    }, this.#call);
    return outcomeOf(listing);
  }

  #startTeams(organizations: readonly Workspace[], sourceOf: (organization: Workspace) => TeamSource): void {
    this.#readsTeams ||= !this.#hasTeamsOf(organizations);
    if (!this.#readsTeams) return;
    this.#startedTeams = organizations.map((organization) => {
      const faults = new Faults();
      const teams = readTeams({
        source: sourceOf(organization),
        organization: organization.gid,
        faults,
        previous: this.#options.previous?.teams ?? null,
        onTeam: () => {
          this.#teamsRead += 1;
          this.#report();
        },
      });
      // Awaited after the accounts, or never. A failure before then must not be an unhandled rejection.
      teams.catch(() => {});
      return { organization: organization.gid, faults, teams };
    });
  }

  /** Reports the accounts, and waits for the teams. */
  async #complete(accounts: Snapshot): Promise<Snapshot> {
    this.#options.onAccounts?.(accounts);
    this.#phase = 'Teams';
    this.#report();
    if (!this.#readsTeams) return accounts;
    const wanted = new Set(accounts.workspaces.map(({ gid }) => gid));
    const started = this.#startedTeams.filter(({ organization }) => wanted.has(organization));
    const read = await Promise.all(started.map(({ teams }) => teams));
    const lacking = accounts.parts.licenses?.shortfall;
    const faults = started.map((organization) => organization.faults);
    const part = this.#part(faults, this.#allowedShortfall - (lacking ? missingOf(lacking) : 0));
    return {
      ...accounts,
      parts: { ...accounts.parts, teams: part },
      teams: new Map(read.flatMap((teams) => [...teams])),
      requests: this.#tally.requests,
    };
  }

  get #allowedShortfall(): number {
    return this.#options.acceptedShortfall ?? 0;
  }

  #report(): void {
    const accounts = Math.max(this.#reading.size, this.#reading.scimSize);
    this.#options.onProgress?.({ phase: this.#phase, accounts, teams: this.#teamsRead });
  }

  #judgeScim({ parts: { licenses } }: Snapshot, error: AsanaError | null): SurfaceCheck | null {
    if (!this.#scim) return null;
    if (error && !licenses?.complete) return { ok: false, error };
    if (this.#reading.scimSize === 0 || this.#reading.hasUserTypes) return { ok: true };
    const unavailable = new DirectoryError(
      'LicensesUnavailable',
      'No user has a license type (userType). Asana shows it only if the organization has view-only licenses. Ask Asana to enable them, or set spec.scim.enabled to false.',
    );
    return { ok: false, error: unavailable };
  }

  async #assemble({ scope, self, scimOnly }: AccountsFound): Promise<Snapshot> {
    const { workspaces, leftOut, organization } = scope;
    const previous = this.#previousOf(organization);
    const licenses = this.#scim ? this.#part([this.#licenseFaults], this.#allowedShortfall) : null;
    const part = scimOnly && licenses ? licenses : this.#part([this.#accountFaults], 0);
    const reading = this.#reading;
    const home = organization?.gid ?? null;
    const joinScim = reading.idsMeet(home);
    const before = {
      accounts: previous?.accounts ?? null,
      keepAccounts: !part.complete,
      keepLicenses: licenses?.complete === false || (!joinScim && !part.complete),
      joinScim,
    };
    const turns = new Turns(this.#options.clock);
    const accounts = await reading.assemble(this.#options.scim.userTypes, before, turns);
    // The sync may have been stopped while others had their turn: then its accounts must not be reported.
    this.#call.signal?.throwIfAborted();
    if (scimOnly && organization) asMembers(accounts, organization.gid);
    return {
      parts: { accounts: part, licenses, teams: previous?.parts.teams ?? null },
      workspaces,
      leftOut,
      organization,
      scimOnly,
      scimIdsForeign: reading.isForeign(home, {
        restWhole: part.complete,
        scimWhole: licenses?.complete ?? false,
      }),
      self,
      accounts,
      gidsByEmail: indexByEmail(accounts, organization?.gid ?? null),
      teams: previous ? teamsWithin(previous.teams, scope) : new Map(),
      requests: this.#tally.requests,
    };
  }

  /** Whether the previous reading has read the teams of each of these organizations. */
  #hasTeamsOf(organizations: readonly Workspace[]): boolean {
    const { previous } = this.#options;
    // An organization that rejected the token is asked again when teams are due.
    const refused = new Set(previous?.leftOut.map(({ gid }) => gid));
    const asked = organizations.filter(({ gid }) => !refused.has(gid));
    const [only, another] = asked;
    const isSame = previous?.organization?.gid === (another ? undefined : only?.gid);
    const isRead = ({ gid }: Workspace) => previous?.workspaces.some((known) => known.gid === gid) ?? false;
    return isSame && Boolean(previous?.parts.teams) && asked.every(isRead);
  }

  /** Returns the previous reading if it is of the same organization: accounts of another one must not mix in. */
  #previousOf(organization: Workspace | null): Snapshot | null {
    const { previous } = this.#options;
    return previous && previous.organization?.gid === organization?.gid ? previous : null;
  }

  /** @param allowed how many items a listing may lack if it did not fail otherwise */
  #part(faults: readonly Faults[], allowed: number): Part {
    const { clock } = this.#options;
    const hurt = faults.filter((found) => !found.isEmpty());
    const shortfall = hurt.length === 1 ? (hurt[0]?.shortfall ?? null) : null;
    const complete = hurt.length === 0 || (shortfall !== null && missingOf(shortfall) <= allowed);
    return {
      at: clock.now(),
      startedAt: this.#startedAt,
      begunAt: this.#begunAt,
      complete,
      incompleteBecause: complete ? null : hurt.map((found) => found.describe()).join(' '),
      ...(shortfall ? { shortfall } : {}),
    };
  }
}

/** Returns the teams in scope; the same map if all of them are. */
function teamsWithin(teams: Snapshot['teams'], { organizations }: Scope): Snapshot['teams'] {
  const isWithin = ({ organization }: Team) => organizations.some(({ gid }) => gid === organization);
  if (teams.values().every(isWithin)) return teams;
  return new Map(teams.entries().filter(([, team]) => isWithin(team)));
}
