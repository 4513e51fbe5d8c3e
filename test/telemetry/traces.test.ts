import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { CodedError, StoppedError } from '../../src/core/errors.ts';
import type { LogFields, Logger } from '../../src/core/logger.ts';
import type { SpanStart } from '../../src/core/tracer.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { readTraceSettings } from '../../src/telemetry/trace-settings.ts';
import { Traces } from '../../src/telemetry/traces.ts';
import { Collector } from './collector.ts';

class Refused extends CodedError {
  constructor(message: string) {
    super('Refused', 'stalling', message);
  }
}

interface Line {
  readonly message: string;
  readonly fields: LogFields | undefined;
}

/** Returns a logger that records its lines unchanged. */
function recordingLog(lines: Line[]): Logger {
  const write = (message: string, fields?: LogFields) => void lines.push({ message, fields });
  const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
  return log;
}

const part = (name: string): SpanStart => ({ name, kind: 'Part', fields: {} });
const root = (name: string): SpanStart => ({ name, kind: 'Trace', fields: {} });
const nothing = () => Promise.resolve();

suite('traces', () => {
  let collector: Collector;
  let lines: Line[];
  let metrics: Metrics;
  // The exporter itself reads this timeout; a short one keeps the process from outliving its tests for long.
  before(() => (process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '500'));
  after(() => delete process.env['OTEL_EXPORTER_OTLP_TIMEOUT']);
  beforeEach(async () => {
    collector = await Collector.start();
    lines = [];
    metrics = new Metrics();
  });
  afterEach(() => collector[Symbol.asyncDispose]());

  function open(
    environment: Record<string, string> = {},
    endpoint = collector.url,
    clock: Clock = systemClock,
  ): Traces {
    const settings = readTraceSettings(endpoint, { OTEL_BSP_SCHEDULE_DELAY: '1', ...environment });
    assert.ok(settings);
    return new Traces(settings, {
      identity: 'pod-1',
      clock,
      log: recordingLog(lines),
      meter: metrics,
    });
  }

  async function lostSpans(): Promise<Record<string, number>> {
    const samples = (await metrics.render()).matchAll(/^\w+_spans_lost_total\{reason="(\w+)"\} (\d+)$/gm);
    return Object.fromEntries([...samples].map(([, reason, count]) => [reason, Number(count)]));
  }

  test('nest a span below the span in which it begins, across asynchronous calls', async () => {
    const traces = open();
    await traces.tracer.span(root('outer'), async () => {
      await Promise.all([
        traces.tracer.span({ name: 'ask', kind: 'Request', fields: { attempt: 1 } }, nothing),
        traces.tracer.span(part('inner'), async () => {
          await systemClock.sleep(1);
          await traces.tracer.span(part('innermost'), nothing);
        }),
      ]);
    });
    await traces.close();
    const parents = new Map(collector.spans.map(({ spanId, name }) => [spanId, name]));
    const tree = collector.spans.map(
      ({ name, parentSpanId, kind }) =>
        `${name} of kind ${kind} below ${parents.get(parentSpanId) ?? 'nothing'}`,
    );
    assert.deepEqual(tree.toSorted(), [
      'ask of kind 3 below outer',
      'inner of kind 1 below outer',
      'innermost of kind 1 below inner',
      'outer of kind 1 below nothing',
    ]);
    assert.equal(new Set(collector.spans.map(({ traceId }) => traceId)).size, 1);
    for (const { startNs, endNs } of collector.spans) assert.ok(startNs > 0n && endNs >= startNs);
  });

  test('begin with each root span, even inside another span', async () => {
    const traces = open();
    await traces.tracer.span(root('reconcile'), () => traces.tracer.span(root('sync'), nothing));
    await traces.close();
    assert.deepEqual(
      collector.spans.map(({ parentSpanId }) => parentSpanId),
      ['', ''],
    );
    assert.equal(new Set(collector.spans.map(({ traceId }) => traceId)).size, 2);
  });

  test('contain the fields of the tracer, of the start and set later, without null and undefined', async () => {
    const traces = open();
    const tracer = traces.tracer.child({ connector: 'iga/acme' });
    await tracer.span({ name: 'sync', kind: 'Trace', fields: { type: 'sync_full', task: null } }, (span) => {
      span.set({ requests: 3, complete: true, requestID: undefined });
      return nothing();
    });
    await traces.close();
    assert.deepEqual(collector.spans[0]?.attributes, {
      connector: 'iga/acme',
      type: 'sync_full',
      requests: 3,
      complete: true,
    });
  });

  const failures = [
    {
      thrown: new Refused('Ask an admin.'),
      type: 'Refused',
      message: 'Ask an admin.',
      why: 'an error of this program has a code',
    },
    {
      thrown: new TypeError('no function'),
      type: 'TypeError',
      message: 'no function',
      why: 'any other error has a name',
    },
    {
      thrown: new Refused('took Bearer 2/1200000000000001/12:abcdefgh0123'),
      type: 'Refused',
      message: 'took Bearer [redacted]',
      why: 'a secret in the message is redacted',
    },
  ];
  for (const { thrown, type, message, why } of failures) {
    test(`record a failure with its code and message, and rethrow it: ${why}`, async () => {
      const traces = open();
      const failing = traces.tracer.span(root('sync'), () => Promise.reject(thrown));
      await assert.rejects(failing, thrown);
      await traces.tracer.span(root('caught'), (span) => {
        span.fail(thrown);
        return nothing();
      });
      await traces.close();
      assert.equal(collector.spans.length, 2);
      for (const { attributes, status } of collector.spans) {
        assert.equal(attributes['error.type'], type);
        assert.deepEqual(status, { code: 2, message });
      }
      assert.ok(!collector.raw.includes('abcdefgh'), 'a secret was exported');
    });
  }

  test('record stopped work as aborted, not as a failure', async () => {
    const traces = open();
    const stopped = traces.tracer.span(root('sync'), () => Promise.reject(new StoppedError()));
    await assert.rejects(stopped, StoppedError);
    await traces.close();
    const [span] = collector.spans;
    assert.deepEqual(span?.attributes, { aborted: true });
    assert.equal(span?.status.code, 0);
  });

  test('contain the name and version of the program and the identity of the process', async () => {
    const traces = open();
    await traces.tracer.span(root('sync'), nothing);
    await traces.close();
    const resource = collector.spans[0]?.resource ?? {};
    assert.equal(resource['service.name'], 'asana-connector');
    assert.match(String(resource['service.version']), /^\d+\.\d+\.\d+/);
    assert.equal(resource['service.instance.id'], 'pod-1');
    assert.equal(collector.requests[0]?.url, '/v1/traces');
    assert.equal(collector.requests[0]?.headers['content-type'], 'application/x-protobuf');
  });

  const samplers = [
    { sampler: 'always_off', arg: '', recorded: false },
    { sampler: 'traceidratio', arg: '0', recorded: false },
    { sampler: 'parentbased_traceidratio', arg: '1', recorded: true },
    { sampler: 'parentbased_always_off', arg: '', recorded: false },
    { sampler: 'always_on', arg: '', recorded: true },
  ];
  for (const { sampler, arg, recorded } of samplers) {
    test(`are ${recorded ? '' : 'not '}recorded with OTEL_TRACES_SAMPLER=${sampler} ${arg}`, async () => {
      const traces = open({ OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: arg });
      await traces.tracer.span(root('outer'), () => traces.tracer.span(part('inner'), nothing));
      await traces.close();
      assert.equal(collector.spans.length, recorded ? 2 : 0);
    });
  }

  test('are counted as lost and logged once while the collector rejects them, and logged when it accepts them', async () => {
    collector.status = 400;
    const traces = open();
    const send = async (requests: number) => {
      await traces.tracer.span(root('sync'), nothing);
      while (collector.requests.length < requests) await systemClock.sleep(1);
    };
    for (const requests of [1, 2, 3]) await send(requests);
    collector.status = 200;
    await send(4);
    await traces.close();
    assert.deepEqual(
      lines.map(({ message }) => message),
      ['traces cannot be exported', 'traces are exported again'],
    );
    assert.deepEqual(lines[1]?.fields, { lostSpans: 3 });
    assert.deepEqual(await lostSpans(), { QueueFull: 0, ExportFailed: 3 });
    assert.equal(collector.spans.length, 1);
  });

  test('delay no work while nothing is exported, and are counted as lost if they exceed the queue', async () => {
    const environment = { OTEL_BSP_MAX_QUEUE_SIZE: '10', OTEL_BSP_SCHEDULE_DELAY: '1000000' };
    const traces = open({ ...environment, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10' });
    await Promise.all(Array.from({ length: 50 }, () => traces.tracer.span(root('sync'), nothing)));
    assert.equal(collector.requests.length, 0, 'the work waited for an export');
    await traces.close();
    const { QueueFull = 0 } = await lostSpans();
    assert.ok(QueueFull > 0, 'no span was lost, so the queue was not full');
    assert.equal(collector.spans.length + QueueFull, 50);
  });

  test('are given up on close if the collector is unreachable', async () => {
    const { url } = collector;
    await collector[Symbol.asyncDispose]();
    const traces = open({}, url);
    await traces.tracer.span(root('sync'), nothing);
    await traces.close();
    assert.deepEqual(
      lines.map(({ message }) => message),
      ['traces cannot be exported', 'the last spans were not exported'],
    );
    collector = await Collector.start();
  });

  test('are given up three seconds after close if the collector does not answer', async () => {
    collector.status = null;
    const waits: { ms: number; ring: () => void }[] = [];
    const clock = {
      ...systemClock,
      schedule: (ms: number, ring: () => void) => {
        waits.push({ ms, ring });
        return () => {};
      },
    };
    const traces = open({ OTEL_BSP_SCHEDULE_DELAY: '1000000' }, collector.url, clock);
    await traces.tracer.span(root('sync'), nothing);
    const closing = traces.close();
    while (collector.requests.length === 0) await systemClock.sleep(1);
    assert.deepEqual(
      waits.map(({ ms }) => ms),
      [3_000],
    );
    waits[0]?.ring();
    await closing;
    assert.deepEqual(
      lines.map(({ message }) => message),
      ['the last spans were not exported'],
    );
  });
});
