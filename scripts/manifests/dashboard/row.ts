import type { PanelDeclaration } from './panel.ts';

/** Panels under one heading. */
export interface RowDeclaration {
  readonly title: string;
  readonly panels: readonly PanelDeclaration[];
}

/** Series of the operators that are chosen. */
export const OPERATOR = 'job=~"$job"';
/** Series of the connectors that are chosen. */
export const CONNECTOR = `${OPERATOR}, namespace=~"$namespace", connector=~"$connector"`;
/** The window of a rate: as long as a step of the graph, and never too short for the scrapes. */
export const STEP = '$__rate_interval';
/** A sync may come once an hour or less: a shorter window would show one in passing. */
export const SYNC_WINDOW = '6h';
/** What a line about one connector is called. */
export const CONNECTOR_NAME = '{{namespace}}/{{connector}}';
