import type { TokenKind } from './tokens.ts';

/** One request to the simulated Asana. */
export interface RequestEntry {
  /** Grows by one with each request; `since` asks for what came after one. */
  readonly sequence: number;
  /** The `X-Request-Id` of its answer. */
  readonly id: string;
  /** When it came, epoch milliseconds by the sandbox's clock. */
  readonly at: number;
  readonly method: string;
  /** Below `/api/1.0`, with its query. */
  readonly path: string;
  /** `operationId` of Asana's OpenAPI document, `scim…` for SCIM, `unmatched` for no route. */
  readonly operation: string;
  /** Null for an unknown token. */
  readonly token: TokenKind | null;
  /** Null while it is under way, 0 when its connection ended without an answer. */
  status: number | null;
}

/** Entries kept; a benchmark of a full sync makes some thousands. */
const MOST_ENTRIES = 100_000;

/** The newest requests, in the order in which they came. */
export class RequestLog {
  #entries: RequestEntry[] = [];
  #sequence = 0;

  /** Notes a request that has come; its status is set on what is returned. */
  record(arrival: Omit<RequestEntry, 'sequence' | 'status'>): RequestEntry {
    this.#sequence += 1;
    const entry = { sequence: this.#sequence, ...arrival, status: null };
    this.#entries.push(entry);
    if (this.#entries.length > MOST_ENTRIES) this.#entries = this.#entries.slice(MOST_ENTRIES / 2);
    return entry;
  }

  /** What was recorded after the entry with this sequence number; 0 = everything kept. */
  since(sequence: number): readonly RequestEntry[] {
    const first = this.#entries[0];
    if (first === undefined) return [];
    return this.#entries.slice(Math.max(0, sequence - first.sequence + 1));
  }

  get last(): number {
    return this.#sequence;
  }

  clear(): void {
    this.#entries = [];
  }
}
