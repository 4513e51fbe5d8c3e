import type { Clock } from '../core/clock.ts';
import { isActive, isGuest, takesSeat } from './account.ts';
import { indexByEmail } from './account-reading.ts';
import { LaidTeamMemberships } from './laid-team-memberships.ts';
import type { Measure, PartCounts } from './measure.ts';
import { type OwnRemoval, OwnRemovals, placeOfRemoval } from './own-removals.ts';
import type { Account, Snapshot, TeamMembership } from './snapshot.ts';

/** An account that a fresh read no longer found. */
export interface GoneAccount {
  readonly gid: string;
  readonly gone: true;
}

/** A user's membership of a team, as a fresh read showed it. */
export interface TeamPlace {
  readonly team: string;
  readonly user: string;
  /** `null` if the user is not in the team. */
  readonly membership: TeamMembership | null;
}

export interface DirectoryCounts {
  /** All accounts, including guests and inactive ones. */
  readonly accounts: number;
  readonly guests: number;
  readonly teams: number;
  readonly workspaces: number;
  /** Licenses that take a seat. */
  readonly enterpriseLicenses: number;
  readonly viewOnlyLicenses: number;
}

/** The methods that record what our own actions take away. */
export type LossBook = Pick<Directory, 'noteRemoval' | 'noteLeaving'>;

/** Records one loss in a directory. */
export type LossNote = (book: LossBook) => void;

interface Laid {
  /** `null` if the account is gone. */
  readonly account: Account | null;
  /** Monotonic time at which it was laid over. */
  readonly at: number;
  /** Monotonic time at which its newest read began. */
  readonly begunAt: number;
  /** Monotonic time at which the newest read of each workspace began, by gid. */
  readonly places: ReadonlyMap<string, number>;
}

/** Single-account directories kept for the first snapshot. It may never come, and shows most of their data itself. */
const MOST_AWAITING = 100;

type AccountCounts = { -readonly [key in Exclude<keyof DirectoryCounts, 'teams' | 'workspaces'>]: number };

const noAccounts = (): AccountCounts => ({
  accounts: 0,
  guests: 0,
  enterpriseLicenses: 0,
  viewOnlyLicenses: 0,
});

/**
 * The current knowledge of Asana: the last snapshot, overlaid with what our own fresh reads and actions have shown
 * since. Laying one entry over it costs O(1), however many accounts there are.
 */
export class Directory {
  readonly #clock: Clock;
  #snapshot: Snapshot | null = null;
  /** What is known beyond the snapshot, by gid. */
  readonly #laid = new Map<string, Laid>();
  /** Emails of the accounts laid over. An entry is valid only if the account still has that email. */
  readonly #laidEmails = new Map<string, string>();
  readonly #laidTeams = new LaidTeamMemberships();
  readonly #removals = new OwnRemovals();
  /** Monotonic time until which a team may still show a user whom we removed, by team and user. */
  readonly #leaving = new Map<string, number>();
  #counts = noAccounts();
  #effective: Snapshot | null = null;
  /** Single-account directories to inherit from once there is a snapshot. */
  #awaiting: readonly Directory[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns the snapshot as read: parts, workspaces, teams. `account` and `effective` include the overlay. */
  current(): Snapshot | null {
    return this.#snapshot;
  }

