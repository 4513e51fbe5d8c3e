import type { TokenKind } from './tokens.ts';

/** One request to the simulated Asana. */
export interface RequestEntry {
  /** Increases by one with each request; `since` returns the entries after one. */
  readonly sequence: number;
  /** The `X-Request-Id` of the answer. */
  readonly id: string;
  /** Time of arrival in epoch milliseconds, by the sandbox's clock. */
  readonly at: number;
  readonly method: string;
  /** Path below `/api/1.0`, with the query. */
  readonly path: string;
  /** `operationId` of Asana's OpenAPI document, `scim…` for SCIM, `unmatched` if no route matches. */
  readonly operation: string;
  /** `null` for an unknown token. */
  readonly token: TokenKind | null;
  /** `null` while the request is in progress, 0 if its connection ended without an answer. */
  status: number | null;
}

/** Entries kept; a benchmark of a full sync makes some thousand requests. */
const MOST_ENTRIES = 100_000;

/** The newest requests, in order of arrival. */
export class RequestLog {
  #entries: RequestEntry[] = [];
  #sequence = 0;

  /** Records a request that has arrived. The caller sets the status on the returned entry. */
  record(arrival: Omit<RequestEntry, 'sequence' | 'status'>): RequestEntry {
    this.#sequence += 1;
    const entry = { sequence: this.#sequence, ...arrival, status: null };
    this.#entries.push(entry);
    if (this.#entries.length > MOST_ENTRIES) this.#entries = this.#entries.slice(MOST_ENTRIES / 2);
    return entry;
  }

  /** Returns the entries after this sequence number; 0 = all that are kept. */
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
