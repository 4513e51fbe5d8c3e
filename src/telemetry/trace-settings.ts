import { InvalidInputError } from '../core/errors.ts';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** The sampler that selects which traces are recorded, by its OpenTelemetry name. */
export type SamplerName = (typeof SAMPLERS)[number];

/** How spans are batched before they are sent. */
export interface BatchSettings {
  /** Maximum number of waiting spans; further ones are lost. */
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
  /** Milliseconds between two batches. */
  readonly scheduledDelayMillis: number;
  /** Milliseconds after which the export of a batch is abandoned. */
  readonly exportTimeoutMillis: number;
}

/** Where to send traces, and which. The exporter itself reads headers, certificates, timeout and compression. */
export interface TraceSettings {
  readonly url: string;
  readonly sampler: SamplerName;
  /** The share of traces that the samplers with a ratio record, 0 to 1. */
  readonly ratio: number;
  readonly batch: BatchSettings;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns the settings from `--otel-endpoint` and the OpenTelemetry variables; `null` if traces are off.
 * @param endpoint the flag, or its variable `OTEL_EXPORTER_OTLP_ENDPOINT`
 * @throws InvalidInputError for an invalid or unsupported setting
 */
export function readTraceSettings(
  endpoint: string | undefined,
  environment: Environment,
): TraceSettings | null {
  const url = urlOf(endpoint, environment);
  if (url === null || isTurnedOff(environment)) return null;
  requireProtobuf(environment);
  return {
    url,
    sampler: samplerOf(environment),
    ratio: ratioOf(environment),
    batch: batchOf(environment),
  };
}

/** The variable for traces only holds a complete URL. It overrides the variable for all signals, but not the flag. */
function urlOf(endpoint: string | undefined, environment: Environment): string | null {
  const [forAll, forTraces] = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] as const;
  const isFlag = Boolean(endpoint) && endpoint !== environment[forAll];
  const specific = environment[forTraces];
  if (specific && !isFlag) return checkUrl(forTraces, specific).href;
  if (!endpoint) return null;
  const base = checkUrl('--otel-endpoint', endpoint).href;
  return `${base.replace(/\/$/, '')}/v1/traces`;
}

function checkUrl(field: string, text: string): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol))
    throw new InvalidInputError(field, 'must be an http or https URL, such as http://collector:4318');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new InvalidInputError(
      field,
      'must be an address and a path only. Put credentials into OTEL_EXPORTER_OTLP_HEADERS',
    );
  return url;
}

function isTurnedOff(environment: Environment): boolean {
  if (environment['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return true;
  const exporter = environment['OTEL_TRACES_EXPORTER'] || 'otlp';
  if (exporter !== 'otlp' && exporter !== 'none')
    throw new InvalidInputError('OTEL_TRACES_EXPORTER', 'must be otlp or none');
  return exporter === 'none';
}

/** Rejects other protocols, which a platform may set for every pod: otherwise traces would be lost silently. */
function requireProtobuf(environment: Environment): void {
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']) {
    const protocol = environment[name];
    if (!protocol) continue;
    if (protocol === 'http/protobuf') return;
    throw new InvalidInputError(name, 'must be http/protobuf. Collectors take it on port 4318');
  }
}

function samplerOf(environment: Environment): SamplerName {
  const name = environment['OTEL_TRACES_SAMPLER'] || 'parentbased_always_on';
  const sampler = SAMPLERS.find((one) => one === name);
  if (!sampler) throw new InvalidInputError('OTEL_TRACES_SAMPLER', `must be one of ${SAMPLERS.join(', ')}`);
  return sampler;
}

function ratioOf(environment: Environment): number {
  const ratio = Number(environment['OTEL_TRACES_SAMPLER_ARG'] || '1');
  if (ratio >= 0 && ratio <= 1) return ratio;
  throw new InvalidInputError('OTEL_TRACES_SAMPLER_ARG', 'must be a number from 0 to 1');
}

function batchOf(environment: Environment): BatchSettings {
  const read = (name: string, fallback: number) => {
    const value = Number(environment[name] || fallback);
    if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
    throw new InvalidInputError(name, 'must be a whole number from 1 to 1000000');
  };
  const maxQueueSize = read('OTEL_BSP_MAX_QUEUE_SIZE', 2_048);
  return {
    maxQueueSize,
    maxExportBatchSize: Math.min(read('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512), maxQueueSize),
    scheduledDelayMillis: read('OTEL_BSP_SCHEDULE_DELAY', 5_000),
    exportTimeoutMillis: read('OTEL_BSP_EXPORT_TIMEOUT', 30_000),
  };
}
