import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { Command } from 'commander';
import { exportCommand } from '../../src/commands/export/export-command.ts';
import { kubectlAsanaCommand } from '../../src/commands/kubectl-asana/kubectl-asana-command.ts';
import { reviewCommand } from '../../src/commands/review/review-command.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { ROOT, readAlertRules, readMetricsPage } from './alert-rules.ts';
import { readDashboard } from './dashboard-file.ts';

const RUNBOOKS = 'docs/runbooks';

/** Placeholders of the runbooks, and something that fits. */
const PLACEHOLDERS = /\b(CONNECTOR|NAMESPACE|EMAIL|TOKEN)\b/g;

const rules = await readAlertRules();
const files = await readdir(join(ROOT, RUNBOOKS));
const runbooks = new Map(
  await Promise.all(
    files.map(async (file) => [file, await readFile(join(ROOT, RUNBOOKS, file), 'utf8')] as const),
  ),
);

/** Every metric that the program has, with what Prometheus makes of a histogram. */
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

suite('alerts, dashboard and their pages', () => {
  test('name only metrics that the program has', async () => {
    const known = await knownSeries();
    const { panels, variables } = await readDashboard();
    const exprs = [
      ...rules.map(({ expr }) => expr),
      ...panels.flatMap(({ queries }) => queries),
      ...variables.map(({ query }) => query),
    ];
    for (const expr of exprs) {
      const named = seriesIn(expr);
      assert.ok(named.length > 0, `${expr} asks for nothing of ours`);
      for (const name of named) assert.ok(known.has(name), `${name} in ${expr}`);
    }
  });

  test('have one runbook for each alert, which it links, and no other', () => {
    const linked = rules.map(({ alert, annotations }) => {
      assert.equal(annotations.runbook_url, `${RUNBOOKS}/${alert}.md`);
      return `${alert}.md`;
    });
    assert.deepEqual(linked.toSorted(), files.toSorted());
  });

  for (const [file, text] of runbooks) {
    test(`begin a runbook with the command to run: ${file}`, () => {
      const name = file.replace(/\.md$/, '');
      assert.match(text, new RegExp(`^# ${name}\n\n\`\`\`console\n[^\n]+\n`));
      assert.match(text, /\n## What it means\n\n[^#]+\n## What to do\n\n/);
    });

    test(`name in a runbook only commands and flags that the program has: ${file}`, () => {
      for (const words of commandsIn(text)) assertKnown(words);
    });

    test(`link only pages that exist: ${file}`, async () => {
      for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)\)/g))
        await assert.doesNotReject(readFile(join(ROOT, RUNBOOKS, target)), target);
    });
  }

  test('are listed with their severity in docs/monitoring.md', async () => {
    const page = await readFile(join(ROOT, 'docs/monitoring.md'), 'utf8');
    const rows = [...page.matchAll(/^\| \[(\w+)\]\(runbooks\/(\w+)\.md\) \| (\w+) \| .+ \|$/gm)];
    assert.deepEqual(
      rows.map(([, alert, runbook, severity]) => ({ alert, runbook, severity })),
      rules.map(({ alert, labels }) => ({ alert, runbook: alert, severity: labels.severity })),
    );
  });
});

/** Every command of this program in a page, in words. */
function commandsIn(text: string): string[][] {
  const code = [...text.matchAll(/```console\n([^]*?)```|`([^`\n]+)`/g)].map(
    ([, block, span]) => block ?? span ?? '',
  );
  return code
    .flatMap((part) => part.split('\n'))
    .filter((line) => /^(kubectl asana|asana-connector) /.test(line))
    .map((line) => line.trim().replaceAll(PLACEHOLDERS, 'x').split(/\s+/));
}

function assertKnown([program, ...words]: string[]): void {
  const commands: readonly Command[] =
    program === 'kubectl'
      ? kubectlAsanaCommand().commands
      : [exportCommand(AbortSignal.abort()), reviewCommand(AbortSignal.abort())];
  const [name, ...rest] = program === 'kubectl' ? words.slice(1) : words;
  const command = commands.find((one) => one.name() === name);
  assert.ok(command, `there is no command ${name}`);
  assert.deepEqual(command.exitOverride().parseOptions(rest).unknown, [], words.join(' '));
}
