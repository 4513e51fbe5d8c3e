/** A binary heap that tracks the position of each item, so that one can be raised. Every operation is O(log n). */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #places = new Map<T, number>();
  readonly #precedes: (a: T, b: T) => boolean;

  constructor(precedes: (a: T, b: T) => boolean) {
    this.#precedes = precedes;
  }

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#places.set(item, this.#items.length - 1);
    this.raise(item);
  }

  /** Removes and returns the first item. Items must stay comparable until then; callers drop their data afterwards. */
  pop(): T | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (first === undefined || last === undefined) return undefined;
    this.#places.delete(first);
    if (this.#items.length > 0) {
      this.#items[0] = last;
      this.#places.set(last, 0);
      this.#sink(0);
    }
    return first;
  }

  /** Moves an item towards the front after its order has improved. Does nothing for an item not in the heap. */
  raise(item: T): void {
    let place = this.#places.get(item) ?? 0;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#precedes(item, this.#items[parent] as T)) return;
      this.#swap(place, parent);
      place = parent;
    }
  }

  #sink(place: number): void {
    for (;;) {
      const left = 2 * place + 1;
      if (left >= this.#items.length) return;
      const right = left + 1;
      const child =
        right < this.#items.length && this.#precedes(this.#items[right] as T, this.#items[left] as T)
          ? right
          : left;
      if (!this.#precedes(this.#items[child] as T, this.#items[place] as T)) return;
      this.#swap(place, child);
      place = child;
    }
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#items[a] as T, this.#items[b] as T];
    this.#items[a] = y;
    this.#items[b] = x;
    this.#places.set(y, a);
    this.#places.set(x, b);
  }
}
