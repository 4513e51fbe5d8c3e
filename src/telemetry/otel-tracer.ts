import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Span as ApiSpan,
  type Tracer as ApiTracer,
  type Context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { codeOf, isAbort } from '../core/errors.ts';
import type { Span, SpanFields, SpanStart, Tracer } from '../core/tracer.ts';
import { tameText } from './tame.ts';

/** A tracer based on OpenTelemetry. Only the asynchronous context holds the current span: no global state is used. */
export class OtelTracer implements Tracer {
  readonly #tracer: ApiTracer;
  readonly #underWay: AsyncLocalStorage<Context>;
  readonly #fields: SpanFields;

  constructor(tracer: ApiTracer, underWay = new AsyncLocalStorage<Context>(), fields: SpanFields = {}) {
    this.#tracer = tracer;
    this.#underWay = underWay;
    this.#fields = fields;
  }

  child(fields: SpanFields): Tracer {
    return new OtelTracer(this.#tracer, this.#underWay, { ...this.#fields, ...fields });
  }

  async span<T>({ name, kind, fields }: SpanStart, work: (span: Span) => Promise<T>): Promise<T> {
    const parent = (kind === 'Trace' ? null : this.#underWay.getStore()) ?? ROOT_CONTEXT;
    const options = {
      kind: kind === 'Request' ? SpanKind.CLIENT : SpanKind.INTERNAL,
      attributes: attributesOf({ ...this.#fields, ...fields }),
    };
    const span = this.#tracer.startSpan(name, options, parent);
    try {
      return await this.#underWay.run(trace.setSpan(parent, span), () => work(new RunningSpan(span)));
    } catch (error) {
      // Aborted on purpose, as at every shutdown: not a failure.
      if (isAbort(error)) span.setAttribute('aborted', true);
      else fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  }
}

class RunningSpan implements Span {
  readonly #span: ApiSpan;

  constructor(span: ApiSpan) {
    this.#span = span;
  }

  set(fields: SpanFields): void {
    this.#span.setAttributes(attributesOf(fields));
  }

  fail(error: unknown): void {
    fail(this.#span, error);
  }
}

/** Records the code and the message, as in a log line: no stack, no causes, no bodies. */
function fail(span: ApiSpan, error: unknown): void {
  const name = error instanceof Error ? error.name : typeof error;
  span.setAttribute('error.type', codeOf(error) ?? name);
  const message = tameText(error instanceof Error ? error.message : String(error));
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

function attributesOf(fields: SpanFields): Record<string, string | number | boolean> {
  const attributes: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(fields))
    if (value !== null && value !== undefined)
      attributes[name] = typeof value === 'string' ? tameText(value) : value;
  return attributes;
}
