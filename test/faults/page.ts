import { renderTable } from '../simulation/reliability.ts';
import type { Fault } from './fault.ts';

/** Renders the faults of the bench as Markdown, with a table for each group. */
export function renderBench(faults: readonly Fault[]): string {
  const groups = [...new Set(faults.map(({ group }) => group))];
  return groups
    .flatMap((group) => [
      `### Faults: ${group}`,
      renderTable(
        ['name', 'fault', 'expected result'],
        faults
          .filter((fault) => fault.group === group)
          .map(({ name, what, holds }) => [`\`${name}\``, what, holds]),
      ),
    ])
    .join('\n\n');
}
