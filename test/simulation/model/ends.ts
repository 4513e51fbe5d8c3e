import { conditionOf, type Grant } from './objects.ts';

/** A value and the monotonic time at which it was first seen. */
interface Since {
  readonly value: string;
  readonly at: number;
}

/** Tracks when the declared end of each grant, and the time it was applied, last changed, and when it last was Expired. */
export class Ends {
  readonly #ends = new Map<string, Since>();
  readonly #applied = new Map<string, Since>();
  readonly #expired = new Map<string, number>();

  /** @param now monotonic milliseconds */
  note(grant: Grant, now: number): void {
    const { metadata, spec, status } = grant;
    const { uid } = metadata;
    const note = (notes: Map<string, Since>, value: string) => {
      if (notes.get(uid)?.value !== value) notes.set(uid, { value, at: now });
    };
    note(this.#ends, `${spec.expiresAt ?? ''} ${spec.duration ?? ''}`);
    note(this.#applied, status?.applied?.at ?? '');
    if (conditionOf(grant, 'Expired')) this.#expired.set(uid, now);
  }

  /** Returns the monotonic time at which a status last showed that the grant had expired. */
  expiredAt({ metadata }: Grant): number {
    return this.#expired.get(metadata.uid) ?? Number.NEGATIVE_INFINITY;
  }

  /** Whether the grant still has the end that it had when it was applied. */
  areKept({ metadata, status }: Grant): boolean {
    const end = this.#ends.get(metadata.uid);
    const applied = this.#applied.get(metadata.uid);
    return (
      status?.applied !== undefined && end !== undefined && applied !== undefined && end.at <= applied.at
    );
  }
}
