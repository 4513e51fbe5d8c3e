import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './alert-rules.ts';

/** A panel of the chart's dashboard, and its queries. */
export interface ShownPanel {
  readonly title: string;
  readonly queries: readonly string[];
}

/** A variable of the dashboard, and the query for its values. */
export interface ShownVariable {
  readonly name: string;
  readonly query: string;
}

interface DashboardJson {
  readonly panels: readonly { title: string; targets?: readonly { expr: string }[] }[];
  readonly templating: { readonly list: readonly { type: string; name: string; query: string }[] };
}

/** Reads the chart's dashboard, reduced to its queries to Prometheus. */
export async function readDashboard(): Promise<{ panels: ShownPanel[]; variables: ShownVariable[] }> {
  const file = join(ROOT, 'charts/asana-connector/files/dashboard.json');
  const { panels, templating } = JSON.parse(await readFile(file, 'utf8')) as DashboardJson;
  return {
    panels: panels.flatMap(({ title, targets }) =>
      targets ? [{ title, queries: targets.map(({ expr }) => expr) }] : [],
    ),
    variables: templating.list.filter(({ type }) => type === 'query'),
  };
}

/** Returns a query as Grafana sends it if all values are selected. */
export function chooseAll(query: string): string {
  return query.replaceAll('$__rate_interval', '1m').replaceAll(/\$(job|namespace|connector)\b/g, '.*');
}
