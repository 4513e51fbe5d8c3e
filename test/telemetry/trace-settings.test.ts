import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { InvalidInputError } from '../../src/core/errors.ts';
import { readTraceSettings } from '../../src/telemetry/trace-settings.ts';

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const FOR_TRACES = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
const base = 'http://collector:4318';
const traces = `${base}/v1/traces`;
const own = 'https://traces.example.com/otlp/in';

suite('the trace settings', () => {
  const urls: {
    flag?: string;
    environment?: Record<string, string>;
    url: string | null;
    because: string;
  }[] = [
    { url: null, because: 'no endpoint is set' },
    { flag: '', url: null, because: 'an empty endpoint counts as unset' },
    { flag: base, url: traces, because: 'the endpoint is the one for all signals' },
    {
      flag: `${base}/otlp/`,
      url: `${base}/otlp/v1/traces`,
      because: 'the endpoint for all signals may have a path',
    },
    { environment: { [FOR_TRACES]: own }, url: own, because: 'the endpoint for traces is used as it is' },
    {
      flag: base,
      environment: { [ENDPOINT]: base, [FOR_TRACES]: own },
      url: own,
      because: 'the variable for traces takes precedence over the one for all signals',
    },
    {
      flag: base,
      environment: { [FOR_TRACES]: own },
      url: traces,
      because: 'a flag takes precedence over a variable',
    },
    {
      flag: base,
      environment: { OTEL_SDK_DISABLED: 'true' },
      url: null,
      because: 'OpenTelemetry is disabled',
    },
    {
      flag: base,
      environment: { OTEL_TRACES_EXPORTER: 'none' },
      url: null,
      because: 'traces are disabled',
    },
    {
      flag: base,
      environment: {
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
      },
      url: traces,
      because: 'the protocol for traces takes precedence',
    },
  ];
  for (const { flag, environment = {}, url, because } of urls) {
    test(`result in ${url ?? 'no traces'}: ${because}`, () => {
      assert.equal(readTraceSettings(flag, environment)?.url ?? null, url);
    });
  }

  test('default to recording everything, in batches of 512 every 5 s', () => {
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

  test('limit the size of a batch to that of the queue', () => {
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
    test(`are rejected with the name of the setting if ${field} is "${value || flag}"`, () => {
      assert.throws(
        () => readTraceSettings(flag, { [field]: value }),
        (error: unknown) =>
          error instanceof InvalidInputError && error.field === field && !/secret/.test(error.message),
      );
    });
  }
});
