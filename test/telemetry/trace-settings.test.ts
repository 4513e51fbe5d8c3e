import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { InvalidInputError } from '../../src/core/errors.ts';
import { readTraceSettings } from '../../src/telemetry/trace-settings.ts';

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const FOR_TRACES = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
const base = 'http://collector:4318';
const traces = `${base}/v1/traces`;
const own = 'https://traces.example.com/otlp/in';

suite('the settings of traces', () => {
  const urls: {
    flag?: string;
    environment?: Record<string, string>;
    url: string | null;
    because: string;
  }[] = [
    { url: null, because: 'nobody asks for traces' },
    { flag: '', url: null, because: 'an empty variable is none' },
    { flag: base, url: traces, because: 'the endpoint is that of all signals' },
    { flag: `${base}/otlp/`, url: `${base}/otlp/v1/traces`, because: 'it may have a path' },
    { environment: { [FOR_TRACES]: own }, url: own, because: 'that of traces alone is whole' },
    {
      flag: base,
      environment: { [ENDPOINT]: base, [FOR_TRACES]: own },
      url: own,
      because: 'the variable for traces wins over the one for all',
    },
    {
      flag: base,
      environment: { [FOR_TRACES]: own },
      url: traces,
      because: 'a flag wins over a variable',
    },
    {
      flag: base,
      environment: { OTEL_SDK_DISABLED: 'true' },
      url: null,
      because: 'OpenTelemetry is turned off',
    },
    {
      flag: base,
      environment: { OTEL_TRACES_EXPORTER: 'none' },
      url: null,
      because: 'traces are turned off',
    },
    {
      flag: base,
      environment: {
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
      },
      url: traces,
      because: 'the protocol of traces wins',
    },
  ];
  for (const { flag, environment = {}, url, because } of urls) {
    test(`lead to ${url ?? 'no traces'}: ${because}`, () => {
      assert.equal(readTraceSettings(flag, environment)?.url ?? null, url);
    });
  }

  test('record everything, in batches of 512 every 5 s, unless they say otherwise', () => {
    assert.deepEqual(readTraceSettings(base, {}), {
      url: traces,
      sampler: 'parentbased_always_on',
      ratio: 1,
      batch: {
        maxQueueSize: 2_048,
        maxExportBatchSize: 512,
        scheduledDelayMillis: 5_000,
        exportTimeoutMillis: 30_000,
      },
    });
  });

  test('never have a batch that is larger than the queue', () => {
    const settings = readTraceSettings(base, { OTEL_BSP_MAX_QUEUE_SIZE: '100' });
    assert.equal(settings?.batch.maxExportBatchSize, 100);
  });

  const refused: { field: string; flag?: string; value: string }[] = [
    { field: '--otel-endpoint', flag: 'collector:4318', value: '' },
    { field: '--otel-endpoint', flag: 'ftp://collector', value: '' },
    { field: '--otel-endpoint', flag: 'https://user:secret@collector', value: '' },
    { field: FOR_TRACES, flag: '', value: 'collector' },
    { field: 'OTEL_EXPORTER_OTLP_PROTOCOL', value: 'grpc' },
    { field: 'OTEL_TRACES_EXPORTER', value: 'zipkin' },
    { field: 'OTEL_TRACES_SAMPLER', value: 'jaeger_remote' },
    { field: 'OTEL_TRACES_SAMPLER_ARG', value: '2' },
    { field: 'OTEL_TRACES_SAMPLER_ARG', value: 'half' },
    { field: 'OTEL_BSP_MAX_QUEUE_SIZE', value: '0' },
    { field: 'OTEL_BSP_SCHEDULE_DELAY', value: '5s' },
  ];
  for (const { field, flag = base, value } of refused) {
    test(`are refused by name where ${field} is "${value || flag}"`, () => {
      assert.throws(
        () => readTraceSettings(flag, { [field]: value }),
        (error: unknown) =>
          error instanceof InvalidInputError && error.field === field && !/secret/.test(error.message),
      );
    });
  }
});
