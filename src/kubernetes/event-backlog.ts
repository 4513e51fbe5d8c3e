/**
 * Events one namespace may have in line. An incident that stalls thousands of grants of a tenant is still told of each;
 * beyond, the log has them.
 */
const MOST_OF_NAMESPACE = 5_000;
/** Of all namespaces together: some MiB with ordinary notes, 25 MiB with the longest. */
const MOST = 10_000;

/**
 * What waits to be written, first come, first served within a namespace; the namespaces take turns, so that the burst of
 * one tenant delays the event of another by no more than one. `E` is an event.
 */
export class EventBacklog<E> {
  /** By namespace; the next one to have its turn comes first. None is empty. */
  readonly #lanes = new Map<string, E[]>();
  #size = 0;

  /** Puts an event in line; returns the one there is no room for, which is the newest of whoever has the most. */
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

  /** The next one of the namespace whose turn it is. */
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
