import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeletionEvent } from './events.ts';
import type { Losses } from './population.ts';

const PAGE = join(import.meta.dirname, '../../docs/safety.md');
const BEGIN = '<!-- deletions: written by test/deletions -->';
const END = '<!-- deletions: end -->';

/** If this variable is set, the page is written; otherwise, a page that differs fails the test. */
const UPDATE = 'UPDATE_SAFETY_PAGE';

/** Compares the table of the page with the results of the tests. */
export async function checkPage(
  events: readonly DeletionEvent[],
  seen: ReadonlyMap<string, readonly Losses[]>,
): Promise<void> {
  const text = await readFile(PAGE, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  assert.ok(begin >= 0 && end > begin, `docs/safety.md lacks the lines ${BEGIN} and ${END}`);
  const table = tableOf(events, seen);
  const written = `${text.slice(0, begin)}${BEGIN}\n\n${table}\n\n${text.slice(end)}`;
  if (process.env[UPDATE]) await writeFile(PAGE, written);
  else assert.equal(text, written, `docs/safety.md is stale: run the test with ${UPDATE}=1`);
}

function tableOf(events: readonly DeletionEvent[], seen: ReadonlyMap<string, readonly Losses[]>): string {
  const rows = events.map(({ name, remedy, objects }) => {
    const cells = (seen.get(name) ?? []).map(wordsOf);
    return `| ${[name, ...cells, objects, remedy === null ? 'nothing' : `\`${remedy}\``].join(' | ')} |`;
  });
  return [
    '| What happens | Plan | Plan, `allowDeprovision` | Apply | Apply, `allowDeprovision` | The objects | What you do |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function wordsOf({ licenses, teams, deprovisioned }: Losses): string {
  const parts = [counted(licenses, 'license'), counted(teams, 'team membership')].filter(
    (part) => part !== '',
  );
  const taken = parts.length === 0 ? 'nothing is taken' : `takes back ${parts.join(' and ')}`;
  return deprovisioned === 0 ? taken : `${taken}, ${deprovisioned} deprovisioned`;
}

function counted(count: number, noun: string): string {
  return count === 0 ? '' : `${count} ${noun}${count === 1 ? '' : 's'}`;
}
