import { Code, ConnectError } from '@connectrpc/connect';
import type { SandboxTime } from '../sandbox-time.ts';
import type { Call } from './tenant-faults.ts';

/** A call and its outcome. */
export interface CallEntry {
  /** Increases by one with each call. */
  readonly sequence: number;
  /** When the answer was ready, epoch milliseconds. */
  readonly at: number;
  readonly call: Call;
  /** `null` if the caller did not get as far as naming its host. */
  readonly host: string | null;
  /** `OK`, the name of a gRPC code, or the HTTP status of a token request. */
  readonly outcome: string;
  /** Why the call was refused; the client gets no more than this. */
  readonly reason: string | null;
}

const MOST_ENTRIES = 10_000;

/** The newest calls, refused ones included, in the order of their answers. */
export class CallLog {
  readonly #time: SandboxTime;
  #entries: CallEntry[] = [];
  #sequence = 0;

  constructor(time: SandboxTime) {
    this.#time = time;
  }

  note(call: Call, host: string | null, outcome: string, reason: string | null): void {
    this.#sequence += 1;
    this.#entries.push({ sequence: this.#sequence, at: this.#time.now(), call, host, outcome, reason });
    if (this.#entries.length > MOST_ENTRIES) this.#entries = this.#entries.slice(MOST_ENTRIES / 2);
  }

  /** Runs a handler and records the outcome. */
  async watch<T>(call: Call, host: () => string | null, handle: () => T | Promise<T>): Promise<T> {
    try {
      const answer = await handle();
      this.note(call, host(), 'OK', null);
      return answer;
    } catch (error) {
      this.refused(call, host(), error);
      throw error;
    }
  }

  refused(call: Call, host: string | null, error: unknown): void {
    const { code, rawMessage } = ConnectError.from(error);
    this.note(call, host, Code[code] ?? String(code), rawMessage);
  }

  /** Returns the entries after this sequence number; 0 = all that are kept. */
  since(sequence: number): readonly CallEntry[] {
    return this.#entries.filter((entry) => entry.sequence > sequence);
  }
}
