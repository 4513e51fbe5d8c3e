import { InvalidInputError } from '../core/errors.ts';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Which traces are recorded, by the names that OpenTelemetry gives the ways to choose. */
export type SamplerName = (typeof SAMPLERS)[number];

/** How spans are gathered before they are sent. */
export interface BatchSettings {
  /** Spans that wait at most; further ones are lost. */
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
  /** Milliseconds between two batches. */
  readonly scheduledDelayMillis: number;
  /** Milliseconds after which the export of a batch is given up. */
  readonly exportTimeoutMillis: number;
}

/** Where traces go, and which. Headers, certificates, timeout and compression are read by the exporter itself. */
export interface TraceSettings {
  readonly url: string;
  readonly sampler: SamplerName;
  /** The share of traces that the samplers with a ratio record, 0 to 1. */
  readonly ratio: number;
  readonly batch: BatchSettings;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What `--otel-endpoint` and the variables of OpenTelemetry ask for; null where no traces are wanted.
 * @param endpoint the flag, or its variable `OTEL_EXPORTER_OTLP_ENDPOINT`
 * @throws InvalidInputError for what cannot be done
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

/** The variable for traces alone holds a whole URL, and wins over the one for all signals, but not over the flag. */
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

/** A platform may set another protocol for every pod: traces that never arrive would be a riddle. */
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
