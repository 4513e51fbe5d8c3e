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

/** What is not sent so long after the end is lost: nobody waits for a collector that is away. */
const LAST_BATCH_MS = 3_000;

/**
 * Traces over OTLP. Spans wait in a bounded queue and are sent beside the work, which never waits for them; those that
 * cannot be sent are lost and counted. With this file come the libraries of OpenTelemetry: import it only when traces are
 * asked for.
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

  /** Sends what still waits, for three seconds at most. */
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

/** Who reports: attributes and service name of the environment win over our own. */
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

/** Exports, and tells an outage of the collector once: when it begins and when it is over. */
class OutageLog implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #log: Logger;
  /** Spans lost since the outage began; null without one. */
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

/** The processor counts how its spans ended in a meter of OpenTelemetry; of that, those that were lost are ours. */
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

/** What the libraries warn of (a variable they cannot use, spans the collector refuses), each kind once. */
function listenToWarnings(log: Logger): void {
  const told = new Set<string>();
  const silence = () => {};
  const warn = (message: string, ...details: unknown[]) => {
    const kind = message.replace(/\d+/g, '#');
    if (told.has(kind)) return;
    told.add(kind);
    log.warn('OpenTelemetry warns', { warning: [message, ...details].join(' ') });
  };
  // Errors are failed exports, with their bodies: `OutageLog` tells them.
  const logger = { warn, error: silence, info: silence, debug: silence, verbose: silence };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}
