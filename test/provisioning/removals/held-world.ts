import type { Answer, Demand, RecordedHold, Verdict } from '../../../src/provisioning/removals/demand.ts';
import { parseHoldToken } from '../../../src/provisioning/removals/hold-token.ts';
import { Organizations } from '../../../src/provisioning/removals/organizations.ts';
import type { RemovalsRecord } from '../../../src/provisioning/removals/record.ts';
import { readRecord } from '../../../src/provisioning/removals/record-reading.ts';
import { RemovalDesk } from '../../../src/provisioning/removals/removal-desk.ts';
import { mayGo } from '../../../src/provisioning/removals/verdict.ts';
import { demandOf, HOUR, limitsOf, START } from './desk-rig.ts';

export const GRANTS = 8;
/** People who stay, in addition to the people of the grants, who have two grants each. */
const STAFF = 6;
const LIMITS = limitsOf({ percent: 0, atLeast: 2, windowMs: HOUR, maxDeprovisions: 1 });

/** A held removal as shown to people and in the grant's status: an answer must match it. */
interface Shown {
  readonly id: string;
  readonly n: number;
  readonly content: string;
}

/** A grant outside the desk: what it demands, its status, and its status in the cache. */
interface Grant {
  readonly id: string;
  readonly person: string;
  version: number;
  wanted: boolean;
  onTime: boolean;
  status: RecordedHold | null;
  cache: RecordedHold | null;
  last: Verdict | null;
  /** The hold as last shown, since the removal was last not wanted. */
  shown: Shown | null;
  /** True if a person has acknowledged the present demand. */
  named: boolean;
}

/**
 * Grants, statuses and people around one desk, with a judge that shares none of the desk's rules: it records what was
 * shown as held, and what was answered.
 */
export class HeldWorld {
  readonly grants: readonly Grant[];
  readonly findings: string[] = [];
  /** How often each event occurred, to detect runs that test nothing. */
  readonly seen = new Map<string, number>();
  #now = START;
  #incarnation = 0;
  #saved: RemovalsRecord = {};
  #desk: RemovalDesk;
  #tokens: string[] = [];
  #windowStart = '';
  #gone = new Set<string>();

  constructor() {
    this.grants = Array.from({ length: GRANTS }, (_, index) => ({
      id: `g${index}`,
      person: `p${index >> 1}`,
      version: 1,
      wanted: false,
      onTime: index % 4 === 3,
      status: null,
      cache: null,
      last: null,
      shown: null,
      named: false,
    }));
    this.#desk = this.#start();
    this.#desk.allSeen(this.#now);
  }

  want(index: number): void {
    const grant = this.#grant(index);
    grant.wanted = true;
    this.#ask(grant);
  }

  change(index: number): void {
    const grant = this.#grant(index);
    grant.version += 1;
    grant.named = false;
    if (grant.wanted) this.#ask(grant);
  }

  withdraw(index: number): void {
    const grant = this.#grant(index);
    this.#desk.withdraw(grant.id);
    this.#settle(grant);
  }

  /** Writes the desk's last verdict to the grant's status. */
  record(index: number): void {
    const grant = this.#grant(index);
    const { last } = grant;
    const token = last && 'hold' in last ? parseHoldToken(last.hold) : null;
    if (!last || !token || !grant.wanted) return;
    const answer = this.#answerIn(last);
    grant.status = { ...token, content: this.#contentOf(grant), answer };
  }

  /** Updates the cache from the status, and decides the grant. */
  catchUp(index: number): void {
    const grant = this.#grant(index);
    grant.cache = grant.status;
    if (grant.wanted) this.#ask(grant);
  }

