import type { AsanaConnectorStatus } from '../../api/asana-connector.ts';
import { formatTime } from '../../core/clock.ts';
import { type Measure, type PartCounts, type PartSize } from '../../directory/measure.ts';
import { type PartName, partNames } from '../../directory/snapshot.ts';

type MeasureRecord = NonNullable<AsanaConnectorStatus['measure']>;

/** Returns the measure that an earlier process recorded, unreadable parts as `null`; `null` without a record. */
export function readMeasure(status: AsanaConnectorStatus | undefined): Measure | null {
  const record = status?.measure;
  if (!record) return null;
  const sizeOf = (name: PartName): PartSize | null => {
    const at = Date.parse(record[name]?.at ?? '');
    const count = record[name]?.count;
    return Number.isNaN(at) || count === undefined ? null : { at, count };
  };
  return {
    scope: record.scope,
    accounts: sizeOf('accounts'),
    licenses: sizeOf('licenses'),
    teams: sizeOf('teams'),
    teamMemberships: sizeOf('teamMemberships'),
    acceptedShortfall: record.acceptedShortfall ?? null,
  };
}

/** @param removed what our own actions removed since; deducted, because the next process does not know of it */
export function writeMeasure(measure: Measure, removed: PartCounts): MeasureRecord {
  const sizes = partNames.flatMap((name) => {
    const size = measure[name];
    if (!size) return [];
    return [[name, { at: formatTime(size.at), count: Math.max(0, size.count - removed[name]) }] as const];
  });
  const { acceptedShortfall } = measure;
  return {
    scope: [...measure.scope],
    ...Object.fromEntries(sizes),
    ...(acceptedShortfall === null ? {} : { acceptedShortfall }),
  };
}
