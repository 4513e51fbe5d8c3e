import type { Facts } from './facts.ts';
import {
  ANNOTATIONS,
  type Connector,
  connectorKeyOf,
  type Grant,
  type Hold,
  holdsOf,
  keyOf,
} from './objects.ts';

/** A hold token or a place in a hold: `<id>.<n>`; without a number everything that joined by then. */
interface Place {
  readonly id: string;
  readonly n: number;
}

interface Answer extends Place {
  readonly verb: 'acknowledge' | 'discard';
  readonly at: number;
}

interface Held extends Place {
  readonly connector: string;
  readonly generation: number;
}

/** An answer is followed within this time. */
const HEEDED_WITHIN_MS = 2_000;

/** How a grant stands to the holds it was ever in. */
export type HeldState = 'Free' | 'Held' | 'Acknowledged' | 'Discarded';

/**
 * Remembers what was ever held. A grant that was is free again only when a person's token named it, or when it asks
 * for nothing any more.
 */
export class HeldGrants {
  readonly #facts: Facts;
  readonly #held = new Map<string, Held>();
  readonly #answers = new Map<string, Answer[]>();
  /** The ids of all holds of a connector. */
  readonly #ids = new Map<string, Set<string>>();
  /** Those that went with their connector: a status that still names one holds nothing. */
  readonly #gone = new Set<string>();
  /** What had its acknowledgement on record when its connector went: of each grant the generation that it was for. */
  readonly #acknowledged = new Map<string, number>();

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** Takes in a commit of a grant. */
  grant(grant: Grant): void {
    const place = parse(grant.status?.planned?.hold);
    const { uid, generation } = grant.metadata;
    if (place && (this.#gone.has(place.id) || this.#isOverReading(grant, place))) return;
    if (place) this.#held.set(uid, { ...place, connector: connectorKeyOf(grant), generation });
    else if (this.#held.has(uid) && !this.#asksForRemoval(grant)) this.#held.delete(uid);
  }

  /** Takes in a commit of a connector: an answer counts if its token names a hold that stands. */
  connector(before: Connector | null, after: Connector): void {
    const ids = this.#ids.get(keyOf(after)) ?? new Set();
    for (const { token } of holdsOf(after)) ids.add(parse(token)?.id ?? '');
    this.#ids.set(keyOf(after), ids);
    for (const verb of ['acknowledge', 'discard'] as const) {
      const token = after.metadata.annotations?.[ANNOTATIONS[verb]];
      if (token === undefined || token === before?.metadata.annotations?.[ANNOTATIONS[verb]]) continue;
      const place = parse(token);
      const hold = holdsOf(after).find((standing) => parse(standing.token)?.id === place?.id);
      if (!place || !hold) continue;
      // A token of the future names nothing: nobody has published it.
      const newest = parse(hold.token)?.n ?? 0;
      if (place.n > newest) continue;
      const answers = this.#answers.get(keyOf(after)) ?? [];
      this.#answers.set(keyOf(after), [...answers, { ...place, verb, at: this.#facts.witness.time() }]);
    }
  }

  /** A connector is gone, and with it what it held. An answer that is on its grant stays there. */
  forget(connector: Connector): void {
    for (const [uid, held] of this.#held) {
      if (held.connector !== keyOf(connector)) continue;
      const grant = this.#facts.grants.get(uid);
      if (grant?.status?.planned?.answer === 'Acknowledged' && this.stateOf(grant) === 'Acknowledged')
        this.#acknowledged.set(uid, grant.metadata.generation);
      this.#held.delete(uid);
    }
    for (const id of this.#ids.get(keyOf(connector)) ?? []) this.#gone.add(id);
    this.#ids.delete(keyOf(connector));
    this.#answers.delete(keyOf(connector));
  }

  stateOf(grant: Grant): HeldState {
    const { uid, generation } = grant.metadata;
    const held = this.#held.get(uid);
    if (!held) return this.#acknowledged.get(uid) === generation ? 'Acknowledged' : 'Free';
    const answers = (this.#answers.get(held.connector) ?? []).filter(
      ({ id, n }) => id === held.id && n >= held.n,
    );
    const answer = answers.at(-1);
    if (!answer) return 'Held';
    // What was acknowledged has left the hold; and who changes their mind at once may be too late.
    const acknowledged = answers.findLast(({ verb }) => verb === 'acknowledge');
    const isRecorded = grant.status?.planned?.answer === 'Acknowledged';
    if (acknowledged && (isRecorded || answer.at - acknowledged.at < HEEDED_WITHIN_MS)) return 'Acknowledged';
    return held.generation === generation ? 'Discarded' : 'Held';
  }

  /** Whether a hold of this id was ever acknowledged. */
  isAcknowledged(connector: Connector, id: string): boolean {
    const answers = this.#answers.get(keyOf(connector)) ?? [];
    return answers.some((answer) => answer.id === id && answer.verb === 'acknowledge');
  }

  /** Whether a person ever answered any hold of this connector. */
  hasAnswers(connector: Connector): boolean {
    return (this.#answers.get(keyOf(connector))?.length ?? 0) > 0;
  }

  /** A hold over a reading contains nothing: what waits for it goes on when it ends. */
  #isOverReading(grant: Grant, { id }: Place): boolean {
    const connector = this.#facts.connectorOf(grant);
    const hold = connector && holdsOf(connector).find(({ token }) => parse(token)?.id === id);
    return hold ? isOverReading(hold) : false;
  }

  #asksForRemoval(grant: Grant): boolean {
    const connector = this.#facts.connectorOf(grant);
    const site = connector && this.#facts.siteOf(connector);
    if (!site) return true;
    return this.#facts.asks(grant, site).some((type) => /^(Revoke|Remove|Deprovision)/.test(type));
  }
}

/** Whether a hold doubts what was read, and stops everything that is taken. */
export function isOverReading({ reason }: Hold): boolean {
  return ['DirectoryShrunk', 'ListingShort', 'OrganizationChanged'].includes(reason);
}

function parse(text: string | undefined): Place | null {
  if (text === undefined || text === '') return null;
  const dot = text.lastIndexOf('.');
  return dot < 0 ? { id: text, n: 0 } : { id: text.slice(0, dot), n: Number(text.slice(dot + 1)) };
}
