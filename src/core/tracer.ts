/**
 * The attributes of a span. Ids have the same names as in log lines, so that a span leads to its log lines and back.
 * Values are data as in a log line, never secrets.
 */
export type SpanFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface SpanStart {
  /** One of a closed set of names; the fields distinguish spans with the same name. */
  readonly name: string;
  /**
   * - `Trace`: begins a new trace, even within another span.
   * - `Part`: a child of the current span.
   * - `Request`: a child of the current span that is a request to another process.
   */
  readonly kind: 'Trace' | 'Part' | 'Request';
  readonly fields: SpanFields;
}

/** A unit of work in progress. */
export interface Span {
  /** Adds fields that were not known at the start. */
  set(fields: SpanFields): void;
  /** Marks the span as failed without an error being thrown. */
  fail(error: unknown): void;
}

/** Records units of work with their times, their parents, and the error codes of those that failed. */
export interface Tracer {
  /**
   * Runs `work` as a span. Spans that `work` starts become its children. An error that `work` throws is rethrown, and
   * marks the span as failed unless it is an abort.
   */
  span<T>(start: SpanStart, work: (span: Span) => Promise<T>): Promise<T>;
  /** Returns a tracer that adds `fields` to every span. */
  child(fields: SpanFields): Tracer;
}

const silentSpan: Span = { set: () => {}, fail: () => {} };

/** A tracer that records nothing; the default if none is given. */
export const silentTracer: Tracer = {
  span: (_start, work) => work(silentSpan),
  child: () => silentTracer,
};
