import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { only, render } from '../chart/helm.ts';
import { type AlertCase, alertCases } from './alert-cases.ts';
import { readAlertRules, readMetricsPage } from './alert-rules.ts';
import { promtoolPath } from './prometheus.ts';

const run = promisify(execFile);

/** Labels that Prometheus adds to everything it scrapes. */
const TARGET_LABELS = ['job', 'instance', 'namespace'];

suite('the alerts', () => {
  let folder: string;
  let promtool: string;
  before(async () => {
    promtool = await promtoolPath();
    folder = await mkdtemp(join(tmpdir(), 'alerts-'));
    // Tests what the chart renders, not its source: the Prometheus operator uses the spec unchanged.
    const rule = only(await render('metrics.prometheusRule.enabled=true'), 'PrometheusRule');
    await writeFile(join(folder, 'rules.yaml'), stringify(rule['spec']));
  });
  after(() => rm(folder, { recursive: true }));

  test('are rules that promtool accepts', async () => {
    const { stdout } = await run(promtool, ['check', 'rules', join(folder, 'rules.yaml')]);
    assert.match(stdout, new RegExp(`SUCCESS: ${(await readAlertRules()).length} rules found`));
  });

  alertCases.forEach((alertCase, index) => {
    const { alert, when, fires } = alertCase;
    test(`${alert} ${fires.length > 0 ? 'fires' : 'stays quiet'} ${when}`, async () => {
      const path = join(folder, `case-${index}.yaml`);
      await writeFile(path, stringify(promtoolTest(alertCase)));
      await run(promtool, ['test', 'rules', path]).catch((error: { stderr?: string; stdout?: string }) =>
        assert.fail(`${error.stdout}${error.stderr}`),
      );
    });
  });

  test('each have a case in which they fire, one in which they stay quiet, and one for their wait if any', async () => {
    for (const { alert, for: wait } of await readAlertRules()) {
      const cases = alertCases.filter((one) => one.alert === alert);
      assert.ok(
        cases.some(({ fires }) => fires.length > 0),
        `${alert} has no case in which it fires`,
      );
      assert.ok(
        cases.some(({ fires }) => fires.length === 0),
        `${alert} has no case in which it stays quiet`,
      );
      if (wait !== undefined)
        assert.ok(
          cases.some(({ notYetAt }) => notYetAt !== undefined),
          `${alert} has no case for its wait`,
        );
    }
  });

  test('are tested only with metrics of the reference, with all of their labels', async () => {
    const metrics = await readMetricsPage();
    for (const series of alertCases.flatMap((one) => Object.keys(one.series))) {
      const [, name = '', inside = ''] = /^(\w+)\{(.*)\}$/.exec(series) ?? [];
      const labels = [...inside.matchAll(/(\w+)="/g)].map(([, label = '']) => label);
      const documented = metrics.get(name);
      assert.ok(documented, `${name} is not in the reference of metrics`);
      assert.deepEqual(
        labels.toSorted(),
        [...new Set([...documented.labels, ...TARGET_LABELS])].toSorted(),
        series,
      );
    }
  });
});

/** Converts a case to promtool's format. */
function promtoolTest({ alert, series, at, notYetAt, fires }: AlertCase) {
  const notYet = notYetAt === undefined ? [] : [{ eval_time: notYetAt, alertname: alert, exp_alerts: [] }];
  return {
    rule_files: ['rules.yaml'],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        alert_rule_test: [
          ...notYet,
          {
            eval_time: at,
            alertname: alert,
            exp_alerts: fires.map(({ labels, summary, description }) => ({
              exp_labels: labels,
              exp_annotations: { summary, description, runbook_url: `docs/runbooks/${alert}.md` },
            })),
          },
        ],
      },
    ],
  };
}
