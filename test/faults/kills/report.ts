import type { Outcome } from './rounds.ts';

/** Renders the outcomes as a Markdown table, one row for each step and each way to lose the lease. */
export function renderTable(outcomes: readonly Outcome[]): string {
  const rows = [...Map.groupBy(outcomes, ({ what }) => what)].map(([what, group]) => {
    const times = group.map(({ recoveredMs }) => recoveredMs).filter((ms) => ms !== null);
    const ends = group.map(({ endedMs }) => endedMs).filter((ms) => ms !== null);
    const amid = group.filter(({ underWay }) => underWay > 0).length;
    const findings = group.reduce((sum, outcome) => sum + outcome.findings.length, 0);
    const lookedFor = group.filter(({ recoveredMs }) => recoveredMs === null).length;
    return [what, group.length, amid, findings, lookedFor, longest(times), longest(ends)];
  });
  const head = [
    'step or event',
    'kills',
    'change in progress',
    'findings',
    'result pending',
    'recovered within',
    'exited within',
  ];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function longest(times: readonly number[]): string {
  return times.length === 0 ? '' : `${(Math.max(...times) / 1000).toFixed(1)} s`;
}
