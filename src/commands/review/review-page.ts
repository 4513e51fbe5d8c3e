import { createHash } from 'node:crypto';
import { pageScript } from './page-script.ts';
import { pageStyle } from './page-style.ts';
import { type MissingRight, nameGrant, type Review, type ReviewRow } from './review-row.ts';
import { endsSoon } from './review-summary.ts';

/** Number of rows that are formatted at a time. */
const CHUNK = 2_000;

/**
 * Formats a review as one self-contained page: style, script and data are embedded, and its policy lets nothing else
 * run. The rows are data, which the script inserts as text; everything else is escaped here.
 */
export function* writePage(review: Review): Generator<string> {
  const title = `Access review of ${review.connector.namespace}/${review.connector.name}`;
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escape(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<header>
<h1>${escape(title)}</h1>
<p class="about">${escape(describe(review))}</p>
${summaryOf(review)}
</header>
<main>
<noscript><p>This page needs JavaScript to show its table. Nothing is loaded from anywhere.</p></noscript>
${CONTROLS}
${TABLE}
`;
  yield* missingPart(review.missing);
  yield '</main>\n<script type="application/json" id="rows">';
  yield* dataOf(review);
  yield `</script>\n<script>${pageScript}</script>\n</body>\n</html>\n`;
}

/** Returns a policy that allows exactly this style and script, by hash, and nothing that a name in Asana injects. */
function policy(): string {
  const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return `default-src 'none'; script-src ${hashOf(pageScript)}; style-src ${hashOf(pageStyle)}; base-uri 'none'; form-action 'none'`;
}

function describe({ generatedAt, readAt, workspaces, leftOut }: Review): string {
  const names = workspaces.map(({ name }) => name).join(', ');
  const out = leftOut.map(({ name, leftOut: why }) => `${name} (${why})`).join(', ');
  return [
    `Created at ${generatedAt} from the directory as read at ${readAt.accounts}. It covers ${names}.`,
    ...(out === '' ? [] : [`Not covered, because the token cannot read them: ${out}.`]),
    ...(readAt.licenses === null ? ['Licenses were not read: scim.enabled of the connector is false.'] : []),
  ].join(' ');
}

function summaryOf({ summary }: Review): string {
  const tiles: [string, number][] = [
    ['People', summary.people],
    ['Enterprise seats', summary.seats],
    ['View-only licenses', summary.viewOnlyLicenses],
    ['Unmanaged seats', summary.unmanagedSeats],
    ['Guests', summary.guests],
    ['Ending soon', summary.endingSoon],
    ['Drift', summary.drift],
    ['Protected people', summary.protected],
    ['Declared, not held', summary.missing],
  ];
  const items = tiles.map(([name, count]) => `<div><dt>${name}</dt><dd>${count}</dd></div>`);
  return `<dl class="summary">${items.join('')}</dl>`;
}

const CONTROLS = `<form class="controls" id="controls" role="search">
<label>Search <input type="search" id="search" placeholder="person, team, grant, reason …" autocomplete="off"></label>
<label>Right <select id="right"><option value="">All</option><option>Account</option><option>License</option><option>Team</option><option>Workspace</option></select></label>
<label>Because of <select id="source"><option value="">Everything</option><option value="Grant">A grant</option><option value="Task">A task of ConductorOne</option><option value="Released">A grant that is gone</option><option value="Unmanaged">Nothing known here</option></select></label>
<label>Notes <select id="notes"><option value="all">All</option><option value="unmanaged-seats">Unmanaged seats</option><option value="unmanaged">Unmanaged</option><option value="guests">Guests</option><option value="soon">Ending soon</option><option value="drift">Drift</option><option value="protected">Protected</option></select></label>
</form>
<p class="count" id="count" role="status" aria-live="polite"></p>`;

const heads: readonly [key: string, text: string, width: string][] = [
  ['person', 'Person', 'wide'],
  ['right', 'Right', 'narrow'],
  ['place', 'Place', ''],
  ['value', 'Value', 'narrow'],
  ['because', 'Because of', 'wide'],
  ['since', 'Since', 'narrow'],
  ['why', 'Why', ''],
  ['until', 'Until', 'narrow'],
  ['notes', 'Notes', 'wide'],
];

const TABLE = `<table id="table" role="table">
<caption>Who has what</caption>
<thead role="rowgroup"><tr role="row">${heads
  .map(
    ([key, text, width]) =>
      `<th scope="col" role="columnheader" data-key="${key}" aria-sort="${key === 'person' ? 'ascending' : 'none'}"${width === '' ? '' : ` class="${width}"`}><button type="button">${text}</button></th>`,
  )
  .join('')}</tr></thead>
<tbody id="body" role="rowgroup"></tbody>
</table>
<p class="more" id="more"><button type="button" class="plain" id="all">Show all rows</button></p>`;

function* missingPart(missing: readonly MissingRight[]): Generator<string> {
  if (missing.length === 0) return;
  const columns = ['Person', 'Right', 'Place', 'Grant', 'State', 'Why', 'Until'];
  const head = columns.map((name) => `<th scope="col" class="still">${name}</th>`).join('');
  yield `<details id="missing"><summary>Declared, but not present in Asana (${missing.length})</summary>
<table><thead><tr>${head}</tr></thead><tbody>
`;
  for (const right of missing) yield missingLine(right);
  yield '</tbody></table></details>\n';
}

function missingLine({
  email,
  account,
  right,
  place,
  placeName,
  grant,
  state,
  why,
  until,
}: MissingRight): string {
  const cells = [right, placeName ?? place, nameGrant(grant), state, why, until];
  const person = `<th scope="row">${escape(email ?? account ?? '')}</th>`;
  return `<tr>${person}${cells.map((cell) => `<td>${escape(cell ?? '')}</td>`).join('')}</tr>\n`;
}

/** Yields the rows as JSON. Escapes `<`, the only character that could end the script element. */
function* dataOf({ rows, generatedAt }: Review): Generator<string> {
  const now = Date.parse(generatedAt);
  yield '[';
  for (let from = 0; from < rows.length; from += CHUNK) {
    const lines = rows.slice(from, from + CHUNK).map((row) => JSON.stringify(pageRow(row, now)));
    yield `${from === 0 ? '' : ','}\n${lines.join(',\n').replaceAll('<', '\\u003c')}`;
  }
  yield '\n]';
}

/** Returns the cells of a row, in the order that the script expects. */
function pageRow(row: ReviewRow, now: number): (string | number | null)[] {
  const { alsoDeclaredBy, grant, until } = row;
  return [
    row.name,
    row.email,
    row.guest ? 1 : 0,
    row.right,
    row.placeName ?? row.place,
    row.value,
    row.source,
    grant && nameGrant(grant),
    alsoDeclaredBy.length === 0 ? null : alsoDeclaredBy.map(nameGrant).join(', '),
    row.held,
    row.task,
    row.since,
    row.why,
    until,
    endsSoon(until, now) ? 1 : 0,
    row.drift,
    row.planned,
    row.protected,
  ];
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
