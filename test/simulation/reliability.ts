import { wireRules } from './model/judge.ts';
import { promptRules } from './model/promptness.ts';
import type { NamedRule } from './model/rule.ts';
import { rules } from './model/rules.ts';
import { statusRules } from './model/status-rules.ts';
import type { Mutant } from './mutants/mutant.ts';
import type { MutantFound } from './mutation.ts';
import { settledRules } from './settle.ts';
import { worldRules } from './world.ts';

/** Everything that the judge goes by. */
export const everyRule: readonly NamedRule[] = [
  ...rules,
  ...wireRules,
  ...statusRules,
  ...promptRules,
  ...settledRules,
  ...worldRules,
];

/** Parts of `docs/reliability.md` that are written by programs, between two comments each. */
type Section = 'rules' | 'faults' | 'bench';

/** The tables of the judge's rules, as Markdown. */
export function renderRules(): string {
  return [
    '### Of every change that leaves for Asana',
    renderTable(['rule', 'what it says'], [...rules, ...wireRules].map(rowOf)),
    '### Of every status that is written',
    renderTable(['rule', 'what it says'], [...statusRules, ...promptRules, ...worldRules].map(rowOf)),
    '### Of a world that is left alone',
    renderTable(['rule', 'what it says'], settledRules.map(rowOf)),
  ].join('\n\n');
}

/** The table of the faults that are put back, as Markdown. One that was not found has no seed. */
export function renderFaults(mutants: readonly Mutant[], found: readonly MutantFound[]): string {
  const rows = mutants.map(({ name, why }) => {
    const by = found.find((one) => one.name === name);
    return [`\`${name}\``, why, by ? `\`${by.rule}\`` : '', by ? String(by.seed) : ''];
  });
  return renderTable(['fault', 'what goes wrong', 'found by', 'seed'], rows);
}

/** What the table of faults in a document says. */
export function readFaults(document: string): MutantFound[] {
  return [...document.matchAll(/^\| `([a-z-]+)` \|.*\| `(\w+)` \| (\d+) \|$/gm)].map(
    ([, name = '', rule = '', seed]) => ({ name, rule, seed: Number(seed) }),
  );
}

/** The document with a section written anew. @throws Error when it has no such section */
export function withSection(document: string, section: Section, text: string): string {
  const [begin, end] = [`<!-- begin ${section} -->`, `<!-- end ${section} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the document has no section ${section}`);
  return `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`;
}

function rowOf({ name, sentence }: NamedRule): string[] {
  return [`\`${name}\``, sentence];
}

/** A table as Markdown. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
