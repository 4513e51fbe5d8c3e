/**
 * The script of the page. It fills the table from the embedded data in batches, and searches, filters and sorts. Data
 * is inserted as text only. The order of a row's cells is that of `pageRow`.
 */
export const pageScript = String.raw`
'use strict';
const [NAME, EMAIL, GUEST, RIGHT, PLACE, VALUE, SOURCE, GRANT, ALSO, HELD, TASK, SINCE, WHY, UNTIL, SOON, DRIFT, PLANNED, PROTECTED] =
  Array.from({ length: 18 }, (_, index) => index);
const BATCH = 200;
const rows = JSON.parse(document.getElementById('rows').textContent);
const byId = (id) => document.getElementById(id);
const body = byId('body');
const more = byId('more');
const collator = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true });

const searched = rows.map((row) => row.filter((cell) => typeof cell === 'string').join('\n').toLowerCase());
const because = (row) => row[GRANT] || (row[TASK] ? 'ConductorOne task ' + row[TASK] : '');
const isSeat = (row) => row[RIGHT] === 'License' && row[VALUE] === 'Enterprise';
const isUnmanaged = (row) => row[SOURCE] === 'Unmanaged' || row[SOURCE] === 'Released';

const sortKeys = {
  person: (row) => row[EMAIL] || row[NAME],
  right: (row) => row[RIGHT],
  place: (row) => row[PLACE] || '',
  value: (row) => row[VALUE],
  because,
  since: (row) => row[SINCE] || '',
  why: (row) => row[WHY] || '',
  until: (row) => row[UNTIL] || '',
  notes: (row) => notesOf(row).map(([text]) => text).join(' '),
};
const filters = {
  all: () => true,
  'unmanaged-seats': (row) => isSeat(row) && isUnmanaged(row),
  unmanaged: isUnmanaged,
  guests: (row) => row[GUEST] === 1,
  soon: (row) => row[SOON] === 1,
  drift: (row) => row[DRIFT] !== null,
  protected: (row) => row[PROTECTED] !== null,
};

let order = { key: 'person', descending: false };
let shown = [];
let rendered = 0;

function notesOf(row) {
  const notes = [];
  if (isUnmanaged(row)) notes.push([row[SOURCE], isSeat(row)]);
  if (row[DRIFT] !== null) notes.push(['Drift: ' + row[DRIFT], true]);
  if (row[SOON] === 1) notes.push(['Ends soon', true]);
  if (row[GUEST] === 1) notes.push(['Guest', false]);
  if (row[PROTECTED] !== null) notes.push(['Protected: ' + row[PROTECTED], false]);
  if (row[PLANNED] !== null) notes.push(['Planned: ' + row[PLANNED], false]);
  if (row[ALSO] !== null) notes.push(['Also declared by ' + row[ALSO], false]);
  return notes;
}

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function withSub(tag, text, sub) {
  const cell = element(tag, text);
  if (sub) cell.append(element('span', sub, 'sub'));
  return cell;
}

function instant(text) {
  const cell = element('td');
  if (text === null) return cell;
  const time = element('time', text.slice(0, 10));
  time.append(element('span', text.slice(11, 16) + ' UTC', 'sub'));
  time.dateTime = text;
  cell.append(time);
  return cell;
}

function toRow(row) {
  const line = element('tr');
  const person = withSub('th', row[NAME], row[EMAIL]);
  person.scope = 'row';
  const notes = element('td');
  for (const [text, warns] of notesOf(row)) notes.append(element('span', text, warns ? 'badge warn' : 'badge'));
  const task = row[GRANT] && row[TASK] ? 'task ' + row[TASK] : null;
  line.append(
    person,
    element('td', row[RIGHT]),
    element('td', row[PLACE]),
    element('td', row[VALUE]),
    withSub('td', because(row), row[HELD] || task),
    instant(row[SINCE]),
    element('td', row[WHY]),
    instant(row[UNTIL]),
    notes,
  );
  // Told in words, since a browser may take a row that is laid out as a grid for no row.
  line.setAttribute('role', 'row');
  for (const cell of line.children) cell.setAttribute('role', cell === person ? 'rowheader' : 'cell');
  return line;
}

function renderUpTo(count) {
  const fragment = document.createDocumentFragment();
  const end = Math.min(count, shown.length);
  for (; rendered < end; rendered += 1) fragment.append(toRow(shown[rendered]));
  body.append(fragment);
  more.hidden = rendered >= shown.length;
}

function update() {
  const words = byId('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  const right = byId('right').value;
  const source = byId('source').value;
  const matches = filters[byId('notes').value];
  const keyOf = sortKeys[order.key];
  const found = [];
  rows.forEach((row, index) => {
    if (right !== '' && row[RIGHT] !== right) return;
    if (source !== '' && row[SOURCE] !== source) return;
    if (!matches(row) || !words.every((word) => searched[index].includes(word))) return;
    found.push({ row, index, key: keyOf(row) });
  });
  const sign = order.descending ? -1 : 1;
  // What is empty comes last, whichever way it is sorted.
  found.sort((a, b) =>
    (a.key === '') - (b.key === '') || sign * collator.compare(a.key, b.key) || a.index - b.index);
  shown = found.map(({ row }) => row);
  rendered = 0;
  body.replaceChildren();
  renderUpTo(BATCH);
  byId('count').textContent =
    shown.length === rows.length ? rows.length + ' rights' : shown.length + ' of ' + rows.length + ' rights';
  byId('table').setAttribute('aria-rowcount', String(shown.length + 1));
}

function sortBy(key) {
  order = { key, descending: order.key === key && !order.descending };
  for (const head of document.querySelectorAll('th[data-key]')) {
    const sorted = head.dataset.key !== order.key ? 'none' : order.descending ? 'descending' : 'ascending';
    head.setAttribute('aria-sort', sorted);
  }
  update();
}

let waiting = 0;
byId('search').addEventListener('input', () => {
  clearTimeout(waiting);
  waiting = setTimeout(update, 80);
});
for (const id of ['right', 'source', 'notes']) byId(id).addEventListener('change', update);
for (const head of document.querySelectorAll('th[data-key]'))
  head.querySelector('button').addEventListener('click', () => sortBy(head.dataset.key));
byId('all').addEventListener('click', () => renderUpTo(Infinity));
byId('controls').addEventListener('submit', (event) => event.preventDefault());
new IntersectionObserver((entries) => {
  if (entries.some((entry) => entry.isIntersecting)) renderUpTo(rendered + BATCH);
}, { rootMargin: '800px' }).observe(more);
addEventListener('beforeprint', () => {
  renderUpTo(Infinity);
  for (const part of document.querySelectorAll('details')) part.open = true;
});
update();
`;
