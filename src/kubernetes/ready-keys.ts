import { FairLine } from './fair-line.ts';
import type { Key } from './resource.ts';

/** How many keys that wait for the same external service may be worked on at once. */
export interface Shares {
  /** Returns what work on a key waits for, such as one remote service; `null` if it shares no such dependency. */
  readonly groupOf: (key: Key) => string | null;
  /** Keys of one group in work at once. */
  readonly most: number;
}

/**
 * The keys that may be worked on, in the order of a FairLine. A group that hangs delays only itself: at most its share
 * of keys is in work, and further keys are held until one of them is done.
 */
export class ReadyKeys {
  readonly #newLine: () => FairLine;
  readonly #shares: Shares;
  readonly #free: FairLine;
  /** Held keys, by group. No line is empty. */
  readonly #held = new Map<string, FairLine>();
  readonly #inWork = new Map<string, number>();

  /** @param precedes the order within a namespace */
  constructor(precedes: (a: Key, b: Key) => boolean, shares: Shares) {
    this.#newLine = () => new FairLine(precedes);
    this.#free = this.#newLine();
    this.#shares = shares;
  }

  push(key: Key): void {
    this.#free.push(key);
  }

  /** Moves a key towards the front after its order has improved. */
  raise(key: Key): void {
    this.#free.raise(key);
    for (const line of this.#held.values()) line.raise(key);
  }

  /** Removes and returns the key to work on next, or `undefined` if there is none. */
  next(): Key | undefined {
    for (let key = this.#free.pop(); key !== undefined; key = this.#free.pop()) {
      const group = this.#shares.groupOf(key);
      if (group === null || this.#hasRoom(group)) return key;
      this.#hold(group, key);
    }
    // A key that was taken out for its group may have changed groups since and left its place unused.
    for (const group of this.#held.keys()) if (this.#hasRoom(group)) return this.#letGo(group);
    return undefined;
  }

  /** Records that work on a key begins. @returns its group, for `end` */
  begin(key: Key): string | null {
    const group = this.#shares.groupOf(key);
    if (group !== null) this.#inWork.set(group, (this.#inWork.get(group) ?? 0) + 1);
    return group;
  }

  /** Records that work on a key of the group has ended, and makes the next held key ready. */
  end(group: string | null): void {
    if (group === null) return;
    const left = (this.#inWork.get(group) ?? 1) - 1;
    if (left > 0) this.#inWork.set(group, left);
    else this.#inWork.delete(group);
    const key = this.#letGo(group);
    if (key !== undefined) this.#free.push(key);
  }

  clear(): void {
    this.#free.clear();
    this.#held.clear();
  }

  #hasRoom(group: string): boolean {
    return (this.#inWork.get(group) ?? 0) < this.#shares.most;
  }

  #hold(group: string, key: Key): void {
    const line = this.#held.get(group) ?? this.#newLine();
    line.push(key);
    this.#held.set(group, line);
  }

  #letGo(group: string): Key | undefined {
    const line = this.#held.get(group);
    const key = line?.pop();
    if (line?.isEmpty) this.#held.delete(group);
    return key;
  }
}