  save(): void {
    this.#saved = this.#desk.toRecord();
    for (const { token } of this.#saved.holds ?? []) this.#tokens.push(token);
  }

  /** Replaces the process with a new one that knows only what was saved. */
  restart(): void {
    const held = this.#saved.holds?.some(({ reason }) => reason === 'TooManyRemovals') ?? false;
    this.#desk = this.#start();
    this.#gone.clear();
    for (const grant of this.grants) {
      // A hold that neither the grant nor the connector recorded was never shown.
      if (!grant.status && !held) grant.shown = null;
      grant.cache = grant.status;
      if (grant.wanted) this.#ask(grant);
    }
    this.#count('restart');
  }

  allSeen(): void {
    this.#desk.allSeen(this.#now);
    this.#decideChanged();
  }

  pass(ms: number): void {
    this.#now += ms;
    this.#desk.publish(this.#now);
  }

  /** Answers a token that was shown, one that a grant has, or an invented one. */
  answer(choice: number, bump: number, word: Answer): void {
    const carried = this.grants.flatMap(({ shown }) => (shown ? [`${shown.id}.${shown.n}`] : []));
    const known = [...this.#tokens, ...carried, 'made.1'];
    const parsed = parseHoldToken(known[choice % known.length] ?? '') ?? { id: 'made', n: 1 };
    const token = { id: parsed.id, n: parsed.n + bump };
    const named = this.grants.filter(
      (grant) =>
        grant.wanted &&
        grant.shown?.id === token.id &&
        grant.shown.n <= token.n &&
        grant.shown.content === this.#contentOf(grant) &&
        grant.last?.kind === 'Held',
    );
    const outcome = this.#desk.answer(`${token.id}.${token.n}`, word);
    this.#count(`answer ${outcome.kind}`);
    if (outcome.kind !== 'Removals') return;
    for (const id of outcome.ids) {
      if (!named.some((grant) => grant.id === id)) this.#find(`${id} got an answer that did not name it`);
    }
    for (const grant of named) {
      if (!outcome.ids.includes(grant.id)) this.#find(`${grant.id} was named, and got no answer`);
      if (word === 'acknowledge') grant.named = true;
    }
    this.#decideChanged();
  }

  doubt(on: boolean): void {
    if (on)
      this.#desk.doubts.raise(
        { reason: 'DirectoryShrunk', count: 10, missing: {}, places: [], message: '' },
        this.#now,
      );
    else this.#desk.doubts.drop('DirectoryShrunk');
    this.#decideChanged();
  }

  setLimit(atLeast: number): void {
    this.#desk.setLimits({ ...LIMITS, atLeast });
  }

  /** Reserves the removal, checks it at the last moment, and sends it. */
  send(index: number): void {
    const grant = this.#grant(index);
    this.#desk.reserve(grant.id, this.#now);
    this.#saved = this.#desk.toRecord();
    const verdict = this.#desk.check(grant.id, this.#now);
    this.#count(`send ${verdict.kind}`);
    this.#decideChanged();
    if (!mayGo(verdict)) return;
    this.#judge(grant, verdict);
    this.#desk.carriedOut(grant.id);
    this.#settle(grant);
    // The right is given again, so that the story continues.
    this.#desk.roster.apply(grant.id, grant.person);
  }

  /** Lets everything be decided, shown, acknowledged and recorded; nothing may be left waiting. */
  finish(): void {
    this.doubt(false);
    this.allSeen();
    const held = this.#desk.toRecord().holds?.length ?? 0;
    this.pass(60_000);
    this.save();
    if (held > 0) this.#desk.answer(this.#tokens.at(-1) ?? '', 'acknowledge');
    for (const { wanted, id } of this.grants) if (wanted) this.catchUp(Number(id.slice(1)));
    for (const { id } of this.grants) this.record(Number(id.slice(1)));
    for (const { wanted, id } of this.grants) if (wanted) this.catchUp(Number(id.slice(1)));
    if (this.#desk.toRecord().holds) this.#find('a hold stands that nobody can answer');
    for (const grant of this.grants) {
      const settled = !grant.last || mayGo(grant.last) || grant.last.kind === 'Discarded';
      if (grant.wanted && !settled) this.#find(`${grant.id} waits for ever`);
    }
  }

  #start(): RemovalDesk {
    this.#incarnation += 1;
    let holds = 0;
    const prefix = `h${this.#incarnation}-`;
    const desk = new RemovalDesk({
      limits: LIMITS,
      organizations: new Organizations({ monotonic: () => 0, now: () => 0 }),
      monotonic: () => this.#now,
      newHoldId: () => {
        holds += 1;
        return `${prefix}${holds}`;
      },
      restored: readRecord(this.#saved, this.#now),
    });
    for (let index = 0; index < STAFF; index += 1) desk.roster.apply(`s${index}`, `s${index}`);
    for (const { id, person } of this.grants) desk.roster.apply(id, person);
    return desk;
  }

  #ask(grant: Grant): void {
    const demand: Demand = demandOf(grant.id, {
      person: grant.person,
      onTime: grant.onTime,
      deprovision: grant.id === 'g0' || grant.id === 'g4',
      content: this.#contentOf(grant),
      recorded: grant.cache,
    });
    grant.last = this.#desk.ask(demand, this.#now);
    this.#count(`ask ${grant.last.kind}`);
    if (grant.last.kind === 'Held') {
      const token = parseHoldToken(grant.last.hold);
      if (!token) this.#find(`${grant.last.hold} is no token`);
      else grant.shown = { ...token, content: demand.content };
    }
    this.#decideChanged();
  }

  #decideChanged(): void {
    for (const id of this.#desk.takeChanged()) {
      const grant = this.#grant(Number(id.slice(1)));
      if (grant.wanted) this.#ask(grant);
    }
  }

  #judge(grant: Grant, verdict: Verdict): void {
    if (grant.shown && !grant.named) this.#find(`${grant.id} was held, and left as ${verdict.kind}`);
    if (verdict.kind === 'Acknowledged' && !grant.named) this.#find(`${grant.id} was never acknowledged`);
    if (this.#desk.doubts.first) this.#find(`${grant.id} left on a doubted reading`);
    if (verdict.kind !== 'Free' || grant.onTime) return;
    const { removals } = this.#desk.toRecord();
    if (removals?.windowStartedAt !== this.#windowStart) this.#gone.clear();
    this.#windowStart = removals?.windowStartedAt ?? '';
    this.#gone.add(grant.person);
    if (this.#gone.size > 2) this.#find(`${this.#gone.size} people lost something in one window`);
    if ((removals?.deprovisions ?? 0) > 1) this.#find('two deprovisions in one window');
  }

  /** Ends the demand of a grant, and clears its status. */
  #settle(grant: Grant): void {
    Object.assign(grant, { wanted: false, status: null, cache: null, last: null, shown: null, named: false });
    grant.version += 1;
  }

  #answerIn(verdict: Verdict): Answer | null {
    if (verdict.kind === 'Acknowledged') return 'acknowledge';
    return verdict.kind === 'Discarded' ? 'discard' : null;
  }

  #contentOf({ version }: Grant): string {
    return `${version} RevokeEnterprise`;
  }

  #grant(index: number): Grant {
    const grant = this.grants[index];
    if (!grant) throw new RangeError(`there is no grant ${index}`);
    return grant;
  }

  #find(finding: string): void {
    this.findings.push(finding);
  }

  #count(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }
}
