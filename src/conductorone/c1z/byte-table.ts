const FIRST_CAPACITY = 64 * 1024;

/** The contents of a table, to be sent to another thread. */
export interface PackedBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each item ends. */
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly count: number;
}

/** Many short byte strings in one piece of memory, which spares the garbage collector a hundred thousand objects. */
export class ByteTable {
  #bytes: Uint8Array<ArrayBuffer>;
  #ends: Uint32Array<ArrayBuffer>;
  #count: number;

  /** @param packed the contents of another table; by default the table is empty */
  constructor(packed?: PackedBytes) {
    this.#bytes = packed?.bytes ?? new Uint8Array(FIRST_CAPACITY);
    this.#ends = packed?.ends ?? new Uint32Array(1024);
    this.#count = packed?.count ?? 0;
  }

  get count(): number {
    return this.#count;
  }

  /** Returns the contents; the table must not be used afterwards. */
  pack(): PackedBytes {
    return { bytes: this.#bytes, ends: this.#ends, count: this.#count };
  }

  /** Appends a copy of an item; the first one has index 0. */
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

  /** Returns a view, valid until the next `push`. */
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
