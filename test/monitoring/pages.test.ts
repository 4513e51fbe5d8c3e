import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { assertKnown, commandsIn } from '../site/known-commands.ts';
import { ROOT, readAlertRules, readMetricsPage } from './alert-rules.ts';
import { readDashboard } from './dashboard-file.ts';

const RUNBOOKS = 'docs/runbooks';

const rules = await readAlertRules();
const files = await readdir(join(ROOT, RUNBOOKS));
const runbooks = new Map(
  await Promise.all(
    files.map(async (file) => [file, await readFile(join(ROOT, RUNBOOKS, file), 'utf8')] as const),
  ),
);

/** Returns the names of all series that the program exports, with the suffixes that a histogram has in Prometheus. */
async function knownSeries(): Promise<ReadonlySet<string>> {
  const ofNode = (await new Metrics().render()).matchAll(
    /^# TYPE (asana_connector_(?:process|nodejs)_\w+) \w+$/gm,
  );
  const own = [...(await readMetricsPage())].flatMap(([name, { type }]) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name],
  );
  return new Set([...own, ...[...ofNode].map(([, name = '']) => name)]);
}

function seriesIn(expr: string): string[] {
  return expr.match(/asana_connector_\w+/g) ?? [];
}

suite('alerts, dashboard and documentation pages', () => {
  test('alerts and dashboard name only metrics that the program exports', async () => {
    const known = await knownSeries();
    const { panels, variables } = await readDashboard();
    const exprs = [
      ...rules.map(({ expr }) => expr),
      ...panels.flatMap(({ queries }) => queries),
      ...variables.map(({ query }) => query),
    ];
    for (const expr of exprs) {
      const named = seriesIn(expr);
      assert.ok(named.length > 0, `${expr} names no metric of the program`);
      for (const name of named) assert.ok(known.has(name), `${name} is unknown, in ${expr}`);
    }
  });

  test('each alert links its own runbook, and there is no other runbook', () => {
    const linked = rules.map(({ alert, annotations }) => {
      assert.equal(annotations.runbook_url, `${RUNBOOKS}/${alert}.md`);
      return `${alert}.md`;
    });
    assert.deepEqual(linked.toSorted(), files.toSorted());
  });

  for (const [file, text] of runbooks) {
    test(`the runbook ${file} begins with the command to run, and explains the alert and what to do`, () => {
      const name = file.replace(/\.md$/, '');
      assert.match(text, new RegExp(`^# ${name}\n\n\`\`\`console\n[^\n]+\n`));
      assert.match(text, /\n## What it means\n\n[^#]+\n## What to do\n\n/);
    });

    test(`the runbook ${file} names only commands and flags that the program has`, () => {
      for (const words of commandsIn(text)) assertKnown(words);
    });

    test(`the runbook ${file} links only pages that exist`, async () => {
      for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)\)/g))
        await assert.doesNotReject(readFile(join(ROOT, RUNBOOKS, target)), target);
    });
  }

  test('docs/monitoring.md lists all alerts with their severity', async () => {
    const page = await readFile(join(ROOT, 'docs/monitoring.md'), 'utf8');
    const rows = [...page.matchAll(/^\| \[(\w+)\]\(runbooks\/(\w+)\.md\) \| (\w+) \| .+ \|$/gm)];
    assert.deepEqual(
      rows.map(([, alert, runbook, severity]) => ({ alert, runbook, severity })),
      rules.map(({ alert, labels }) => ({ alert, runbook: alert, severity: labels.severity })),
    );
  });
});
