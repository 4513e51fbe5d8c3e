import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Metrics } from '../../src/telemetry/metrics.ts';

/** Returns the lines about one metric in Prometheus's text format. */
async function linesOf(metrics: Metrics, name: string): Promise<string[]> {
  const text = await metrics.render();
  return text.split('\n').filter((line) => line.startsWith(`asana_connector_${name}`));
}

suite('metrics', () => {
  test('every line is a comment or a sample of the text format, and every name has the prefix', async () => {
    const metrics = new Metrics();
    metrics.counter('actions_total', 'Changes.', ['type']).add(1, { type: 'a "quoted"\nname\\' });
    metrics.histogram('sync_duration_seconds', 'Durations.').observe(0.2);
    for (const line of (await metrics.render()).split('\n')) {
      assert.match(
        line,
        /^$|^# (HELP|TYPE) asana_connector_\w+ .+$|^asana_connector_\w+(\{(\w+="([^"\\\n]|\\.)*",?)*\})? \S+$/,
      );
    }
    assert.match(metrics.contentType, /^text\/plain; version=0\.0\.4/);
  });

  test('counters and only counters end in _total, including the metrics of the process and of Node', async () => {
    const metrics = new Metrics();
    metrics.counter('actions_total', 'Changes.').add();
    const types = [...(await metrics.render()).matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    assert.ok(
      types.some(([, name]) => name === 'asana_connector_nodejs_active_handles'),
      'the metrics of Node are present',
    );
    const misnamed = types.filter(([, name = '', type]) => name.endsWith('_total') !== (type === 'counter'));
    assert.deepEqual(
      misnamed.map(([line]) => line),
      [],
    );
  });

  test('build_info contains the version and the version of Node', async () => {
    const [line = ''] = await linesOf(new Metrics(), 'build_info');
    assert.match(line, /^asana_connector_build_info\{version="[^"]+",node="v\d+\.[^"]+"\} 1$/);
  });

  test('counters add up, gauges are set and removed, and histograms count observations', async () => {
    const metrics = new Metrics();
    const counter = metrics.counter('a_total', 'A.', ['x']);
    counter.add(1, { x: '1' });
    counter.add(2, { x: '1' });
    const gauge = metrics.gauge('b', 'B.', ['x']);
    gauge.set(5, { x: '1' });
    gauge.set(6, { x: '2' });
    gauge.remove({ x: '1' });
    metrics.histogram('c_seconds', 'C.', ['x'], [1]).observe(2, { x: '1' });
    assert.deepEqual(await linesOf(metrics, 'a_total'), ['asana_connector_a_total{x="1"} 3']);
    assert.deepEqual(await linesOf(metrics, 'b{'), ['asana_connector_b{x="2"} 6']);
    assert.deepEqual(await linesOf(metrics, 'c_seconds'), [
      'asana_connector_c_seconds_bucket{le="1",x="1"} 0',
      'asana_connector_c_seconds_bucket{le="+Inf",x="1"} 1',
      'asana_connector_c_seconds_sum{x="1"} 2',
      'asana_connector_c_seconds_count{x="1"} 1',
    ]);
  });

  test('declaring a metric again returns the same instrument', async () => {
    const metrics = new Metrics();
    metrics.counter('a_total', 'A.').add();
    metrics.counter('a_total', 'A.').add();
    assert.deepEqual(await linesOf(metrics, 'a_total'), ['asana_connector_a_total 2']);
  });

  test('declaring a metric again with another type or other labels throws', () => {
    const metrics = new Metrics();
    metrics.counter('a_total', 'A.', ['x']);
    assert.throws(() => metrics.gauge('a_total', 'A.', ['x']), /a_total was declared as counter\(x\)/);
    assert.throws(() => metrics.counter('a_total', 'A.', ['y']), /a_total/);
  });

  test('a label that was not declared throws', () => {
    const counter = new Metrics().counter('a_total', 'A.', ['x']);
    assert.throws(() => counter.add(1, { email: 'alice@acme.com' }), /email/);
  });

  test('beyond 20,000 series, new series are refused and counted, and existing ones are still updated', async () => {
    const metrics = new Metrics();
    const gauge = metrics.gauge('b', 'B.', ['x', 'y']);
    for (let index = 0; index < 20_003; index += 1) gauge.set(1, { x: String(index), y: 'y' });
    gauge.set(7, { y: 'y', x: '0' });
    assert.equal((await linesOf(metrics, 'b{')).length, 20_000);
    assert.equal((await linesOf(metrics, 'b{')).filter((line) => line.endsWith(' 7')).length, 1);
    assert.deepEqual(await linesOf(metrics, 'series_refused_total'), [
      'asana_connector_series_refused_total{metric="asana_connector_b"} 3',
    ]);
  });

  test('the series for the grants of 1,000 connectors are within the limit', async () => {
    const metrics = new Metrics();
    const grants = metrics.gauge('grants', 'G.', ['namespace', 'connector', 'kind', 'state']);
    for (let index = 0; index < 1_000; index += 1)
      for (const kind of ['License', 'Team', 'Workspace', 'Account'])
        for (const state of ['Ready', 'Planned', 'Blocked', 'Other'])
          grants.set(1, { namespace: 'iga', connector: `c${index}`, kind, state });
    assert.equal((await linesOf(metrics, 'grants{')).length, 16_000);
    assert.deepEqual(await linesOf(metrics, 'series_refused_total{'), []);
  });

  test('a histogram has at most 2,000 series', async () => {
    const metrics = new Metrics();
    const seconds = metrics.histogram('c_seconds', 'C.', ['x'], [1]);
    for (let index = 0; index < 2_001; index += 1) seconds.observe(2, { x: String(index) });
    assert.equal((await linesOf(metrics, 'c_seconds_count{')).length, 2_000);
  });

  test('the series of a forgotten connector are removed from every metric, and can be created again', async () => {
    const metrics = new Metrics();
    const of = ['namespace', 'connector'];
    const gone = { namespace: 'iga', connector: 'gone' };
    const stays = { namespace: 'iga', connector: 'stays' };
    for (const labels of [gone, stays]) {
      metrics.counter('a_total', 'A.', [...of, 'type']).add(1, { ...labels, type: 't' });
      metrics.gauge('b', 'B.', of).set(1, labels);
      metrics.histogram('c_seconds', 'C.', of, [1]).observe(2, labels);
    }
    metrics.gauge('d', 'D.', ['namespace']).set(1, { namespace: 'iga' });
    metrics.forget(gone);
    const text = await metrics.render();
    assert.ok(!text.includes('gone'), 'its series are removed');
    for (const name of ['a_total', 'b', 'c_seconds_count'])
      assert.match(text, new RegExp(`^asana_connector_${name}\\{.*connector="stays".*\\} 1$`, 'm'));
    assert.match(
      text,
      /^asana_connector_d\{namespace="iga"\} 1$/m,
      'a series without a connector label is kept',
    );
    metrics.gauge('b', 'B.', of).set(2, gone);
    assert.match(await metrics.render(), /connector="gone"\} 2/);
  });

  test('a removed series makes room for a new one', async () => {
    const metrics = new Metrics();
    const gauge = metrics.gauge('b', 'B.', ['x', 'y']);
    for (let index = 0; index < 20_000; index += 1) gauge.set(1, { x: String(index), y: 'y' });
    gauge.remove({ y: 'y', x: '0' });
    gauge.set(1, { x: 'new', y: 'y' });
    assert.equal((await linesOf(metrics, 'b{x="new"')).length, 1);
  });
});
