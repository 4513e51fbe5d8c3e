import type { Span, SpanFields, SpanStart, Tracer } from '../../src/core/tracer.ts';

/** A span that has ended: what it told, and the errors it failed with, whether told or thrown. */
export interface RecordedSpan {
  readonly name: string;
  readonly kind: SpanStart['kind'];
  readonly fields: SpanFields;
  readonly errors: readonly unknown[];
}

/** Keeps the spans that have ended, in this order. */
export class RecordingTracer implements Tracer {
  readonly spans: RecordedSpan[];
  readonly #bound: SpanFields;

  constructor(bound: SpanFields = {}, spans: RecordedSpan[] = []) {
    this.#bound = bound;
    this.spans = spans;
  }

  child(fields: SpanFields): Tracer {
    return new RecordingTracer({ ...this.#bound, ...fields }, this.spans);
  }

  async span<T>({ name, kind, fields }: SpanStart, work: (span: Span) => Promise<T>): Promise<T> {
    let told = { ...this.#bound, ...fields };
    const errors: unknown[] = [];
    try {
      return await work({
        set: (more) => (told = { ...told, ...more }),
        fail: (error) => errors.push(error),
      });
    } catch (error) {
      errors.push(error);
      throw error;
    } finally {
      this.spans.push({ name, kind, fields: told, errors });
    }
  }
}
