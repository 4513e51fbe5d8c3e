import { createNoopMeter, DiagLogLevel, diag, type Meter as OtelMeter } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { Counter, Meter } from '../core/meter.ts';
import type { Tracer } from '../core/tracer.ts';
import { version } from '../core/version.ts';
import { OtelTracer } from './otel-tracer.ts';
import type { TraceSettings } from './trace-settings.ts';

export interface TracesDeps {
  /** Names this process. */
  readonly identity: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly meter: Meter;
}

/** Milliseconds that `close` waits for an unreachable collector; spans not sent by then are lost. */
const LAST_BATCH_MS = 3_000;

/**
 * Exports traces over OTLP. Spans wait in a bounded queue and are sent in the background, so work never waits for them;
 * spans that cannot be sent are lost and counted. This file loads the OpenTelemetry libraries: import it only if traces
 * are on.
 */
export class Traces {
  readonly tracer: Tracer;
  readonly #provider: TracerProvider;
  readonly #deps: TracesDeps;

  constructor(settings: TraceSettings, deps: TracesDeps) {
    const { identity, log, meter } = deps;
    this.#deps = deps;
    listenToWarnings(log);
    const lost = meter.counter('spans_lost_total', 'Spans of traces that were not exported.', ['reason']);
    for (const reason of ['QueueFull', 'ExportFailed']) lost.add(0, { reason });
    const exporter = new OutageLog(new OTLPTraceExporter({ url: settings.url }), log);
    const selfObsMeterProvider = { getMeter: () => lossMeter(lost) };
    this.#provider = new TracerProvider({
      resource: resourceOf(identity),
      sampler: samplerOf(settings),
      spanProcessors: [new BatchSpanProcessor({ exporter, selfObsMeterProvider, ...settings.batch })],
    });
    this.tracer = new OtelTracer(this.#provider.getTracer('asana-connector', version));
  }

  /** Sends the waiting spans, for at most three seconds. */
  async close(): Promise<void> {
    const { clock, log } = this.#deps;
    const late = Promise.withResolvers<void>();
    const cancel = clock.schedule(LAST_BATCH_MS, () =>
      late.reject(new Error('the collector does not answer')),
    );
    try {
      await Promise.race([this.#provider.shutdown(), late.promise]);
    } catch (error) {
      log.warn('the last spans were not exported', { error });
    } finally {
      cancel();
      diag.disable();
    }
  }
}

/** Returns the resource that identifies this process; attributes and service name from the environment win. */
function resourceOf(identity: string) {
  const own = {
    'service.name': 'asana-connector',
    'service.version': version,
    'service.instance.id': identity,
  };
  const detectors = [resourceAttributesEnvDetector, serviceNameEnvDetector];
  return defaultResource().merge(resourceFromAttributes(own)).merge(detectResources({ detectors }));
}

function samplerOf({ sampler, ratio }: TraceSettings): Sampler {
  const root = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(ratio),
  }[sampler.replace(/^parentbased_/, '') as 'always_on' | 'always_off' | 'traceidratio']();
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

/** Exports spans, and logs an outage of the collector once when it begins and once when it is over. */
class OutageLog implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #log: Logger;
  /** Spans lost since the outage began; `null` if there is none. */
  #lost: number | null = null;

  constructor(exporter: SpanExporter, log: Logger) {
    this.#exporter = exporter;
    this.#log = log;
  }

  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.#exporter.export(spans, (result) => {
      if (result.error) this.#noteFailure(spans.length, result.error);
      else this.#noteSuccess();
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  #noteFailure(spans: number, error: Error): void {
    if (this.#lost === null) this.#log.warn('traces cannot be exported', { error });
    this.#lost = (this.#lost ?? 0) + spans;
  }

  #noteSuccess(): void {
    if (this.#lost !== null) this.#log.info('traces are exported again', { lostSpans: this.#lost });
    this.#lost = null;
  }
}

/** Returns an OpenTelemetry meter for the processor's own metrics; it records only the lost spans, in `lost`. */
function lossMeter(lost: Counter): OtelMeter {
  const silent = createNoopMeter();
  const meter = Object.create(silent) as OtelMeter;
  meter.createCounter = (name, options) =>
    name === 'otel.sdk.processor.span.processed'
      ? {
          add: (spans, attributes) => {
            const error = attributes?.['error.type'];
            if (error !== undefined)
              lost.add(spans, { reason: error === 'queue_full' ? 'QueueFull' : 'ExportFailed' });
          },
        }
      : silent.createCounter(name, options);
  return meter;
}

/** Logs the libraries' warnings (an unusable variable, spans that the collector rejects), each kind once. */
function listenToWarnings(log: Logger): void {
  const told = new Set<string>();
  const silence = () => {};
  const warn = (message: string, ...details: unknown[]) => {
    const kind = message.replace(/\d+/g, '#');
    if (told.has(kind)) return;
    told.add(kind);
    log.warn('OpenTelemetry warns', { warning: [message, ...details].join(' ') });
  };
  // Errors are failed exports and include response bodies; `OutageLog` logs those instead.
  const logger = { warn, error: silence, info: silence, debug: silence, verbose: silence };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}
