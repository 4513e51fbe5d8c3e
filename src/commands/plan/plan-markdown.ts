import { faultsOf, hasChanges, type PlanReport } from './plan-report.ts';
import { conclude, describeSeats, nameOf, remarksOn } from './plan-words.ts';

/** A comment on GitHub can have 65,536 characters. The rest is left for text around the plan. */
const LONGEST_COMMENT = 60_000;

interface Section {
  readonly title: string;
  readonly open: boolean;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Formats a plan to fit a pull request comment: summary first, long sections folded, rows beyond the limit counted. */
export function printMarkdown(report: PlanReport): string {
  const top = `${headOf(report)}\n`;
  let left = LONGEST_COMMENT - top.length;
  const parts = sectionsOf(report).map((section) => {
    const part = printSection(section, left);
    left -= part.length;
    return part;
  });
  return [top, ...parts].join('');
}

function headOf(report: PlanReport): string {
  const title = hasChanges(report) ? 'Asana plan' : 'Asana plan: no changes';
  const seats = report.connectors.flatMap((connector) => [
    `- **${text(connector.name)}**: ${describeSeats(connector)}`,
    ...remarksOn(connector).map((remark) => `  - ${text(remark)}`),
  ]);
  const faults = faultsOf(report).length;
  const alarm =
    faults === 0 ? [] : ['', `**${faults} of these grants cannot be applied as declared: see Blocked.**`];
  return [`### ${title}`, '', conclude(report), '', ...seats, ...alarm].join('\n');
}

function sectionsOf({ changes, held, blocked, released }: PlanReport): Section[] {
  return [
    {
      title: 'Changes',
      open: true,
      head: ['', 'Action', 'Who', 'Before → after', 'Declared by', 'Why'],
      rows: changes.map(({ removal, action, who, where, before, after, object, why }) => [
        removal ? '➖' : '➕',
        where === null ? action : `${action} ${where}`,
        code(who),
        `${before ?? '–'} → ${after ?? '–'}`,
        code(nameOf(object)),
        text(why),
      ]),
    },
    {
      title: 'Held until a person acts',
      open: true,
      head: ['Action', 'Who', 'Declared by', 'Why'],
      rows: held.map(({ action, who, object, why }) => [action, code(who), code(nameOf(object)), text(why)]),
    },
    {
      title: 'Blocked',
      open: true,
      head: ['Rule', 'Declared by', 'Manifest', 'Message'],
      rows: blocked.map(({ rule, object, message }) => [
        rule,
        code(nameOf(object)),
        code(object.place ?? 'the cluster'),
        text(message),
      ]),
    },
    {
      title: 'Released, without a change in Asana',
      open: false,
      head: ['Object', 'Message'],
      rows: released.map(({ object, message }) => [code(nameOf(object)), text(message)]),
    },
  ];
}

/** A section with more rows than this is folded. */
const MOST_UNFOLDED = 10;

function printSection({ title, open, head, rows }: Section, room: number): string {
  if (rows.length === 0) return '';
  const unfolded = open && rows.length <= MOST_UNFOLDED;
  const before = [
    '',
    `<details${unfolded ? ' open' : ''}><summary>${title} (${rows.length})</summary>`,
    '',
    row(head),
    row(head.map(() => '---')),
  ];
  const after = ['', '</details>', ''];
  let left = room - [...before, ...after].join('\n').length - 60;
  const shown: string[] = [];
  for (const line of rows.map(row)) {
    left -= line.length + 1;
    if (left < 0) break;
    shown.push(line);
  }
  const cut = rows.length - shown.length;
  const more = cut === 0 ? [] : ['', `… and ${cut} more.`];
  return [...before, ...shown, ...more, ...after].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Escapes untrusted text for a Markdown table: no HTML, no links, no mentions, no end of the cell. */
function text(value: string): string {
  return (
    value
      .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll(/[\\|`*_[\]#~!]/g, String.raw`\$&`)
      .replaceAll('@', '@<!-- -->')
      // GitHub turns bare addresses into links.
      .replaceAll('://', ':<!-- -->//')
      .replaceAll(/www\./gi, (word) => `${word.slice(0, -1)}<!-- -->.`)
  );
}

/** Formats untrusted text as code, in which only backticks and `|` have a meaning. */
function code(value: string): string {
  const plain = value.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}`]+/gu, ' ').replaceAll('|', String.raw`\|`);
  return `\`${plain}\``;
}
