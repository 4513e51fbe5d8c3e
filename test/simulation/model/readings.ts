import type { AsanaAnswer } from '../asana/front.ts';
import type { Site } from '../asana/site.ts';
import { type Effect, isDeprovision } from './effect.ts';
import type { Facts } from './facts.ts';
import { gidsOf, type Part, partOf, readPage } from './listing.ts';
import { type Connector, connectorKeyOf, durationMs, keyOf } from './objects.ts';
import type { Pauses } from './pauses.ts';
import type { Change } from './records.ts';

/** The listings that a right is read from. */
const PARTS_OF: Readonly<Record<'account' | 'workspace' | 'team', readonly Part[]>> = {
  account: ['licenses', 'accounts', 'memberships'],
  // Removals from a workspace go over REST, and so rely on REST listings.
  workspace: ['accounts', 'memberships'],
  team: ['accounts', 'memberships', 'teams', 'members'],
};

interface Reading {
  /** Number of records of the listing under way. */
  items: number;
  startedAt: number;
  /** When the last whole listing began, and its number of records. */
  wholeAt: number | null;
  count: number;
  /** When the last listing that was read to its end ended. */
  endedAt: number;
  /** Failed answers in a row; a sync that was given up may have tried only once. */
  failures: number;
  /** Since when it fails, or is short; `null` while it does not. */
  failedSince: number | null;
  shortSince: number | null;
  /** When the first listing that was suddenly smaller began; `null` if none was. */
  shrunkSince: number | null;
  /** For teams only: their gids in the listing under way, and in the last whole one. */
  listing: readonly string[];
  listed: readonly string[];
}

/** The number of enterprise licenses in one listing. */
interface SeatCount {
  readonly at: number;
  readonly endedAt: number;
  readonly count: number;
  /** True if it was suddenly smaller: it is not used before a person accepts it. */
  readonly shrunk: boolean;
}

/** A listing may show the state of this long before it arrived. */
export const LISTED_WITHIN_MS = 1_000;
/** How long a failing listing is retried before its reading is given up. */
const RETRIES_MS = 120_000;
/** How long Asana may take to show a change. */
const AWAITED_MS = 240_000;
const TRIES = 3;
const LET_IT_END_MS = 30_000;
/** The most times that one connector reads the licenses while another reads them once: intervals differ by no more. */
const LISTINGS_KEPT = 8;
/** How long an answer may take to arrive and be processed. */
const HEEDED_WITHIN_MS = 1_000;

/** What the processes have read of the whole directory: which listings were whole, and how large. */
export class Readings {
  readonly #facts: Facts;
  readonly #pauses: Pauses;
  /** By token, site and part; for members also by team. */
  readonly #readings = new Map<string, Reading>();
  /** Enterprise licenses that somebody other than the operator took away: when, and the site. */
  readonly #freed: { readonly at: number; readonly site: string }[] = [];
  /** The number of enterprise licenses in the last listings of each token, newest first. */
  readonly #enterprise = new Map<string, readonly SeatCount[]>();
  readonly #counting = new Map<string, number>();
  /** Tokens that two connectors have used at the same time. */
  readonly #shared = new Set<string>();
  /** Tokens whose last request for the workspaces failed, and the listings that count once the next one succeeds. */
  readonly #awaitingWorkspaces = new Map<string, (() => void)[]>();
  /** The workspaces each token was shown, and when. */
  readonly #workspaces = new Map<string, { readonly at: number; readonly gids: readonly string[] }[]>();

  constructor(facts: Facts, pauses: Pauses) {
    this.#facts = facts;
    this.#pauses = pauses;
  }

