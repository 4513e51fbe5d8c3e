import { wireRules } from './model/judge.ts';
import { promptRules } from './model/promptness.ts';
import type { NamedRule } from './model/rule.ts';
import { rules } from './model/rules.ts';
import { statusRules } from './model/status-rules.ts';
import type { Mutant } from './mutants/mutant.ts';
import type { MutantFound } from './mutation.ts';
import { settledRules } from './settle.ts';
import { worldRules } from './world.ts';

/** Every rule of the judge. */
export const everyRule: readonly NamedRule[] = [
  ...rules,
  ...wireRules,
  ...statusRules,
  ...promptRules,
  ...settledRules,
  ...worldRules,
];

/** Sections of `docs/reliability.md` that programs write, each between two comments. */
type Section = 'rules' | 'faults' | 'bench';

/** Renders the tables of the judge's rules as Markdown. */
export function renderRules(): string {
  return [
    '### Changes sent to Asana',
    renderTable(['rule', 'requirement'], [...rules, ...wireRules].map(rowOf)),
    '### Writes to the API server',
    renderTable(['rule', 'requirement'], [...statusRules, ...promptRules, ...worldRules].map(rowOf)),
    '### After the last step',
    renderTable(['rule', 'requirement'], settledRules.map(rowOf)),
  ].join('\n\n');
}

/** Renders the table of the faults that are put back as Markdown. A fault that was not found has no seed. */
export function renderFaults(mutants: readonly Mutant[], found: readonly MutantFound[]): string {
  const rows = mutants.map(({ name, why }) => {
    const by = found.find((one) => one.name === name);
    return [`\`${name}\``, why, by ? `\`${by.rule}\`` : '', by ? String(by.seed) : ''];
  });
  return renderTable(['fault', 'consequence', 'found by', 'seed'], rows);
}

/** Parses the table of faults in a document. */
export function readFaults(document: string): MutantFound[] {
  return [...document.matchAll(/^\| `([a-z-]+)` \|.*\| `(\w+)` \| (\d+) \|$/gm)].map(
    ([, name = '', rule = '', seed]) => ({ name, rule, seed: Number(seed) }),
  );
}

/** Returns the document with one section replaced. @throws Error if it has no such section */
export function withSection(document: string, section: Section, text: string): string {
  const [begin, end] = [`<!-- begin ${section} -->`, `<!-- end ${section} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the document has no section ${section}`);
  return `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`;
}

function rowOf({ name, sentence }: NamedRule): string[] {
  return [`\`${name}\``, sentence];
}

/** Renders a table as Markdown. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