  /** Returns the snapshot with everything laid over it, for exports and uploads. O(n) after a change, then cached. */
  effective(): Snapshot | null {
    if (!this.#snapshot || (this.#laid.size === 0 && this.#laidTeams.isEmpty())) return this.#snapshot;
    this.#effective ??= this.#layOver(this.#snapshot);
    return this.#effective;
  }

  /**
   * Takes a new snapshot. Keeps what was laid over after its reading began, since the snapshot may lack it, and keeps
   * everything while a part is incomplete. Keeps nothing of another organization.
   */
  adopt(snapshot: Snapshot): void {
    const same = this.#snapshot?.organization?.gid === snapshot.organization?.gid;
    this.#snapshot = snapshot;
    this.#effective = null;
    this.#counts = noAccounts();
    for (const account of snapshot.accounts.values()) this.#count(account, 1);
    const kept = [...this.#laid];
    this.#laid.clear();
    this.#laidEmails.clear();
    for (const [gid, laid] of kept) if (same && mayLack(snapshot, laid)) this.#put(gid, laid);
    if (same) this.#laidTeams.forgetBefore(snapshot.parts.teams);
    else this.#laidTeams.forgetAll();
    const awaiting = this.#awaiting;
    this.#awaiting = [];
    for (const other of awaiting) this.inherit(other);
  }

  /**
   * Takes over what was laid over a single-account directory, unless the snapshot already shows it. Without a snapshot,
   * does so once there is one. Ignores directories of another organization.
   */
  inherit(other: Directory): void {
    const snapshot = this.#snapshot;
    if (!snapshot) {
      this.#awaiting = [...this.#awaiting.slice(1 - MOST_AWAITING), other];
      return;
    }
    if (snapshot.organization?.gid !== other.#snapshot?.organization?.gid) return;
    for (const [gid, laid] of other.#laid) {
      const known = this.#laid.get(gid);
      if (mayLack(snapshot, laid) && !(known && known.begunAt > laid.begunAt)) this.#put(gid, laid);
    }
    this.#laidTeams.inherit(other.#laidTeams);
    this.#laidTeams.forgetBefore(snapshot.parts.teams);
    this.#effective = null;
  }

  /** Returns the monotonic time, to pass to `lay` as the start of a fresh read. */
  now(): number {
    return this.#clock.monotonic();
  }

  /**
   * Lays over the result of a fresh read. The newest read of each workspace counts for its membership, and the newest
   * read of all for the account: reads of two workspaces overlap, and either may predate a change that the other shows.
   * Does nothing before the first snapshot.
   * @param place gid of the workspace whose membership was read; `null` if none was
   */
  lay(entry: Account | GoneAccount, begunAt = this.now(), place: string | null = null): void {
    const known = this.#laid.get(entry.gid);
    const seenAt = (place === null ? known?.begunAt : known?.places.get(place)) ?? Number.NEGATIVE_INFINITY;
    if (!this.#snapshot || seenAt > begunAt) return;
    const newest = Math.max(begunAt, known?.begunAt ?? begunAt);
    const places = new Map(known?.places);
    if (place !== null) places.set(place, begunAt);
    this.#put(entry.gid, {
      account: this.#merge(entry, place, newest === begunAt),
      at: this.now(),
      begunAt: newest,
      places,
    });
  }

  /** Merges the read of one workspace with what is known of the others. `null` if the account is nowhere. */
  #merge(entry: Account | GoneAccount, place: string | null, isNewest: boolean): Account | null {
    const known = this.account(entry.gid);
    if (!known) return 'gone' in entry ? null : entry;
    const others = known.memberships.filter(({ workspace }) => workspace !== place);
    if ('gone' in entry) {
      // A newer read found the account in another workspace.
      const isElsewhere = !isNewest && others.length > 0;
      return isElsewhere ? { ...known, memberships: others } : null;
    }
    const here = entry.memberships.filter(({ workspace }) => workspace === place);
    return { ...(isNewest ? entry : known), memberships: [...here, ...others] };
  }

  /** Like `lay`, for a membership of a team; `null` if the user is not in it. */
  layTeamMembership({ team, user, membership }: TeamPlace, begunAt = this.now()): void {
    if (!this.#snapshot) return;
    this.#laidTeams.put(team, user, { membership, at: this.now(), begunAt });
    this.#effective = null;
  }

  /**
   * Records that an action of ours took something away, so that a reading without it does not count as shrunk. Ignores
   * workspaces that are not read here, because nothing will be missing there.
   */
  noteRemoval(removal: OwnRemoval): void {
    const place = placeOfRemoval(removal);
    if (this.#snapshot && !this.#snapshot.workspaces.some(({ gid }) => gid === place)) return;
    const memberships = this.account(removal.user)?.memberships ?? [];
    const isGone = !memberships.some(({ active, workspace }) => active && workspace !== place);
    this.#removals.note(removal, { at: this.#clock.now(), isGone });
  }

  /** Records that Asana was asked to remove a user from a team, and may show the user in it for up to `forMs`. */
  noteLeaving(team: string, user: string, forMs: number): void {
    const now = this.now();
    for (const [key, until] of this.#leaving) if (now > until) this.#leaving.delete(key);
    this.#leaving.set(`${team} ${user}`, now + forMs);
  }

  /** Whether a user who is shown in a team may have left it by an action of ours. */
  isLeaving(team: string, user: string): boolean {
    const until = this.#leaving.get(`${team} ${user}`);
    return until !== undefined && this.now() <= until;
  }

  /** Counts what our own actions removed of each part since the measure. O(team memberships) after leavers. */
  removedSince(measure: Measure | null): PartCounts {
    return this.#removals.since(measure, this.#snapshot);
  }

  /** Returns a user's membership of a team; `null` for none. O(members of the team). */
  teamMembership(team: string, user: string): TeamMembership | null {
    const laid = this.#laidTeams.get(team, user);
    if (laid !== undefined) return laid;
    return this.#snapshot?.teams.get(team)?.memberships.find((known) => known.user === user) ?? null;
  }

  account(gid: string): Account | undefined {
    const laid = this.#laid.get(gid);
    return laid ? (laid.account ?? undefined) : this.#snapshot?.accounts.get(gid);
  }

  /**
   * Returns the account with an email. If two accounts share it, returns the one in use (`indexByEmail`).
   * @param email in lower case
   */
  accountByEmail(email: string): Account | undefined {
    const laid = this.#holderOf(email, this.#laidEmails);
    if (laid && this.#isActive(laid)) return laid;
    const read = this.#holderOf(email, this.#snapshot?.gidsByEmail);
    return read && (!laid || this.#isActive(read)) ? read : laid;
  }

  #holderOf(email: string, gids: ReadonlyMap<string, string> | undefined): Account | undefined {
    const gid = gids?.get(email);
    const account = gid === undefined ? undefined : this.account(gid);
    return account?.email === email ? account : undefined;
  }

  #isActive(account: Account): boolean {
    return isActive(account, this.#snapshot?.organization?.gid ?? null);
  }

  counts(): DirectoryCounts {
    const { teams, workspaces } = this.#snapshot ?? {};
    return { ...this.#counts, teams: teams?.size ?? 0, workspaces: workspaces?.length ?? 0 };
  }

  #put(gid: string, laid: Laid): void {
    const before = this.account(gid);
    if (before) this.#count(before, -1);
    this.#laid.set(gid, laid);
    this.#effective = null;
    if (!laid.account) return;
    this.#count(laid.account, 1);
    const { email } = laid.account;
    if (email === null) return;
    const holder = this.#holderOf(email, this.#laidEmails);
    if (!holder || this.#isActive(laid.account) || !this.#isActive(holder)) this.#laidEmails.set(email, gid);
  }

  #count(account: Account, amount: 1 | -1): void {
    const organization = this.#snapshot?.organization?.gid ?? null;
    this.#counts.accounts += amount;
    if (isGuest(account, organization)) this.#counts.guests += amount;
    if (!takesSeat(account)) return;
    this.#counts[account.license === 'Enterprise' ? 'enterpriseLicenses' : 'viewOnlyLicenses'] += amount;
  }

  #layOver(snapshot: Snapshot): Snapshot {
    const accounts = new Map(snapshot.accounts);
    const organization = snapshot.organization?.gid ?? null;
    const left = new Set<string>();
    for (const [gid, { account }] of this.#laid) {
      if (account) accounts.set(gid, account);
      else accounts.delete(gid);
      if (!account || (organization !== null && !isActive(account, organization))) left.add(gid);
    }
    const gidsByEmail = indexByEmail(accounts, organization);
    return { ...snapshot, accounts, gidsByEmail, teams: this.#laidTeams.over(snapshot.teams, left) };
  }
}

/** Whether a snapshot may lack an entry: it was laid over after the reading began, or a part is incomplete. */
function mayLack({ parts: { accounts, licenses } }: Snapshot, { at }: Laid): boolean {
  const whole = accounts.complete && (licenses?.complete ?? true);
  return !whole || at >= Math.min(accounts.begunAt, licenses?.begunAt ?? accounts.begunAt);
}
