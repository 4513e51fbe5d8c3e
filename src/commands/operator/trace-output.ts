import { silentTracer, type Tracer } from '../../core/tracer.ts';
import { readTraceSettings } from '../../telemetry/trace-settings.ts';
import type { TracesDeps } from '../../telemetry/traces.ts';

/** Where the operator's traces go. */
export interface TraceOutput {
  readonly tracer: Tracer;
  /** Sends what still waits, for some seconds at most. */
  close(): Promise<void>;
}

export interface TraceOutputDeps extends TracesDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * A collector, where one is named; else nowhere.
 * @param endpoint `--otel-endpoint`
 * @throws InvalidInputError for a flag or a variable that cannot be used
 */
export async function openTraceOutput(
  endpoint: string | undefined,
  { environment, ...deps }: TraceOutputDeps,
): Promise<TraceOutput> {
  const settings = readTraceSettings(endpoint, environment);
  if (!settings) return { tracer: silentTracer, close: () => Promise.resolve() };
  // Loaded when it is asked for: OpenTelemetry costs memory and time at the start.
  const { Traces } = await import('../../telemetry/traces.ts');
  const traces = new Traces(settings, deps);
  deps.log.info('exporting traces', { url: settings.url, sampler: settings.sampler });
  return traces;
}
