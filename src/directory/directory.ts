import type { Clock } from '../core/clock.ts';
import { isActive, isGuest, takesSeat } from './account.ts';
import { indexByEmail } from './account-reading.ts';
import { LaidTeamMemberships } from './laid-team-memberships.ts';
import type { Measure, PartCounts } from './measure.ts';
import { type OwnRemoval, OwnRemovals, placeOfRemoval } from './own-removals.ts';
import type { Account, Snapshot, TeamMembership } from './snapshot.ts';

/** An account that a fresh read did not find any more. */
export interface GoneAccount {
  readonly gid: string;
  readonly gone: true;
}

/** What a fresh read has shown of somebody's place in a team. */
export interface TeamPlace {
  readonly team: string;
  readonly user: string;
  /** Null: not in it. */
  readonly membership: TeamMembership | null;
}

export interface DirectoryCounts {
  /** All accounts, guests and inactive ones among them. */
  readonly accounts: number;
  readonly guests: number;
  readonly teams: number;
  readonly workspaces: number;
  /** Those that take a seat. */
  readonly enterpriseLicenses: number;
  readonly viewOnlyLicenses: number;
}

/** What is noted of what our own actions take away. */
export type LossBook = Pick<Directory, 'noteRemoval' | 'noteLeaving'>;

/** Notes one loss in a directory. */
export type LossNote = (book: LossBook) => void;

interface Laid {
  /** Null: gone. */
  readonly account: Account | null;
  /** Monotonic clock, when it was laid. */
  readonly at: number;
  /** The same, when the newest read of it began. */
  readonly begunAt: number;
  /** The same, of the newest read of each workspace, by gid. */
  readonly places: ReadonlyMap<string, number>;
}

/** So many looks at single accounts are kept until there is a snapshot, which may never come; it shows most of them itself. */
const MOST_AWAITING = 100;

type AccountCounts = { -readonly [key in Exclude<keyof DirectoryCounts, 'teams' | 'workspaces'>]: number };

const noAccounts = (): AccountCounts => ({
  accounts: 0,
  guests: 0,
  enterpriseLicenses: 0,
  viewOnlyLicenses: 0,
});

/**
 * What is known of Asana now: the last snapshot, and over it what our own fresh reads and actions have seen
 * since. Laying over costs O(1), however many accounts there are.
 */
export class Directory {
  readonly #clock: Clock;
  #snapshot: Snapshot | null = null;
  /** What is known beyond the snapshot, by gid. */
  readonly #laid = new Map<string, Laid>();
  /** Emails of what is laid; the account's own email decides whether an entry still holds. */
  readonly #laidEmails = new Map<string, string>();
  readonly #laidTeams = new LaidTeamMemberships();
  readonly #removals = new OwnRemovals();
  /** Until when somebody may be shown in a team that they have left by our doing, monotonic; by team and person. */
  readonly #leaving = new Map<string, number>();
  #counts = noAccounts();
  #effective: Snapshot | null = null;
  /** What was laid over directories of single accounts while there was no snapshot yet. */
  #awaiting: readonly Directory[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The snapshot as it was read: parts, workspaces, teams. What was laid over is in `account` and `effective`. */
  current(): Snapshot | null {
    return this.#snapshot;
  }

  /** A snapshot with everything laid over it, for exports and uploads. O(n) after a change, then remembered. */
  effective(): Snapshot | null {
    if (!this.#snapshot || (this.#laid.size === 0 && this.#laidTeams.isEmpty())) return this.#snapshot;
    this.#effective ??= this.#layOver(this.#snapshot);
    return this.#effective;
  }

  /**
   * Takes a new snapshot. What was laid after reading it began may be missing in it, and stays; so does
   * everything while a part is incomplete. Of another organization nothing stays.
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
   * Takes over what was laid over the directory of a single account, as far as the snapshot does not show it itself. Without
   * a snapshot that is done once there is one. Of another organization nothing is taken.
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

  /** The moment at which a fresh read begins, for `lay`. */
  now(): number {
    return this.#clock.monotonic();
  }

  /**
   * Lays over what a fresh read has shown: of each place the newest read counts, and of the account the newest of all. Reads of
   * two places of one person overlap, and either may have been made before a change that the other shows. Nothing happens
   * before the first snapshot.
   * @param place the workspace whose membership was read, gid; null when none was
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

  /** What was read of one place, with what is known of the others by now. Null for an account that is nowhere. */
  #merge(entry: Account | GoneAccount, place: string | null, isNewest: boolean): Account | null {
    const known = this.account(entry.gid);
    if (!known) return 'gone' in entry ? null : entry;
    const others = known.memberships.filter(({ workspace }) => workspace !== place);
    if ('gone' in entry) {
      // Found where nobody had looked when this read began.
      const isElsewhere = !isNewest && others.length > 0;
      return isElsewhere ? { ...known, memberships: others } : null;
    }
    const here = entry.memberships.filter(({ workspace }) => workspace === place);
    return { ...(isNewest ? entry : known), memberships: [...here, ...others] };
  }

  /** The same for somebody's place in a team; null when they are not in it. */
  layTeamMembership({ team, user, membership }: TeamPlace, begunAt = this.now()): void {
    if (!this.#snapshot) return;
    this.#laidTeams.put(team, user, { membership, at: this.now(), begunAt });
    this.#effective = null;
  }

  /**
   * Notes that an action of ours took something away, so that a reading without it is not suddenly smaller. What is not read
   * here is not missing.
   */
  noteRemoval(removal: OwnRemoval): void {
    const place = placeOfRemoval(removal);
    if (this.#snapshot && !this.#snapshot.workspaces.some(({ gid }) => gid === place)) return;
    const memberships = this.account(removal.user)?.memberships ?? [];
    const isGone = !memberships.some(({ active, workspace }) => active && workspace !== place);
    this.#removals.note(removal, { at: this.#clock.now(), isGone });
  }

  /** Notes that Asana was asked to take somebody out of a team, and may take so long to show it. */
  noteLeaving(team: string, user: string, forMs: number): void {
    const now = this.now();
    for (const [key, until] of this.#leaving) if (now > until) this.#leaving.delete(key);
    this.#leaving.set(`${team} ${user}`, now + forMs);
  }

  /** Whether somebody who is shown in a team may have left it by our doing. */
  isLeaving(team: string, user: string): boolean {
    const until = this.#leaving.get(`${team} ${user}`);
    return until !== undefined && this.now() <= until;
  }

  /** How much of each part our own actions have removed since it was measured. O(team memberships) after leavers. */
  removedSince(measure: Measure | null): PartCounts {
    return this.#removals.since(measure, this.#snapshot);
  }

  /** Somebody's membership of a team; null for none. O(members of the team). */
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
   * Where two accounts share an email, the one in use has it (`indexByEmail`).
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

/** What was laid after a reading began may be missing in it, and anything may while a part is incomplete. */
function mayLack({ parts: { accounts, licenses } }: Snapshot, { at }: Laid): boolean {
  const whole = accounts.complete && (licenses?.complete ?? true);
  return !whole || at >= Math.min(accounts.begunAt, licenses?.begunAt ?? accounts.begunAt);
}