  /** Records an answer. */
  take(answer: AsanaAnswer): void {
    if (answer.operation === 'getWorkspaces') this.#takeWorkspaces(answer);
    const part = partOf(answer);
    if (!part) return;
    this.#isShared(answer.token);
    const now = this.#facts.witness.time();
    const reading = this.#of(answer.token, part, answer.query['team'], answer.site);
    // A 429 is a pause, not a failure.
    if (answer.status === 429) return;
    if (answer.status !== 200) {
      reading.failures += 1;
      reading.failedSince ??= now;
      return;
    }
    const page = readPage(answer);
    if (page.first) {
      reading.items = 0;
      reading.startedAt = now;
    }
    reading.items += page.items;
    reading.failures = 0;
    if (part === 'licenses')
      this.#counting.set(
        answer.token,
        (page.first ? 0 : (this.#counting.get(answer.token) ?? 0)) + page.enterprise,
      );
    if (part === 'teams') reading.listing = [...(page.first ? [] : reading.listing), ...gidsOf(answer.json)];
    if (page.announced !== null && reading.items < page.announced) {
      reading.failedSince = null;
      reading.shortSince ??= now;
    } else if (page.last) {
      const waiting = this.#awaitingWorkspaces.get(answer.token);
      if (waiting) waiting.push(() => this.#end(part, reading, answer));
      else this.#end(part, reading, answer);
    }
  }

  /** Without the workspaces a sync reads nothing, unless REST rejects the token: then it may read over SCIM alone. */
  #takeWorkspaces({ token, status, json }: AsanaAnswer): void {
    if (status === 429) return;
    const waiting = this.#awaitingWorkspaces.get(token);
    if (status === 200 || status === 401 || status === 403) {
      this.#awaitingWorkspaces.delete(token);
      for (const end of waiting ?? []) end();
    } else this.#awaitingWorkspaces.set(token, []);
    if (status !== 200) return;
    const at = this.#facts.witness.time();
    const before = (this.#workspaces.get(token) ?? []).slice(-4);
    this.#workspaces.set(token, [...before, { at, gids: gidsOf(json) }]);
  }

  /** Forgets what a deleted connector has read: a connector that comes later measures nothing by it. */
  forget(token: string): void {
    for (const key of this.#readings.keys()) if (key.startsWith(`${token} `)) this.#readings.delete(key);
    this.#enterprise.delete(token);
    this.#workspaces.delete(token);
  }

  /** Records that somebody other than the operator took an enterprise license away. */
  freeSeat(site: Site): void {
    this.#freed.push({ at: this.#facts.witness.time(), site: site.plan.name });
  }

  /** Returns the workspaces that a process may assume for a token: those shown last, and those just being shown. */
  workspacesOf(token: string): readonly (readonly string[])[] {
    if (this.#isShared(token)) return [];
    const shown = this.#workspaces.get(token) ?? [];
    const heeded = this.#facts.witness.time() - HEEDED_WITHIN_MS;
    const last = shown.findLastIndex(({ at }) => at <= heeded);
    return shown.slice(Math.max(0, last)).map(({ gids }) => gids);
  }

  /**
   * Returns the fewest enterprise licenses that the owner of a token can assume to be taken: those of its last valid
   * listing, plus those the operator gave since, minus those anybody took since. `null` before there was a valid
   * listing.
   * @param accepted whether a person may have accepted a listing that was suddenly smaller
   */
  seatsKnown(token: string, site: Site, accepted: boolean): number | null {
    const listings = (this.#enterprise.get(token) ?? []).filter(({ shrunk }) => accepted || !shrunk);
    const newest = listings.findIndex(({ shrunk }) => !shrunk);
    if (newest < 0 || this.#facts.wasForeignSince(token, site, listings[newest]?.at ?? 0)) return null;
    const before = listings.findIndex(({ shrunk }, index) => index > newest && !shrunk);
    // Until the other listings of the same reading have arrived, the listing before it counts too.
    const isNew = this.#passedMs(token, listings[newest]?.endedAt ?? 0) < LET_IT_END_MS;
    const oldest = isNew && before >= 0 ? before : newest;
    // With a shared token, any of the listings may be the connector's own.
    const believed = this.#isShared(token) ? listings : listings.slice(0, oldest + 1);
    return Math.min(...believed.map((listed) => this.#seatsSince(token, listed, site)));
  }

  /** Whether an upgrade is not yet confirmed by its grant: a listing that began later may still lack it. */
  #isAwaited(token: string, { at, owner, effect }: Change): boolean {
    if (effect.type !== 'GrantEnterprise' || at < this.#facts.witness.time() - AWAITED_MS) return false;
    const connectors = this.#facts.connectorsOf(token).map(keyOf);
    return [...this.#facts.grants.values()].some(
      (grant) =>
        grant.metadata.uid === owner &&
        grant.status?.lastAction?.result === 'Pending' &&
        grant.status.lastAction.type === effect.type &&
        connectors.includes(connectorKeyOf(grant)),
    );
  }

  #seatsSince(token: string, listed: SeatCount, site: Site): number {
    const own = this.#facts.changes.filter(({ site: place }) => place === site);
    const given = own.filter(({ at, effect }) => at >= listed.at && effect.type === 'GrantEnterprise').length;
    // A license taken while the listing was on its way may still be counted in it.
    const from = listed.at - LISTED_WITHIN_MS;
    const taken = own.filter(
      ({ at, effect }) => at >= from && ['RevokeEnterprise', 'Deprovision'].includes(effect.type),
    ).length;
    const freed = this.#freed.filter(({ at, site: name }) => name === site.plan.name && at >= from).length;
    const unseen = own.filter((change) => change.at < listed.at && this.#isAwaited(token, change)).length;
    return listed.count + given + unseen - taken - freed;
  }

  /**
   * Returns when the oldest of the last whole listings of a right began, and when the newest ended; `null` if one was
   * never read, or if the token is shared and listings cannot be attributed.
   */
  lastWhole(
    token: string,
    of: keyof typeof PARTS_OF = 'account',
  ): { readonly begunAt: number; readonly endedAt: number } | null {
    if (this.#isShared(token)) return null;
    const { listed } = this.#of(token, 'teams');
    const readings = PARTS_OF[of].flatMap((part) =>
      part === 'members' ? listed.map((team) => this.#of(token, part, team)) : [this.#of(token, part)],
    );
    const begun = readings.flatMap(({ wholeAt }) => (wholeAt === null ? [] : [wholeAt]));
    if (begun.length < readings.length) return null;
    return { begunAt: Math.min(...begun), endedAt: Math.max(...readings.map(({ endedAt }) => endedAt)) };
  }

  /** Returns why the last readings of a token justify no removal; `null` if they do. */
  doubt(token: string, connector: Connector, effect: Effect): string | null {
    const now = this.#facts.witness.time();
    const intervalMs = durationMs(connector.spec.sync?.interval, 3_600_000);
    // A reading counts once all of its listings have arrived, some of them after a long pause.
    const ended = PARTS_OF.account.map((part) => this.#of(token, part).endedAt);
    const lasts = (since: number) => this.#passedMs(token, since) > RETRIES_MS;
    const hasCome = (since: number) =>
      Math.min(...ended) >= since && this.#passedMs(token, Math.max(...ended)) > LET_IT_END_MS;
    for (const part of partsOf(effect)) {
      const reading = this.#of(token, part, effect.team);
      const { failedSince, failures, shortSince, shrunkSince, wholeAt, endedAt } = reading;
      if (wholeAt === null) return `the listing of ${part} was never complete`;
      // With a shared token, a listing that has shrunk for one connector may be the first one of the other.
      const readAt = this.#isShared(token) ? endedAt : wholeAt;
      if (now - readAt > 3.3 * intervalMs + RETRIES_MS) return `the listing of ${part} is too old`;
      if (this.#isShared(token)) continue;
      if (failedSince !== null && failures >= TRIES && lasts(failedSince))
        return `the listing of ${part} keeps failing`;
      if (shortSince !== null && lasts(shortSince)) return `the listing of ${part} is shorter than announced`;
      if (canShrink(part) && shrunkSince !== null && hasCome(shrunkSince))
        return `the listing of ${part} is suddenly smaller`;
    }
    return null;
  }

  #end(part: Part, reading: Reading, answer: AsanaAnswer): void {
    const now = this.#facts.witness.time();
    const own = this.#facts.changes.filter(
      ({ at, effect, site }) =>
        // The process may rely on a reading before the last whole one.
        site === answer.site &&
        isDeprovision(effect) &&
        reading.wholeAt !== null &&
        at >= reading.wholeAt - RETRIES_MS,
    ).length;
    const missing = reading.count - own - reading.items;
    const shrunk = reading.wholeAt !== null && missing > 5 && missing > reading.count * 0.1;
    reading.endedAt = now;
    reading.failedSince = null;
    reading.shortSince = null;
    const isShrunk = shrunk && canShrink(part);
    if (part === 'licenses') this.#countSeats(answer.token, { ...reading, endedAt: now, shrunk: isShrunk });
    if (isShrunk) {
      reading.shrunkSince ??= reading.startedAt;
      return;
    }
    reading.shrunkSince = null;
    reading.wholeAt = reading.startedAt;
    reading.listed = reading.listing;
    reading.count = reading.items;
  }

  /** Records the licenses of a listing. Of consecutive listings that are suddenly smaller, only the newest is kept. */
  #countSeats(token: string, listing: { startedAt: number; endedAt: number; shrunk: boolean }): void {
    const { startedAt: at, endedAt, shrunk } = listing;
    const [newest, ...older] = this.#enterprise.get(token) ?? [];
    const before = newest && !(newest.shrunk && shrunk) ? [newest, ...older] : older;
    const count = this.#counting.get(token) ?? 0;
    this.#enterprise.set(token, [{ at, endedAt, count, shrunk }, ...before].slice(0, LISTINGS_KEPT));
  }

  /** Returns how long ago something was, without the time that Asana asked to wait: no reading ends meanwhile. */
  #passedMs(token: string, since: number): number {
    const now = this.#facts.witness.time();
    return now - since - this.#pauses.waitedMs(token, since, now);
  }

  /** Whether two connectors have used this token: their readings look the same here, and each relies on its own. */
  #isShared(token: string): boolean {
    if (this.#facts.connectorsOf(token).length > 1) this.#shared.add(token);
    return this.#shared.has(token);
  }

  /**
   * @param team whose members are listed; ignored for other parts
   * @param site another organization behind the same token is measured separately
   */
  #of(
    token: string,
    part: Part,
    team: string | null = null,
    site = this.#facts.witness.siteOf(token),
  ): Reading {
    const place = `${token} ${site?.plan.name ?? ''} ${part}`;
    const key = part === 'members' ? `${place} ${team}` : place;
    const known = this.#readings.get(key);
    if (known) return known;
    const reading: Reading = {
      items: 0,
      startedAt: 0,
      endedAt: 0,
      wholeAt: null,
      count: 0,
      failures: 0,
      failedSince: null,
      shortSince: null,
      shrunkSince: null,
      listing: [],
      listed: [],
    };
    this.#readings.set(key, reading);
    return reading;
  }
}

/** Whether a smaller listing counts. For accounts it does not: two other listings, SCIM among them, show them too. */
function canShrink(part: Part): boolean {
  return part === 'licenses' || part === 'teams';
}

function partsOf({ team, workspace }: Effect): readonly Part[] {
  if (team !== null) return PARTS_OF.team;
  return workspace === null ? PARTS_OF.account : PARTS_OF.workspace;
}
