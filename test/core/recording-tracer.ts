import type { Span, SpanFields, SpanStart, Tracer } from '../../src/core/tracer.ts';

/** A span that has ended: its fields and its errors, both reported and thrown. */
export interface RecordedSpan {
  readonly name: string;
  readonly kind: SpanStart['kind'];
  readonly fields: SpanFields;
  readonly errors: readonly unknown[];
}

/** Records spans in the order in which they end. */
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
