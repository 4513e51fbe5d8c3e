import type { Site } from '../asana/site.ts';
import { isDeprovision, isRemoval } from './effect.ts';
import type { Facts } from './facts.ts';
import type { HeldGrants } from './holds.ts';
import { type Connector, connectorKeyOf, durationMs, type Grant, keyOf } from './objects.ts';
import type { Readings } from './readings.ts';
import type { Change } from './records.ts';
import type { Case } from './rule.ts';

/** How much older a decision may be than the write that follows from it. */
const A_WHILE_MS = 60_000;

interface Counted {
  /** Wall clock, epoch milliseconds. */
  readonly at: number;
  readonly person: string;
  readonly connector: string;
  readonly site: string;
  readonly deprovision: boolean;
  /** True if it counts towards maxRemovals: made for a grant, not acknowledged, and not an end known long before. */
  readonly counts: boolean;
  /** True for the end of a grant, false for an edit of a live one. */
  readonly end: boolean;
}

/** Counts what the limits count, from the writes themselves. */
export class Limits {
  readonly #facts: Facts;
  readonly #held: HeldGrants;
  readonly #readings: Readings;
  readonly #done: Counted[] = [];
  /** The number of people with an applied grant of a connector, each time it changed. */
  readonly #people = new Map<string, { at: number; count: number }[]>();

  constructor(facts: Facts, held: HeldGrants, readings: Readings) {
    this.#facts = facts;
    this.#held = held;
    this.#readings = readings;
  }

  /** Records an effective write and its owner. */
  count(change: Change, connector: Connector, grant: Grant | null): void {
    if (!isRemoval(change.effect)) return;
    const acknowledged = grant !== null && this.#held.stateOf(grant) === 'Acknowledged';
    const expected = grant !== null && endsOnTime(connector, grant, this.#facts);
    this.#done.push({
      at: this.#facts.witness.now(),
      person: change.gid,
      connector: keyOf(connector),
      site: change.site.plan.name,
      deprovision: isDeprovision(change.effect) && !acknowledged && !expected,
      counts: grant !== null && !acknowledged && !expected,
      end: grant !== null && this.#facts.hasEnded(grant),
    });
  }

  /** Records that grants have changed. */
  sample(connector: Connector): void {
    const count = this.#appliedPeople(connector).size;
    const samples = this.#people.get(keyOf(connector)) ?? [];
    if (samples.at(-1)?.count === count) return;
    samples.push({ at: this.#facts.witness.now(), count });
    this.#people.set(keyOf(connector), samples);
  }

  removals({ connector, grant, effect, facts }: Case): string | null {
    if (!grant || this.#held.stateOf(grant) === 'Acknowledged') return null;
    if (endsOnTime(connector, grant, facts)) return null;
    const { percent = 20, atLeast = 5 } = connector.spec.provisioning?.maxRemovals ?? {};
    const start = windowStart(connector, facts);
    const done = this.#done.filter(
      (one) => one.connector === keyOf(connector) && one.at >= start && one.counts,
    );
    const people = new Set([...done.map(({ person }) => person), effect.gid ?? '']);
    const most = this.#mostPeople(connector, start);
    const limit = Math.max(atLeast, Math.ceil((most * percent) / 100));
    if (people.size > limit) return `${people.size} people in this window, but only ${limit} are allowed`;
    const ended = new Set([...done.filter(({ end }) => end).map(({ person }) => person), effect.gid ?? '']);
    // Anybody with an applied grant besides this one keeps a right.
    const there = this.#peopleAt(connector, start);
    const all = there >= 2 && ended.size >= there && this.#appliedPeople(connector, grant).size === 0;
    return all && facts.hasEnded(grant) ? `all ${there} people lose their last right` : null;
  }

  deprovisions({ connector, site, grant, effect, facts }: Case): string | null {
    if (grant && this.#held.stateOf(grant) === 'Acknowledged') return null;
    if (grant && endsOnTime(connector, grant, facts)) return null;
    const most = connector.spec.provisioning?.maxDeprovisions ?? 5;
    const start = windowStart(connector, facts);
    const done = this.#done.filter(
      (one) => one.site === site.plan.name && one.at >= start && one.deprovision,
    );
    const people = new Set([...done.map(({ person }) => person), effect.gid ?? '']).size;
    return people > most ? `${people} people in this window, but only ${most} are allowed` : null;
  }

  seats({ connector, site, facts, request, holding }: Case): string | null {
    // Sent again because its answer was lost, so it takes no further seat.
    if (holding?.license === 'Enterprise') return null;
    const most = connector.spec.provisioning?.maxEnterpriseLicenses;
    const known = this.#readings.seatsKnown(request.token, site, this.#held.hasAnswers(connector));
    if (most === undefined || known === null) return null;
    // Includes this write, which is already under way.
    const underWay = facts.inFlight(site, 'GrantEnterprise');
    const taken = Math.min(known, countHolders(site));
    return taken + underWay > most
      ? `${taken} licenses in use and ${underWay} in progress, but only ${most} are allowed`
      : null;
  }

  #appliedPeople(connector: Connector, besides: Grant | null = null): Set<string> {
    const people = new Set<string>();
    for (const grant of this.#facts.grants.values()) {
      if (grant.metadata.uid === besides?.metadata.uid) continue;
      if (connectorKeyOf(grant) !== keyOf(connector) || !grant.status?.applied) continue;
      people.add(grant.status.user?.gid ?? grant.metadata.uid);
    }
    return people;
  }

  /** Returns how many people there were when the window began. */
  #peopleAt(connector: Connector, start: number): number {
    return this.#people.get(keyOf(connector))?.findLast(({ at }) => at <= start)?.count ?? 0;
  }

  /** Returns the most people there were since the window began, a time that a status gives in whole seconds. */
  #mostPeople(connector: Connector, startedAt: number): number {
    const start = startedAt - 1_000;
    let most = 0;
    for (const { at, count } of (this.#people.get(keyOf(connector)) ?? []).toReversed()) {
      most = Math.max(most, count);
      if (at < start) break;
    }
    return most;
  }
}

/** Whether a grant ends at the time it has declared since it was applied, and at most one window late. */
function endsOnTime(connector: Connector, grant: Grant, facts: Facts): boolean {
  if (grant.metadata.deletionTimestamp || !facts.hasExpired(grant)) return false;
  const windowMs = durationMs(connector.spec.provisioning?.maxRemovals?.window, 3_600_000);
  return facts.ends.areKept(grant) && facts.lateMs(grant) <= windowMs + A_WHILE_MS;
}

/** Returns the actual number of holders; a listing may still show people whose license was taken. */
function countHolders({ organization }: Site): number {
  return organization.people.filter(
    ({ kind, profile }) => kind === 'member' && profile.active && profile.license === 'enterprise',
  ).length;
}

/** Returns when the current window began, by the connector's own record; now if it has none, or an old one. */
function windowStart({ status, spec }: Connector, facts: Facts): number {
  const now = facts.witness.now();
  const windowMs = durationMs(spec.provisioning?.maxRemovals?.window, 3_600_000);
  const recorded = Date.parse(status?.removals?.windowStartedAt ?? '');
  return Number.isNaN(recorded) || now - recorded > windowMs ? now : recorded;
}
