import { Heap } from './heap.ts';
import { type Key, splitKey } from './resource.ts';

/**
 * Keys in line, those of each namespace among themselves: the namespaces take turns, and who adds ten thousand keys
 * delays nobody else by more than one. Within a namespace `precedes` tells the order. Every operation is O(log n).
 */
export class FairLine {
  /** By namespace; the next one to have its turn comes first. None is empty. */
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

  /** The first key of the namespace whose turn it is. It must still be comparable. */
  pop(): Key | undefined {
    for (const [namespace, lane] of this.#lanes) {
      const key = lane.pop();
      this.#lanes.delete(namespace);
      if (lane.size > 0) this.#lanes.set(namespace, lane);
      return key;
    }
    return undefined;
  }

  /** Moves a key towards the front of its namespace after its order has improved; one that is not in line stays out. */
  raise(key: Key): void {
    this.#lanes.get(splitKey(key).namespace)?.raise(key);
  }

  clear(): void {
    this.#lanes.clear();
  }
}
