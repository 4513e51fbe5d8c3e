import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { columns, type Family, shown, slopeOf } from './columns.ts';
import { drawCurves } from './picture.ts';

const DOCS = join(import.meta.dirname, '../../../docs');
const PAGE = join(DOCS, 'performance.md');

/** Returns the comments that delimit a part of the page. */
function partOf(name: string): { readonly begin: string; readonly end: string } {
  return {
    begin: `<!-- begin: ${name}, written by \`npm run bench -- curves --write\` -->\n`,
    end: `<!-- end: ${name} -->`,
  };
}

/** Renders the costs of a family as a table: one row per load, and the slope at the bottom. */
export function tableOf(family: Family): string {
  const { name, sizeOf, slopePer, steps } = family;
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const rows = steps.map(({ load, cost }) =>
    row([
      sizeOf(load).toLocaleString('en'),
      `${load.heapMiB} MiB`,
      ...columns.map(({ of, unit }) => shown(of(cost), unit)),
    ]),
  );
  const per = `each ${slopePer === 1 ? '' : `${slopePer.toLocaleString('en')} `}more`;
  const slopes = columns.map((column) => shown(slopeOf(family, column), column.unit));
  return [
    row([name, 'heap', ...columns.map(({ title }) => title)]),
    row(['---', '---', ...columns.map(() => '---')]).replaceAll(' ', ''),
    ...rows,
    row([`**${per}**`, '', ...slopes]),
  ].join('');
}

/** Describes this machine in one line. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'an unknown processor';
  const gib = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} cores (${model}), ${gib} GiB, Node ${process.versions.node}`;
}

/** Writes tables and pictures into the documentation. */
export async function writeDocuments(families: Readonly<Record<string, Family>>): Promise<void> {
  let page = await readFile(PAGE, 'utf8');
  for (const [id, family] of Object.entries(families)) {
    page = replacePart(page, `costs by ${family.name}`, `${tableOf(family)}\nMeasured on ${machine()}.\n`);
    await writeFile(join(DOCS, `images/costs-by-${id}.svg`), drawCurves(family));
  }
  await writeFile(PAGE, page);
}

function replacePart(page: string, name: string, text: string): string {
  const { begin, end } = partOf(name);
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no part "${name}"`);
  return `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`;
}
