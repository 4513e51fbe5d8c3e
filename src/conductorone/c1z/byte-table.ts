const FIRST_CAPACITY = 64 * 1024;

/** What a table holds, to be sent to another thread. */
export interface PackedBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each item ends. */
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly count: number;
}

/** Many short byte strings in one piece of memory: a hundred thousand objects less for the garbage collector. */
export class ByteTable {
  #bytes: Uint8Array<ArrayBuffer>;
  #ends: Uint32Array<ArrayBuffer>;
  #count: number;

  /** @param packed what another table gave away; empty without */
  constructor(packed?: PackedBytes) {
    this.#bytes = packed?.bytes ?? new Uint8Array(FIRST_CAPACITY);
    this.#ends = packed?.ends ?? new Uint32Array(1024);
    this.#count = packed?.count ?? 0;
  }

  get count(): number {
    return this.#count;
  }

  /** Gives everything away; the table is of no further use. */
  pack(): PackedBytes {
    return { bytes: this.#bytes, ends: this.#ends, count: this.#count };
  }

  /** Keeps a copy; the first one has index 0. */
  push(item: Uint8Array): void {
    const begin = this.#beginOf(this.#count);
    const end = begin + item.length;
    if (end > this.#bytes.length)
      this.#bytes = grown(this.#bytes, new Uint8Array(Math.max(end, this.#bytes.length * 2)));
    if (this.#count === this.#ends.length)
      this.#ends = grown(this.#ends, new Uint32Array(this.#ends.length * 2));
    this.#bytes.set(item, begin);
    this.#ends[this.#count] = end;
    this.#count += 1;
  }

  /** A view; valid until the next `push`. */
  get(index: number): Uint8Array {
    return this.#bytes.subarray(this.#beginOf(index), this.#ends[index]);
  }

  #beginOf(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] ?? 0);
  }
}

function grown<T extends Uint8Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
