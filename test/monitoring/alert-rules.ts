import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

export const ROOT = join(import.meta.dirname, '../..');
export const ALERTS_FILE = 'charts/asana-connector/files/alerts.yaml';

/** An alert rule, as Prometheus reads it. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    readonly runbook_url: string;
  };
}

/** Reads the alerts of the chart. */
export async function readAlertRules(): Promise<readonly AlertRule[]> {
  const file = parse(await readFile(join(ROOT, ALERTS_FILE), 'utf8')) as {
    groups: { rules: AlertRule[] }[];
  };
  const rules = file.groups.flatMap((group) => group.rules);
  assert.ok(rules.length > 0, 'the file contains no alerts');
  return rules;
}

/** Reads docs/reference/metrics.md: the type and labels of each metric, by its full name. */
export async function readMetricsPage(): Promise<ReadonlyMap<string, { type: string; labels: string[] }>> {
  const page = await readFile(join(ROOT, 'docs/reference/metrics.md'), 'utf8');
  return new Map(
    [...page.matchAll(/^\| `(asana_connector_\w+)` \| (\w+) \|([^|]*)\|/gm)].map(
      ([, name = '', type = '', labels = '']) => [
        name,
        { type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label) },
      ],
    ),
  );
}
