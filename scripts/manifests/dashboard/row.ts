import type { PanelDeclaration } from './panel.ts';

/** Panels under one heading. */
export interface RowDeclaration {
  readonly title: string;
  readonly panels: readonly PanelDeclaration[];
}

/** Selects the series of the chosen operators. */
export const OPERATOR = 'job=~"$job"';
/** Selects the series of the chosen connectors. */
export const CONNECTOR = `${OPERATOR}, namespace=~"$namespace", connector=~"$connector"`;
/** The window of a rate: one step of the graph, and never too short for the scrape interval. */
export const STEP = '$__rate_interval';
/** Syncs may run once an hour or less: a shorter window would show one only briefly. */
export const SYNC_WINDOW = '6h';
/** The name of a line about one connector. */
export const CONNECTOR_NAME = '{{namespace}}/{{connector}}';
