import { silentTracer, type Tracer } from '../../core/tracer.ts';
import { readTraceSettings } from '../../telemetry/trace-settings.ts';
import type { TracesDeps } from '../../telemetry/traces.ts';

/** Where the operator's traces go. */
export interface TraceOutput {
  readonly tracer: Tracer;
  /** Sends the queued spans, for a few seconds at most. */
  close(): Promise<void>;
}

export interface TraceOutputDeps extends TracesDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Opens the trace output: to the configured collector, or to nowhere if there is none.
 * @param endpoint `--otel-endpoint`
 * @throws InvalidInputError if the flag or a variable is invalid
 */
export async function openTraceOutput(
  endpoint: string | undefined,
  { environment, ...deps }: TraceOutputDeps,
): Promise<TraceOutput> {
  const settings = readTraceSettings(endpoint, environment);
  if (!settings) return { tracer: silentTracer, close: () => Promise.resolve() };
  // Imported on demand, because OpenTelemetry costs memory and startup time.
  const { Traces } = await import('../../telemetry/traces.ts');
  const traces = new Traces(settings, deps);
  deps.log.info('exporting traces', { url: settings.url, sampler: settings.sampler });
  return traces;
}
