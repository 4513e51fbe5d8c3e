/**
 * What a span tells beside its name. Ids have the names that they have in log lines, so that one is found from the other.
 * Values are data like those of a log line: never a secret.
 */
export type SpanFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface SpanStart {
  /** Of a closed set: what tells one span from another of its name is in its fields. */
  readonly name: string;
  /**
   * - `Trace`: begins a trace of its own, whatever is under way.
   * - `Part`: belongs to the span under way.
   * - `Request`: belongs to it too, and asks somebody outside of this process.
   */
  readonly kind: 'Trace' | 'Part' | 'Request';
  readonly fields: SpanFields;
}

/** A piece of work under way. */
export interface Span {
  /** Tells what was not known at its start. */
  set(fields: SpanFields): void;
  /** It failed, although nothing is thrown out of it. */
  fail(error: unknown): void;
}

/** Where pieces of work are shown with their times: what belongs to what, and what failed with which code. */
export interface Tracer {
  /**
   * Runs `work` as a span. Whatever `work` starts belongs to it; what it throws is the failure of the span, but for an
   * abort, and is thrown on.
   */
  span<T>(start: SpanStart, work: (span: Span) => Promise<T>): Promise<T>;
  /** A tracer whose every span carries `fields` too. */
  child(fields: SpanFields): Tracer;
}

const silentSpan: Span = { set: () => {}, fail: () => {} };

/** Shows nothing; the default where nobody looks. */
export const silentTracer: Tracer = {
  span: (_start, work) => work(silentSpan),
  child: () => silentTracer,
};
