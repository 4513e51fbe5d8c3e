import { hasChanges, type PlanReport, type ReportedConnector, type ReportedObject } from './plan-report.ts';

/** Describes the number of licenses and accounts before and after the plan. */
export function describeSeats({ enterprise, viewOnly, accounts }: ReportedConnector): string {
  const limit = enterprise.limit === null ? '' : ` of ${enterprise.limit}`;
  const moved = ({ before, after }: { before: number; after: number }) =>
    before === after ? String(after) : `${before} → ${after}`;
  return `enterprise licenses ${moved(enterprise)}${limit}, view-only ${moved(viewOnly)}, accounts ${moved(accounts)}`;
}

/** Returns what a reader has to know about a connector besides its numbers. */
export function remarksOn({ mode, suspended, ownerViewOnly, holds }: ReportedConnector): string[] {
  return [
    ...(mode === 'Plan'
      ? ['The connector is in mode Plan. Nothing is changed until its mode is Apply.']
      : []),
    ...(suspended ? ['The connector is suspended. Nothing is changed until it is resumed.'] : []),
    ...(ownerViewOnly
      ? [
          'The owner of the personal access token has a view-only license. Asana rejects every change. Use the token of a service account, or of a person with an enterprise license.',
        ]
      : []),
    ...holds,
  ];
}

/** Summarizes a plan in a few sentences. */
export function conclude(report: PlanReport): string {
  const { changes, held, blocked, released, objects, foreign } = report;
  const removals = changes.filter(({ removal }) => removal).length;
  const done = hasChanges(report)
    ? `${count(changes.length, 'change')} in Asana, including ${count(removals, 'removal')}; ${held.length} held.`
    : 'No changes in Asana.';
  const { Added, Changed, Removed, Unchanged } = objects;
  const grants = `Grants: ${Added} added, ${Changed} changed, ${Removed} removed, ${Unchanged} unchanged; ${blocked.length} blocked, ${released.length} released.`;
  const passed = foreign === 0 ? '' : ` ${count(foreign, 'object')} of other kinds ignored.`;
  return `${done} ${grants}${passed}`;
}

/** Returns the name of an object for people. */
export function nameOf({ kind, namespace, name }: ReportedObject): string {
  return `${kind} ${namespace}/${name}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
