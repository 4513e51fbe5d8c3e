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

/** A hold token, or a grant's place in a hold: `<id>.<n>`; `n` is 0 in a text without a number. */
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

/** An answer takes effect within this time. */
const HEEDED_WITHIN_MS = 2_000;

/** The state of a grant with regard to every hold it was ever in. */
export type HeldState = 'Free' | 'Held' | 'Acknowledged' | 'Discarded';

/**
 * Remembers everything that was ever held. Such a grant is free again only if an acknowledgement named it, or if it no
 * longer asks for a removal.
 */
export class HeldGrants {
  readonly #facts: Facts;
  readonly #held = new Map<string, Held>();
  readonly #answers = new Map<string, Answer[]>();
  /** The ids of all holds, by connector. */
  readonly #ids = new Map<string, Set<string>>();
  /** Ids of holds that ended with their connector: a status that still names one holds nothing. */
  readonly #gone = new Set<string>();
  /** Grants whose acknowledgement was on record when their connector was deleted, with the generation it was for. */
  readonly #acknowledged = new Map<string, number>();

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** Records a commit of a grant. */
  grant(grant: Grant): void {
    const place = parse(grant.status?.planned?.hold);
    const { uid, generation } = grant.metadata;
    if (place && (this.#gone.has(place.id) || this.#isOverReading(grant, place))) return;
    if (place) this.#held.set(uid, { ...place, connector: connectorKeyOf(grant), generation });
    else if (this.#held.has(uid) && !this.#asksForRemoval(grant)) this.#held.delete(uid);
  }

  /** Records a commit of a connector. An answer counts if its token names a hold that stands. */
  connector(before: Connector | null, after: Connector): void {
    const ids = this.#ids.get(keyOf(after)) ?? new Set();
    for (const { token } of holdsOf(after)) ids.add(parse(token)?.id ?? '');
    this.#ids.set(keyOf(after), ids);
    this.#takeUp(after, ids);
    for (const verb of ['acknowledge', 'discard'] as const) {
      const token = after.metadata.annotations?.[ANNOTATIONS[verb]];
      if (token === undefined || token === before?.metadata.annotations?.[ANNOTATIONS[verb]]) continue;
      const place = parse(token);
      const hold = holdsOf(after).find((standing) => parse(standing.token)?.id === place?.id);
      if (!place || !hold) continue;
      // A token with a higher number has never been published, and names nothing.
      const newest = parse(hold.token)?.n ?? 0;
      if (place.n > newest) continue;
      const answers = this.#answers.get(keyOf(after)) ?? [];
      this.#answers.set(keyOf(after), [...answers, { ...place, verb, at: this.#facts.witness.time() }]);
    }
  }

  /** A connector that is created again takes up the hold that the statuses of its grants record. */
  #takeUp(connector: Connector, ids: ReadonlySet<string>): void {
    const again = [...ids].filter((id) => this.#gone.delete(id));
    if (again.length > 0) for (const grant of this.#facts.grantsOf(connector)) this.grant(grant);
  }

  /** Forgets a deleted connector and its holds. An answer recorded on a grant stays there. */
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
    // An acknowledged removal has left the hold, and a discard right after an acknowledgement may come too late.
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

  /** Whether any hold of this connector was ever answered. */
  hasAnswers(connector: Connector): boolean {
    return (this.#answers.get(keyOf(connector))?.length ?? 0) > 0;
  }

  /** Whether a hold is over a reading. It contains no grants: what waits for it continues when it ends. */
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

/** Whether a hold doubts the reading, and so stops all removals. */
export function isOverReading({ reason }: Hold): boolean {
  return ['DirectoryShrunk', 'ListingShort', 'OrganizationChanged'].includes(reason);
}

function parse(text: string | undefined): Place | null {
  if (text === undefined || text === '') return null;
  const dot = text.lastIndexOf('.');
  return dot < 0 ? { id: text, n: 0 } : { id: text.slice(0, dot), n: Number(text.slice(dot + 1)) };
}
