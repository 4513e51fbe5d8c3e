import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  LegendDisplayMode,
  LegendPlacement,
  StackingMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** A Prometheus query, and the name of each line of its result; `{{label}}` is replaced by that label's value. */
export interface Query {
  readonly expr: string;
  readonly name: string;
}

/** The properties in which panels of one shape differ. */
export interface PanelDeclaration {
  /** One number, lines or stacked lines over time, or rows. */
  readonly shape: 'number' | 'lines' | 'stack' | 'table';
  readonly title: string;
  readonly description: string;
  /** A unit of Grafana; without one, a plain number. */
  readonly unit?: string;
  /** Width in columns; there are 24. */
  readonly width: number;
  /** For a number: turns orange at `from` and above, or red below `below`. */
  readonly bad?: { readonly from: number } | { readonly below: number };
  readonly queries: readonly Query[];
}

export const DATA_SOURCE = { type: 'prometheus', uid: '${datasource}' };

const HEIGHT = { number: 4, lines: 8, stack: 8, table: 8 } as const;

/** Builds a panel of the dashboard; `id` identifies it. */
export function buildPanel(panel: PanelDeclaration, id: number): Builder<Panel> {
  const { shape, title, description, unit = 'short', width, queries } = panel;
  const targets = queries.map((query, index) => buildQuery(query, shape, String.fromCharCode(65 + index)));
  return shapeOf(panel)
    .id(id)
    .title(title)
    .description(description)
    .unit(unit)
    .span(width)
    .height(HEIGHT[shape])
    .datasource(DATA_SOURCE)
    .targets(targets);
}

function shapeOf({ shape, bad }: PanelDeclaration): StatBuilder | TableBuilder | TimeSeriesBuilder {
  switch (shape) {
    case 'number':
      return new StatBuilder().thresholds(thresholdsOf(bad));
    case 'table':
      return new TableBuilder().withTransformation({
        id: 'organize',
        options: { excludeByName: { Time: true, Value: true } },
      });
    case 'lines':
      return lines();
    case 'stack':
      return lines()
        .fillOpacity(30)
        .stacking({ build: () => ({ mode: StackingMode.Normal, group: 'A' }) });
  }
}

function lines(): TimeSeriesBuilder {
  const legend = new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true);
  return new TimeSeriesBuilder().min(0).fillOpacity(10).legend(legend);
}

function thresholdsOf(bad: PanelDeclaration['bad']): ThresholdsConfigBuilder {
  const isFloor = bad !== undefined && 'below' in bad;
  const steps: Threshold[] = [{ value: null, color: isFloor ? 'red' : 'green' }];
  if (bad)
    steps.push('below' in bad ? { value: bad.below, color: 'green' } : { value: bad.from, color: 'orange' });
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}

function buildQuery(
  { expr, name }: Query,
  shape: PanelDeclaration['shape'],
  refId: string,
): Builder<Dataquery> {
  const query = new DataqueryBuilder().expr(expr).legendFormat(name).refId(refId).datasource(DATA_SOURCE);
  if (shape === 'table') return query.instant().format(PromQueryFormat.Table);
  return shape === 'number' ? query.instant() : query.range();
}
