import type { Cost, Load } from './step.ts';

/** A load and what it costs. */
export interface Step {
  readonly load: Load;
  readonly cost: Cost;
}

/** A cost that grows with the load. */
export interface Column {
  readonly title: string;
  readonly unit: string;
  readonly of: (cost: Cost) => number;
}

const memory: Column = { title: 'memory', unit: 'MiB', of: (cost) => cost.memoryMiB };
const start: Column = { title: 'start', unit: 's', of: (cost) => cost.startSeconds };
const sync: Column = { title: 'sync', unit: 's', of: (cost) => cost.syncSeconds };
const requests: Column = { title: 'requests to Asana', unit: '', of: (cost) => cost.requests };
const resync: Column = { title: 'resync', unit: 's', of: (cost) => cost.resyncSeconds };
const edit: Column = { title: 'edit, p99', unit: 's', of: (cost) => cost.editSeconds.p99 };

/** The columns that are drawn as curves. */
export const curves: readonly Column[] = [memory, start, sync, requests, resync, edit];

/** The columns of the tables. */
export const columns: readonly Column[] = [
  memory,
  { title: 'peak memory', unit: 'MiB', of: (cost) => cost.peakMiB },
  start,
  sync,
  requests,
  resync,
  { title: 'processor time', unit: 's', of: (cost) => cost.processorSeconds },
  { title: 'edit, median', unit: 's', of: (cost) => cost.editSeconds.median },
  edit,
];

/** Loads that differ in one number, which is the x axis of the curves. */
export interface Family {
  /** The number that grows, e.g. "accounts and grants". */
  readonly name: string;
  readonly sizeOf: (load: Load) => number;
  /** The increase in load that a slope is given for. */
  readonly slopePer: number;
  readonly steps: readonly Step[];
}

/** Returns what `slopePer` more cost, from the smallest load to the largest. */
export function slopeOf({ sizeOf, slopePer, steps }: Family, { of }: Column): number {
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last) return Number.NaN;
  return ((of(last.cost) - of(first.cost)) / (sizeOf(last.load) - sizeOf(first.load))) * slopePer;
}

/** Formats a number for a table, with three significant digits. */
export function shown(value: number, unit: string): string {
  const places = value >= 100 || unit === '' ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  const number = value.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places });
  return unit === '' ? number : `${number} ${unit}`;
}
