/**
 * Queued events per namespace. Enough for an incident that stalls thousands of grants of one tenant; events beyond that
 * are only logged.
 */
const MOST_OF_NAMESPACE = 5_000;
/** Queued events of all namespaces together: a few MiB with ordinary notes, 25 MiB with the longest. */
const MOST = 10_000;

/**
 * Events that wait to be written: first come, first served within a namespace. Namespaces take turns, so a burst of one
 * tenant delays an event of another by at most one. `E` is the type of an event.
 */
export class EventBacklog<E> {
  /** By namespace, in the order of their turns. No lane is empty. */
  readonly #lanes = new Map<string, E[]>();
  #size = 0;

  /** Queues an event. Returns the event that does not fit: the newest of the namespace with the most events. */
  push(namespace: string, event: E): E | null {
    const lane = this.#lanes.get(namespace) ?? [];
    if (lane.length >= MOST_OF_NAMESPACE) return event;
    const longest = this.#size < MOST ? null : this.#longest();
    if (longest && longest.length <= lane.length + 1) return event;
    lane.push(event);
    this.#lanes.set(namespace, lane);
    this.#size += 1;
    return longest ? this.#takeLast(longest) : null;
  }

  /** Removes and returns the next event of the namespace whose turn it is. */
  take(): E | undefined {
    for (const [namespace, lane] of this.#lanes) {
      const event = lane.shift();
      this.#size -= 1;
      this.#lanes.delete(namespace);
      if (lane.length > 0) this.#lanes.set(namespace, lane);
      return event;
    }
    return undefined;
  }

  #longest(): E[] {
    return [...this.#lanes.values()].reduce((most, lane) => (lane.length > most.length ? lane : most), []);
  }

  #takeLast(lane: E[]): E | null {
    this.#size -= 1;
    return lane.pop() ?? null;
  }
}
