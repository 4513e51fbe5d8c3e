import { Heap } from './heap.ts';
import { type Key, splitKey } from './resource.ts';

/**
 * A queue of keys in which namespaces take turns, so ten thousand keys of one namespace delay a key of another by at
 * most one. `precedes` gives the order within a namespace. Every operation is O(log n).
 */
export class FairLine {
  /** By namespace, in the order of their turns. No lane is empty. */
  readonly #lanes = new Map<string, Heap<Key>>();
  readonly #precedes: (a: Key, b: Key) => boolean;

  constructor(precedes: (a: Key, b: Key) => boolean) {
    this.#precedes = precedes;
  }

  get isEmpty(): boolean {
    return this.#lanes.size === 0;
  }

  push(key: Key): void {
    const { namespace } = splitKey(key);
    const lane = this.#lanes.get(namespace) ?? new Heap<Key>(this.#precedes);
    lane.push(key);
    this.#lanes.set(namespace, lane);
  }

  /** Removes and returns the first key of the namespace whose turn it is. Keys must stay comparable until then. */
  pop(): Key | undefined {
    for (const [namespace, lane] of this.#lanes) {
      const key = lane.pop();
      this.#lanes.delete(namespace);
      if (lane.size > 0) this.#lanes.set(namespace, lane);
      return key;
    }
    return undefined;
  }

  /** Raises a key within its namespace after its order has improved. Does nothing for a key not in the queue. */
  raise(key: Key): void {
    this.#lanes.get(splitKey(key).namespace)?.raise(key);
  }

  clear(): void {
    this.#lanes.clear();
  }
}
