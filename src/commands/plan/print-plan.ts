import { oneLine, textTable } from '../command-line/text-table.ts';
import { printMarkdown } from './plan-markdown.ts';
import {
  faultsOf,
  hasChanges,
  type PlanReport,
  type ReportedBlock,
  type ReportedChange,
  type ReportedConnector,
} from './plan-report.ts';
import { conclude, describeSeats, nameOf, remarksOn } from './plan-words.ts';

export const outputFormats = ['table', 'json', 'markdown'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** Formats a plan for a terminal, a program or a pull request. */
export function printPlan(report: PlanReport, format: OutputFormat): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify({ plan: 'v1', summary: summaryOf(report), ...report }, null, 2)}\n`;
    case 'markdown':
      return printMarkdown(report);
    case 'table':
      return printTables(report);
  }
}

function summaryOf(report: PlanReport) {
  const { changes, held, blocked, released } = report;
  return {
    hasChanges: hasChanges(report),
    changes: changes.length,
    removals: changes.filter(({ removal }) => removal).length,
    held: held.length,
    blocked: blocked.length,
    faults: faultsOf(report).length,
    released: released.length,
  };
}

function printTables(report: PlanReport): string {
  const { connectors, changes, held, blocked, released } = report;
  return [
    ...connectors.map(printConnector),
    section('Changes, in the order in which they are made', CHANGE_HEAD, changes.map(changeRow)),
    section(
      'Held until a person acts',
      ['ACTION', 'WHO', 'OBJECT', 'WHY'],
      held.map(({ action, who, object, why }) => [action, who, nameOf(object), why]),
    ),
    section('Blocked', ['RULE', 'OBJECT', 'MANIFEST', 'MESSAGE'], blocked.map(blockRow)),
    section(
      'Released: nothing is changed in Asana',
      ['OBJECT', 'MESSAGE'],
      released.map(({ object, message }) => [nameOf(object), message]),
    ),
    `${conclude(report)}\n`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

const CHANGE_HEAD = ['', 'ACTION', 'WHO', 'WHERE', 'BEFORE', 'AFTER', 'OBJECT', 'WHY'];

function changeRow({ removal, action, who, where, before, after, object, why }: ReportedChange): string[] {
  return [removal ? '-' : '+', action, who, where ?? '', before ?? '', after ?? '', nameOf(object), why];
}

function blockRow({ rule, object, message }: ReportedBlock): string[] {
  return [rule, nameOf(object), object.place ?? '', message];
}

function printConnector(connector: ReportedConnector): string {
  const lines = [`AsanaConnector ${connector.name}: ${describeSeats(connector)}`, ...remarksOn(connector)];
  return `${lines.map(oneLine).join('\n')}\n`;
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `${title} (${rows.length}):\n${textTable(head, rows)}`;
}
